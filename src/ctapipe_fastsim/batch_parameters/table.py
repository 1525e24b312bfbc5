"""All parameters of many images, in the columns of ctapipe's DL1 tables."""

from collections.abc import Iterable

import numpy as np
from numba import njit

from ..array_types import Array, BoolArray, Columns, FloatArray, IntArray
from . import concentration, hillas, leakage, morphology, statistics, timing
from .pixels import CameraPixels

__all__ = ["image_checks", "image_parameters", "light_parameters", "true_image_parameters"]

IN_RADIANS = ("hillas_phi", "hillas_psi", "hillas_psi_uncertainty")


def _columns(group: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{group}_{name}" for name in names)


LIGHT = (
    *_columns("hillas", hillas.NAMES),
    *_columns("leakage", leakage.NAMES),
    *_columns("concentration", concentration.NAMES),
    *_columns("morphology", morphology.NAMES),
    *_columns("intensity", statistics.NAMES),
)
TIME = (*_columns("timing", timing.NAMES), *_columns("peak_time", statistics.NAMES))


def image_parameters(
    pixels: CameraPixels,
    images: FloatArray,
    peak_times: FloatArray,
    masks: BoolArray,
    rng: np.random.Generator,
) -> Columns:
    """Parameters of N cleaned images.

    Parameters
    ----------
    pixels : CameraPixels
    images, peak_times : (N, P) float32 arrays, p.e. and ns
    masks : (N, P) bool array
        Pixels that survived the cleaning.
    rng : numpy.random.Generator
        For the robust fit of arrival times, see `timing`.

    Returns
    -------
    dict of str to (N,) array
        By ctapipe's column names, in its units (deg, ns / deg); NaN, and -1 for whole
        numbers, where an image has fewer than two pixels left, or no light.
    """
    light = _light_of_images(pixels, images, masks)
    time = np.full((len(images), len(TIME)), np.nan)
    place = light[:, [LIGHT.index(f"hillas_{name}") for name in ("fov_lon", "fov_lat", "psi")]]
    _time_rows(pixels.x, pixels.y, peak_times, masks, place, rng, time)
    return {
        **_in_degrees(dict(zip(LIGHT, light.T))),
        **dict(zip(TIME, time.T)),
        "core_psi": np.full(len(images), np.nan),  # ctapipe leaves it to the reconstruction
    }


def light_parameters(pixels: CameraPixels, images: Array, masks: BoolArray) -> Columns:
    """Those of N cleaned images that ask for no times; arguments and values as there."""
    return _in_degrees(dict(zip(LIGHT, _light_of_images(pixels, images, masks).T)))


def true_image_parameters(pixels: CameraPixels, images: IntArray) -> Columns:
    """Parameters of N true images, their lit pixels being selected.

    Parameters
    ----------
    pixels : CameraPixels
    images : (N, P) int array, p.e.

    Returns
    -------
    dict of str to (N,) array
        As `image_parameters`, with ``true_`` before each name and nothing of times.
    """
    columns = light_parameters(pixels, images, images > 0)
    for name in ("intensity_max", "intensity_min"):
        columns[name][np.isnan(columns[name])] = -1
    return {f"true_{name}": column for name, column in columns.items()}


@njit(cache=True, nogil=True)
def image_checks(images: Array, masks: BoolArray) -> BoolArray:
    """Whether images pass ctapipe's default checks.

    Parameters
    ----------
    images : (N, P) array, p.e.
    masks : (N, P) bool array

    Returns
    -------
    (N, 3) bool array
        True; whether there is light; whether there are at least two pixels.
    """
    passed = np.ones((len(images), 3), dtype=np.bool_)
    for i in range(len(images)):
        selected = images[i][masks[i]]
        passed[i, 1] = selected.astype(np.float64).sum() > 0
        passed[i, 2] = len(selected) > 1
    return passed


def _light_of_images(pixels: CameraPixels, images: Array, masks: BoolArray) -> FloatArray:
    light = np.full((len(images), len(LIGHT)), np.nan)
    first = LIGHT.index("morphology_n_pixels")
    light[:, first : first + len(morphology.NAMES)] = -1
    _light_rows(
        *(pixels.x, pixels.y, pixels.area, pixels.width),
        *(pixels.neighbours, pixels.first_neighbour),
        pixels.border,
        images,
        masks,
        light,
    )
    return light


def _in_degrees(columns: Columns) -> Columns:
    return {
        name: np.degrees(column) if name in IN_RADIANS else column
        for name, column in columns.items()
    }


@njit(cache=True, nogil=True, error_model="numpy")
def _light_rows(
    x: FloatArray,
    y: FloatArray,
    area: FloatArray,
    width: FloatArray,
    neighbours: IntArray,
    first: IntArray,
    border: BoolArray,
    images: Array,
    masks: BoolArray,
    rows: FloatArray,
) -> None:
    """Fill a row of `LIGHT` for every image with two pixels and light."""
    for i in range(len(images)):
        selected = np.nonzero(masks[i])[0]
        image = images[i][selected].astype(np.float64)
        if len(selected) < 2 or image.sum() <= 0:
            continue
        px, py = x[selected], y[selected]
        axes = hillas.hillas(px, py, area[selected], image)
        mean_x, mean_y, length, spread, psi = axes[3], axes[4], axes[7], axes[9], axes[11]
        edge = leakage.leakage(selected, image, border)
        core = concentration.concentration(
            px, py, width[selected], image, mean_x, mean_y, length, spread, psi
        )
        islands = morphology.morphology(selected, masks[i], neighbours, first)
        charges = statistics.statistics(image)
        k = _put(rows[i], 0, axes)
        k = _put(rows[i], k, edge)
        k = _put(rows[i], k, core)
        k = _put(rows[i], k, islands)
        _put(rows[i], k, charges)


@njit(cache=True, nogil=True, error_model="numpy")
def _time_rows(
    x: FloatArray,
    y: FloatArray,
    times: FloatArray,
    masks: BoolArray,
    place: FloatArray,
    rng: np.random.Generator,
    rows: FloatArray,
) -> None:
    """Fill a row of `TIME` for every image that has a main axis."""
    for i in range(len(times)):
        mean_x, mean_y, psi = place[i]
        if np.isnan(mean_x):
            continue
        selected = np.nonzero(masks[i])[0]
        time = times[i][selected].astype(np.float64)
        if not np.isnan(psi):
            along = hillas.along_axis(x[selected], y[selected], mean_x, mean_y, psi)
            _put(rows[i], 0, timing.fit_time(along, time, rng))
        _put(rows[i], len(timing.NAMES), statistics.statistics(time))


@njit(cache=True, nogil=True)
def _put(row: FloatArray, start: int, values: tuple[float, ...]) -> int:
    """Write values into a row; the place after them."""
    for value in values:
        row[start] = value
        start += 1
    return start
