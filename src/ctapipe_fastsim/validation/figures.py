"""One figure of the comparison: how far generated images are from Monte Carlo, and how far is fine.

Every topic (`separability`, `parameter_distributions`, `parameters_in_bins`, `sizes`, `pixels`,
`timing`, `gamma_hadron`, `condition_response`, `coverage`) is one file with one function of that
name::

    figures, arrays = topic(reference, generated, camera_geometry, goals, seed, progress)

with two `Sample`, a `ctapipe.instrument.CameraGeometry`, the `goals.Goals`, the seed, and whether
to show progress bars. It gives a list of `Figure` and a dictionary of plain arrays to plot.
`gamma_hadron` also takes ``protons``, a `Sample`; `latents` takes arrays instead.
"""

from dataclasses import dataclass

import numpy as np

from .bootstrap import Estimate, compared

__all__ = ["Figure", "compared_figure", "judged", "missing"]

_MIN_SHOWERS = 40
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
        Largest value that passes, either sign; a control passes above its goal. None for a
        figure that only informs.
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


def compared_figure(name, statistic, first, second, groups, seed, goal=None, note=""):
    """Figure of a statistic, see `bootstrap.compared`; it is missing if there are few showers.

    Rows with NaN are left out. The goal is a number, or a function of the floor.
    """
    known = [np.isfinite(v).all(axis=tuple(range(1, v.ndim))) for v in (first, second)]
    first, second = first[known[0]], second[known[1]]
    groups = [numbers[k] for numbers, k in zip(groups, known)]
    if min(len(np.unique(numbers)) for numbers in groups) < _MIN_SHOWERS:
        return missing(name, f"fewer than {_MIN_SHOWERS} showers")
    value, floor = compared(statistic, first, second, groups, seed)
    return judged(name, value, floor, goal(floor) if callable(goal) else goal, note)


def judged(name, value, floor=_UNKNOWN, goal=None, note=""):
    """Figure from two `Estimate`; it passes if its value, of either sign, is within the goal."""
    judge = goal is not None and not np.isnan(value.value)
    passed = bool(abs(value.value) <= goal) if judge else None
    return Figure(name, *value, *floor, goal, passed, note)


def missing(name, reason):
    """Figure without a value."""
    return judged(name, _UNKNOWN, note=reason)
