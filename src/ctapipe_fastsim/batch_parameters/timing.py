"""Arrival time along the main axis: ctapipe.image.timing_parameters.

A straight line by least trimmed squares (Rousseeuw & Van Driessen 2006, Data Min. Knowl. Disc. 12,
29): the fit is repeated on the 85 % of pixels nearest to it until nothing changes, from five
random pairs of pixels, of which the best is taken. Where the starts lead to different lines the
result depends on chance. ctapipe draws the pairs from one generator for all images of a
process; here the generator is an argument, and the draws are ctapipe's.

Of three pixels the fit keeps two, and every two lie on a line exactly: which is then best
is left to the rounding of the last digit, in ctapipe as here.
"""

import numpy as np
from numba import njit

from ..array_types import BoolArray, FloatArray, Vector, Whole

__all__ = ["NAMES", "fit_time"]

NAMES = ("intercept", "deviation", "slope")
N_STARTS = 5
KEPT = 0.85
MOST_STEPS = 20
CONVERGED = 1e-12  # ns2
SINGULAR = 2 * np.finfo(np.float64).eps


@njit(cache=True, nogil=True, error_model="numpy")
def fit_time(along: FloatArray, time: FloatArray, rng: np.random.Generator) -> Vector:
    """Fit one cleaned image of n pixels.

    Parameters
    ----------
    along : (n,) array, deg
        Coordinate along the main axis.
    time : (n,) float64 array, ns
    rng : numpy.random.Generator

    Returns
    -------
    intercept, deviation, slope : float; ns, ns (root mean square of all pixels), ns / deg
    """
    n = len(along)
    slope, intercept, least = np.nan, np.nan, np.inf
    if n >= 2:
        for _ in range(N_STARTS):
            first = rng.integers(0, n)
            second = rng.integers(0, n - 1)
            second += second >= first
            line = _trimmed_fit(along, time, first, second)
            if line[2] < least:
                slope, intercept, least = line
    deviation = np.sqrt(((slope * along + intercept - time) ** 2).mean())
    return intercept, deviation, slope


@njit(cache=True, nogil=True, error_model="numpy")
def _trimmed_fit(along: FloatArray, time: FloatArray, first: Whole, second: Whole) -> Vector:
    """Slope, intercept and sum of squares of the kept pixels, from a line through two."""
    n = len(along)
    kept = np.zeros(n, dtype=np.bool_)
    kept[first] = kept[second] = True
    slope, intercept, error = _line(along, time, kept)
    if np.isnan(slope):
        return slope, intercept, error
    n_kept = int(KEPT * n)
    squares = np.empty(n)
    for _ in range(MOST_STEPS):
        for i in range(n):
            squares[i] = (time[i] - (along[i] * slope + intercept)) ** 2
        _keep_smallest(squares, n_kept, kept)
        last = error
        slope, intercept, error = _line(along, time, kept)
        if not abs(last - error) >= CONVERGED:
            break
    return slope, intercept, error


@njit(cache=True, nogil=True)
def _keep_smallest(values: FloatArray, n: int, kept: BoolArray) -> None:
    kept[:] = False
    if n > 0:
        threshold = np.partition(values, n - 1)[n - 1]
        left = n
        for i in range(len(values)):
            kept[i] = values[i] < threshold
            left -= kept[i]
        for i in range(len(values)):
            if left > 0 and values[i] == threshold:
                kept[i] = True
                left -= 1


@njit(cache=True, nogil=True, error_model="numpy")
def _line(along: FloatArray, time: FloatArray, kept: BoolArray) -> Vector:
    """Least squares of the kept pixels; NaN where they lie at one place."""
    n, mean_x, mean_t = 0, 0.0, 0.0
    for i in range(len(along)):
        if kept[i]:
            n, mean_x, mean_t = n + 1, mean_x + along[i], mean_t + time[i]
    mean_x, mean_t = mean_x / n, mean_t / n
    xx, xt = 0.0, 0.0
    for i in range(len(along)):
        if kept[i]:
            xx += (along[i] - mean_x) ** 2
            xt += (along[i] - mean_x) * (time[i] - mean_t)
    if not n * xx >= SINGULAR:
        return np.nan, np.nan, np.nan
    slope = xt / xx
    intercept = mean_t - slope * mean_x
    error = 0.0
    for i in range(len(along)):
        if kept[i]:
            error += (time[i] - (along[i] * slope + intercept)) ** 2
    return slope, intercept, error
