"""Numbers that tell recorded images from generated ones: moments in the shower frame, neighbours.

Unlike Hillas parameters they are defined for every image, however faint.
"""

import numpy as np
from numba import njit

from .array_types import BoolArray, FloatArray, IntArray

__all__ = ["THRESHOLDS", "image_statistics", "n_statistics"]

THRESHOLDS = np.array([1.2, 2.4, 4.8, 9.6])  # standard deviations of a pixel without light
PER_THRESHOLD = 16
OF_ALL_PIXELS = 4
NEAR = 1.5  # pixel spacings around the centre of gravity
SMALLEST_SQUARE = 1e-6  # deg2, of a spread that is divided by


def n_statistics() -> int:
    """How many numbers `image_statistics` gives."""
    return PER_THRESHOLD * len(THRESHOLDS) + OF_ALL_PIXELS


def image_statistics(
    charge: FloatArray,
    peak_time: FloatArray,
    pixel_lon: FloatArray,
    pixel_lat: FloatArray,
    source_core: FloatArray,
    neighbours: IntArray,
    border: BoolArray,
    noise: float,
    spacing: float,
) -> FloatArray:
    r"""Statistics of B images, the same for an image and its reflection.

    For each threshold, of the pixels above it that have a neighbour above it too: number,
    charge, centre of gravity (u, \|v\|), standard deviations along u and v and \|covariance\|,
    skewness and kurtosis along u, time gradient along u, mean time and spread around the
    gradient, the shares of charge in the brightest pixel, near the centre of gravity and at the
    camera's border, and the number of pixels there.
    Of all pixels: the highest charge that two, and three, neighbours all reach (what a
    next-neighbour trigger asks for), sum, and root of the sum of squares.

    Parameters
    ----------
    charge, peak_time : (B, P) arrays, p.e. and ns
    pixel_lon, pixel_lat : (P,) arrays, deg
    source_core : (B, 4) array
        Of `ImageGeometry.source_core_arrays`; u and v are those of `to_shower_frame`.
    neighbours : (P, K) int array
        Of `lattice_neighbours`.
    border : (P,) bool array
        Pixels at the camera's border.
    noise : float, p.e.
        Standard deviation of a pixel without light.
    spacing : float, deg
        Distance of neighbouring pixels.

    Returns
    -------
    (B, `n_statistics`) array
    """
    statistics = np.zeros((len(charge), n_statistics()))
    camera = pixel_lon, pixel_lat, neighbours, border
    _statistics(charge, peak_time, camera, source_core, THRESHOLDS * noise, spacing, statistics)
    return statistics


@njit(cache=True, nogil=True, error_model="numpy")
def _statistics(
    charge: FloatArray,
    peak_time: FloatArray,
    camera: tuple[FloatArray, FloatArray, IntArray, BoolArray],
    source_core: FloatArray,
    thresholds: FloatArray,
    spacing: float,
    statistics: FloatArray,
) -> None:
    lon, lat, neighbours, border = camera
    candidates = np.empty(charge.shape[1], dtype=np.int64)
    bright = np.empty_like(candidates)
    u, v, q, t = np.empty((4, charge.shape[1]))
    for row in range(len(charge)):
        n_candidates = charge.shape[1]
        candidates[:] = np.arange(n_candidates)
        for i, threshold in enumerate(thresholds):
            n = 0
            for pixel in candidates[:n_candidates]:
                if charge[row, pixel] > threshold:
                    candidates[n] = pixel  # of the higher thresholds, too
                    n += 1
            n_candidates, n = n, 0
            for pixel in candidates[:n_candidates]:
                if _has_bright_neighbour(charge[row], neighbours[pixel], threshold):
                    bright[n] = pixel
                    n += 1
            for k, pixel in enumerate(bright[:n]):
                x, y = lon[pixel] - source_core[row, 0], lat[pixel] - source_core[row, 1]
                u[k] = source_core[row, 2] * x + source_core[row, 3] * y
                v[k] = source_core[row, 2] * y - source_core[row, 3] * x
                q[k], t[k] = charge[row, pixel], peak_time[row, pixel]
            part = statistics[row, i * PER_THRESHOLD : (i + 1) * PER_THRESHOLD]
            if n:
                _moments(q[:n], t[:n], u[:n], v[:n], border, bright[:n], NEAR * spacing, part)
        _neighbour_charges(charge[row], neighbours, statistics[row, -OF_ALL_PIXELS:])


@njit(cache=True, nogil=True)
def _has_bright_neighbour(charge: FloatArray, neighbours: IntArray, threshold: float) -> bool:
    for neighbour in neighbours:
        if neighbour >= 0 and charge[neighbour] > threshold:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _moments(
    q: FloatArray,
    t: FloatArray,
    u: FloatArray,
    v: FloatArray,
    border: BoolArray,
    pixels: IntArray,
    near: float,
    out: FloatArray,
) -> None:
    """Of N pixels; sums of powers of u are taken around the centre."""
    total = centre_u = centre_v = time = 0.0
    for k in range(len(q)):
        total += q[k]
        centre_u += q[k] * u[k]
        centre_v += q[k] * v[k]
        time += q[k] * t[k]
    centre_u, centre_v, time = centre_u / total, centre_v / total, time / total
    uu = vv = uv = uuu = uuuu = ut = tt = brightest = inner = outer = n_outer = 0.0
    for k in range(len(q)):
        du, dv, dt = u[k] - centre_u, v[k] - centre_v, t[k] - time
        share = q[k] / total
        uu += share * du * du
        vv += share * dv * dv
        uv += share * du * dv
        uuu += share * du * du * du
        uuuu += share * du * du * du * du
        ut += share * du * dt
        tt += share * dt * dt
        brightest = max(brightest, share)
        if du * du + dv * dv < near * near:
            inner += share
        if border[pixels[k]]:
            outer += share
            n_outer += 1
    gradient = ut / max(uu, SMALLEST_SQUARE)
    residual = tt - 2 * gradient * ut + gradient**2 * uu
    uu, vv = max(uu, SMALLEST_SQUARE), max(vv, SMALLEST_SQUARE)
    out[0] = len(q)
    out[1] = total
    out[2] = centre_u
    out[3] = abs(centre_v)
    out[4] = np.sqrt(uu)
    out[5] = np.sqrt(vv)
    out[6] = abs(uv)
    out[7] = uuu / uu**1.5
    out[8] = uuuu / uu**2
    out[9] = gradient
    out[10] = time
    out[11] = np.sqrt(max(residual, 0.0))
    out[12] = brightest
    out[13] = inner
    out[14] = outer
    out[15] = n_outer


@njit(cache=True, nogil=True)
def _neighbour_charges(charge: FloatArray, neighbours: IntArray, out: FloatArray) -> None:
    pair = triple = total = squares = 0.0
    for pixel in range(len(charge)):
        total += charge[pixel]
        squares += charge[pixel] ** 2
        if charge[pixel] <= triple:
            continue
        for i, second in enumerate(neighbours[pixel]):
            if second < 0 or charge[second] <= triple:
                continue
            of_two = min(charge[pixel], charge[second])
            pair = max(pair, of_two)
            for third in neighbours[pixel, i + 1 :]:
                if third >= 0:
                    triple = max(triple, min(of_two, charge[third]))
    out[0] = pair
    out[1] = triple
    out[2] = total
    out[3] = np.sqrt(squares)
