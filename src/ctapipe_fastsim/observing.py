"""How the array observes, where that differs from the training production."""

from dataclasses import dataclass

import numpy as np

from .array_types import Columns

__all__ = ["AS_TRAINED", "Observing", "seen_as"]


@dataclass(frozen=True)
class Observing:
    """What may be changed without training anew.

    Attributes
    ----------
    min_telescopes : int
        Triggered telescopes that an event needs.
    photon_efficiency : float
        Share of the training's photo-electrons that are still seen, above 0 and at most 1.
    night_sky : float
        Light of the night sky, in units of the training's; at least 1.
    """

    min_telescopes: int = 1
    photon_efficiency: float = 1.0
    night_sky: float = 1.0


AS_TRAINED = Observing()


def seen_as(values: Columns, photon_efficiency: float) -> Columns:
    """Conditions of the training's showers that look like these through a dimmer telescope.

    The light of a shower is nearly proportional to its energy, so a camera that sees a
    share f of the light counts, and triggers, as it did for a shower of energy f E with the same
    maximum.

    Parameters
    ----------
    values : dict of str to (N,) array
        Of `condition_values`.
    photon_efficiency : float

    Returns
    -------
    dict of str to (N,) array
    """
    return {**values, "log10_energy": values["log10_energy"] + np.log10(photon_efficiency)}
