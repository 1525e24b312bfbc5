"""Kinds of options that the event source has and ctapipe lacks."""

from typing import Any

import astropy.units as u
import numpy as np
from ctapipe.core.traits import AstroQuantity
from traitlets import HasTraits, TraitType

__all__ = ["Angles", "ImageSize", "PrimaryWeights", "quantity_trait"]


def quantity_trait(
    physical_type: str, help: str, kind: type[AstroQuantity] = AstroQuantity
) -> AstroQuantity:
    """An optional quantity, by default what the training production had."""
    trait = kind(
        physical_type=u.get_physical_type(physical_type),
        allow_none=True,
        help=f"{help} Default: as in the training production.",
    )
    trait.default_value = None  # AstroQuantity refuses it as an argument
    return trait.tag(config=True)


class Angles(AstroQuantity):
    """One angle, or one for each of several pointings: a quantity of one or no axis."""

    info_text = "an angle with its unit, or several, as 70 deg, 50 deg"

    def validate(self, obj: HasTraits | None, value: Any) -> u.Quantity:
        """A quantity of an angle, from a text, a list of texts or a quantity."""
        if isinstance(value, list | tuple) and value:
            value = u.Quantity([super(Angles, self).validate(obj, part) for part in value])
        quantity = super().validate(obj, value)
        if quantity.ndim > 1 or quantity.size == 0:
            self.error(obj, value)
        return quantity

    def from_string(self, text: str) -> u.Quantity:
        """From the command line: ``70 deg``, or ``70 deg, 50 deg``."""
        parts = text.split(",")
        return self.validate(None, parts if len(parts) > 1 else text)


class ImageSize(TraitType[tuple[float, float], Any]):
    """One image size (p.e.), or a low and a high one; always kept as a pair."""

    info_text = "a number of photo-electrons, or a low and a high one"

    def validate(self, obj: HasTraits | None, value: Any) -> tuple[float, float]:
        """A pair of floats."""
        try:
            pair = tuple(float(number) for number in np.atleast_1d(value))
        except (TypeError, ValueError):
            self.error(obj, value)
        if len(pair) not in (1, 2):
            self.error(obj, value)
        return pair[0], pair[-1]

    def from_string(self, text: str) -> tuple[float, float]:
        """From the command line: ``500`` or ``100,500``, in brackets or not."""
        return self.validate(None, text.strip("()[] ").split(","))


class PrimaryWeights(TraitType[dict[str, float], Any]):
    """Primaries by name with their shares; one name, a text, or a dictionary of weights."""

    info_text = "the name of a primary, or names with weights such as gamma:1,proton:10"

    def validate(self, obj: HasTraits | None, value: Any) -> dict[str, float]:
        """A dictionary of str to float."""
        if isinstance(value, str):
            parts = [part.partition(":") for part in value.split(",")]
            pairs = [(name.strip(), weight if colon else 1) for name, colon, weight in parts]
        else:
            pairs = list(value.items()) if isinstance(value, dict) else []
        try:
            weights = {str(name).lower(): float(weight) for name, weight in pairs}
        except (TypeError, ValueError):
            self.error(obj, value)
        good = all(name and np.isfinite(w) and w > 0 for name, w in weights.items())
        if not weights or len(weights) < len(pairs) or not good:
            self.error(obj, value)
        return weights

    def from_string(self, text: str) -> dict[str, float]:
        """From the command line."""
        return self.validate(None, text)
