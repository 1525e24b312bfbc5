"""Figures: distribution of every image parameter, and correlation of any two."""

from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import FloatArray

from .distances import kolmogorov_smirnov, rarely_varies, relative_wasserstein
from .figures import Topic, compared_figure
from .goals import Goals

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["parameter_distributions"]

_RARE = "no goal: fewer than 50 images differ from the median"


def parameter_distributions(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Distances of the image parameters of the images that survived cleaning.

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
    arrays : dict of array
        ``names`` of the F parameters that vary, ``correlation_reference`` and
        ``correlation_generated``, (F, F) arrays.
    """
    samples = [sample[sample.survived] for sample in (reference, generated)]
    columns = [np.column_stack(list(sample.parameters.values())) for sample in samples]
    groups = [sample.shower for sample in samples]
    names = np.array(list(reference.parameters))
    rare = rarely_varies(*columns)
    figures = []
    for i, name in enumerate(names):
        title = f"{name}: Wasserstein distance / standard deviation"
        pair = columns[0][:, i], columns[1][:, i]
        goal, note = (None, _RARE) if rare[i] else (goals.wasserstein, "")
        figures.append(
            compared_figure(title, relative_wasserstein, *pair, groups, seed, goal, note)
        )
    for i, name in enumerate(names):
        title, pair = f"{name}: Kolmogorov-Smirnov distance", (columns[0][:, i], columns[1][:, i])
        figures.append(compared_figure(title, kolmogorov_smirnov, *pair, groups, seed))
    columns = [c[:, ~rare] for c in columns]
    title = "correlations: largest difference"
    figures.append(
        compared_figure(title, _correlation_distance, columns[0], columns[1], groups, seed)
    )
    known = [c[np.isfinite(c).all(axis=1)] for c in columns]
    matrices = [_correlation(c, np.ones(len(c))) for c in known]
    return figures, dict(
        names=names[~rare],
        correlation_reference=matrices[0],
        correlation_generated=matrices[1],
    )


def _correlation_distance(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    return np.array(
        [
            np.abs(_correlation(second, b) - _correlation(first, a)).max()
            for a, b in zip(first_weight, second_weight)
        ]
    )


def _correlation(columns: FloatArray, weight: FloatArray) -> FloatArray:
    """Correlation matrix of (N, F) columns; 0 for a constant column."""
    centred = columns - weight @ columns / weight.sum()
    covariance = (centred * weight[:, np.newaxis]).T @ centred
    deviation = np.sqrt(np.diag(covariance))
    scale = np.outer(deviation, deviation)
    return np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
