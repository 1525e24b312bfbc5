"""Plots of the report: sizes and pixel charges."""

from typing import TYPE_CHECKING

import numpy as np
from ctapipe.coordinates import TelescopeFrame
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import Columns

from .figures import TopicArrays
from .report_page import grid, picture
from .report_plots import cameras, histograms, spectra

if TYPE_CHECKING:
    from .comparison import Comparison
    from .sample import Sample

__all__ = ["size_plots"]


def size_plots(comparison: "Comparison", arrays: TopicArrays) -> list[str]:
    """Sizes, true and reconstructed, the spectrum of charges and its maps, as HTML."""
    pair = {
        "Monte Carlo": comparison.samples["reference"],
        "generated": comparison.samples["generated"],
    }
    pictures = [*_sizes(pair), *_spectrum(arrays.get("pixels", {}))]
    return [grid(*pictures), *_maps(comparison.geometry, arrays.get("pixels", {}))]


def _sizes(pair: "dict[str, Sample]") -> list[str]:
    true = {
        name: np.log10(np.maximum(sample.counts.sum(axis=1), 1))
        for name, sample in pair.items()
        if sample.counts is not None
    }
    if len(true) < 2:
        return []
    ratio = {
        name: sample.parameters["hillas_log10_intensity"] - true[name]
        for name, sample in pair.items()
    }
    return [
        picture(
            histograms(true, "log10 size [true p.e.]"),
            "Distributions of the true size in both samples",
            "Size: all true photo-electrons of an image",
        ),
        picture(
            histograms(ratio, "log10 (reconstructed / true size)"),
            "Distributions of reconstructed over true size in both samples",
            "Charge after cleaning over true photo-electrons, of images that survive",
        ),
    ]


def _spectrum(arrays: Columns) -> list[str]:
    if not arrays:
        return []
    png = spectra(
        arrays["charge_edges"],
        {"Monte Carlo": arrays["spectrum_reference"], "generated": arrays["spectrum_generated"]},
        "charge of a pixel [p.e.]",
        "pixels per image and bin",
    )
    return [picture(png, "Spectra of pixel charges in both samples", "All pixels of all images")]


def _maps(geometry: CameraGeometry, arrays: Columns) -> list[str]:
    """Mean and width of the charge in each pixel: Monte Carlo, generated, difference."""
    sky = geometry.transform_to(TelescopeFrame())
    pictures = []
    for name in ("mean", "width"):
        if f"{name}_reference" not in arrays:
            continue
        first, second = arrays[f"{name}_reference"], arrays[f"{name}_generated"]
        drawn = cameras(sky, [first, second], "p.e.")
        drawn += cameras(sky, [second - first], "p.e.", "RdBu_r")
        pictures += [
            picture(
                png,
                f"Camera map of the {name} of the charge, {what}",
                f"{name.capitalize()} of the charge, {what}",
            )
            for png, what in zip(drawn, ("Monte Carlo", "generated", "generated − Monte Carlo"))
        ]
    return [grid(*pictures)] if pictures else []
