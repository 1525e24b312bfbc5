"""Distances between the distributions of one number in two samples.

Images carry weights, R sets of them at once: (R, N) arrays, as `bootstrap.compared` gives them.
Both distances belong to the difference of the cumulative distributions F of the samples.
"""

import numpy as np

__all__ = ["kolmogorov_smirnov", "mean_difference", "relative_wasserstein"]


def relative_wasserstein(first, second, first_weight, second_weight):
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
        0 for equal distributions, infinite if only the first sample is constant.
    """
    values, difference = _cumulative_difference(first, second, first_weight, second_weight)
    distance = np.abs(difference[:, :-1]) @ np.diff(values)
    deviation = first.std()
    if deviation > 0:
        return distance / deviation
    return np.where(distance > 0, np.inf, 0.0)


def kolmogorov_smirnov(first, second, first_weight, second_weight):
    """Kolmogorov-Smirnov distance, the largest |F1 - F2|, for arrays as above."""
    values, difference = _cumulative_difference(first, second, first_weight, second_weight)
    last_of_ties = np.append(np.diff(values) > 0, True)
    return np.abs(difference[:, last_of_ties]).max(axis=1)


def mean_difference(first, second, first_weight, second_weight):
    """Mean of the second sample less that of the first, for arrays as above."""
    return _mean(second, second_weight) - _mean(first, first_weight)


def _mean(values, weight):
    return weight @ values / weight.sum(axis=1)


def _cumulative_difference(first, second, first_weight, second_weight):
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
