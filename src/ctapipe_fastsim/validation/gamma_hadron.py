"""Figures: what a gamma/hadron classifier trained on Monte Carlo makes of generated gammas."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from ctapipe_fastsim.array_types import FloatArray

from .bootstrap import Estimate, Groups
from .cross_fit import cross_fitted
from .distances import mean_difference, weighted_quantile
from .figures import Figure, Topic, compared_figure, judged, missing
from .goals import Goals

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["gamma_hadron"]

_N_ERRORS = 2  # that "equal within errors" allows
_QUANTILES = 0.01, 0.1, 0.5
_N_BINS = 100


def gamma_hadron(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
    *,
    protons: "Sample | None",
) -> Topic:
    """Compare the gammaness of generated and Monte Carlo gammas.

    Boosted trees learn to tell Monte Carlo gammas from protons, both classes with the same
    weight, by the parameters of the images that survived cleaning. Gammas of half of the
    showers, Monte Carlo and generated, are judged by trees that learned from the other half,
    as in Polyakov et al. 2022 (arXiv 2211.12553).

    Parameters
    ----------
    reference, generated : Sample
    camera_geometry : ctapipe.instrument.CameraGeometry
    goals : Goals
    seed : int
    progress : bool
    protons : Sample or None
        Monte Carlo.

    Returns
    -------
    figures : list of Figure
        The errors leave out that other training images give other trees.
    arrays : dict of array
        ``score_edges`` and the share of images in each bin, ``reference``, ``generated`` and
        ``protons``.
    """
    if protons is None:
        return [missing("gamma/hadron separation", "no protons were given")], {}
    samples = [sample[sample.survived] for sample in (reference, generated, protons)]
    scores = cross_fitted(partial(_fit, seed=seed), samples, seed)
    of_gammas, groups = (scores[0], scores[1]), [sample.shower for sample in samples[:2]]
    note = "mean {:.4f} in Monte Carlo, {:.4f} generated, {:.4f} in protons".format(
        *(score.mean() for score in scores)
    )
    title = "gamma score: difference of the mean"
    figures = [
        compared_figure(title, mean_difference, *of_gammas, groups, seed, goals.gamma_score, note),
        _equal_within_errors(_below(0.5, of_gammas, groups, seed)),
        _below(0.999, of_gammas, groups, seed),
        *(_quantile(share, of_gammas, groups, seed) for share in _QUANTILES),
    ]
    edges = np.linspace(0, 1, _N_BINS + 1)
    shares = [np.histogram(score, edges)[0] / len(score) for score in scores]
    return figures, dict(
        zip(("score_edges", "reference", "generated", "protons"), [edges, *shares])
    )


def _fit(
    gammas: "Sample", _: "Sample", protons: "Sample", seed: int
) -> "Callable[[Sample], FloatArray]":
    """Trees for Monte Carlo gammas against protons; gives the function that scores a sample."""
    trees = HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.05,
        early_stopping=False,
        class_weight="balanced",
        random_state=seed,
    )
    is_gamma = np.repeat([True, False], [len(gammas), len(protons)])
    with threadpool_limits(1):
        trees.fit(np.concatenate([_features(gammas), _features(protons)]), is_gamma)
    return lambda sample: trees.predict_proba(_features(sample))[:, 1]


def _features(sample: "Sample") -> FloatArray:
    return np.column_stack(list(sample.parameters.values()))


def _below(
    score: float, scores: tuple[FloatArray, FloatArray], groups: Groups, seed: int
) -> Figure:
    shares = (scores[0] < score).astype(float), (scores[1] < score).astype(float)
    note = "Monte Carlo {:.4f}, generated {:.4f}".format(*(share.mean() for share in shares))
    title = f"gamma score below {score}: difference of the fraction"
    return compared_figure(title, mean_difference, *shares, groups, seed, note=note)


def _equal_within_errors(figure: Figure) -> Figure:
    value, floor = Estimate(figure.value, figure.error), Estimate(figure.floor, figure.floor_error)
    return judged(figure.name, value, floor, _N_ERRORS * figure.error, figure.note)


def _quantile(
    share: float, scores: tuple[FloatArray, FloatArray], groups: Groups, seed: int
) -> Figure:
    def difference(
        first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
    ) -> FloatArray:
        return weighted_quantile(second, second_weight, share) - weighted_quantile(
            first, first_weight, share
        )

    title = f"gamma score: difference of the quantile {share}"
    return compared_figure(title, difference, *scores, groups, seed)
