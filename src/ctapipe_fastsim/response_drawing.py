"""Charges and peak times are drawn from the tables of a `CameraResponse`, pixel by pixel."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from .array_types import Array, FloatArray, IntArray, Whole
from .pixel_lattice import NOBODY

if TYPE_CHECKING:
    from .light_reading import ExpectedTimes

__all__ = ["draw_pixels", "random_logits"]

LOWEST_LEVEL = np.float32(2.0**-25)  # half of the step of random numbers in single precision


def random_logits(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    """Logits of uniform random numbers, float32 array; between -17.4 and 16.7."""
    level = np.maximum(rng.random(shape, dtype=np.float32), LOWEST_LEVEL)
    return np.log(level / (1 - level))


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
    first: Whole = 0
    node = np.empty(counts.shape[1], np.int64)
    for i in range(len(counts)):
        last = first + np.count_nonzero(counts[i])
        chances = chance[first:last].T
        _draw_charges(counts[i], tables[:4], grids, logits[0, i], chances[0], node, charge[i])
        light = expected.time[i], expected.free_spread[i], expected.linked_spread[i]
        links = expected.followed[i], expected.share[i], expected.odds[i]
        told = (*light, *links, expected.degrees_of_freedom)
        _draw_times(counts[i], node, told, tables[4:], grids, logits[:, i], chances[1:], time[i])
        first = last


@njit(cache=True, nogil=True)
def _draw_charges(
    counts: IntArray,
    tables: tuple[Array, ...],
    grids: tuple[FloatArray, FloatArray, FloatArray, float, float],
    logits: FloatArray,
    chance: FloatArray,
    node: IntArray,
    charge: FloatArray,
) -> None:
    """Charges of one image, (P,), and the count nodes whose tables its pixels obey."""
    nodes, mean, variance, quantiles = tables
    charge_logits, step = grids[0], grids[3]
    lit = 0
    for p, n in enumerate(counts):
        node[p] = 0
        width = np.sqrt(variance[0] + n * (variance[1] + variance[2] * n))
        if n > 0:
            node[p] = _node(nodes, n, chance[lit])
            lit += 1
        value = (
            mean[0] + mean[1] * n + width * _between(quantiles[node[p]], logits[p], charge_logits)
        )
        charge[p] = _on_grid(value, step)


@njit(cache=True, nogil=True, error_model="numpy")
def _draw_times(
    counts: IntArray,
    node: IntArray,
    expected: tuple[Any, ...],
    tables: tuple[Array, ...],
    grids: tuple[FloatArray, FloatArray, FloatArray, float, float],
    logits: FloatArray,
    chance: FloatArray,
    time: FloatArray,
) -> None:
    """Peak times of one image, (P,): each pixel after the one that it follows."""
    mean, free_spread, linked_spread, followed, share, odds, degrees = expected
    noise_time, signal_fraction, signal_time, time_range = tables
    time_logits, class_logits, step = grids[1], grids[2], grids[4]
    charge_class = np.empty(len(counts), np.int64)
    waiting = np.empty(len(counts), np.int64)
    leads, is_drawn = np.zeros((2, len(counts)), np.bool_)
    lit_number = np.cumsum(counts > 0) - 1
    for p, n in enumerate(counts):
        k = charge_class[p] = np.searchsorted(class_logits, logits[0, p])
        if n == 0:
            time[p] = _on_grid(_between(noise_time[k], logits[1, p], time_logits), step)
            is_drawn[p] = True
    for p in range(len(counts)):
        last, n_waiting = p, 0
        while last != NOBODY and not is_drawn[last]:
            waiting[n_waiting] = last
            n_waiting, last = n_waiting + 1, followed[last]
        for q in waiting[:n_waiting][::-1]:
            k, other, lit = charge_class[q], followed[q], lit_number[q]
            if chance[0, lit] < signal_fraction[node[q], k]:
                value, spread = mean[q], free_spread[q]
                if other != NOBODY and leads[other]:
                    value, spread = value + share[q] * (time[other] - mean[other]), linked_spread[q]
                value += spread * _between(signal_time[node[q], k], logits[1, q], time_logits)
                value = min(max(value, time_range[0]), time_range[1])
            else:
                value = _between(noise_time[k], logits[1, q], time_logits)
            time[q], is_drawn[q] = _on_grid(value, step), True
            far = (time[q] - mean[q]) / free_spread[q]
            log_odds = odds[q] - (degrees + 1) / 2 * np.log1p(far * far / degrees)
            leads[q] = chance[1, lit] * (1 + np.exp(-log_odds)) < 1


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
