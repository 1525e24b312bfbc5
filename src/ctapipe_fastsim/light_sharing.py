"""Photo-electrons are shared among pixels: exactly, and in clumps."""

import numpy as np
from numba import njit

from .pixel_cells import NOBODY

__all__ = ["share_light"]

NEGLIGIBLE = 69.0  # -log of light (over the clump size) that is as good as none, 1e-30
HALF_STEP = 2.0**-25  # of uniform numbers in single precision
SMALLEST_LIGHT = 1e-30  # share of a cell, so that dark ones can be divided by


def share_light(size, fraction, clump, cells, rng):
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
    counts = np.zeros(fraction.shape, dtype=np.int32)
    chance = rng.random((len(fraction), len(cells)), dtype=np.float32)
    n_cells = np.bincount(cells[cells != NOBODY], minlength=fraction.shape[1])
    size = np.asarray(size, dtype=np.int64)
    _share(size, fraction / n_cells, clump, cells, chance, rng, counts)
    return counts


@njit(cache=True, nogil=True, error_model="numpy")
def _share(size, part, clump, cells, chance, rng, counts):
    """``part`` is the fraction that a pixel gives to each of its cells."""
    n_pixels = part.shape[1]
    own_clump, light = np.empty(n_pixels), np.empty(n_pixels)
    mean = np.empty(len(cells))
    lit = np.empty(n_pixels, dtype=np.int64)
    for i in range(len(size)):
        if size[i] == 0:
            continue
        _clumps_of_cells(part[i], clump[i], cells, mean, own_clump)
        _light_of_cells(size[i], part[i], cells, mean, own_clump, chance[i], rng, light)
        n_lit = 0
        for p in range(n_pixels):
            if light[p] > 0:
                lit[n_lit] = p
                n_lit += 1
        _count(size[i], light[lit[:n_lit]], lit[:n_lit], part[i], clump[i], rng, counts[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _clumps_of_cells(part, clump, cells, mean, own_clump):
    """Light of each cell, and the clump size a pixel wants in its cells: larger, as it is shared.

    With cell light M and share s = part / M, the counts of a pixel in all its cells have the
    variance over mean, minus one, of the mean of s over its cells times the clump size.
    """
    share, n_cells = np.zeros(len(part)), np.zeros(len(part))
    for t in range(len(cells)):
        mean[t] = SMALLEST_LIGHT
        for p in cells[t]:
            if p != NOBODY:
                mean[t] += part[p]
        for p in cells[t]:
            if p != NOBODY:
                share[p] += part[p] / mean[t]
                n_cells[p] += 1
    for p in range(len(part)):
        own_clump[p] = clump[p] * n_cells[p] / max(share[p], SMALLEST_LIGHT)


@njit(cache=True, nogil=True, error_model="numpy")
def _light_of_cells(size, part, cells, mean, own_clump, chance, rng, light):
    """Gamma distributed light of the cells, shared by their pixels."""
    light[:] = 0
    for t in range(len(cells)):
        clump = 0.0
        for p in cells[t]:
            if p != NOBODY:
                clump += part[p] / mean[t] * own_clump[p]
        expected = size * mean[t]  # over the clump size, the gamma's shape
        # light has a chance of at most 69 times the shape
        if (chance[t] + HALF_STEP) * clump < NEGLIGIBLE * expected:
            shape = expected / clump
            drawn = clump * _gamma(shape, min(1.0, NEGLIGIBLE * shape), rng)
            for p in cells[t]:
                if p != NOBODY:
                    light[p] += drawn * part[p] / mean[t]


@njit(cache=True, nogil=True, error_model="numpy")
def _gamma(shape, likely, rng):
    """Gamma variable, given that the first uniform number of its recipe is above 1 - likely.

    Below shape 1 the recipe is that of Ahrens & Dieter 1974 (Computing 12, 223): a number u below
    1 - shape gives u^(1 / shape), which is 1e-30 or less when u < 1 - 69 shape.
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


@njit(cache=True, nogil=True, error_model="numpy")
def _count(size, light, lit, fraction, clump, rng, counts):
    """Multinomial numbers of photo-electrons, one binomial after the other."""
    rest = light[::-1].cumsum()[::-1]  # of this pixel and those that follow
    if len(light) == 0 or not rest[0] > 0:  # all in one clump
        counts[_one_pixel(fraction / clump, rng)] = size
        return
    for k in range(len(light)):
        if light[k] >= rest[k]:
            counts[lit[k]] = size
            return
        n = rng.binomial(size, light[k] / rest[k])
        counts[lit[k]] = n
        size -= n
        if size == 0:
            return


@njit(cache=True, nogil=True)
def _one_pixel(weight, rng):
    place = rng.random() * weight.sum()
    for p in range(len(weight)):
        place -= weight[p]
        if place < 0:
            return p
    return np.argmax(weight)
