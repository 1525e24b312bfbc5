"""Photo-electrons are shared among pixels: exactly, and in clumps."""

from typing import NamedTuple

import numpy as np
from numba import njit

from .array_types import FloatArray, IntArray, Whole
from .pixel_lattice import NOBODY

__all__ = ["SharingCells", "share_light", "sharing_cells"]

MANY = 10  # clumps of a cell, whose light is that of a gamma variable
MOST_TAKEN = 0.5  # part of a pixel's variance that the fixed total takes
HALF_STEP = 2.0**-25  # of uniform numbers in single precision
SMALLEST_LIGHT = 1e-30  # share of a cell, so that dark ones can be divided by


class SharingCells(NamedTuple):
    """T cells of P pixels.

    Attributes
    ----------
    corners : (3, T) int array
        Pixels of each; P, a dark pixel more, where there are fewer.
    n_cells : (P,) int array
        Cells of each pixel.
    sharers : (P,) array
        Mean number of pixels of these.
    """

    corners: IntArray
    n_cells: IntArray
    sharers: FloatArray


def sharing_cells(cells: IntArray) -> SharingCells:
    """`SharingCells` of `pixel_cells`, (T, 3) int array."""
    is_pixel = cells != NOBODY
    n_corners, n_cells = is_pixel.sum(axis=1), np.bincount(cells[is_pixel])
    sharers = np.bincount(cells[is_pixel], np.repeat(n_corners, n_corners)) / n_cells
    corners = np.where(is_pixel, cells, len(n_cells)).T.copy()
    return SharingCells(corners, n_cells, sharers)


def share_light(
    size: IntArray,
    fraction: FloatArray,
    clump: FloatArray,
    cells: SharingCells,
    rng: np.random.Generator,
) -> IntArray:
    """Share ``size`` photo-electrons among pixels, in clumps, without losing or adding one.

    Counts are multinomial in light that comes in clumps: a Poisson number of them, each as bright
    as the square of a normal variable. One particle's light falls on neighbouring pixels alike:
    clumps sit in cells and are shared by the pixels of a cell in proportion to the light they
    expect. Where neighbours have clumps of like size, mean and variance in each pixel are those of
    its own fraction and clump, as if it stood alone and the sum were not given: the mean to within
    clump / size where it has much of the light, the variance as for normal variables.

    Parameters
    ----------
    size : (B,) int array
    fraction, clump : (B, P) arrays
        As in `network.LightMap`.
    cells : SharingCells
    rng : numpy.random.Generator

    Returns
    -------
    (B, P) int32 array
    """
    counts = np.zeros(fraction.shape, dtype=np.int32)
    chance = rng.random((len(fraction), cells.corners.shape[1]), dtype=np.float32)
    size = np.asarray(size, dtype=np.int64)
    _share(size, fraction, clump, *cells, chance, rng, counts)
    return counts


@njit(cache=True, nogil=True, error_model="numpy")
def _share(
    size: IntArray,
    fraction: FloatArray,
    clump: FloatArray,
    corners: IntArray,
    n_cells: IntArray,
    sharers: FloatArray,
    chance: FloatArray,
    rng: np.random.Generator,
    counts: IntArray,
) -> None:
    n_pixels = fraction.shape[1]
    part, clump_times_share, light = np.zeros((3, n_pixels + 1))  # part: given to each of its cells
    free_clump = np.empty(n_pixels)
    mean = np.empty(corners.shape[1])
    for i in range(len(size)):
        if size[i] == 0:
            continue
        for p in range(n_pixels):
            part[p] = fraction[i, p] / n_cells[p]
        _clumps_of_free_total(fraction[i], clump[i], sharers, free_clump)
        _clumps_of_cells(part, free_clump, n_cells, corners, mean, clump_times_share)
        _light_of_cells(size[i], part, corners, mean, clump_times_share, chance[i], rng, light)
        lit = np.nonzero(light[:n_pixels])[0]
        total = light[lit].sum()
        if not total > 0:  # all in one clump
            counts[i, _one_pixel(part[:n_pixels] / clump[i], rng)] = size[i]
        elif size[i] < 2 * len(lit):
            _place_each(size[i], light[lit], lit, rng, counts[i])
        else:
            _count(size[i], light[lit], lit, total, rng, counts[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _clumps_of_free_total(
    fraction: FloatArray, clump: FloatArray, sharers: FloatArray, free_clump: FloatArray
) -> None:
    """Clump sizes that give the variances asked for once the sum of all counts is given.

    A sum with variance T takes C^2 / T from the variance of a count that has the covariance C with
    it (normal variables): C = m (1 + k b), where each clump is shared by k pixels.
    """
    total = np.float32(0)
    for p in range(len(clump)):
        total += fraction[p] * (1 + sharers[p] * clump[p])
    for p in range(len(clump)):
        variance, with_sum = 1 + clump[p], 1 + sharers[p] * clump[p]
        taken = fraction[p] * with_sum * with_sum / (variance * total)
        free_clump[p] = variance / (1 - min(MOST_TAKEN, taken)) - 1


@njit(cache=True, nogil=True, error_model="numpy")
def _clumps_of_cells(
    part: FloatArray,
    clump: FloatArray,
    n_cells: IntArray,
    corners: IntArray,
    mean: FloatArray,
    clump_times_share: FloatArray,
) -> None:
    """Light of each cell, and the clump size a pixel wants in its cells: larger, as it is shared.

    With cell light M and share s = part / M, the counts of a pixel in all its cells have the
    variance over mean, minus one, of the mean of s over its cells times the clump size. The cell
    has the mean of its pixels' wishes, weighted by s: their sum of ``clump_times_share``, over M.
    """
    one_over_mean = clump_times_share  # its sum over the cells of a pixel comes first
    one_over_mean[:] = 0
    for t in range(corners.shape[1]):
        a, b, c = corners[0, t], corners[1, t], corners[2, t]
        mean[t] = part[a] + part[b] + part[c] + SMALLEST_LIGHT
        inverse = 1 / mean[t]
        one_over_mean[a] += inverse
        one_over_mean[b] += inverse
        one_over_mean[c] += inverse
    for p in range(len(clump)):
        clump_times_share[p] = clump[p] * n_cells[p] / one_over_mean[p]
    clump_times_share[-1] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def _light_of_cells(
    size: int,
    part: FloatArray,
    corners: IntArray,
    mean: FloatArray,
    clump_times_share: FloatArray,
    chance: FloatArray,
    rng: np.random.Generator,
    light: FloatArray,
) -> None:
    """Light of the cells, shared by their pixels.

    A cell of mean M and clump size c has a Poisson number of clumps, 3 M / c on average. Each has
    the light c z^2 / 3, z being normal: on average c / 3, its square c^2 / 3.
    """
    light[:] = 0
    for t in range(corners.shape[1]):
        a, b, c = corners[0, t], corners[1, t], corners[2, t]
        clump_times_mean = clump_times_share[a] + clump_times_share[b] + clump_times_share[c]
        clumps_times_this = 3 * size * mean[t] * mean[t]
        # the chance of any is less than their mean number
        if (chance[t] + HALF_STEP) * clump_times_mean < clumps_times_this:
            clumps = clumps_times_this / clump_times_mean
            drawn = _light_of_clumps(clumps, chance[t] + HALF_STEP, rng)
            drawn *= clump_times_mean / (mean[t] * mean[t])
            light[a] += drawn * part[a]
            light[b] += drawn * part[b]
            light[c] += drawn * part[c]


@njit(cache=True, nogil=True, error_model="numpy")
def _light_of_clumps(mean: float, chance: float, rng: np.random.Generator) -> float:
    """Sum of the squares of a Poisson number of normal variables, over 3.

    The number is where ``chance`` passes the sum of the Poisson probabilities from above. Of many,
    mean and variance matter: those of a gamma variable.
    """
    if mean > MANY:
        return rng.standard_gamma(mean / 3)
    number, probability = 0, np.exp(-mean)
    below = probability
    while below < 1 - chance:
        number += 1
        probability *= mean / number
        below += probability
    if number == 0:
        return 0.0
    if number == 1:
        return rng.standard_normal() ** 2 / 3
    return rng.standard_gamma(number / 2) * (2 / 3)


@njit(cache=True, nogil=True)
def _place_each(
    size: int, light: FloatArray, lit: IntArray, rng: np.random.Generator, counts: IntArray
) -> None:
    """Multinomial numbers of few photo-electrons, each put where it falls."""
    below = light.cumsum()
    for _ in range(size):
        k = np.searchsorted(below, rng.random() * below[-1], side="right")
        counts[lit[min(k, len(light) - 1)]] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _count(
    size: int,
    light: FloatArray,
    lit: IntArray,
    total: float,
    rng: np.random.Generator,
    counts: IntArray,
) -> None:
    """Multinomial numbers of photo-electrons, one binomial after the other."""
    for k in range(len(light) - 1):
        n = rng.binomial(size, min(1.0, light[k] / total))
        counts[lit[k]] = n
        size -= n
        total -= light[k]
        if size == 0 or not total > 0:
            break
    counts[lit[-1]] += size


@njit(cache=True, nogil=True)
def _one_pixel(weight: FloatArray, rng: np.random.Generator) -> Whole:
    place = rng.random() * weight.sum()
    for p in range(len(weight)):
        place -= weight[p]
        if place < 0:
            return p
    return np.argmax(weight)
