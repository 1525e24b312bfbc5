"""A figure's error from showers drawn anew, and its floor from Monte Carlo split in halves.

Everything here deals in weights: how often an image is drawn. A statistic takes the weights of many
replicates at once, so that values are sorted or binned only once.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ctapipe_fastsim.array_types import Array, FloatArray, IntArray
from ctapipe_fastsim.random_streams import random_stream

__all__ = ["Estimate", "bootstrap_weights", "compared", "half_weights"]

# shower numbers of two samples
Groups = Sequence[IntArray]

# of (first, second, first_weight, second_weight), see `compared`
Statistic = Callable[[Array, Array, FloatArray, FloatArray], FloatArray]

_N_REPLICATES = 100
_N_SPLITS = 20


class Estimate(NamedTuple):
    """A figure and its statistical error (one standard deviation)."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.3f} +- {self.error:.3f}"


def compared(
    statistic: Statistic, reference: Array, generated: Array, groups: Groups, seed: int
) -> tuple[Estimate, Estimate]:
    """One statistic of two samples: with its error, and of Monte Carlo against itself.

    Parameters
    ----------
    statistic : callable
        Of (first, second, first_weight, second_weight), the weights being (R, N) and
        (R, M) arrays. Gives (R,) values, 0 on average or at best for samples of one law.
    reference : (N, ...) array
    generated : (M, ...) array
    groups : pair of an (N,) and an (M,) integer array
        Shower numbers; images of one shower are drawn together, in whichever sample.
    seed : int

    Returns
    -------
    value : Estimate
    floor : Estimate
        Mean and scatter of the absolute value for random halves of the reference, divided
        by the square root of 2: each side has half the images. They are of other showers,
        so that images generated for the showers of the reference can get below the floor.
    """
    once = (np.ones((1, len(numbers))) for numbers in groups)
    value = statistic(reference, generated, *once)[0]
    replicates = statistic(reference, generated, *bootstrap_weights(groups, seed))
    half = half_weights(groups[0], seed)
    halves = np.abs(statistic(reference, reference, half, 1 - half)) / np.sqrt(2)
    return _estimate(value, replicates), _estimate(halves.mean(), halves)


def bootstrap_weights(
    groups: Sequence[IntArray], seed: int, n_replicates: int = _N_REPLICATES
) -> list[FloatArray]:
    """How often each image is drawn when the showers are drawn anew with replacement.

    Parameters
    ----------
    groups : sequence of (N,) integer arrays
        Shower numbers of each sample.
    seed : int
    n_replicates : int
        R.

    Returns
    -------
    list of (R, N) float arrays
        One for each sample.
    """
    numbers, shower = np.unique(np.concatenate(groups), return_inverse=True)
    n_showers = len(numbers)
    n_draws = random_stream("validation bootstrap", seed).multinomial(
        n_showers, np.full(n_showers, 1 / n_showers), size=n_replicates
    )
    ends = np.cumsum([len(group) for group in groups])
    return np.split(n_draws[:, shower].astype(float), ends[:-1], axis=1)


def half_weights(groups: IntArray, seed: int, n_splits: int = _N_SPLITS) -> FloatArray:
    """Random halves of the showers.

    Parameters
    ----------
    groups : (N,) integer array
        Shower numbers.
    seed : int
    n_splits : int
        S.

    Returns
    -------
    (S, N) float array
        1 for images of one half, 0 for those of the other.
    """
    numbers, shower = np.unique(groups, return_inverse=True)
    rng = random_stream("validation halves", seed)
    order = rng.permuted(np.tile(np.arange(len(numbers)), (n_splits, 1)), axis=1)
    return (order[:, shower] % 2).astype(float)


def _estimate(value: float, replicates: FloatArray) -> Estimate:
    return Estimate(float(value), float(np.std(replicates)))
