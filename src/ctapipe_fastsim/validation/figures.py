"""One figure of the comparison: how far generated images are from Monte Carlo, and how far is fine.

Every topic (`separability`, `parameter_distributions`, `parameters_in_bins`, `sizes`, `pixels`,
`timing`, `gamma_hadron`, `condition_response`, `coverage`) is one file with one function of that
name::

    figures, arrays = topic(reference, generated, camera_geometry, goals, seed, progress)

with two `Sample`, a `ctapipe.instrument.CameraGeometry`, the `goals.Goals`, the seed, and whether
to show progress bars. It gives a list of `Figure` and a dictionary of plain arrays to plot.
`gamma_hadron` also takes ``protons``, a `Sample`; `latents` takes arrays instead.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ctapipe_fastsim.array_types import Array, Columns

from .bootstrap import Estimate, Groups, Statistic, compared

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


# figures, and arrays by name; such arrays by the name of their topic
Topic = tuple[list[Figure], Columns]
TopicArrays = dict[str, Columns]


def compared_figure(
    name: str,
    statistic: Statistic,
    first: Array,
    second: Array,
    groups: Groups,
    seed: int,
    goal: float | Callable[[Estimate], float] | None = None,
    note: str = "",
) -> Figure:
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


def judged(
    name: str,
    value: Estimate,
    floor: Estimate = _UNKNOWN,
    goal: float | None = None,
    note: str = "",
) -> Figure:
    """Figure from two `Estimate`; it passes if its value, of either sign, is within the goal."""
    known = not np.isnan(value.value)
    passed = bool(abs(value.value) <= goal) if goal is not None and known else None
    return Figure(name, *value, *floor, goal, passed, note)


def missing(name: str, reason: str) -> Figure:
    """Figure without a value."""
    return judged(name, _UNKNOWN, note=reason)
