"""Monte Carlo and generated images of equal conditions side by side: first without labels."""

from typing import TYPE_CHECKING

import numpy as np
from ctapipe.coordinates import TelescopeFrame

from ..array_types import FloatArray
from ..random_streams import random_stream
from .report_page import details, grid, paragraph, picture
from .report_plots import cameras

if TYPE_CHECKING:
    from .comparison import Comparison
    from .sample import Sample

__all__ = ["gallery"]

_N_PAIRS = 8
_UNITS = {"impact_distance": "m", "x_max": "g/cm2", "offset": "deg"}
_NEAR = ("log10_energy", "impact_distance", "offset")


def gallery(comparison: "Comparison", seed: int) -> list[str]:
    """HTML of eight pairs of images, from faint to bright.

    Parameters
    ----------
    comparison : Comparison
    seed : int
        For the choice, and which of the two stands left.

    Returns
    -------
    list of str
    """
    rng = random_stream("validation gallery", seed)
    reference, generated = comparison.samples["reference"], comparison.samples["generated"]
    geometry = comparison.geometry.transform_to(TelescopeFrame())
    hidden, named = [], []
    for number, (i, j) in enumerate(_pairs(reference, generated, rng), start=1):
        images = [reference.charge[i], generated.charge[j]]
        pair = list(zip(["Monte Carlo", "generated"], images, cameras(geometry, images, "p.e.")))
        shuffled = pair if rng.random() < 0.5 else pair[::-1]
        told = _conditions(reference, i)
        hidden += [
            _picture(f"{number}{letter}", told, *shown[1:]) for letter, shown in zip("AB", shuffled)
        ]
        named += [
            _picture(f"{number}{'AB'[shuffled.index(shown)]}: {shown[0]}", told, *shown[1:])
            for shown in pair
        ]
    return [
        paragraph(
            "Each pair A and B is one Monte Carlo and one generated image of the conditions "
            "below them, in an order drawn by chance. The Monte Carlo images are some that survive "
            "cleaning, from faint to bright. Which is which?"
        ),
        grid(*hidden, shape="pairs"),
        details("Show the answer", grid(*named, shape="pairs")),
    ]


def _pairs(
    reference: "Sample", generated: "Sample", rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Index of Monte Carlo images of growing charge, and of the generated image of each."""
    bright = np.flatnonzero(reference.survived)
    bright = bright[np.argsort(reference.charge[bright].sum(axis=1), kind="stable")]
    chosen = [rng.choice(part) for part in np.array_split(bright, _N_PAIRS) if len(part)]
    return [(i, _partner(reference, generated, i)) for i in chosen]


def _partner(reference: "Sample", generated: "Sample", i: int) -> int:
    """The image generated at the same conditions, else the one nearest in them and in charge."""
    if np.isin(generated.shower, reference.shower).any():
        return i
    distance = 0.0
    for name in _NEAR:
        values = generated.conditions[name]
        distance = distance + ((values - reference.conditions[name][i]) / (values.std() or 1)) ** 2
    brightness = np.arcsinh(generated.charge.sum(axis=1))
    off = brightness - np.arcsinh(reference.charge[i].sum())
    return int(np.argmin(distance + (off / (brightness.std() or 1)) ** 2))


def _conditions(sample: "Sample", i: int) -> str:
    energy = 10 ** sample.conditions["log10_energy"][i]
    others = [f"{sample.conditions[name][i]:.3g} {unit}" for name, unit in _UNITS.items()]
    return f"{energy:.3g} TeV, impact distance {others[0]}, X_max {others[1]}, offset {others[2]}"


def _picture(title: str, told: str, image: FloatArray, png: bytes) -> str:
    return picture(png, f"Camera image {title}", f"{title}, {image.sum():.0f} p.e.: {told}")
