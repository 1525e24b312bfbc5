"""Plots of the report: timing, gamma score, response to conditions, latents."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ctapipe_fastsim.array_types import FloatArray

from .figures import TopicArrays
from .report_page import grid, picture
from .report_parameter_plots import parameters_overlaid
from .report_plots import bands, curves, estimates, spectra

if TYPE_CHECKING:
    from .comparison import Comparison

__all__ = ["auc_plots", "condition_plots", "latent_plots", "score_plots", "timing_plots"]

_CONTROL = "control: "
_SIDES = {"Monte Carlo": "reference", "generated": "generated"}
_IMPACT = "impact distance [m]"
_TARGETS = {
    "log10_energy": ("energy [TeV]", "log10 energy"),
    "impact_distance": (_IMPACT, "impact distance [m]"),
}


def auc_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """AUC of every test beside its floor, the controls apart, as HTML."""
    figures, _ = comparison.topics.get("separability", ([], {}))
    figures = [f for f in figures if np.isfinite(f.value)]
    parts = {
        "AUC of the tests": [f for f in figures if not f.name.startswith(_CONTROL)],
        "AUC of the controls: Monte Carlo made wrong on purpose, which the tests must find": [
            replace(f, name=f.name.removeprefix(_CONTROL))
            for f in figures
            if f.name.startswith(_CONTROL)
        ],
    }
    pictures = [picture(estimates(part), told, told) for told, part in parts.items() if part]
    return [grid(*pictures, shape="wide")] if pictures else []


def timing_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """Gradient and spread of times, over all images and against impact distance, as HTML."""
    html = [parameters_overlaid(comparison, ["timing_slope", "timing_deviation"])]
    if not (found := arrays.get("timing")):
        return html
    centre = _centres(found["impact_edges"])
    pictures = []
    for what, unit in (("gradient", "ns / deg"), ("spread", "ns")):
        series = {name: found[f"{what}_{side}"] for name, side in _SIDES.items()}
        png = bands(centre, series, _IMPACT, f"time {what} [{unit}]")
        alternative = f"Time {what} against impact distance in both samples"
        caption = f"Time {what}: median and the range of 68 % of the images"
        pictures.append(picture(png, alternative, caption))
    for what in ("dark", "bright"):
        series = {name: found[f"{what}_{side}"] for name, side in _SIDES.items()}
        png = spectra(found["time_edges"], series, "peak time [ns]", "share of pixels", log_x=False)
        caption = f"Peak times of {what} pixels"
        pictures.append(picture(png, f"{caption} in both samples", caption))
    return [*html, grid(*pictures)]


def score_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """Gamma scores of all three samples, as HTML."""
    if not (found := arrays.get("gamma_hadron")):
        return []
    series = {name: found[side] for name, side in _SIDES.items()} | {"protons": found["protons"]}
    png = spectra(found["score_edges"], series, "gamma score", "fraction of images", log_x=False)
    caption = "Scores of images of showers that the classifier has not seen"
    return [grid(picture(png, "Gamma scores of both samples and of protons", caption))]


def condition_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """Bias and resolution of reconstructed conditions in bins of the true ones, as HTML."""
    found = arrays.get("condition_response", {})
    pictures = []
    for target, (axis, label) in _TARGETS.items():
        if f"{target}_edges" not in found:
            continue
        centre = _centres(found[f"{target}_edges"])
        energy = target == "log10_energy"
        for what in ("bias", "resolution"):
            series = {name: found[f"{target}_{what}_{side}"] for name, side in _SIDES.items()}
            png = curves(
                10**centre if energy else centre, series, axis, f"{what}, {label}", log=energy
            )
            caption = f"{what.capitalize()} of the reconstructed {label}"
            pictures.append(picture(png, f"{caption} in both samples", caption))
    return [grid(*pictures)] if pictures else []


def latent_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """Mean and width of each latent, posterior and prior, and its information, as HTML."""
    if not (found := arrays.get("latents")):
        return []
    number = np.arange(len(found["kl"]))
    series = {
        what: (found[f"{side}_mean"], np.sqrt(found[f"{side}_variance"]))
        for what, side in (("posterior, Monte Carlo", "posterior"), ("prior", "prior"))
    }
    means = curves(number, series, "latent", "mean ± standard deviation", lines=False)
    information = curves(number, {"KL divergence": found["kl"]}, "latent", "KL [nats]", lines=False)
    return [
        grid(
            picture(means, "Mean and width of each latent", "Posterior of all images, and prior"),
            picture(
                information, "KL divergence of each latent", "What each latent tells of an image"
            ),
        )
    ]


def _centres(edges: FloatArray) -> FloatArray:
    return (edges[1:] + edges[:-1]) / 2
