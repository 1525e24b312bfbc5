"""Sections of the report: which figures stand where, and what they say."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .figures import TopicArrays
from .report_parameter_plots import parameter_plots
from .report_physics_plots import (
    auc_plots,
    condition_plots,
    latent_plots,
    score_plots,
    timing_plots,
)
from .report_size_plots import size_plots

if TYPE_CHECKING:
    from .comparison import Comparison

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
    topics: tuple[str, ...]
    plots: "Callable[[Comparison, TopicArrays], list[str]]"


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
        "Boosted trees learn energy and impact distance from the parameters of Monte Carlo images. "
        "Generated images follow their conditions as Monte Carlo does if they are reconstructed "
        "with the same bias and resolution (half the range of the central 68 %).",
        ("condition_response",),
        condition_plots,
    ),
    Section(
        "Coverage",
        "Each image has a ball in the space of image parameters that reaches to its fifth "
        "neighbour. Density: in how many Monte Carlo balls a generated image lies, over five; 1 on "
        "average for equal samples, more if rare images are missing. Coverage: the share of Monte "
        "Carlo images with a generated one in their ball. Recall: the share of Monte Carlo images "
        "in the ball of a generated one.",
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
