"""Plots of the report, from arrays to PNG; Monte Carlo is grey, generated images are orange."""

import textwrap
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from ctapipe.instrument import CameraGeometry
from ctapipe.visualization import CameraDisplay
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ctapipe_fastsim.array_types import Array, FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figures import Figure as ComparedFigure

__all__ = ["bands", "cameras", "curves", "estimates", "histograms", "matrices", "spectra"]

_COLOURS = {"Monte Carlo": "0.45", "generated": "#d1560b", "protons": "#2166ac"}
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "savefig.dpi": 130,
    "figure.figsize": (4.2, 3.4),
    "figure.subplot.left": 0.17,
    "figure.subplot.right": 0.97,
    "figure.subplot.bottom": 0.14,
    "figure.subplot.top": 0.97,
    "figure.subplot.hspace": 0.08,
}
_N_BINS = 40


def histograms(samples: dict[str, FloatArray], label: str) -> bytes:
    """Distributions of one number, and what the second is over the first below.

    Parameters
    ----------
    samples : dict of str to (N,) array
        NaN is left out.
    label : str
        Of the axis, with the unit.

    Returns
    -------
    bytes
        PNG. The fractions are on a logarithmic axis if one bin holds more than half.
    """
    samples = {name: values[np.isfinite(values)] for name, values in samples.items()}
    edges = _edges(np.concatenate(list(samples.values())))
    counts = {name: np.histogram(values, edges)[0] for name, values in samples.items()}
    shares = {name: count / max(len(samples[name]), 1) for name, count in counts.items()}
    with mpl.rc_context(_STYLE):
        figure = Figure()
        upper, lower = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        _steps(upper, edges, shares)
        log = max(share.max() for share in shares.values()) > 0.5
        upper.set(ylabel="fraction of images", yscale="log" if log else "linear")
        _ratio(lower, edges, *list(counts.values())[:2], *list(shares.values())[:2])
        lower.set_xlabel(label)
        return _png(figure)


def _edges(values: FloatArray) -> FloatArray:
    """Forty bins that leave out a thousandth at either end; one for each of a few integers."""
    if not len(values):
        return np.linspace(0, 1, _N_BINS + 1)
    low, high = values.min(), values.max()
    if high - low <= _N_BINS and np.all(values == np.round(values)):
        return np.arange(low - 0.5, high + 1)
    low, high = np.quantile(values, [0.001, 0.999])
    return np.linspace(low, high if high > low else low + 1, _N_BINS + 1)


def _steps(axes: "Axes", edges: FloatArray, series: Mapping[str, FloatArray]) -> None:
    """Histograms, the first of them filled."""
    for i, (name, values) in enumerate(series.items()):
        style: dict[str, Any] = dict(fill=True, alpha=0.45) if i == 0 else dict(lw=1.4)
        axes.stairs(values, edges, label=name, color=_COLOURS.get(name), **style)
    axes.legend()


def _ratio(
    axes: "Axes",
    edges: FloatArray,
    first: FloatArray,
    second: FloatArray,
    first_share: FloatArray,
    second_share: FloatArray,
) -> None:
    """Share over share in each bin with enough images, with the Poisson errors of both."""
    good = (first >= 5) & (second > 0)
    ratio = second_share[good] / first_share[good]
    error = ratio * np.sqrt(1 / first[good] + 1 / second[good])
    centre = (edges[1:] + edges[:-1])[good] / 2
    axes.axhline(1, color="0.45", lw=0.8)
    axes.errorbar(centre, ratio, error, fmt=".", ms=3, lw=0.8, color=_COLOURS["generated"])
    axes.set(ylim=(0.5, 1.5), ylabel="ratio")


def spectra(
    edges: FloatArray,
    series: dict[str, FloatArray],
    x_label: str,
    y_label: str,
    *,
    log_x: bool = True,
) -> bytes:
    """Histograms that are made already, with a logarithmic axis of counts.

    Parameters
    ----------
    edges : (B + 1,) array
    series : dict of str to (B,) array
    x_label, y_label : str
    log_x : bool
        Logarithmic ``x``, but linear from -1 to 1.

    Returns
    -------
    bytes
        PNG.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure()
        axes = figure.subplots()
        _steps(axes, edges, series)
        axes.set(
            xscale="symlog" if log_x else "linear", yscale="log", xlabel=x_label, ylabel=y_label
        )
        return _png(figure)


def curves(
    x: Array,
    series: dict[str, Any],
    x_label: str,
    y_label: str,
    *,
    log: bool = False,
    lines: bool = True,
) -> bytes:
    """Values against one number, with errors where they are known.

    Parameters
    ----------
    x : (B,) array
    series : dict of str to (B,) array, or to a pair of them
        Values, or values and errors.
    x_label, y_label : str
    log : bool
        Logarithmic numbers ``x``.
    lines : bool
        Join the points; else they stand side by side.

    Returns
    -------
    bytes
        PNG.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure()
        axes = figure.subplots()
        for i, (name, values) in enumerate(series.items()):
            values, errors = values if isinstance(values, tuple) else (values, None)
            style: dict[str, Any] = dict(
                fmt=".-" if lines else ".", color=_COLOURS.get(name), lw=1.2, ms=5
            )
            axes.errorbar(x if lines else x + 0.15 * i, values, errors, label=name, **style)
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.margins(y=0.15)
        if log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.legend()
        return _png(figure)


def bands(x: FloatArray, series: dict[str, FloatArray], x_label: str, y_label: str) -> bytes:
    """Median and the range of 68 % against one number.

    Parameters
    ----------
    x : (B,) array
    series : dict of str to (B, 3) array
        Lower end, median, upper end.
    x_label, y_label : str

    Returns
    -------
    bytes
        PNG.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure()
        axes = figure.subplots()
        for name, (low, middle, high) in ((n, v.T) for n, v in series.items()):
            colour = _COLOURS.get(name)
            axes.fill_between(x, low, high, color=colour, alpha=0.25, lw=0)
            axes.plot(x, middle, ".-", color=colour, label=name)
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.legend()
        return _png(figure)


def estimates(figures: "Sequence[ComparedFigure]") -> bytes:
    """Values of several `Figure` beside their floors, each in a row; PNG as bytes."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.4, 0.8 + 0.4 * len(figures)), layout="constrained")
        axes = figure.subplots()
        rows = np.arange(len(figures))
        for name, shift, numbers in (
            ("Monte Carlo against Monte Carlo", 0.15, [(f.floor, f.floor_error) for f in figures]),
            ("generated", -0.15, [(f.value, f.error) for f in figures]),
        ):
            values, errors = np.transpose(numbers)
            colour = _COLOURS.get(name, _COLOURS["Monte Carlo"])
            axes.errorbar(
                values, rows + shift, xerr=errors, fmt="o", ms=4, color=colour, label=name
            )
        axes.axvline(0.5, color="0.45", lw=0.8)
        axes.set_yticks(rows, [textwrap.fill(f.name, 36) for f in figures], fontsize=8)
        axes.invert_yaxis()
        axes.legend(loc="best")
        return _png(figure)


def matrices(
    panels: dict[str, FloatArray],
    rows: Sequence[str],
    columns: Sequence[str],
    largest: float = 1.0,
    *,
    map_name: str = "RdBu_r",
    numbers: bool = False,
) -> bytes:
    """Tables of numbers as colours, one above the other.

    Parameters
    ----------
    panels : dict of str to (R, C) array
        By title; NaN is left white.
    rows, columns : sequences of str
        Names.
    largest : float
        End of the colours; the other end is its negative, or 0 in a map without two ends.
    map_name : str
        Of matplotlib's colour map.
    numbers : bool
        Write them as well.

    Returns
    -------
    bytes
        PNG.
    """
    height = 1.6 + len(panels) * (0.6 + 0.19 * len(rows))
    smallest = -largest if map_name.startswith("RdBu") else 0
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, height), layout="constrained")
        stack = figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0]
        for axes, (title, values) in zip(stack, panels.items()):
            image = axes.imshow(values, vmin=smallest, vmax=largest, cmap=map_name, aspect="auto")
            axes.set_yticks(range(len(rows)), rows, fontsize=7)
            axes.set_title(title)
            figure.colorbar(image, ax=axes)
            for (i, j), value in np.ndenumerate(values) if numbers else ():
                if np.isfinite(value):
                    axes.text(j, i, f"{value:.3f}", ha="center", va="center", backgroundcolor="w")
        rotation = 0 if numbers else 90
        axes.set_xticks(range(len(columns)), columns, rotation=rotation, fontsize=7)
        return _png(figure)


def cameras(
    geometry: CameraGeometry, images: Sequence[FloatArray], label: str, map_name: str = "viridis"
) -> list[bytes]:
    """Numbers of the pixels on the camera, one picture each, with one range of colours.

    Parameters
    ----------
    geometry : ctapipe.instrument.CameraGeometry
        In the telescope frame.
    images : list of (P,) arrays
    label : str
        Of the colours, with the unit.
    map_name : str
        Of matplotlib's colour map; one with blue and red ends is centred on 0.

    Returns
    -------
    list of bytes
        PNGs.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(3.6, 3))
        axes = figure.add_axes((0, 0.02, 0.8, 0.96))
        display = CameraDisplay(
            geometry,
            ax=axes,
            title="",
            cmap=map_name,
            autoscale=False,
            autoupdate=False,
            show_frame=False,
        )
        display.set_limits_minmax(*_limits(np.concatenate(images), map_name))
        axes.set_axis_off()
        figure.colorbar(display.pixels, cax=figure.add_axes((0.81, 0.1, 0.03, 0.8)), label=label)
        pictures = []
        for image in images:
            display.image = image
            pictures.append(_png(figure))
        return pictures


def _limits(values: FloatArray, map_name: str) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if map_name.startswith("RdBu"):
        largest = np.quantile(np.abs(values), 0.995) if len(values) else 1.0
        return -largest, largest
    return (values.min(), values.max()) if len(values) else (0.0, 1.0)


def _png(figure: Figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
