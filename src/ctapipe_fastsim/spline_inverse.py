"""Inverse of monotonic rational-quadratic splines (Durkan et al. 2019, arXiv 1906.04032)."""

import numpy as np
from numba import njit

from .array_types import BoolArray, FloatArray, Real

__all__ = ["invert_splines"]

BOUND = 5.0  # the identity outside
LOG_SLOPE = np.float32(np.log(1e-3))  # of the smallest slope
ONE = np.float32(1)  # in single precision throughout, in which the exponential is fast


@njit(cache=True, nogil=True, error_model="numpy")
def invert_splines(parameters: FloatArray, y: FloatArray, chosen: BoolArray, x: FloatArray) -> None:
    """Undo splines in zuko's parameters, which have K unbounded widths, K heights, K - 1 slopes.

    Parameters
    ----------
    parameters : (B, F, 3 K - 1) float32 array
    y : (B, F) float32 array
    chosen : (F,) bool array
        Which of the F features to undo.
    x : (B, F) float32 array
        Filled here, where chosen.
    """
    n_bins = (parameters.shape[2] + 1) // 3
    for i in range(len(y)):
        for f in range(y.shape[1]):
            if chosen[f]:
                x[i, f] = _inverse(parameters[i, f], n_bins, np.float64(y[i, f]))


@njit(cache=True, nogil=True, error_model="numpy")
def _inverse(parameters: FloatArray, n_bins: int, y: float) -> Real:
    """Equations 6 to 8."""
    if not abs(y) < BOUND:
        return y
    widths, heights = parameters[:n_bins], parameters[n_bins : 2 * n_bins]
    k, y0, y1 = _bin_with(heights, y)
    x0, x1 = _edges(widths, k)
    slopes = parameters[2 * n_bins :]
    d0 = _slope(slopes[k - 1]) if k > 0 else 1.0
    d1 = _slope(slopes[k]) if k < n_bins - 1 else 1.0
    s = (y1 - y0) / (x1 - x0)
    curvature = (y - y0) * (d0 + d1 - 2 * s)
    a = (y1 - y0) * (s - d0) + curvature
    b = (y1 - y0) * d0 - curvature
    c = -s * (y - y0)
    return x0 + 2 * c / (-b - np.sqrt(b * b - 4 * a * c)) * (x1 - x0)


@njit(cache=True, nogil=True, error_model="numpy")
def _bin_with(sizes: FloatArray, place: Real) -> tuple[int, Real, Real]:
    """Bin that a place is in, with its edges."""
    shares = np.empty(len(sizes), np.float32)
    total = np.float32(0)
    for k in range(len(sizes)):
        shares[k] = _share(sizes[k])
        total += shares[k]
    low = -BOUND
    for k in range(len(sizes) - 1):
        high = low + 2 * BOUND * shares[k] / total
        if place <= high:
            return k, low, high
        low = high
    return len(sizes) - 1, low, BOUND


@njit(cache=True, nogil=True, error_model="numpy")
def _edges(sizes: FloatArray, k: int) -> tuple[Real, Real]:
    below = total = own = np.float32(0)
    for j in range(len(sizes)):
        share = _share(sizes[j])
        if j < k:
            below += share
        if j == k:
            own = share
        total += share
    low = -BOUND + 2 * BOUND * below / total
    return low, low + 2 * BOUND * own / total


@njit(cache=True, nogil=True, error_model="numpy")
def _share(size: np.float32) -> np.float32:
    return np.exp(size / (ONE + abs((size + size) / LOG_SLOPE)))


@njit(cache=True, nogil=True, error_model="numpy")
def _slope(parameter: np.float32) -> np.float32:
    return np.exp(parameter / (ONE + abs(parameter / LOG_SLOPE)))
