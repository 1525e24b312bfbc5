"""Photo-electrons are shared among pixels: exactly, and in clumps."""

from typing import NamedTuple

import numpy as np
from numba import njit

from .array_types import FloatArray, IntArray, Rows, Whole
from .pixel_lattice import NOBODY
from .random_streams import uniform_numbers

__all__ = ["ClumpsOfLight", "SharingCells", "clumps_of_light", "share_light", "sharing_cells"]

MANY = 10  # clumps of a cell, whose light is that of a gamma variable
MOST_TAKEN = 0.5  # part of a pixel's variance that the fixed total takes
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


class ClumpsOfLight(NamedTuple):
    """Light that is expected in T cells of P pixels, of B images.

    Attributes
    ----------
    part : (B, P + 1) float32 array
        Share of light that a pixel has in each of its cells; 0 for the dark one.
    clumps : (B, T) float32 array
        Mean number of clumps.
    """

    part: FloatArray
    clumps: FloatArray

    def at(self, rows: Rows) -> "ClumpsOfLight":
        """Some of them."""
        return ClumpsOfLight(self.part[rows], self.clumps[rows])


def sharing_cells(cells: IntArray) -> SharingCells:
    """`SharingCells` of `pixel_cells`, (T, 3) int array."""
    is_pixel = cells != NOBODY
    n_corners, n_cells = is_pixel.sum(axis=1), np.bincount(cells[is_pixel])
    sharers = np.bincount(cells[is_pixel], np.repeat(n_corners, n_corners)) / n_cells
    corners = np.where(is_pixel, cells, len(n_cells)).T.copy()
    return SharingCells(corners, n_cells, sharers)


def clumps_of_light(
    size: IntArray, fraction: FloatArray, clump: FloatArray, cells: SharingCells
) -> ClumpsOfLight:
    """In how many clumps the light of B images comes, cell by cell.

    A cell of mean M and clump size c has a Poisson number of clumps, 3 M / c on average. Each has
    the light c z^2 / 3, z being normal: on average c / 3, its square c^2 / 3.

    Parameters
    ----------
    size : (B,) int array
        Photo-electrons.
    fraction, clump : (B, P) arrays
        As in `network.LightMap`.
    cells : SharingCells

    Returns
    -------
    ClumpsOfLight
    """
    n_images, n_pixels = fraction.shape
    part = np.zeros((n_images, n_pixels + 1), np.float32)
    clumps = np.empty((n_images, cells.corners.shape[1]), np.float32)
    _clumps(np.asarray(size, dtype=np.int64), fraction, clump, *cells, part, clumps)
    return ClumpsOfLight(part, clumps)


def share_light(
    size: IntArray, expected: ClumpsOfLight, cells: SharingCells, rng: np.random.Generator
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
    expected : ClumpsOfLight
        Of these sizes.
    cells : SharingCells
    rng : numpy.random.Generator

    Returns
    -------
    (B, P) int32 array
    """
    counts = np.zeros((len(size), len(cells.n_cells)), dtype=np.int32)
    chance = uniform_numbers(rng, expected.clumps.shape)
    size = np.asarray(size, dtype=np.int64)
    _share(size, *expected, cells.corners, chance, rng, counts)
    return counts


@njit(cache=True, nogil=True, error_model="numpy")
def _clumps(
    size: IntArray,
    fraction: FloatArray,
    clump: FloatArray,
    corners: IntArray,
    n_cells: IntArray,
    sharers: FloatArray,
    part: FloatArray,
    clumps: FloatArray,
) -> None:
    n_pixels = fraction.shape[1]
    clump_times_share = np.zeros(n_pixels + 1)
    free_clump, mean = np.empty(n_pixels), np.empty(corners.shape[1])
    for i in range(len(size)):
        for p in range(n_pixels):
            part[i, p] = fraction[i, p] / n_cells[p]
        _clumps_of_free_total(fraction[i], clump[i], sharers, free_clump)
        _clumps_of_cells(part[i], free_clump, n_cells, corners, mean, clump_times_share)
        for t in range(corners.shape[1]):
            a, b, c = corners[0, t], corners[1, t], corners[2, t]
            clump_times_mean = clump_times_share[a] + clump_times_share[b] + clump_times_share[c]
            clumps[i, t] = 3 * size[i] * mean[t] * mean[t] / clump_times_mean


@njit(cache=True, nogil=True, error_model="numpy")
def _share(
    size: IntArray,
    part: FloatArray,
    clumps: FloatArray,
    corners: IntArray,
    chance: FloatArray,
    rng: np.random.Generator,
    counts: IntArray,
) -> None:
    n_pixels = counts.shape[1]
    light = np.zeros(n_pixels + 1)
    for i in range(len(size)):
        if size[i] == 0:
            continue
        _light_of_cells(part[i], clumps[i], corners, chance[i], rng, light)
        lit = np.nonzero(light[:n_pixels])[0]
        total = light[lit].sum()
        if not total > 0:  # no number, as of weights beyond reason
            counts[i, 0] = size[i]
        elif size[i] < 2 * len(lit):
            _place_each(size[i], light[lit], lit, total, rng, counts[i])
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
    part: FloatArray,
    clumps: FloatArray,
    corners: IntArray,
    chance: FloatArray,
    rng: np.random.Generator,
    light: FloatArray,
) -> None:
    """Light of the cells, shared by their pixels; if none came, that of one clump."""
    light[:] = 0
    is_dark = True
    for t in range(len(clumps)):
        # the chance of any is less than their mean number
        if chance[t] < clumps[t]:
            drawn = _light_of_clumps(np.float64(clumps[t]), chance[t], rng)
            if drawn > 0:
                _lighten(light, part, corners[:, t], drawn / clumps[t])
                is_dark = False
    if is_dark:
        _lighten(light, part, corners[:, _place(clumps, rng)], 1)


@njit(cache=True, nogil=True)
def _lighten(light: FloatArray, part: FloatArray, corners: IntArray, drawn: float) -> None:
    for p in corners:
        light[p] += drawn * part[p]


@njit(cache=True, nogil=True, error_model="numpy")
def _light_of_clumps(mean: float, chance: float, rng: np.random.Generator) -> float:
    """Sum of the squares of a Poisson number of normal variables, over 3.

    The number is where ``chance`` passes the sum of the Poisson probabilities from above, which in
    single precision might never come to all. Of many, mean and variance matter: those of a gamma
    variable.
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
    size: int,
    light: FloatArray,
    lit: IntArray,
    total: float,
    rng: np.random.Generator,
    counts: IntArray,
) -> None:
    """Multinomial numbers of few photo-electrons, each where it falls, one after the other.

    Uniform numbers in their order are sums of exponential ones, over the sum of one more.
    """
    place, end = np.empty(size), 0.0
    for n in range(size):
        end += rng.standard_exponential()
        place[n] = end
    place *= total / (end + rng.standard_exponential())
    k, below = 0, light[0]
    for n in range(size):
        while place[n] >= below and k < len(light) - 1:
            k += 1
            below += light[k]
        counts[lit[k]] += 1


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
def _place(weight: FloatArray, rng: np.random.Generator) -> Whole:
    """One of these, as often as its weight says."""
    below = rng.random() * weight.sum()
    for t in range(len(weight)):
        below -= weight[t]
        if below < 0:
            return t
    return np.argmax(weight)
