"""Triggers of the telescopes that see one event go together more than its conditions tell.

A telescope triggers when a normal number, shared in part with the others, is below the quantile of
its probability P (a Gaussian copula):

    sqrt(c) shared + sqrt(1 - c) own < quantile(P)

so that each telescope by itself triggers as before. The share c has the highest likelihood of
which telescopes recorded an event, given that enough of them did.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from .array_types import BoolArray, FloatArray
from .multiplicity import at_least

__all__ = ["fit_trigger_tie", "tied_triggers"]

N_NODES = 32  # of the integral over what is shared
MOST_EVENTS = 20_000
STRONGEST = 0.95
LEAST = 1e-12  # of a probability whose logarithm or quantile is taken


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
    quantile = ndtri(np.clip(probability[::step], LEAST, 1 - LEAST))
    triggered = triggered[::step]
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    weights = weights / weights.sum()

    def loss(tie: float) -> float:
        seen = recorded = 0.0
        for node, weight in zip(nodes, weights):
            given = ndtr((quantile - np.sqrt(tie) * node) / np.sqrt(1 - tie))  # (E, T)
            seen = seen + weight * np.where(triggered, given, 1 - given).prod(axis=1)
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
