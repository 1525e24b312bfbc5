"""Figures of `timing`: peak times of the pixels, those with light and those without."""

from typing import TYPE_CHECKING

import numpy as np

from ctapipe_fastsim.array_types import Columns

from .figures import Figure, Topic, compared_figure
from .pixel_histograms import binned_distance, image_histograms

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["peak_times"]

_N_BINS = 100
_DARK_PE, _BRIGHT_PE = 1, 5


def peak_times(reference: "Sample", generated: "Sample", seed: int) -> Topic:
    """Compare the peak times of dark and of bright pixels.

    Dark means no true photo-electron, bright at least five. Where these are not known, it
    means a charge below 1 p.e., or of at least 5.

    Parameters
    ----------
    reference, generated : Sample
    seed : int

    Returns
    -------
    figures : list of Figure
    arrays : dict of array
        ``time_edges`` (ns); ``dark_reference``, ``dark_generated``, ``bright_reference`` and
        ``bright_generated``, the share of pixels in each bin.
    """
    samples = reference, generated
    groups = reference.shower, generated.shower
    first, last = np.quantile(reference.peak_time, [1e-4, 1 - 1e-4])
    edges = np.linspace(first, last, _N_BINS + 1)
    counted = all(sample.counts is not None for sample in samples)
    light = [
        sample.counts if counted and sample.counts is not None else sample.charge
        for sample in samples
    ]
    figures: list[Figure] = []
    arrays: Columns = dict(time_edges=edges)
    for what, chosen in (
        ("dark", [values < _DARK_PE for values in light]),
        ("bright", [values >= _BRIGHT_PE for values in light]),
    ):
        histograms = [
            image_histograms(sample.peak_time, edges, pixels)
            for sample, pixels in zip(samples, chosen)
        ]
        title = f"peak time of {what} pixels: Kolmogorov-Smirnov distance"
        figures.append(
            compared_figure(title, binned_distance, histograms[0], histograms[1], groups, seed)
        )
        for name, histogram in zip(("reference", "generated"), histograms):
            arrays[f"{what}_{name}"] = histogram.sum(axis=0) / max(histogram.sum(), 1)
    return figures, arrays
