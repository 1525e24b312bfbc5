"""Plots of the report: image parameters, alone, in pairs and in bins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctapipe_fastsim.array_types import Columns

from .figures import TopicArrays
from .report_page import grid, picture
from .report_plots import histograms, matrices

if TYPE_CHECKING:
    from .comparison import Comparison

__all__ = ["parameter_plots", "parameter_unit", "parameters_overlaid"]

_DEGREES = ("length", "width", "r", "phi", "psi", "fov_lon", "fov_lat")
_UNITS = {f"hillas_{name}": "deg" for name in _DEGREES}
_UNITS |= {"timing_slope": "ns / deg", "timing_deviation": "ns"}


def parameter_unit(name: str) -> str:
    """Name of an image parameter with its unit."""
    return f"{name} [{_UNITS[name]}]" if name in _UNITS else name


def parameter_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """Distributions of all parameters, their correlations, and distances in bins, as HTML."""
    names = [n for n in comparison.samples["reference"].parameters if not n.startswith("timing")]
    return [
        parameters_overlaid(comparison, names),
        *_correlations(arrays.get("parameter_distributions", {})),
        *_bins(arrays.get("parameters_in_bins", {})),
    ]


def parameters_overlaid(comparison: "Comparison", names: Sequence[str]) -> str:
    """Histograms of some parameters, but for constant ones, of both samples as HTML."""
    figures = {f.name: f for _, f in comparison.figures}
    pictures = []
    for name in names:
        pair = {
            "Monte Carlo": comparison.samples["reference"].parameters[name],
            "generated": comparison.samples["generated"].parameters[name],
        }
        if len(np.unique(np.concatenate(list(pair.values())))) <= 2:  # one number, or no image
            continue
        distances = [figure for title, figure in figures.items() if title.startswith(f"{name}: ")]
        told = ", ".join(f"{f.name.split(': ')[1]} {f.value:.3f}" for f in distances)
        png = histograms(pair, parameter_unit(name))
        pictures.append(picture(png, f"Distributions of {name} in both samples", f"{name}. {told}"))
    return grid(*pictures)


def _correlations(arrays: Columns) -> list[str]:
    if not arrays:
        return []
    reference, generated = arrays["correlation_reference"], arrays["correlation_generated"]
    names = [str(name) for name in arrays["names"]]
    one = matrices({"Monte Carlo": reference}, names, names)
    difference = generated - reference
    largest = max(float(np.abs(difference).max()), 0.05)
    other = matrices({"generated − Monte Carlo": difference}, names, names, largest)
    i, j = np.unravel_index(np.abs(difference).argmax(), difference.shape)
    worst = f"Largest difference {difference[i, j]:+.3f}, {names[i]} with {names[j]}"
    return [
        grid(
            picture(one, "Correlation matrix of the Monte Carlo", "Correlations in Monte Carlo"),
            picture(other, "Difference of the correlation matrices", worst),
            shape="wide",
        )
    ]


def _bins(arrays: Columns) -> list[str]:
    """Distance and its floor by energy and impact distance."""
    if not arrays:
        return []
    energy, impact = 10 ** arrays["log10_energy"], arrays["impact_distance"]
    rows = [f"{a:.3g}–{b:.3g} TeV" for a, b in zip(energy[:-1], energy[1:])]
    columns = [f"{a:.0f}–{b:.0f} m" for a, b in zip(impact[:-1], impact[1:])]
    panels = {
        "Wasserstein distance / standard deviation": arrays["wasserstein"],
        "floor": arrays["wasserstein_floor"],
    }
    largest = np.nanmax([0.01, *(np.nanmax([0, *v.flat]) for v in panels.values())])
    png = matrices(panels, rows, columns, largest, map_name="viridis", numbers=True)
    alternative = "Mean Wasserstein distance by energy and impact distance, and its floor"
    caption = "Mean over all parameters in each bin; white: too few images"
    return [grid(picture(png, alternative, caption), shape="wide")]
