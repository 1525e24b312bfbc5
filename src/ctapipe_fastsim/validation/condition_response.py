"""Figures: energy and impact distance that a regressor trained on Monte Carlo reconstructs."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from ctapipe_fastsim.array_types import Columns, FloatArray

from .cross_fit import cross_fitted
from .distances import mean_difference, weighted_quantile
from .figures import Figure, Topic, compared_figure, missing
from .goals import Goals

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["condition_response"]

_TARGETS = {"log10_energy": "log10 of the energy", "impact_distance": "impact distance (m)"}
_N_BINS = 6


def condition_response(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Compare bias and resolution of energy and impact distance.

    Boosted trees learn them from Monte Carlo image parameters; images of half of the
    showers, Monte Carlo and generated, are reconstructed by trees that learned from the
    other half. The resolution is half the range of the central 68 % of the residuals.

    Parameters
    ----------
    reference, generated : Sample
    camera_geometry : ctapipe.instrument.CameraGeometry
    goals : Goals
    seed : int
    progress : bool

    Returns
    -------
    figures : list of Figure
        The errors leave out that other training images give other trees.
    arrays : dict of array
        For each of ``log10_energy`` and ``impact_distance``: ``NAME_edges`` in true values,
        and ``NAME_bias_reference``, ``NAME_bias_generated``, ``NAME_resolution_reference`` and
        ``NAME_resolution_generated`` in those bins.
    """
    samples = [sample[sample.survived] for sample in (reference, generated)]
    groups = [sample.shower for sample in samples]
    figures: list[Figure] = []
    arrays: Columns = {}
    for target, title in _TARGETS.items():
        if any(target not in sample.conditions for sample in samples):
            figures.append(missing(f"{title}: bias", "true values are not known"))
            continue
        predictions = cross_fitted(partial(_fit, target=target, seed=seed), samples, seed)
        true = [sample.conditions[target] for sample in samples]
        residuals = predictions[0] - true[0], predictions[1] - true[1]
        for what, statistic, note in (
            ("bias: difference", mean_difference, _in_words(np.mean, residuals)),
            (
                "resolution: relative difference",
                _resolution_difference,
                _in_words(_spread, residuals),
            ),
        ):
            name = f"{title}, {what}"
            figures.append(compared_figure(name, statistic, *residuals, groups, seed, note=note))
        arrays |= _in_bins(target, true, residuals)
    return figures, arrays


def _fit(
    monte_carlo: "Sample", _: "Sample", target: str, seed: int
) -> "Callable[[Sample], FloatArray]":
    """Trees for one condition; gives the function that reconstructs it for a sample."""
    trees = HistGradientBoostingRegressor(
        max_iter=200, learning_rate=0.05, early_stopping=False, random_state=seed
    )
    with threadpool_limits(1):
        trees.fit(_features(monte_carlo), monte_carlo.conditions[target])
    return lambda sample: trees.predict(_features(sample))


def _features(sample: "Sample") -> FloatArray:
    return np.column_stack(list(sample.parameters.values()))


def _in_words(figure: Callable[[FloatArray], float], residuals: Iterable[FloatArray]) -> str:
    return "Monte Carlo {:.4g}, generated {:.4g}".format(*map(figure, residuals))


def _spread(residuals: FloatArray) -> float:
    """Half the range of the central 68 %."""
    low, high = np.quantile(residuals, [0.16, 0.84])
    return (high - low) / 2


def _resolution_difference(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    return _range(second, second_weight) / _range(first, first_weight) - 1


def _range(values: FloatArray, weight: FloatArray) -> FloatArray:
    return weighted_quantile(values, weight, 0.84) - weighted_quantile(values, weight, 0.16)


def _in_bins(target: str, true: Sequence[FloatArray], residuals: Sequence[FloatArray]) -> Columns:
    """Bias and resolution in bins with as many Monte Carlo images each."""
    edges = np.quantile(true[0], np.linspace(0, 1, _N_BINS + 1))
    arrays = {f"{target}_edges": edges}
    for sample, t, r in zip(("reference", "generated"), true, residuals):
        position = np.searchsorted(edges[1:-1], t, side="right")
        parts = [r[position == i] for i in range(_N_BINS)]
        for what, figure in (("bias", np.mean), ("resolution", _spread)):
            values = [figure(part) if len(part) else np.nan for part in parts]
            arrays[f"{target}_{what}_{sample}"] = np.array(values)
    return arrays
