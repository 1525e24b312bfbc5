"""Image parameters of many images, in two processes."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.image import ImageProcessor
from ctapipe.instrument import SubarrayDescription

from ctapipe_fastsim.array_types import Columns, FloatArray
from ctapipe_fastsim.worker_processes import worker_pool

from .image_parameters import image_parameters

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["parallel_image_parameters"]

_N_PROCESSES = 2
_BLOCK = 250  # images
_WORTH_A_PROCESS = 1000  # images; below, starting processes takes longer than the work


def parallel_image_parameters(
    subarray: SubarrayDescription,
    tel_id: int,
    images: FloatArray,
    peak_times: FloatArray,
    config: "Config",
    progress: Callable[[int], object],
) -> Columns:
    """The same as `image_parameters`.

    Parameters
    ----------
    subarray : ctapipe.instrument.SubarrayDescription
    tel_id : int
    images : (N, P) array, p.e.
    peak_times : (N, P) array, ns
    config : traitlets.config.Config
        Of `ctapipe.image.ImageProcessor`.
    progress : callable
        Called with the number of images done since the last call.

    Returns
    -------
    dict of str to (N,) float arrays
    """
    starts = range(0, max(len(images), 1), _BLOCK)  # no image: one empty block
    blocks = [(images[i : i + _BLOCK], peak_times[i : i + _BLOCK]) for i in starts]
    work = partial(_block_parameters, subarray, tel_id, config)
    if len(images) < _WORTH_A_PROCESS:
        return _joined(map(work, blocks), blocks, progress)
    with worker_pool(_N_PROCESSES) as pool:
        try:
            return _joined(pool.map(work, blocks), blocks, progress)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _joined(
    parts: Iterable[Columns],
    blocks: Sequence[tuple[FloatArray, FloatArray]],
    progress: Callable[[int], object],
) -> Columns:
    columns = []
    for part, (images, _) in zip(parts, blocks):
        columns.append(part)
        progress(len(images))
    return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}


def _block_parameters(
    subarray: SubarrayDescription,
    tel_id: int,
    config: "Config",
    block: tuple[FloatArray, FloatArray],
) -> Columns:
    processor = ImageProcessor(subarray=subarray, config=config)
    return image_parameters(subarray, tel_id, *block, processor=processor)
