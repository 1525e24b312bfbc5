"""One figure of the comparison: how far generated images are from Monte Carlo, and how far is fine.

Every topic (`separability`, `parameter_distributions`, `sizes`, `pixels`, `timing`, `gamma_hadron`,
`condition_response`, `coverage`) is one file with one function of that name::

    figures, arrays = topic(reference, generated, camera_geometry, seed, progress)

with two `Sample`, a `ctapipe.instrument.CameraGeometry`, the seed, and whether to show progress
bars. It gives a list of `Figure` and a dictionary of plain arrays to plot. `latents` takes arrays.
"""

from dataclasses import dataclass

import numpy as np

from .bootstrap import Estimate

__all__ = ["Figure", "judged", "missing"]

_UNKNOWN = Estimate(np.nan, np.nan)


@dataclass(frozen=True)
class Figure:
    """One number, what Monte Carlo has against itself, and what is asked for.

    Attributes
    ----------
    name : str
    value, error : float
        Generated images against Monte Carlo, and its standard deviation from a bootstrap
        over showers; NaN where there is none.
    floor, floor_error : float
        Monte Carlo against Monte Carlo: what a perfect generator would get.
    goal : float or None
        Largest value that passes, either sign; None for a figure that only informs.
    passed : bool or None
        None without a goal, or without a value.
    note : str
        How the figure was made, or why it is missing.
    """

    name: str
    value: float
    error: float
    floor: float
    floor_error: float
    goal: float | None
    passed: bool | None
    note: str = ""


def judged(name, value, floor=_UNKNOWN, goal=None, note=""):
    """Figure from two `Estimate`; it passes if its value, of either sign, is within the goal."""
    judge = goal is not None and not np.isnan(value.value)
    passed = bool(abs(value.value) <= goal) if judge else None
    return Figure(name, *value, *floor, goal, passed, note)


def missing(name, reason):
    """Figure without a value."""
    return judged(name, _UNKNOWN, note=reason)
