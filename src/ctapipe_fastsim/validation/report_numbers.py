"""Figures as words and table rows, and anything as JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .figures import Figure

if TYPE_CHECKING:
    from .report_page import Row

__all__ = ["FIGURE_HEADER", "figure_rows", "json_text", "passed_of", "summary_rows", "with_error"]

FIGURE_HEADER = ("figure", "generated", "floor", "goal", "pass")
_MOST_ROWS = 8  # judged figures of one topic; more are counted


def with_error(value: float, error: float) -> str:
    """A number to the second digit of its error, such as 0.518 ± 0.011."""
    if not np.isfinite(value):
        return "–" if np.isnan(value) else "infinite"
    if max(abs(value), error) < 1e-12:  # rounding errors of a sum
        return "0"
    if not error > 1e-9 * abs(value):
        return f"{value:.4g}"
    if abs(value) >= 1e5 or max(abs(value), error) < 1e-3:
        return f"{value:.2g} ± {error:.2g}"
    digits = max(0, 1 - int(np.floor(np.log10(error))))
    return f"{value:z.{digits}f} ± {error:.{digits}f}"


def figure_rows(figures: Iterable[Figure]) -> "list[Row]":
    """A table row for each `Figure`."""
    return [
        (
            (f.name, f.note) if f.note else f.name,
            with_error(f.value, f.error),
            with_error(f.floor, f.floor_error),
            _goal(f),
            f.passed,
        )
        for f in figures
    ]


def _goal(figure: Figure) -> str | None:
    """The largest value that passes, or the smallest where more is better."""
    if figure.goal is None:
        return None
    within = abs(figure.value) <= figure.goal
    above = figure.passed is not None and figure.passed != within
    return f"> {figure.goal:.3g}" if above else f"≤ {figure.goal:.3g}"


def summary_rows(title: str, figures: Sequence[Figure]) -> "list[Row]":
    """Rows for the figures that have a goal; one that counts, if they are many."""
    judged = [f for f in figures if f.goal is not None]
    if len(judged) <= _MOST_ROWS:
        return figure_rows(judged)
    passed = [f.passed for f in judged if f.passed is not None]
    return [(f"{title}: {len(judged)} figures", passed_of(figures), None, None, all(passed))]


def passed_of(figures: Iterable[Figure]) -> str:
    """How many of the figures with a goal and a value pass, such as ``"17 of 20"``."""
    passed = [f.passed for f in figures if f.passed is not None]
    return f"{sum(passed)} of {len(passed)}"


def json_text(content: Any) -> str:
    """JSON of nested dictionaries and arrays; NaN and infinity are null."""
    return json.dumps(_plain(content), indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
