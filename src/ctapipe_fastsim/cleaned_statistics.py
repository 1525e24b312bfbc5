"""What an analysis would see of an image: parameters of the pixels that cleaning leaves."""

import numpy as np
from numba import njit

from .array_types import BoolArray, FloatArray
from .batch_parameters import CameraPixels, clean_images, light_parameters
from .batch_parameters.statistics import NAMES as MOMENTS
from .batch_parameters.statistics import statistics

__all__ = ["NOTHING_LEFT", "cleaned_pixels", "cleaned_statistics", "n_cleaned_statistics"]

PICTURE, BOUNDARY = 4.8, 2.4  # standard deviations of a pixel without light
PICTURE_NEIGHBOURS = 2
OF_LIGHT = (
    *("hillas_intensity", "hillas_skewness", "hillas_kurtosis", "hillas_r", "hillas_length"),
    *("hillas_width", "leakage_pixels_width_1", "leakage_pixels_width_2"),
    *("leakage_intensity_width_1", "leakage_intensity_width_2"),
    *("concentration_cog", "concentration_core", "concentration_pixel"),
    *("morphology_n_pixels", "morphology_n_islands", "morphology_n_small_islands"),
    *("morphology_n_medium_islands", "morphology_n_large_islands"),
    *(f"intensity_{name}" for name in MOMENTS),
)
N_PLACE, N_AXIS = 3, 2
NOTHING_LEFT = -100.0  # in place of what is not defined, far from all that is


def n_cleaned_statistics() -> int:
    """How many numbers `cleaned_statistics` gives."""
    return len(OF_LIGHT) + N_PLACE + len(MOMENTS) + N_AXIS


def cleaned_statistics(
    pixels: CameraPixels,
    charge: FloatArray,
    peak_time: FloatArray,
    source_core: FloatArray,
    noise: float,
) -> FloatArray:
    r"""Parameters of B cleaned images, the same for an image and its reflection.

    Those of the light that depend on no direction, place of the centre of gravity from the source
    along and \|across\| the line towards the core, \|angle\| between that and the image (deg),
    moments of the peak times; then how the angle leans, positive away from the line on the side
    of the image, and how far from the source the image's axis passes (deg).

    Parameters
    ----------
    pixels : CameraPixels
    charge, peak_time : (B, P) float32 arrays, p.e. and ns
    source_core : (B, 4) array
        Of `ImageGeometry.source_core_arrays`.
    noise : float, p.e.
        Standard deviation of a pixel without light.

    Returns
    -------
    (B, `n_cleaned_statistics`) array
        `NOTHING_LEFT` where an image has too few pixels left to tell.
    """
    masks = cleaned_pixels(pixels, charge, noise)
    light = light_parameters(pixels, charge, masks)
    source_lon, source_lat, core_lon, core_lat = source_core.T
    lon, lat = light["hillas_fov_lon"] - source_lon, light["hillas_fov_lat"] - source_lat
    along, across = core_lon * lon + core_lat * lat, core_lon * lat - core_lat * lon
    angle = light["hillas_psi"] - np.degrees(np.arctan2(core_lat, core_lon))
    leaning = np.copysign(1, across) * ((angle + 90) % 180 - 90)
    slope = np.radians(leaning)
    miss = np.abs(np.abs(across) * np.cos(slope) - along * np.sin(slope))
    place = along, np.abs(across), np.abs(leaning)
    times = _moments_of_times(peak_time, masks)
    columns = *(light[name] for name in OF_LIGHT), *place, *times.T, leaning, miss
    return np.nan_to_num(np.column_stack(columns), nan=NOTHING_LEFT)


def cleaned_pixels(pixels: CameraPixels, charge: FloatArray, noise: float) -> BoolArray:
    """Which pixels of B images cleaning leaves, (B, P); arguments as of `cleaned_statistics`."""
    return clean_images(
        pixels,
        charge,
        picture_threshold=PICTURE * noise,
        boundary_threshold=BOUNDARY * noise,
        min_picture_neighbours=PICTURE_NEIGHBOURS,
        keep_isolated=False,
    )


@njit(cache=True, nogil=True)
def _moments_of_times(peak_time: FloatArray, masks: BoolArray) -> FloatArray:
    rows = np.full((len(masks), len(MOMENTS)), np.nan)
    for i in range(len(masks)):
        time = peak_time[i][masks[i]].astype(np.float64)
        if len(time) > 1:
            for k, moment in enumerate(statistics(time)):
                rows[i, k] = moment
    return rows
