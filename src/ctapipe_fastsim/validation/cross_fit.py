"""Predictions for every image from a fit to Monte Carlo of other showers."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctapipe_fastsim.array_types import FloatArray

from .bootstrap import half_weights

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["cross_fitted"]


def cross_fitted(
    fit: "Callable[..., Callable[[Sample], FloatArray]]", samples: "Sequence[Sample]", seed: int
) -> list[FloatArray]:
    """Fit to each half of the showers, and predict the other.

    Parameters
    ----------
    fit : callable
        Of as many `Sample` as given, half of the showers of each, and gives a function of a
        `Sample` of N images with (N,) values.
    samples : sequence of Sample
    seed : int

    Returns
    -------
    list of (N,) float array
        Predictions for each sample.
    """
    showers = np.concatenate([sample.shower for sample in samples])
    ends = np.cumsum([len(sample) for sample in samples])
    halves = np.split(half_weights(showers, seed, n_splits=1)[0], ends[:-1])
    predictions: list[FloatArray] = [np.empty(len(sample)) for sample in samples]
    for held_out in (0, 1):
        predict = fit(*(sample[half != held_out] for sample, half in zip(samples, halves)))
        for sample, half, prediction in zip(samples, halves, predictions):
            prediction[half == held_out] = predict(sample[half == held_out])
    return predictions
