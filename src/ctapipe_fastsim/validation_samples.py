"""Monte Carlo and generated images made ready to compare: chosen, on one grid, parametrised."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import SubarrayDescription
from tqdm.auto import tqdm

from .array_types import Columns, FloatArray, IntArray
from .conditions import condition_values
from .errors import InputError
from .random_streams import random_stream
from .training_data import TelescopeImages
from .validation.common_grid import grid_step, on_grid
from .validation.parallel_parameters import parallel_image_parameters
from .validation.sample import Sample

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["RawImages", "chosen_images", "progress_bar", "recorded", "samples"]

MIN_SHOWERS = 40  # each half of the Monte Carlo needs 20 for a two-sample test


@dataclass(frozen=True)
class RawImages:
    """Images before cleaning: what a `Sample` holds but for the parameters."""

    counts: IntArray | None
    charge: FloatArray
    peak_time: FloatArray
    conditions: Columns
    shower: IntArray


def chosen_images(
    images: TelescopeImages, most: int | None, seed: int, role: str
) -> TelescopeImages:
    """As many whole showers, drawn at random, as give at most ``most`` images.

    Parameters
    ----------
    images : TelescopeImages
    most : int or None
    seed : int
    role : str
        What the images are, for messages.

    Returns
    -------
    TelescopeImages
        In their order.

    Raises
    ------
    InputError
        When fewer than `MIN_SHOWERS` showers are left.
    """
    shower = images.shower_number
    n_images = np.bincount(shower)
    kept = np.arange(len(n_images))
    if most is not None and len(shower) > most:
        order = random_stream("validation showers", seed).permutation(len(n_images))
        kept = order[np.cumsum(n_images[order]) <= most]
    if len(kept) < MIN_SHOWERS:
        raise InputError(
            f"{role}: {len(kept)} showers with images of {images.telescope}, of at least "
            f"{MIN_SHOWERS} that a comparison needs; give more events"
        )
    index = np.flatnonzero(np.isin(shower, kept))
    columns = {f.name: getattr(images, f.name) for f in fields(images) if f.name != "telescope"}
    return replace(images, **{name: values[index] for name, values in columns.items()})


def recorded(images: TelescopeImages, first_shower: int = 0) -> RawImages:
    """`RawImages` of a file, with shower numbers from ``first_shower`` on.

    The conditions are those of `condition_values` and the fields of `ImageGeometry`.
    """
    place = {f.name: getattr(images.geometry, f.name) for f in fields(images.geometry)}
    conditions = condition_values(images.showers, images.geometry, *images.pointing)
    return RawImages(
        images.counts.astype(np.int32),
        images.charge,
        images.peak_time,
        place | conditions,
        images.shower_number + first_shower,
    )


def samples(
    raw: dict[str, RawImages],
    subarray: SubarrayDescription,
    tel_id: int,
    config: "Config",
    show_progress: bool,
) -> tuple[dict[str, Sample], dict[str, float]]:
    """Round all images to the coarsest grid among them, clean and parametrise them.

    Parameters
    ----------
    raw : dict of str to RawImages
    subarray : SubarrayDescription
    tel_id : int
        A telescope of the type of all images.
    config : traitlets.config.Config
        Of ctapipe's ImageProcessor.
    show_progress : bool

    Returns
    -------
    samples : dict of str to Sample
    steps : dict of str to float
        Of the grids of ``charge`` (p.e.) and ``peak_time`` (ns), 0 for none.
    """
    steps = {
        name: max(grid_step(getattr(images, name)) for images in raw.values())
        for name in ("charge", "peak_time")
    }
    rounded = {
        name: np.concatenate([on_grid(getattr(images, name), step) for images in raw.values()])
        for name, step in steps.items()
    }
    with progress_bar("image parameters", len(rounded["charge"]), show_progress) as progress:
        parameters = parallel_image_parameters(
            subarray, tel_id, rounded["charge"], rounded["peak_time"], config, progress
        )
    found, start = {}, 0
    for role, images in raw.items():
        part = slice(start, start + len(images.charge))
        found[role] = Sample(
            rounded["charge"][part],
            rounded["peak_time"][part],
            images.counts,
            {name: values[part] for name, values in parameters.items()},
            images.conditions,
            images.shower,
        )
        start = part.stop
    return found, steps


@contextmanager
def progress_bar(what: str, n_images: int, show: bool) -> Iterator[Callable[[int], object]]:
    """Bar with rate and time left; gives the function that moves it on."""
    with tqdm(desc=what, total=n_images, unit="image", disable=not show) as bar:
        yield bar.update
