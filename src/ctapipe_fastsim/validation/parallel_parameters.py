"""Image parameters of many images, in two processes."""

import signal
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from ctapipe.image import ImageProcessor

from .image_parameters import image_parameters

__all__ = ["parallel_image_parameters"]

_N_PROCESSES = 2
_BLOCK = 250  # images
_WORTH_A_PROCESS = 1000  # images; below, starting processes takes longer than the work


def parallel_image_parameters(subarray, tel_id, images, peak_times, config, progress):
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
    with ProcessPoolExecutor(_N_PROCESSES, get_context("spawn"), _ignore_interrupt) as pool:
        try:
            return _joined(pool.map(work, blocks), blocks, progress)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _joined(parts, blocks, progress):
    columns = []
    for part, (images, _) in zip(parts, blocks):
        columns.append(part)
        progress(len(images))
    return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}


def _block_parameters(subarray, tel_id, config, block):
    processor = ImageProcessor(subarray=subarray, config=config)
    return image_parameters(subarray, tel_id, *block, processor=processor)


def _ignore_interrupt():
    """Ctrl-C reaches all processes; the first one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
