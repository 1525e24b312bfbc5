"""Images of a block as they go into a file: rounded, and with parameters where wanted."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np
from ctapipe.image import ImageProcessor, TailcutsImageCleaner
from ctapipe.image.image_processor import ImageQualityQuery

from .array_types import BoolArray, FloatArray, IntArray
from .batch_parameters import clean_images, image_checks, image_parameters, true_image_parameters
from .errors import InputError
from .generator import EVENTS_PER_BLOCK, EventGenerator, Images
from .random_streams import random_stream
from .recorded_blocks import RecordedBlock

__all__ = ["BulkImages", "TelescopeImages", "check_processor"]

MISSING = -1  # what ctapipe writes for a true image that is not there


@dataclass(frozen=True)
class TelescopeImages:
    """Images of one telescope.

    Attributes
    ----------
    tel_id : int
    event : (N,) int array
        Which event of the block each image is of.
    columns : dict of str to (N, ...) array or quantity
        By the names of ctapipe's tables.
    checks : (N, 2, 3) bool array, or None
        Of `image_checks` for image and true image, where there are parameters.
    """

    tel_id: int
    event: IntArray
    columns: dict[str, Any]
    checks: BoolArray | None

    def of_events(self, start: int, stop: int | None) -> "TelescopeImages":
        """Images of some of the block's events, which are numbered from the first of them."""
        rows = (self.event >= start) & (self.event < (np.inf if stop is None else stop))
        columns = {name: column[rows] for name, column in self.columns.items()}
        checks = None if self.checks is None else self.checks[rows]
        return TelescopeImages(self.tel_id, self.event[rows] - start, columns, checks)


class BulkImages:
    """Makes the images of blocks; may be called from several threads.

    Parameters
    ----------
    generator : EventGenerator
    resolution : float
        Charges become multiples of this many p.e., peak times of this many ns; 0 leaves them.
    true_images : bool
        Whether to give true images, or to say that they are missing.
    process : ctapipe.image.ImageProcessor, optional
        Tells how to clean; without it there are no parameters.
    """

    def __init__(
        self,
        generator: EventGenerator,
        *,
        resolution: float,
        true_images: bool,
        process: ImageProcessor | None = None,
    ) -> None:
        self._generator, self._resolution = generator, resolution
        self._true_images, self._process = true_images, process

    def __call__(self, block: RecordedBlock) -> list[TelescopeImages]:
        """Images of a block.

        Parameters
        ----------
        block : RecordedBlock

        Returns
        -------
        list of TelescopeImages
        """
        parts = self._generator.images(
            *(block.number, block.event_id, block.showers, block.telescopes, block.sizes)
        )
        return [
            self._of_telescope(block, tel_id, part[part.tel_id == tel_id])
            for part in parts
            for tel_id in np.unique(part.tel_id).tolist()
        ]

    def _of_telescope(self, block: RecordedBlock, tel_id: int, images: Images) -> TelescopeImages:
        counts = images.counts
        columns = dict(
            image=_rounded(images.charge, self._resolution),
            peak_time=_rounded(images.peak_time, self._resolution),
            is_valid=np.ones(len(counts), dtype=bool),
            true_image=counts if self._true_images else np.full_like(counts, MISSING),
            true_image_sum=counts.sum(axis=1),
            true_impact_distance=images.impact_distance * u.m,
            true_impact_distance_uncert=np.zeros(len(counts)) * u.m,
        )
        checks = None
        if self._process is not None:
            checks = self._add_parameters(self._process, block.number, tel_id, columns)
        return TelescopeImages(tel_id, images.event % EVENTS_PER_BLOCK, columns, checks)

    def _add_parameters(
        self, process: ImageProcessor, block_number: int, tel_id: int, columns: dict[str, Any]
    ) -> BoolArray:
        """Clean, add the mask and all parameters to the columns; the checks."""
        clean, generator = process.clean, self._generator
        pixels = generator.generators[str(generator.subarray.tel[tel_id])].camera_pixels
        image, true_image = columns["image"], columns["true_image"]
        mask = clean_images(
            *(pixels, image),
            picture_threshold=clean.picture_threshold_pe.tel[tel_id],
            boundary_threshold=clean.boundary_threshold_pe.tel[tel_id],
            min_picture_neighbours=clean.min_picture_neighbors.tel[tel_id],
            keep_isolated=clean.keep_isolated_pixels.tel[tel_id],
        )
        rng = random_stream("timing", *generator.keys, block_number, tel_id)
        columns["image_mask"] = mask
        columns |= image_parameters(pixels, image, columns["peak_time"], mask, rng)
        columns |= true_image_parameters(pixels, true_image)
        checks = image_checks(image, mask), image_checks(true_image, true_image > 0)
        return np.stack(checks, axis=1)


def check_processor(process: ImageProcessor) -> None:
    """Refuse settings of an ImageProcessor that there is no batch code for.

    Parameters
    ----------
    process : ctapipe.image.ImageProcessor

    Raises
    ------
    InputError
    """
    instead = "write images only, and give the file to ctapipe-process"
    if type(process.clean) is not TailcutsImageCleaner:
        raise InputError(f"{process.image_cleaner_type}: only TailcutsImageCleaner here; {instead}")
    if not process.use_telescope_frame:
        raise InputError(f"parameters in the camera frame are not made here; {instead}")
    if any(process.apply_image_modifier.tel[tel_id] for tel_id in process.subarray.tel):
        raise InputError(f"images are not modified here; {instead}")
    if process.check_image.quality_criteria != ImageQualityQuery().quality_criteria:
        raise InputError(f"ImageQualityQuery: only ctapipe's default criteria here; {instead}")


def _rounded(values: FloatArray, resolution: float) -> FloatArray:
    """Nearest multiples of a power of two, (N, P) float32 array."""
    if not resolution:
        return values
    return np.rint(values * np.float32(1 / resolution)) * np.float32(resolution)
