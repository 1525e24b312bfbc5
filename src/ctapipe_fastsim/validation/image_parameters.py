"""Parameters of many images of one telescope, by ctapipe's own ImageProcessor."""

import numpy as np
from ctapipe.containers import ArrayEventContainer, DL1CameraContainer, ImageParametersContainer
from ctapipe.core import Container
from ctapipe.fitting import FIT_RNG
from ctapipe.image import ImageProcessor
from ctapipe.instrument import SubarrayDescription

from ctapipe_fastsim.array_types import BoolArray, Columns, FloatArray

__all__ = ["image_parameters", "survives"]

#: ctapipe's containers of image parameters, and what is taken from each.
_FIELDS = {
    "hillas": (
        "intensity",
        "length",
        "width",
        "r",
        "phi",
        "psi",
        "fov_lon",
        "fov_lat",
        "skewness",
        "kurtosis",
    ),
    "timing": ("slope", "deviation"),
    "leakage": (
        "pixels_width_1",
        "pixels_width_2",
        "intensity_width_1",
        "intensity_width_2",
    ),
    "concentration": ("cog", "core", "pixel"),
    "morphology": (
        "n_pixels",
        "n_islands",
        "n_small_islands",
        "n_medium_islands",
        "n_large_islands",
    ),
}
_RANDOM_STATE = FIT_RNG.bit_generator.state
_NAMES = [f"{group}_{field}" for group, fields in _FIELDS.items() for field in fields]


def image_parameters(
    subarray: SubarrayDescription,
    tel_id: int,
    images: FloatArray,
    peak_times: FloatArray,
    *,
    processor: ImageProcessor | None = None,
) -> Columns:
    """Clean images and compute their parameters.

    ctapipe's robust fit of the time gradient draws from a random generator of its own; it is
    set back for each image, so that equal images have equal parameters.

    Parameters
    ----------
    subarray : ctapipe.instrument.SubarrayDescription
    tel_id : int
        The telescope that all images belong to.
    images : (N, P) array, p.e.
    peak_times : (N, P) array, ns
    processor : ctapipe.image.ImageProcessor, optional
        Cleaning other than ctapipe's default. It must work in the telescope frame.

    Returns
    -------
    dict of str to (N,) float arrays
        Under ctapipe's column names, angles in deg and the timing slope in ns / deg;
        the intensity is given as ``hillas_log10_intensity``. NaN throughout where an
        image did not survive the cleaning.
    """
    processor = processor or ImageProcessor(subarray=subarray)
    rows = np.full((len(images), len(_NAMES)), np.nan)
    for row, image, peak_time in zip(rows, images, peak_times, strict=True):
        parameters = _process(processor, tel_id, image, peak_time)
        if np.isfinite(parameters.hillas.intensity):
            row[:] = _numbers(parameters)

    columns = dict(zip(_NAMES, rows.T, strict=True))
    return {"hillas_log10_intensity": np.log10(columns.pop("hillas_intensity")), **columns}


def survives(parameters: Columns) -> BoolArray:
    """Which images survived the cleaning, an (N,) bool array from `image_parameters`."""
    return np.isfinite(parameters["hillas_log10_intensity"])


def _process(
    processor: ImageProcessor, tel_id: int, image: FloatArray, peak_time: FloatArray
) -> ImageParametersContainer:
    FIT_RNG.bit_generator.state = _RANDOM_STATE
    event = ArrayEventContainer()
    event.dl1.tel[tel_id] = DL1CameraContainer(image=image, peak_time=peak_time)
    processor(event)
    return event.dl1.tel[tel_id].parameters


def _numbers(parameters: ImageParametersContainer) -> list[float]:
    """Values of one ImageParametersContainer in the order of `_NAMES`."""
    return [
        _number(parameters[group], field) for group, fields in _FIELDS.items() for field in fields
    ]


def _number(container: Container, field: str) -> float:
    unit = container.fields[field].unit
    return container[field] if unit is None else container[field].to_value(unit)
