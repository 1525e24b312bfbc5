"""Charges and peak times are drawn from the tables of a `CameraResponse`, pixel by pixel."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from .array_types import Array, FloatArray, IntArray, Whole
from .elementwise import logit
from .pixel_lattice import NOBODY
from .random_streams import uniform_numbers

if TYPE_CHECKING:
    from .light_reading import ExpectedTimes

__all__ = ["draw_pixels", "random_logits"]


def random_logits(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Logits of uniform random numbers, float32 array; between -16.6 and 16.6."""
    numbers = uniform_numbers(rng, shape)
    _to_logits(numbers.reshape(-1, shape[-1]))
    return numbers


@njit(cache=True, nogil=True, error_model="numpy")
def _to_logits(probability: FloatArray) -> None:
    for i in range(len(probability)):
        logit(probability[i])


@njit(cache=True, nogil=True)
def draw_pixels(
    counts: IntArray,
    expected: "ExpectedTimes",
    tables: tuple[Array, ...],
    grids: tuple[FloatArray, FloatArray, FloatArray, float, float],
    logits: FloatArray,
    chance: FloatArray,
    charge: FloatArray,
    time: FloatArray,
) -> None:
    """Draw B images of P pixels; the recipe is that of `CameraResponse.draw`.

    Parameters
    ----------
    counts : (B, P) int array
    expected : ExpectedTimes
    tables : tuple of arrays
        ``count_nodes`` to ``time_range`` of a `CameraResponse`, in that order.
    grids : tuple
        Logits of the levels of the charge and time tables and between the charge classes, and
        the steps of charge and time.
    logits : (2, B, P) float32 array
        Of `random_logits`, for charge and time.
    chance : (L, 3) array
        Uniform random numbers, three for each of the L pixels with light.
    charge, time : (B, P) float32 arrays
        Filled here; p.e. and ns.
    """
    nodes, mean, variance, quantiles, noise_time = tables[:5]
    charge_logits, time_logits, class_logits, charge_step, time_step = grids
    dark_charge = (mean[0] + np.sqrt(variance[0]) * quantiles[:1]).astype(np.float32)
    only = np.empty(0, np.float32)  # one class
    first: Whole = 0
    for i in range(len(counts)):
        _draw_dark(logits[0, i], charge_logits, logits[0, i], only, dark_charge, charge[i])
        _draw_dark(logits[1, i], time_logits, logits[0, i], class_logits, noise_time, time[i])
        lit = np.nonzero(counts[i])[0]
        chances = chance[first : first + len(lit)].T
        light = expected.time[i], expected.free_spread[i], expected.linked_spread[i]
        links = expected.followed[i], expected.share[i], expected.odds[i]
        told = (*light, *links, expected.degrees_of_freedom)
        node = _draw_charges(
            counts[i], lit, tables[:4], charge_logits, logits[0, i], chances[0], charge[i]
        )
        _draw_times(lit, node, told, tables[4:], grids, logits[:, i], chances[1:], time[i])
        _to_grid(charge_step, charge[i])
        _to_grid(time_step, time[i])
        first += len(lit)


@njit(cache=True, nogil=True, error_model="numpy")
def _draw_dark(
    logits: FloatArray,
    grid: FloatArray,
    class_of: FloatArray,
    class_logits: FloatArray,
    table: FloatArray,
    values: FloatArray,
) -> None:
    """Values of P pixels without light from a table (C, L) with a row for each class.

    In single precision and without branches, so that many are done at once.
    """
    first, last = np.float32(grid[0]), np.float32(len(grid) - 1.0001)
    per_step = np.float32(1 / (grid[1] - grid[0]))
    start = np.zeros(len(values), np.int32)
    for edge in class_logits:
        start += (class_of > np.float32(edge)) * np.int32(len(grid))
    flat = table.ravel()
    for p in range(len(values)):
        place = min(max((logits[p] - first) * per_step, np.float32(0)), last)
        below = np.int32(place)
        low, high = flat[start[p] + below], flat[start[p] + below + 1]
        values[p] = low + (place - np.float32(below)) * (high - low)


@njit(cache=True, nogil=True)
def _draw_charges(
    counts: IntArray,
    lit: IntArray,
    tables: tuple[Array, ...],
    charge_logits: FloatArray,
    logits: FloatArray,
    chance: FloatArray,
    charge: FloatArray,
) -> IntArray:
    """Charges of the pixels with light, and the count nodes whose tables they obey."""
    nodes, mean, variance, quantiles = tables
    node = np.empty(len(lit), np.int64)
    for k, p in enumerate(lit):
        n = counts[p]
        node[k] = _node(nodes, n, chance[k])
        width = np.sqrt(variance[0] + n * (variance[1] + variance[2] * n))
        residual = _between(quantiles[node[k]], logits[p], charge_logits)
        charge[p] = mean[0] + mean[1] * n + width * residual
    return node


@njit(cache=True, nogil=True, error_model="numpy")
def _draw_times(
    lit: IntArray,
    node: IntArray,
    expected: tuple[Any, ...],
    tables: tuple[Array, ...],
    grids: tuple[FloatArray, FloatArray, FloatArray, float, float],
    logits: FloatArray,
    chance: FloatArray,
    time: FloatArray,
) -> None:
    """Peak times of the pixels with light: each after the one that it follows."""
    mean, free_spread, linked_spread, followed, share, odds, degrees = expected
    noise_time, signal_fraction, signal_time, time_range = tables
    time_logits, class_logits, step = grids[1], grids[2], grids[4]
    waiting = np.empty(len(lit), np.int64)
    lit_number = np.full(len(time), NOBODY, np.int64)
    lit_number[lit] = np.arange(len(lit))
    leads, is_drawn = np.zeros((2, len(lit)), np.bool_)
    for first in range(len(lit)):
        k, n_waiting = first, 0
        while k != NOBODY and not is_drawn[k]:
            waiting[n_waiting] = k
            n_waiting, other = n_waiting + 1, followed[lit[k]]
            k = NOBODY if other == NOBODY else lit_number[other]
        for k in waiting[:n_waiting][::-1]:
            p, other = lit[k], followed[lit[k]]
            charge_class = np.searchsorted(class_logits, logits[0, p])
            if chance[0, k] < signal_fraction[node[k], charge_class]:
                value, spread = mean[p], free_spread[p]
                if other != NOBODY and leads[lit_number[other]]:
                    value, spread = value + share[p] * (time[other] - mean[other]), linked_spread[p]
                value += spread * _between(
                    signal_time[node[k], charge_class], logits[1, p], time_logits
                )
                value = min(max(value, time_range[0]), time_range[1])
            else:
                value = _between(noise_time[charge_class], logits[1, p], time_logits)
            time[p], is_drawn[k] = _on_grid(value, step), True
            far = (time[p] - mean[p]) / free_spread[p]
            log_odds = odds[p] - (degrees + 1) / 2 * np.log1p(far * far / degrees)
            leads[k] = chance[1, k] * (1 + np.exp(-log_odds)) < 1


@njit(cache=True, nogil=True, error_model="numpy")
def _between(quantiles: FloatArray, logit: float, logits: FloatArray) -> float:
    j, share = _place(logit, logits)
    return quantiles[j] + share * (quantiles[j + 1] - quantiles[j])


@njit(cache=True, nogil=True)
def _node(nodes: IntArray, n: int, chance: float) -> Whole:
    """Of the nodes around a count one at random, the nearer more often; the last one beyond."""
    above = np.searchsorted(nodes, n)
    if above == len(nodes):
        return above - 1
    if nodes[above] == n or above == 0:
        return above
    low, high = nodes[above - 1], nodes[above]
    weight = np.log((n + 1) / (low + 1)) / np.log((high + 1) / (low + 1))
    return above - (chance > weight)


@njit(cache=True, nogil=True, error_model="numpy")
def _place(logit: float, logits: FloatArray) -> tuple[int, float]:
    """Of a logit among those of a table: the one below, and the share of the way to the next."""
    place = (logit - logits[0]) / (logits[1] - logits[0])
    place = min(max(place, 0.0), len(logits) - 1.0001)
    below = int(place)
    return below, place - below


@njit(cache=True, nogil=True)
def _on_grid(value: float, step: float) -> float:
    return np.rint(value / step) * step if step > 0 else value


@njit(cache=True, nogil=True)
def _to_grid(step: float, values: FloatArray) -> None:
    """Round to multiples of a step, in place."""
    if step > 0:
        per_step, size = np.float32(1 / step), np.float32(step)
        for p in range(len(values)):
            values[p] = np.rint(values[p] * per_step) * size
