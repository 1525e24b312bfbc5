"""Distances between the distributions of one number in two samples.

Images carry weights, R sets of them at once: (R, N) arrays, as `bootstrap.compared` gives them.
Both distances belong to the difference of the cumulative distributions F of the samples.
"""

import numpy as np

from ctapipe_fastsim.array_types import BoolArray, FloatArray

__all__ = [
    "kolmogorov_smirnov",
    "mean_difference",
    "relative_wasserstein",
    "rarely_varies",
    "weighted_quantile",
]


def relative_wasserstein(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    """Wasserstein distance, the integral of |F1 - F2|, over the standard deviation of the first.

    Parameters
    ----------
    first : (N,) array
        One parameter in Monte Carlo.
    second : (M,) array
        The same parameter, in the same unit, in the other sample.
    first_weight, second_weight : (R, N) and (R, M) arrays

    Returns
    -------
    (R,) float array
        0 for equal distributions. If the first sample is constant, the standard deviation is
        that of both together.
    """
    values, difference = _cumulative_difference(first, second, first_weight, second_weight)
    distance = np.abs(difference[:, :-1]) @ np.diff(values)
    deviation = first.std() or values.std()
    return distance / deviation if deviation > 0 else distance


def kolmogorov_smirnov(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    """Kolmogorov-Smirnov distance, the largest |F1 - F2|, for arrays as above."""
    values, difference = _cumulative_difference(first, second, first_weight, second_weight)
    last_of_ties = np.append(np.diff(values) > 0, True)
    return np.abs(difference[:, last_of_ties]).max(axis=1)


def mean_difference(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    """Mean of the second sample less that of the first, for arrays as above."""
    return _mean(second, second_weight) - _mean(first, first_weight)


def rarely_varies(first: FloatArray, second: FloatArray) -> BoolArray:
    """Whether fewer than 50 images of both samples differ from the median of the first.

    Takes arrays (N, ...) and (M, ...), such as the numbers of islands; gives an array (...).
    """
    median = np.median(first, axis=0)
    return sum(np.count_nonzero(values != median, axis=0) for values in (first, second)) < 50


def weighted_quantile(values: FloatArray, weight: FloatArray, share: float) -> FloatArray:
    """Smallest value below or at which lies a share of the (R, N) weights, an (R,) array."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[:, order], axis=1)
    position = np.count_nonzero(below < share * below[:, -1:], axis=1)
    return values[order][position]


def _mean(values: FloatArray, weight: FloatArray) -> FloatArray:
    return weight @ values / weight.sum(axis=1)


def _cumulative_difference(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sorted values of both samples, and F1 - F2 at each of them for each set of weights."""
    values = np.concatenate([first, second])
    order = np.argsort(values, kind="stable")
    step = np.concatenate(
        [
            first_weight / first_weight.sum(axis=1, keepdims=True),
            -second_weight / second_weight.sum(axis=1, keepdims=True),
        ],
        axis=1,
    )  # (R, N + M)
    return values[order], np.cumsum(step[:, order], axis=1)
