"""Figures: distributions of the image parameters in bins of energy and impact distance."""

from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import FloatArray, IntArray

from .distances import rarely_varies, relative_wasserstein
from .figures import Figure, Topic, compared_figure, missing
from .goals import Goals

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["parameters_in_bins"]

_N_BINS = 3
_CONDITIONS = "log10_energy", "impact_distance"


def parameters_in_bins(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Wasserstein distance in each bin, the mean over all parameters that vary in it.

    Energy and impact distance are each cut in three, with as many reference images in each
    part.

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
        Edges ``log10_energy`` and ``impact_distance`` (m), (4,) arrays; ``wasserstein`` and
        ``wasserstein_floor``, (3, 3) arrays by energy and impact distance.
    """
    samples = [sample[sample.survived] for sample in (reference, generated)]
    if any(not set(_CONDITIONS) <= sample.conditions.keys() for sample in samples):
        return [missing("parameters in bins", "energy or impact distance is not known")], {}
    edges = [_edges(samples[0].conditions[name]) for name in _CONDITIONS]
    cuts = [(edges[0][i : i + 2], edges[1][j : j + 2]) for i, j in np.ndindex(_N_BINS, _N_BINS)]
    figures = [
        _figure(cut, _inside(samples[0], cut), _inside(samples[1], cut), goals, seed)
        for cut in cuts
    ]
    arrays = dict(
        wasserstein=np.reshape([figure.value for figure in figures], (_N_BINS, _N_BINS)),
        wasserstein_floor=np.reshape([figure.floor for figure in figures], (_N_BINS, _N_BINS)),
    )
    return figures, dict(zip(_CONDITIONS, edges)) | arrays


def _edges(values: FloatArray) -> FloatArray:
    return np.quantile(values, np.linspace(0, 1, _N_BINS + 1))


def _inside(sample: "Sample", cut: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, IntArray]:
    """Parameters and shower numbers of the images in a bin."""
    inside = np.ones(len(sample), bool)
    for name, (low, high) in zip(_CONDITIONS, cut):
        inside &= (sample.conditions[name] >= low) & (sample.conditions[name] <= high)
    return np.column_stack(list(sample.parameters.values()))[inside], sample.shower[inside]


def _figure(
    cut: tuple[FloatArray, FloatArray],
    first: tuple[FloatArray, IntArray],
    second: tuple[FloatArray, IntArray],
    goals: Goals,
    seed: int,
) -> Figure:
    energy, distance = 10 ** cut[0], cut[1]
    title = (
        f"parameters at {energy[0]:.3g} to {energy[1]:.3g} TeV, "
        f"{distance[0]:.0f} to {distance[1]:.0f} m: Wasserstein distance / standard deviation"
    )
    rare = rarely_varies(first[0], second[0])
    columns = first[0][:, ~rare], second[0][:, ~rare]
    groups = first[1], second[1]
    return compared_figure(title, _mean_distance, *columns, groups, seed, goals.wasserstein)


def _mean_distance(first: FloatArray, second: FloatArray, *weights: FloatArray) -> FloatArray:
    columns = zip(first.T, second.T)
    return np.mean([relative_wasserstein(a, b, *weights) for a, b in columns], axis=0)
