"""Photo-electrons are shared among pixels: exactly, and in clumps."""

import numpy as np
from numba import njit

from .array_types import FloatArray, IntArray, Whole
from .pixel_lattice import NOBODY

__all__ = ["share_light"]

NEGLIGIBLE = 23.0  # -log of light (over the clump size) that is as good as none, 1e-10
HALF_STEP = 2.0**-25  # of uniform numbers in single precision
SMALLEST_LIGHT = 1e-30  # share of a cell, so that dark ones can be divided by


def share_light(
    size: IntArray,
    fraction: FloatArray,
    clump: FloatArray,
    cells: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """Share ``size`` photo-electrons among pixels, in clumps, without losing or adding one.

    A negative binomial count is a Poisson count of gamma distributed light; given their sum,
    Poisson counts are multinomial in that light. One particle's light falls on neighbouring
    pixels alike: clumps sit in cells and are shared by the pixels of a cell in proportion
    to the light they expect. The mean in each pixel is that of its own fraction, as if it stood
    alone, and where neighbours have clumps of like size so is the variance.

    Parameters
    ----------
    size : (B,) int array
    fraction, clump : (B, P) arrays
        As in `network.LightMap`.
    cells : (T, 3) int array
        Of `pixel_cells`.
    rng : numpy.random.Generator

    Returns
    -------
    (B, P) int32 array
    """
    n_pixels = fraction.shape[1]
    counts = np.zeros(fraction.shape, dtype=np.int32)
    chance = rng.random((len(fraction), len(cells)), dtype=np.float32)
    n_cells = np.bincount(cells[cells != NOBODY], minlength=n_pixels)
    corners = np.where(cells == NOBODY, n_pixels, cells).T.copy()  # nobody is a dark pixel more
    size = np.asarray(size, dtype=np.int64)
    _share(size, fraction, clump, corners, n_cells, chance, rng, counts)
    return counts


@njit(cache=True, nogil=True, error_model="numpy")
def _share(
    size: IntArray,
    fraction: FloatArray,
    clump: FloatArray,
    corners: IntArray,
    n_cells: IntArray,
    chance: FloatArray,
    rng: np.random.Generator,
    counts: IntArray,
) -> None:
    n_pixels = fraction.shape[1]
    part, clump_times_share, light = np.zeros((3, n_pixels + 1))  # part: given to each of its cells
    mean = np.empty(corners.shape[1])
    for i in range(len(size)):
        if size[i] == 0:
            continue
        for p in range(n_pixels):
            part[p] = fraction[i, p] / n_cells[p]
        _clumps_of_cells(part, clump[i], n_cells, corners, mean, clump_times_share)
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
    """Gamma distributed light of the cells, shared by their pixels."""
    light[:] = 0
    for t in range(corners.shape[1]):
        a, b, c = corners[0, t], corners[1, t], corners[2, t]
        clump_times_mean = clump_times_share[a] + clump_times_share[b] + clump_times_share[c]
        # the gamma's shape is size mean / clump; light has a chance of NEGLIGIBLE times that
        lightest = NEGLIGIBLE * size * mean[t] * mean[t]
        if (chance[t] + HALF_STEP) * clump_times_mean < lightest:
            likely = min(1.0, lightest / clump_times_mean)
            shape = lightest / clump_times_mean / NEGLIGIBLE
            drawn = _gamma(shape, likely, rng) * clump_times_mean / (mean[t] * mean[t])
            light[a] += drawn * part[a]
            light[b] += drawn * part[b]
            light[c] += drawn * part[c]


@njit(cache=True, nogil=True, error_model="numpy")
def _gamma(shape: float, likely: float, rng: np.random.Generator) -> float:
    """Gamma variable, given that the first uniform number of its recipe is above 1 - likely.

    Below shape 1 the recipe is that of Ahrens & Dieter 1974 (Computing 12, 223): a number u below
    1 - shape gives u^(1 / shape), which is 1e-10 or less when u < 1 - 23 shape.
    """
    if shape >= 1:
        return rng.standard_gamma(shape)
    u = 1 - likely * rng.random()
    while True:
        wait = rng.standard_exponential()
        if u <= 1 - shape:
            x = u ** (1 / shape)
        else:
            tail = -np.log((1 - u) / shape)
            x = (1 - shape + shape * tail) ** (1 / shape)
            wait += tail
        if x <= wait:
            return x
        u = rng.random()


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
