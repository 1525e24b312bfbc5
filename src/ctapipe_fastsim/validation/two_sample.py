"""Two-sample tests: how well a classifier tells two samples apart, 0.5 being not at all."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from ctapipe_fastsim.array_types import Array, BoolArray, FloatArray, IntArray
from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.random_streams import random_stream

from .bootstrap import Estimate, Groups, bootstrap_weights, half_weights

if TYPE_CHECKING:
    from torch import nn

__all__ = ["floor", "network_auc", "tree_auc"]

_N_FOLDS = 5
_MIN_SHOWERS = 20

Result = TypeVar("Result")


def tree_auc(first: FloatArray, second: FloatArray, groups: Groups, seed: int) -> Estimate:
    """AUC of boosted trees that tell two samples apart, by cross-validation.

    Parameters
    ----------
    first : (N, F) array
        Features of the first sample; NaN is allowed.
    second : (M, F) array
        The same features of the second sample.
    groups : pair of an (N,) and an (M,) integer array
        Shower number of every row of each sample. A generated image bears the number of
        the shower whose conditions it was given: training on one of such a pair teaches
        the wrong answer for the other, and would bring the AUC below 0.5.
    seed : int

    Returns
    -------
    Estimate
        AUC for held-out showers. Its error, from a bootstrap over showers, holds near 0.5
        and is up to 1.4 times too large for samples that differ clearly.
    """
    features, is_second, shower, fold = _pool(first, second, groups, seed)
    score = np.empty(len(features))
    for held_out in range(_N_FOLDS):
        test = fold == held_out
        # No early stopping: the trees' own validation split would part the pairs.
        trees = HistGradientBoostingClassifier(
            max_iter=200, learning_rate=0.05, early_stopping=False, random_state=seed
        )
        with threadpool_limits(1):  # several threads stall each other on a busy machine
            trees.fit(features[~test], is_second[~test])
            score[test] = trees.predict_proba(features[test])[:, 1]
    return _of_all_folds(_auc_estimate(score, is_second, shower, fold, seed))


def network_auc(
    first: FloatArray,
    second: FloatArray,
    groups: Groups,
    seed: int,
    build: "Callable[[int], nn.Module] | None" = None,
    all_folds: bool = False,
) -> Estimate:
    """AUC of a network that tells images of two samples apart.

    Three fifths of the showers train it, one fifth says when to stop, one fifth gives
    the AUC; or each fifth in turn, with five networks.

    Parameters
    ----------
    first : (N, P) array
        Images of the first sample, such as compressed charges.
    second : (M, P) array
        The same of the second sample.
    groups : pair of an (N,) and an (M,) integer array
        Shower numbers, as for `tree_auc`.
    seed : int
    build : callable, optional
        Makes the network from the number of pixels; by default `dense_network`.
    all_folds : bool
        Test each fifth of the showers, not one of them.

    Returns
    -------
    Estimate
        AUC for the showers that were tested, with the error from a bootstrap over them.
    """
    # Imported here, so that the trees need no torch.
    from ctapipe_fastsim.validation.network_classifier import dense_network, held_out_score

    images, is_second, shower, fold = _pool(first, second, groups, seed)
    score = np.empty(len(images))
    for held_out in range(_N_FOLDS if all_folds else 1):
        test, validation = fold == held_out, fold == (held_out + 1) % _N_FOLDS
        part = np.select([test, validation], ["test", "validation"], "train")
        score[test] = held_out_score(build or dense_network, images, is_second, part, seed)
    if all_folds:
        return _of_all_folds(_auc_estimate(score, is_second, shower, fold, seed))
    test = fold == 0
    return _auc_estimate(score[test], is_second[test], shower[test], fold[test], seed)


def floor(
    figure: Callable[[Array, Array, Groups, int], Result],
    sample: Array,
    groups: IntArray,
    seed: int,
) -> Result:
    """The figure that a perfect generator would get: Monte Carlo against Monte Carlo.

    The showers are split at random into two halves. So each side has half the size of the
    sample: a classifier learns from half as many images, and the chance distance of two
    distributions is larger by the square root of 2. Compare with the figure for samples
    of that size.

    Parameters
    ----------
    figure : callable
        `tree_auc`, `network_auc`, or another function of (first, second, groups, seed).
    sample : (N, ...) array
    groups : (N,) integer array
        Shower numbers.
    seed : int
        For the split, and passed on to the figure.

    Returns
    -------
    Whatever the figure gives, with one half as ``first`` and the other as ``second``.
    """
    half = half_weights(groups, seed, n_splits=1)[0] == 1
    return figure(sample[half], sample[~half], (groups[half], groups[~half]), seed)


def _pool(
    first: Array, second: Array, groups: Groups, seed: int
) -> tuple[Array, BoolArray, IntArray, IntArray]:
    """Both samples as one.

    Returns
    -------
    features : (N + M, F) array
    is_second : (N + M,) bool array
    shower : (N + M,) integer array
        Shower numbers, renumbered from 0.
    fold : (N + M,) integer array
        One of five parts of about equal size; a shower lies in one of them.
    """
    n_showers = min(len(np.unique(numbers)) for numbers in groups)
    if n_showers < _MIN_SHOWERS:
        raise InputError(
            f"A two-sample test needs at least {_MIN_SHOWERS} showers in each sample, but "
            f"one has {n_showers}: give more events."
        )
    is_second = np.repeat([False, True], [len(first), len(second)])
    numbers, shower = np.unique(np.concatenate(groups), return_inverse=True)
    rng = random_stream("validation folds", seed)
    fold = rng.permutation(len(numbers))[shower] % _N_FOLDS
    return np.concatenate([first, second]), is_second, shower, fold


def _auc_estimate(
    score: FloatArray, is_second: BoolArray, shower: IntArray, fold: IntArray, seed: int
) -> Estimate:
    """AUC, and its scatter when the showers are drawn anew with replacement."""
    value = _auc(score, is_second, fold, np.ones(len(score)))
    (weights,) = bootstrap_weights([shower], seed)
    replicates = [_auc(score, is_second, fold, weight) for weight in weights]
    return Estimate(value, float(np.std(replicates)))


def _of_all_folds(auc: Estimate) -> Estimate:
    """What two folds have in common by chance counts twice, as each helps to judge the other.

    For equal samples the variance is twice that of folds judged from outside.
    """
    return Estimate(auc.value, 2**0.5 * auc.error)


def _auc(score: FloatArray, is_second: BoolArray, fold: IntArray, weight: FloatArray) -> float:
    """Probability that the second sample scores above the first, over pairs of one fold.

    Scores of two folds come from two classifiers and are not compared: a fold with more
    images of one sample leaves fewer of them to train on, which would bias the AUC
    below 0.5.
    """
    above = pairs = 0.0
    for held_out in np.unique(fold):
        part = fold == held_out
        _, rank = np.unique(score[part], return_inverse=True)
        first = np.bincount(rank, weight[part] * ~is_second[part])
        second = np.bincount(rank, weight[part] * is_second[part])
        above += np.sum(second * (np.cumsum(first) - first / 2))  # a tie counts one half
        pairs += first.sum() * second.sum()
    return float(above / pairs)
