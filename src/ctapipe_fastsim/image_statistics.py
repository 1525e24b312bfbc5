"""Numbers that tell recorded images from generated ones: moments in the shower frame, islands.

Unlike Hillas parameters they are defined for every image, however faint.
"""

import numpy as np
from numba import njit

from .array_types import BoolArray, FloatArray, IntArray

__all__ = ["image_statistics", "n_statistics", "n_structure"]

THRESHOLDS = np.array([1.2, 2.4, 4.8, 9.6])  # standard deviations of a pixel without light
PER_THRESHOLD = 16
STRUCTURE_PER_THRESHOLD = 3
OF_ALL_PIXELS = 4
PEAK = 1.5  # thresholds that the brightest pixel of an island reaches
NEAR = 1.5  # pixel spacings around the centre of gravity
SMALLEST_SQUARE = 1e-6  # deg2, of a spread that is divided by


def n_statistics() -> int:
    """How many numbers `image_statistics` gives beside the structure."""
    return PER_THRESHOLD * len(THRESHOLDS) + OF_ALL_PIXELS


def n_structure() -> int:
    """How many numbers of structure it gives."""
    return STRUCTURE_PER_THRESHOLD * len(THRESHOLDS)


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
) -> tuple[FloatArray, FloatArray]:
    r"""Statistics of B images, the same for an image and its reflection.

    For each threshold, of the pixels above it that have a neighbour above it too: number,
    charge, centre of gravity (u, \|v\|), standard deviations along u and v and \|covariance\|,
    skewness and kurtosis along u, time gradient along u, mean time and spread around the
    gradient, the shares of charge in the brightest pixel, near the centre of gravity and at the
    camera's border, and the number of pixels there.
    Of all pixels: the highest charge that two, and three, neighbours all reach (what a
    next-neighbour trigger asks for), sum, and root of the sum of squares.
    Structure, for each threshold: number of islands that are more than noise, share of charge
    outside of the brightest one, and share within the ellipse of one standard deviation around the
    centre of gravity.

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
    statistics : (B, `n_statistics`) array
    structure : (B, `n_structure`) array
    """
    found = np.zeros((len(charge), n_statistics())), np.zeros((len(charge), n_structure()))
    camera = pixel_lon, pixel_lat, neighbours, border
    _statistics(charge, peak_time, camera, source_core, THRESHOLDS * noise, spacing, *found)
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _statistics(
    charge: FloatArray,
    peak_time: FloatArray,
    camera: tuple[FloatArray, FloatArray, IntArray, BoolArray],
    source_core: FloatArray,
    thresholds: FloatArray,
    spacing: float,
    statistics: FloatArray,
    structure: FloatArray,
) -> None:
    lon, lat, neighbours, border = camera
    candidates = np.empty(charge.shape[1], dtype=np.int64)
    bright, stack = np.empty_like(candidates), np.empty_like(candidates)
    waits = np.zeros(charge.shape[1], dtype=np.bool_)
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
            if n == 0:
                break
            part = statistics[row, i * PER_THRESHOLD : (i + 1) * PER_THRESHOLD]
            shape = structure[row, i * STRUCTURE_PER_THRESHOLD : (i + 1) * STRUCTURE_PER_THRESHOLD]
            moments = q[:n], t[:n], u[:n], v[:n]
            peak = PEAK * threshold
            shape[0], shape[1] = _islands(charge[row], neighbours, bright[:n], peak, waits, stack)
            shape[2] = _moments(*moments, border, bright[:n], NEAR * spacing, part)
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
) -> float:
    """Moments of N pixels, and share of charge in the ellipse; powers are of u from the centre."""
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
    determinant = max(uu * vv - uv * uv, SMALLEST_SQUARE**2)
    in_ellipse = 0.0
    for k in range(len(q)):
        du, dv = u[k] - centre_u, v[k] - centre_v
        if vv * du * du - 2 * uv * du * dv + uu * dv * dv <= determinant:
            in_ellipse += q[k] / total
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
    return in_ellipse


@njit(cache=True, nogil=True, error_model="numpy")
def _islands(
    charge: FloatArray,
    neighbours: IntArray,
    bright: IntArray,
    peak: float,
    waits: BoolArray,
    stack: IntArray,
) -> tuple[float, float]:
    """Islands of bright pixels that reach a peak, and share of charge outside of the brightest.

    ``waits`` and ``stack`` are working space of P pixels; nobody waits before and after.
    """
    for pixel in bright:
        waits[pixel] = True
    n_islands = 0
    total = brightest = 0.0
    for first in bright:
        if not waits[first]:
            continue
        waits[first], stack[0], n_stack, light, highest = False, first, 1, 0.0, 0.0
        while n_stack:
            n_stack -= 1
            pixel = stack[n_stack]
            light += charge[pixel]
            highest = max(highest, charge[pixel])
            for neighbour in neighbours[pixel]:
                if neighbour >= 0 and waits[neighbour]:
                    waits[neighbour], stack[n_stack] = False, neighbour
                    n_stack += 1
        n_islands += highest > peak
        total += light
        brightest = max(brightest, light)
    return n_islands, 1 - brightest / total


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
