"""Figures: time gradient and spread of images against impact distance, and peak times of pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import Array, FloatArray

from .bootstrap import Groups
from .distances import relative_wasserstein
from .figures import Figure, Topic, compared_figure, missing
from .goals import Goals
from .peak_times import peak_times

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["timing"]

_N_BINS = 4
_QUANTILES = 0.16, 0.5, 0.84


def timing(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Compare time gradient and spread in bins of impact distance, and see `peak_times`.

    The gradient is taken without its sign, which only tells how the image lies in the camera.

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
        ``impact_edges`` (m), a (5,) array; ``gradient_reference`` and ``gradient_generated``
        (ns / deg), ``spread_reference`` and ``spread_generated`` (ns), (4, 3) arrays with the
        quantiles 0.16, 0.5 and 0.84 in each bin. And those of `peak_times`.
    """
    of_images, arrays = _against_impact_distance(reference, generated, goals, seed)
    of_pixels, pixel_arrays = peak_times(reference, generated, seed)
    return of_images + of_pixels, arrays | pixel_arrays


def _against_impact_distance(
    reference: "Sample", generated: "Sample", goals: Goals, seed: int
) -> Topic:
    samples = [sample[sample.survived] for sample in (reference, generated)]
    if any("impact_distance" not in sample.conditions for sample in samples):
        return [missing("timing against impact distance", "impact distance is not known")], {}
    distances = [sample.conditions["impact_distance"] for sample in samples]
    edges = np.quantile(distances[0], np.linspace(0, 1, _N_BINS + 1))
    figures, arrays = [], dict(impact_edges=edges)
    for what, column in (("gradient", "timing_slope"), ("spread", "timing_deviation")):
        values = [np.abs(sample.parameters[column]) for sample in samples]
        parts = [_in_bins(*of_sample, edges) for of_sample in zip(values, distances)]
        groups = [_in_bins(sample.shower, d, edges) for sample, d in zip(samples, distances)]
        for i, (low, high) in enumerate(zip(edges, edges[1:])):
            title = f"time {what} at {low:.0f} to {high:.0f} m: Wasserstein / standard deviation"
            pairs = [part[i] for part in parts], [group[i] for group in groups]
            figures.append(_figure(title, *pairs, goals, seed))
        for name, bins in zip(("reference", "generated"), parts):
            arrays[f"{what}_{name}"] = np.array([_quantiles(part) for part in bins])
    return figures, arrays


def _in_bins(values: Array, distance: FloatArray, edges: FloatArray) -> list[Array]:
    """Values in each bin of the distance, a list of arrays."""
    position = np.searchsorted(edges[1:-1], distance, side="right")
    return [values[position == i] for i in range(len(edges) - 1)]


def _figure(title: str, parts: Sequence[Array], groups: Groups, goals: Goals, seed: int) -> Figure:
    return compared_figure(
        title, relative_wasserstein, parts[0], parts[1], groups, seed, goals.wasserstein
    )


def _quantiles(values: FloatArray) -> FloatArray:
    values = values[np.isfinite(values)]
    return np.quantile(values, _QUANTILES) if len(values) else np.full(len(_QUANTILES), np.nan)
