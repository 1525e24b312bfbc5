"""The camera's response: photo-electrons become charge and peak time.

Learned from the pixels of a training file, without an assumption on the extractor: quantile
tables of the charge given n true photo-electrons, and of the peak time given n and how
high the charge came out. Pixels are taken as independent and alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import nnls
from scipy.stats import t as student_t

from .array_types import BoolArray, FloatArray, IntArray
from .errors import InputError
from .response_drawing import draw_pixels, random_logits

if TYPE_CHECKING:
    from .light_reading import ExpectedTimes

__all__ = ["CameraResponse", "fit_response"]

LEVEL_LOGITS = np.linspace(-12, 12, 49)
TIME_LOGITS = np.linspace(-8, 8, 33)
CHARGE_CLASSES = np.array([0.5, 0.8, 0.95, 0.99, 0.999])  # upper edges but the last, as levels
CLASS_LOGITS = np.log(CHARGE_CLASSES / (1 - CHARGE_CLASSES))
LOW_COUNTS = 32
FEWEST_PIXELS = 50
MOST_PIXELS = 20_000_000
SMALLEST_VARIANCE = 1e-6  # p.e.^2, where a cleaned file holds exact zeros


@dataclass(frozen=True)
class CameraResponse:
    """Tables of one telescope type: K count nodes, L levels, C charge classes, T time levels.

    Attributes
    ----------
    count_nodes : (K,) array
        Numbers of photo-electrons for which there is a table.
    charge_mean : (2,) array
        Mean charge is charge_mean[0] + charge_mean[1] n, in p.e.
    charge_variance : (3,) array
        Variance is charge_variance[0] + charge_variance[1] n + charge_variance[2] n^2.
    charge_quantiles : (K, L) array
        Of the charge, mean subtracted, divided by the square root of the variance.
    noise_time : (C, T) array, ns
        Quantiles of the peak time of pixels without light.
    signal_fraction : (K, C) array
        How often the peak time is that of the light rather than of the night sky.
    signal_time : (K, C, T) array
        Quantiles of the peak time minus the light's mean arrival time, over its spread.
    time_range : (2,) array, ns
        Earliest and latest peak time of any pixel.
    charge_step, time_step : floats, p.e. and ns
        Grid on which the file keeps its numbers, a power of two; 0 without one.
    """

    count_nodes: IntArray
    charge_mean: FloatArray
    charge_variance: FloatArray
    charge_quantiles: FloatArray
    noise_time: FloatArray
    signal_fraction: FloatArray
    signal_time: FloatArray
    time_range: FloatArray
    charge_step: float
    time_step: float

    @property
    def noise(self) -> float:
        """Standard deviation of the charge of a pixel without light, p.e."""
        return float(np.sqrt(self.charge_variance[0]))

    def draw(
        self, counts: IntArray, expected: "ExpectedTimes", rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Charges and peak times that the camera reports.

        Between two count nodes one of them is taken at random, the nearer more often;
        above the last one the mean and width go on as functions of n.

        Parameters
        ----------
        counts : (B, P) int array
            True photo-electrons.
        expected : ExpectedTimes
            Of the same pixels.
        rng : numpy.random.Generator

        Returns
        -------
        charge : (B, P) float32 array, p.e.
        peak_time : (B, P) float32 array, ns
        """
        tables = tuple(getattr(self, field.name) for field in fields(self)[:-2])
        logits = random_logits(rng, (2, *counts.shape))
        chance = rng.random((np.count_nonzero(counts), 3))
        charge, time = np.empty(counts.shape, np.float32), np.empty(counts.shape, np.float32)
        steps = float(self.charge_step), float(self.time_step)
        grids = LEVEL_LOGITS, TIME_LOGITS, CLASS_LOGITS, *steps
        draw_pixels(counts, expected, tables, grids, logits, chance, charge, time)
        return charge, time


def fit_response(
    counts: IntArray,
    charge: FloatArray,
    peak_time: FloatArray,
    arrival_time: FloatArray,
    time_spread: FloatArray,
    degrees_of_freedom: float,
) -> CameraResponse:
    """Learn the response from N images.

    Parameters
    ----------
    counts : (N, P) int array
        True photo-electrons.
    charge, peak_time : (N, P) arrays, p.e. and ns
        What the camera reported.
    arrival_time, time_spread : (N, P) arrays, ns
        The network's mean arrival time in each pixel, and its spread.
    degrees_of_freedom : float
        Of Student's t, that the residuals of light follow about.

    Returns
    -------
    CameraResponse

    Raises
    ------
    InputError
        When there are too few pixels with or without light.
    """
    n_images = max(1, MOST_PIXELS // counts.shape[1])
    n, q, t, expected, spread = (
        np.asarray(a[:n_images]).ravel()
        for a in (counts, charge, peak_time, arrival_time, time_spread)
    )
    good = np.isfinite(q) & np.isfinite(t)
    n, q, t, residual, spread = (a[good] for a in (n, q, t, (t - expected) / spread, spread))
    order = np.argsort(n, kind="stable")
    n, q, t, residual, spread = (a[order] for a in (n, q, t, residual, spread))

    nodes, starts, stops = _count_nodes(n)
    groups = [slice(a, b) for a, b in zip(starts, stops)]
    mean, variance = _moments(n, q, groups)
    standardised = (q - mean[0] - mean[1] * n) / np.sqrt(np.polyval(variance[::-1], n))
    charge_quantiles = np.stack([_quantiles(standardised[g], LEVEL_LOGITS) for g in groups])

    classes = [np.searchsorted(CHARGE_CLASSES, _ranks(standardised[g])) for g in groups]
    n_classes = len(CHARGE_CLASSES) + 1
    dark = t[groups[0]]
    noise_time = np.stack(
        [_quantiles(_enough(dark[classes[0] == c], dark), TIME_LOGITS) for c in range(n_classes)]
    )
    noise_density = _TimeDensity(dark)
    noise = noise_density(t) * spread  # as a density of the residual
    signal = [
        _signal_time(*_enough_pairs(residual[g], noise[g], k == c), degrees_of_freedom)
        for g, k in zip(groups[1:], classes[1:])
        for c in range(n_classes)
    ]
    fraction = np.array([s[0] for s in signal]).reshape(-1, n_classes)
    quantiles = np.array([s[1] for s in signal]).reshape(-1, n_classes, len(TIME_LOGITS))
    return CameraResponse(
        nodes.astype(np.int64),
        mean,
        variance,
        charge_quantiles.astype(np.float32),
        noise_time.astype(np.float32),
        np.concatenate([np.zeros((1, n_classes)), fraction]).astype(np.float32),
        np.concatenate([quantiles[:1], quantiles]).astype(np.float32),
        np.array([t.min(), t.max()], np.float32),
        _grid_step(q),
        _grid_step(t),
    )


def _count_nodes(n: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Nodes with enough pixels around them, and the range of each in the sorted counts."""
    high = np.unique(np.round(LOW_COUNTS * 1.2 ** np.arange(1, 60)))
    candidates = np.concatenate([np.arange(LOW_COUNTS + 1), high])
    edges = np.sqrt((candidates[:-1] + 0.5) * (candidates[1:] + 0.5)) - 0.5
    edges[:LOW_COUNTS] = candidates[:LOW_COUNTS] + 0.5
    bounds = np.concatenate([[0], np.searchsorted(n, edges, side="right"), [len(n)]])
    enough = np.diff(bounds) >= FEWEST_PIXELS
    if not enough[0]:
        raise InputError("the training images have too few pixels without light to learn the noise")
    if enough.sum() < 3:
        raise InputError("the training images have too few pixels with light to learn the camera")
    return candidates[enough], bounds[:-1][enough], bounds[1:][enough]


def _moments(n: IntArray, q: FloatArray, groups: Iterable[slice]) -> tuple[FloatArray, FloatArray]:
    """Mean charge linear, and variance quadratic in n; every node weighs by its precision."""
    x = np.array([n[g].mean() for g in groups])
    y = np.array([q[g].mean() for g in groups])
    size = np.array([g.stop - g.start for g in groups])
    residual_variance = np.array([np.var(q[g] - n[g]) for g in groups]) + SMALLEST_VARIANCE
    weight = np.sqrt(size / residual_variance)
    mean = np.polyfit(x, y, 1, w=weight)[::-1]
    variance = np.array([np.var(q[g] - mean[0] - mean[1] * n[g]) for g in groups])
    variance += SMALLEST_VARIANCE
    design = np.stack([x**0, x, x**2], axis=1)
    weight = np.sqrt(size) / variance
    coefficients, _ = nnls(design * weight[:, None], variance * weight)
    return mean, coefficients + [1e-6, 0, 0]


class _TimeDensity:
    """Histogram density of the peak times of dark pixels."""

    def __init__(self, times: FloatArray) -> None:
        low, high = times.min(), times.max() + 1e-3
        self.edges = np.linspace(low, high, 61)
        counts = np.histogram(times, self.edges)[0] + 0.5
        self.density = counts / counts.sum() / (self.edges[1] - self.edges[0])

    def __call__(self, times: FloatArray) -> FloatArray:
        index = np.searchsorted(self.edges, times, side="right")
        return np.concatenate([[0], self.density, [0]])[index]


def _signal_time(
    residual: FloatArray, noise: FloatArray, degrees_of_freedom: float
) -> tuple[float, FloatArray]:
    """Share of pixels that show the light's time, and quantiles of their residual.

    Expectation maximisation of the share in a mixture: Student's t for the light, the dark
    pixels' density (``noise``, at each residual) for the night sky.
    """
    light = student_t.pdf(residual, degrees_of_freedom)
    fraction = 0.5
    for _ in range(30):
        weight = fraction * light / (fraction * light + (1 - fraction) * noise)
        fraction = min(weight.mean(), 1 - 1e-6)
    return fraction, _weighted_quantiles(residual, weight, TIME_LOGITS)


def _quantiles(values: FloatArray, logits: FloatArray) -> FloatArray:
    return np.quantile(values, 1 / (1 + np.exp(-logits)))


def _weighted_quantiles(values: FloatArray, weight: FloatArray, logits: FloatArray) -> FloatArray:
    order = np.argsort(values)
    cumulative = np.cumsum(weight[order])
    cumulative = (cumulative - 0.5 * weight[order]) / max(cumulative[-1], 1e-300)
    return np.interp(1 / (1 + np.exp(-logits)), cumulative, values[order])


def _ranks(values: FloatArray) -> FloatArray:
    ranks = np.empty(len(values))
    ranks[np.argsort(values)] = (np.arange(len(values)) + 0.5) / len(values)
    return ranks


def _enough(some: FloatArray, otherwise: FloatArray) -> FloatArray:
    return some if len(some) >= FEWEST_PIXELS else otherwise


def _enough_pairs(
    residual: FloatArray, noise: FloatArray, chosen: BoolArray
) -> tuple[FloatArray, FloatArray]:
    if chosen.sum() < FEWEST_PIXELS:
        return residual, noise
    return residual[chosen], noise[chosen]


def _grid_step(values: FloatArray, finest: int = 8) -> float:
    """Largest power of two (down to 2^-finest) that divides all values, or 0."""
    some = values[:: max(1, len(values) // 100_000)].astype(float)
    for power in range(finest + 1):
        if (some * 2**power % 1 == 0).all():
            return 2.0**-power
    return 0.0
