"""Photo-electrons are shared among pixels: exactly, and in clumps."""

import numpy as np
from numba import njit

__all__ = ["share_light"]

NEGLIGIBLE = 69.0  # -log of light (over the clump size) that is as good as none, 1e-30
HALF_STEP = 2.0**-25  # of uniform numbers in single precision


def share_light(size, fraction, clump, rng):
    """Share ``size`` photo-electrons among pixels, in clumps, without losing or adding one.

    A negative binomial count is a Poisson count of gamma distributed light; given their sum,
    Poisson counts are multinomial in that light.

    Parameters
    ----------
    size : (B,) int array
    fraction, clump : (B, P) arrays
        As in `network.LightMap`.
    rng : numpy.random.Generator

    Returns
    -------
    (B, P) int32 array
    """
    counts = np.zeros(fraction.shape, dtype=np.int32)
    chance = rng.random(fraction.shape, dtype=np.float32)
    _share(np.asarray(size, dtype=np.int64), fraction, clump, chance, rng, counts)
    return counts


@njit(cache=True, nogil=True, error_model="numpy")
def _share(size, fraction, clump, chance, rng, counts):
    n_pixels = fraction.shape[1]
    light, lit = np.empty(n_pixels), np.empty(n_pixels, dtype=np.int64)
    for i in range(len(size)):
        n_lit = 0
        for p in range(n_pixels):
            expected = size[i] * fraction[i, p]  # over the clump size, the gamma's shape
            # light has a chance of at most 69 times the shape
            if (chance[i, p] + HALF_STEP) * clump[i, p] < NEGLIGIBLE * expected:
                shape = expected / clump[i, p]
                light[n_lit] = clump[i, p] * _gamma(shape, min(1.0, NEGLIGIBLE * shape), rng)
                lit[n_lit] = p
                n_lit += 1
        if size[i] > 0:
            _count(size[i], light[:n_lit], lit[:n_lit], fraction[i], clump[i], rng, counts[i])


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
