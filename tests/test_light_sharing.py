"""Photo-electrons are shared among pixels exactly, with the clumps that are asked for."""

import numpy as np
import pytest

from ctapipe_fastsim.light_sharing import share_light
from ctapipe_fastsim.pixel_cells import pixel_cells
from ctapipe_fastsim.pixel_lattice import NOBODY

FRACTION = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
N_IMAGES = 20_000


def alone(n_pixels):
    """Cells of pixels that share nothing."""
    return np.stack([np.arange(n_pixels), *np.full((2, n_pixels), NOBODY)], axis=1)


def shared(size, clump, fraction=FRACTION, n_images=N_IMAGES, seed=0, cells=None):
    """Counts of many images of one size."""
    shape = (n_images, len(fraction))
    return share_light(
        np.full(n_images, size),
        np.broadcast_to(fraction, shape),
        np.broadcast_to(clump, shape).astype(float),
        alone(len(fraction)) if cells is None else cells,
        np.random.default_rng(seed),
    )


def test_every_image_sums_to_its_size():
    rng = np.random.default_rng(0)
    sizes = np.concatenate([np.arange(300), [10_000, 1_000_000]])
    fraction = rng.dirichlet(np.full(500, 0.05), len(sizes))  # most pixels next to nothing
    clump = rng.uniform(0.02, 5, fraction.shape)
    counts = share_light(sizes, fraction, clump, alone(500), rng)
    assert counts.dtype == np.int32
    assert counts.shape == fraction.shape
    assert (counts >= 0).all()
    assert np.array_equal(counts.sum(axis=1), sizes)


def test_no_light_lights_no_pixel():
    assert not shared(0, 1.0, n_images=10).any()


def test_a_single_photoelectron_falls_as_the_shares_say():
    """Within 4 standard errors."""
    counts = shared(1, 2.0)
    assert counts.max() == 1
    error = np.sqrt(FRACTION * (1 - FRACTION) / N_IMAGES)
    assert (np.abs(counts.mean(axis=0) - FRACTION) < 4 * error).all()


@pytest.mark.parametrize("size", [5, 100, 3000])
@pytest.mark.parametrize("clump", [0.02, 0.5, 4.0])
def test_mean_and_variance_are_those_of_clumpy_light(size, clump):
    """Mean S p and variance S p (1 - p) (1 + b) / (1 + b / S).

    Poisson counts of gamma light with variance m (1 + b), given their sum S, are Dirichlet
    multinomial with total shape S / b. Mean within 4 standard errors, variance within 6 %.
    """
    counts = shared(size, clump)
    variance = size * FRACTION * (1 - FRACTION) * (1 + clump) / (1 + clump / size)
    error = np.sqrt(variance / N_IMAGES)
    assert (np.abs(counts.mean(axis=0) - size * FRACTION) < 4 * error).all()
    lit = size * FRACTION > 1
    assert counts.var(axis=0)[lit] == pytest.approx(variance[lit], rel=0.06)


def test_pixels_may_differ_in_their_clumps():
    """A pixel whose light is clumpy varies more; its mean is S p to within b / S of it."""
    size, clump = 500, np.array([0.05, 3.0, 0.05, 3.0, 0.05, 0.05])
    counts = shared(size, clump)
    assert counts.mean(axis=0) == pytest.approx(size * FRACTION, rel=0.02)
    ratio = counts.var(axis=0) / (size * FRACTION * (1 - FRACTION))
    assert ratio[3] > 2.5
    assert ratio[2] < 1.5


def hexagon():
    """A bright pixel of a hexagonal lattice, its six neighbours, and darkness around."""
    i, j = np.mgrid[-4:5, -4:5].reshape(2, -1)
    x, y = i + 0.5 * j, np.sqrt(3) / 2 * j
    fraction = np.exp(-(np.hypot(x, y) ** 2))
    return pixel_cells(x, y, 1.0), fraction / fraction.sum(), np.hypot(x, y)


def test_clumps_in_cells_keep_mean_and_variance_of_every_pixel():
    """Mean within 4 standard errors; variance of a share of 25 % (b = 3) as clumpy light alone.

    The total is fixed, which lowers the variance as in a Dirichlet multinomial, within 10 %.
    """
    cells, fraction, _ = hexagon()
    size, clump = 400, 3.0
    counts = shared(size, clump, fraction, cells=cells)
    lit = size * fraction > 4
    assert 7 <= lit.sum() < 20
    error = counts.std(axis=0) / np.sqrt(N_IMAGES)
    assert (np.abs(counts.mean(axis=0) - size * fraction) < 4 * error)[lit].all()
    alone_variance = shared(size, clump, fraction).var(axis=0)
    assert counts.var(axis=0)[lit] == pytest.approx(alone_variance[lit], rel=0.25)


def test_neighbours_share_clumps():
    """The bright pixel goes with its neighbours; without cells it takes light from them."""
    cells, fraction, distance = hexagon()
    neighbours = (distance > 0.1) & (distance < 1.1)
    bright = np.argmax(fraction)
    covariance = [
        np.cov(counts[:, bright], counts[:, neighbours].sum(axis=1))[0, 1]
        for counts in (shared(100, 3.0, fraction, cells=c) for c in (cells, None))
    ]
    assert covariance[0] > covariance[1] + 10
    assert covariance[1] < 0


def test_sharing_follows_from_the_generator():
    assert np.array_equal(shared(50, 1.0, seed=3), shared(50, 1.0, seed=3))
    assert not np.array_equal(shared(50, 1.0, seed=3), shared(50, 1.0, seed=4))


def test_a_share_of_zero_stays_dark():
    fraction = np.array([0.0, 0.5, 0.5])
    assert not shared(1000, 1.0, fraction, n_images=100)[:, 0].any()
