"""Triggers of the telescopes that see one event go together more than its conditions tell.

A telescope triggers when a normal number, shared in part with the others, is below the quantile of
its probability P (a Gaussian copula):

    sqrt(c) shared + sqrt(1 - c) own < quantile(P)

so that each telescope by itself triggers as before. The share c has the highest likelihood of
which telescopes recorded an event, given that enough of them did.

Bright showers trigger more telescopes: what is shared also tells of the images (`shower_ties`).
"""

from collections.abc import Iterable, Iterator

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from .array_types import BoolArray, FloatArray, Number
from .multiplicity import at_least

__all__ = [
    "fit_trigger_tie",
    "shared_given_pattern",
    "shared_where_recorded",
    "tied_triggers",
]

N_NODES = 32  # of the integral over what is shared
MOST_EVENTS = 20_000
STRONGEST = 0.95
LEAST = 1e-12  # of a probability whose logarithm or quantile is taken, and of a variance


def fit_trigger_tie(probability: FloatArray, triggered: BoolArray, min_telescopes: int) -> float:
    """Share c from E recorded events.

    Parameters
    ----------
    probability : (E, T) array
        P of each telescope.
    triggered : (E, T) bool array
    min_telescopes : int
        Triggered telescopes that an event needs.

    Returns
    -------
    float
        0 for a single telescope.
    """
    if probability.shape[1] < 2:
        return 0.0
    step = max(1, len(probability) // MOST_EVENTS)
    probability, triggered = probability[::step], triggered[::step]

    def loss(tie: float) -> float:
        seen, recorded = np.zeros((2, len(probability)))
        for _, weight, given in _at_nodes(probability, tie):
            seen = seen + weight * _likelihood(given, triggered)
            recorded = recorded + weight * at_least(given, min_telescopes)
        return -np.log(np.maximum(seen, LEAST) / np.maximum(recorded, LEAST)).mean()

    return float(minimize_scalar(loss, bounds=(0, STRONGEST), method="bounded").x)


def tied_triggers(
    probability: FloatArray, tie: float, shared: FloatArray, rng: np.random.Generator
) -> BoolArray:
    """Whether a telescope records each of N showers, (N,) bool array.

    Parameters
    ----------
    probability : (N,) array
        P.
    tie : float
        c.
    shared : (N,) array
        Normal numbers, the same for all telescopes.
    rng : numpy.random.Generator
    """
    level = np.sqrt(tie) * shared + np.sqrt(1 - tie) * rng.standard_normal(len(shared))
    return ndtr(level) < probability


def shared_given_pattern(
    probability: FloatArray, triggered: BoolArray, tie: float
) -> tuple[FloatArray, FloatArray]:
    """What E events share, given which telescopes triggered.

    Parameters
    ----------
    probability : (E, T) array
        P.
    triggered : (E, T) bool array
    tie : float
        c.

    Returns
    -------
    mean, spread : (E,) arrays
        Standard deviation.
    """
    return _mean_and_spread(
        (node, weight * _likelihood(given, triggered))
        for node, weight, given in _at_nodes(probability, tie)
    )


def shared_where_recorded(
    probability: FloatArray, tie: Number, min_telescopes: int
) -> tuple[FloatArray, FloatArray]:
    """What E events share, given that a telescope records them.

    It does where it triggers, and enough others do.

    Parameters
    ----------
    probability : (E, T) array
        P.
    tie : float or (T,) array
        c.
    min_telescopes : int

    Returns
    -------
    mean, spread : (E, T) arrays
        Standard deviation.
    """

    def recorded(given: FloatArray) -> FloatArray:
        if min_telescopes == 1:
            return given
        others = (np.delete(given, i, axis=1) for i in range(given.shape[1]))
        enough = [at_least(other, min_telescopes - 1) for other in others]
        return given * np.stack(enough, axis=1)

    return _mean_and_spread(
        (node, weight * recorded(given)) for node, weight, given in _at_nodes(probability, tie)
    )


def _at_nodes(probability: FloatArray, tie: Number) -> Iterator[tuple[float, float, FloatArray]]:
    """Values of what is shared, their weights, and the probabilities (E, T) given each."""
    quantile = ndtri(np.clip(probability, LEAST, 1 - LEAST))
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    for node, weight in zip(nodes.tolist(), (weights / weights.sum()).tolist()):
        yield node, weight, ndtr((quantile - np.sqrt(tie) * node) / np.sqrt(1 - tie))


def _likelihood(given: FloatArray, triggered: BoolArray) -> FloatArray:
    return np.where(triggered, given, 1 - given).prod(axis=1)


def _mean_and_spread(
    likelihoods: Iterable[tuple[float, FloatArray]],
) -> tuple[FloatArray, FloatArray]:
    """Of nodes with likelihoods of any one shape."""
    total = first = second = np.zeros(())
    for node, likelihood in likelihoods:
        total = total + likelihood
        first = first + node * likelihood
        second = second + node**2 * likelihood
    mean = first / total
    return mean, np.sqrt(np.maximum(second / total - mean**2, LEAST))
