"""Sections of the report: which figures stand where, and what they say."""

from collections.abc import Callable
from typing import NamedTuple

from .report_parameter_plots import parameter_plots
from .report_physics_plots import (
    auc_plots,
    condition_plots,
    latent_plots,
    score_plots,
    timing_plots,
)
from .report_size_plots import size_plots

__all__ = ["SECTIONS", "Section"]


class Section(NamedTuple):
    """One section.

    Attributes
    ----------
    title, text : str
    topics : tuple of str
        Names of its topics.
    plots : callable
        Gives a list of HTML for a `Comparison` and its topics' arrays by name.
    """

    title: str
    text: str
    topics: tuple
    plots: Callable


SECTIONS = (
    Section(
        "Two-sample tests",
        "A classifier is trained to tell generated from Monte Carlo images and asked about showers "
        "it has not seen. Its AUC, the area under its ROC curve, is 0.5 if it cannot tell. The "
        "controls test the tests: they are given Monte Carlo images that were made wrong on "
        "purpose, and must find them.",
        ("separability",),
        auc_plots,
    ),
    Section(
        "Image parameters",
        "Parameters of the images that survive ctapipe's cleaning. The Wasserstein distance, the "
        "area between two cumulative distributions, is given in standard deviations of the Monte "
        "Carlo; the Kolmogorov-Smirnov distance is their largest difference.",
        ("parameter_distributions", "parameters_in_bins"),
        parameter_plots,
    ),
    Section(
        "Size and charge",
        "The size is the number of photo-electrons of an image, before noise; the reconstructed "
        "size is the charge that is left after cleaning.",
        ("sizes", "pixels"),
        size_plots,
    ),
    Section(
        "Timing",
        "Peak times of the pixels, and the time gradient along the image.",
        ("timing",),
        timing_plots,
    ),
    Section(
        "Gammas and hadrons",
        "A classifier is trained on Monte Carlo gammas and protons; generated gammas should get "
        "the same scores as Monte Carlo gammas that it has not seen.",
        ("gamma_hadron",),
        score_plots,
    ),
    Section(
        "Response to conditions",
        "How images follow the conditions that they were made for.",
        ("condition_response",),
        condition_plots,
    ),
    Section(
        "Coverage",
        "Whether generated images fill the space of Monte Carlo images: none missing, none "
        "elsewhere, none alike.",
        ("coverage",),
        lambda comparison, arrays: [],
    ),
    Section(
        "Latents",
        "What the encoder makes of Monte Carlo images, against the learned prior that images are "
        "generated from.",
        ("latents",),
        latent_plots,
    ),
)
