"""Charges and peak times are drawn from the tables of a `CameraResponse`, pixel by pixel."""

import numpy as np
from numba import njit

__all__ = ["draw_pixels", "random_logits"]

LOWEST_LEVEL = np.float32(2.0**-25)  # half of the step of random numbers in single precision


def random_logits(rng, shape):
    """Logits of uniform random numbers, float32 array; between -17.4 and 16.7."""
    level = np.maximum(rng.random(shape, dtype=np.float32), LOWEST_LEVEL)
    return np.log(level / (1 - level))


@njit(cache=True, nogil=True)
def draw_pixels(counts, arrival, spread, tables, grids, logits, chance, charge, time):
    """Draw B images of P pixels; the recipe is that of `CameraResponse.draw`.

    Parameters
    ----------
    counts : (B, P) int array
    arrival, spread : (B, P) float32 arrays, ns
    tables : tuple of arrays
        ``count_nodes`` to ``signal_time`` of a `CameraResponse`, in that order.
    grids : tuple
        Logits of the levels of the charge and time tables and between the charge classes, and
        the steps of charge and time.
    logits : (2, B, P) float32 array
        Of `random_logits`, for charge and time.
    chance : (L, 2) array
        Uniform random numbers, two for each of the L pixels with light.
    charge, time : (B, P) float32 arrays
        Filled here; p.e. and ns.
    """
    nodes, mean, variance, charge_quantiles, noise_time, signal_fraction, signal_time = tables
    charge_logits, time_logits, class_logits, charge_step, time_step = grids
    earliest, latest = noise_time.min(), noise_time.max()
    dark_width = np.sqrt(variance[0])
    lit = 0
    for i in range(counts.shape[0]):
        for p in range(counts.shape[1]):
            n, node, is_signal, width = counts[i, p], 0, 1.0, dark_width
            if n > 0:
                node, is_signal = _node(nodes, n, chance[lit, 0]), chance[lit, 1]
                width = np.sqrt(variance[0] + n * (variance[1] + variance[2] * n))
                lit += 1
            j, share = _place(logits[0, i, p], charge_logits)
            low, high = charge_quantiles[node, j], charge_quantiles[node, j + 1]
            value = mean[0] + mean[1] * n + width * (low + share * (high - low))
            charge[i, p] = _on_grid(value, charge_step)
            k = 0
            for edge in class_logits:
                k += logits[0, i, p] > edge
            j, share = _place(logits[1, i, p], time_logits)
            if is_signal < signal_fraction[node, k]:
                low, high = signal_time[node, k, j], signal_time[node, k, j + 1]
                value = arrival[i, p] + spread[i, p] * (low + share * (high - low))
                value = min(max(value, earliest), latest)
            else:
                low, high = noise_time[k, j], noise_time[k, j + 1]
                value = low + share * (high - low)
            time[i, p] = _on_grid(value, time_step)


@njit(cache=True, nogil=True)
def _node(nodes, n, chance):
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
def _place(logit, logits):
    """Of a logit among those of a table: the one below, and the share of the way to the next."""
    place = (logit - logits[0]) / (logits[1] - logits[0])
    place = min(max(place, 0.0), len(logits) - 1.0001)
    below = int(place)
    return below, place - below


@njit(cache=True, nogil=True)
def _on_grid(value, step):
    return np.rint(value / step) * step if step > 0 else value
