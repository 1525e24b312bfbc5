"""Photo-electrons are shared among pixels exactly, with the clumps that are asked for."""

import numpy as np
import pytest

from ctapipe_fastsim.light_sharing import clumps_of_light, share_light, sharing_cells
from ctapipe_fastsim.pixel_cells import pixel_cells
from ctapipe_fastsim.pixel_lattice import NOBODY

FRACTION = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
N_IMAGES = 20_000


def alone(n_pixels):
    """Cells of pixels that share nothing."""
    return sharing_cells(np.stack([np.arange(n_pixels), *np.full((2, n_pixels), NOBODY)], axis=1))


def shared(size, clump, fraction=FRACTION, n_images=N_IMAGES, seed=0, cells=None):
    """Counts of many images of one size."""
    shape, size = (n_images, len(fraction)), np.full(n_images, size)
    cells = alone(len(fraction)) if cells is None else cells
    clump = np.broadcast_to(clump, shape).astype(float)
    expected = clumps_of_light(size, np.broadcast_to(fraction, shape), clump, cells)
    return share_light(size, expected, cells, np.random.default_rng(seed))


def test_every_image_sums_to_its_size():
    rng = np.random.default_rng(0)
    sizes = np.concatenate([np.arange(300), [10_000, 1_000_000]])
    fraction = rng.dirichlet(np.full(500, 0.05), len(sizes))  # most pixels next to nothing
    clump = rng.uniform(0.02, 5, fraction.shape)
    expected = clumps_of_light(sizes, fraction, clump, alone(500))
    counts = share_light(sizes, expected, alone(500), rng)
    assert counts.dtype == np.int32
    assert counts.shape == fraction.shape
    assert (counts >= 0).all()
    assert np.array_equal(counts.sum(axis=1), sizes)


def test_no_light_lights_no_pixel():
    assert not shared(0, 1.0, n_images=10).any()


def test_a_single_photoelectron_falls_as_the_shares_say():
    """Within 4 standard errors, where all pixels expect the same."""
    counts = shared(1, 2.0, np.full(20, 0.05))
    assert counts.max() == 1
    assert (np.abs(counts.mean(axis=0) - 0.05) < 4 * np.sqrt(0.05 / N_IMAGES)).all()


@pytest.mark.parametrize("size", [100, 3000])
@pytest.mark.parametrize("clump", [0.02, 0.5, 4.0])
def test_mean_and_variance_are_those_asked_for(size, clump):
    """Mean S p within 1 % and 4 standard errors; variance S p (1 + b) within 10 %.

    Although the sum of all pixels is given, where none has more than a few percent of it.
    """
    fraction = np.linspace(0.2, 1.8, 40) / 40
    counts = shared(size, clump, fraction)
    variance = size * fraction * (1 + clump)
    off = np.abs(counts.mean(axis=0) - size * fraction)
    assert (off < 0.01 * size * fraction + 4 * np.sqrt(variance / N_IMAGES)).all()
    lit = size * fraction > 1
    assert counts.var(axis=0)[lit] == pytest.approx(variance[lit], rel=0.1)


def test_a_bright_pixel_varies_as_asked_for():
    """It has 15 % of the light: without care the given sum would take that part of its variance."""
    fraction = np.concatenate([[0.15], np.full(85, 0.01)])
    counts = shared(400, 2.0, fraction)
    assert counts[:, 0].var() == pytest.approx(400 * 0.15 * 3, rel=0.06)


def test_pixels_without_a_clump_stay_dark():
    """Of mean m = 0.4 and b = 2 a share of exp(-3 m / b) has no clump, and more no count."""
    fraction = np.full(100, 0.01)
    counts = shared(40, 2.0, fraction)
    normal = np.random.default_rng(1).standard_normal(1_000_000)
    # log of the chance that one clump, of light 2 z^2 / 3, gives a photo-electron
    seen = 1 - np.exp(-2 * normal**2 / 3).mean()
    assert (counts == 0).mean() == pytest.approx(np.exp(-0.6 * seen), abs=0.01)


@pytest.mark.parametrize("wrong", ["fraction", "clump"])
@pytest.mark.parametrize("size", [1, 5000])
def test_light_that_is_no_number_comes_to_an_end(wrong, size):
    maps = {"fraction": np.full((1, 6), 1 / 6), "clump": np.ones((1, 6))}
    maps[wrong][0, 2] = np.nan
    expected = clumps_of_light(np.array([size]), **maps, cells=alone(6))
    counts = share_light(np.array([size]), expected, alone(6), np.random.default_rng(0))
    assert counts.sum() == size


def test_the_rarest_number_of_clumps_is_found():
    """Random numbers of zero, all of them, for cells of some hundredths to ten clumps."""

    class Zeros(np.random.Generator):
        def integers(self, low, high=None, size=None, dtype=np.int64, endpoint=False):
            return np.zeros(size, dtype)

    fraction = np.linspace(0.001, 1, 500)[None]
    size, clump = np.array([2000]), np.full((1, 500), 1.0)
    fraction /= fraction.sum()
    expected = clumps_of_light(size, fraction, clump, alone(500))
    assert expected.clumps.min() < 0.1
    assert expected.clumps.max() > 10
    counts = share_light(size, expected, alone(500), Zeros(np.random.PCG64(0)))
    assert counts.sum() == 2000


def test_pixels_may_differ_in_their_clumps():
    """A pixel whose light is clumpy varies more; its mean is S p to within 2 %."""
    fraction = np.full(40, 1 / 40)
    size, clump = 800, np.tile([0.05, 3.0], 20)
    counts = shared(size, clump, fraction)
    assert counts.mean(axis=0) == pytest.approx(size * fraction, rel=0.02)
    ratio = counts.var(axis=0) / (size * fraction)
    assert ratio == pytest.approx(1 + clump, rel=0.1)


def hexagon(steepness=1.0):
    """A bright pixel of a hexagonal lattice, its six neighbours, and darkness around."""
    i, j = np.mgrid[-6:7, -6:7].reshape(2, -1)
    x, y = i + 0.5 * j, np.sqrt(3) / 2 * j
    fraction = np.exp(-steepness * np.hypot(x, y) ** 2)
    return sharing_cells(pixel_cells(x, y, 1.0)), fraction / fraction.sum(), np.hypot(x, y)


def test_clumps_in_cells_keep_mean_and_variance_of_every_pixel():
    """Mean within 2 %; variance as asked for (b = 3) within 20 %, at shares below 10 %."""
    cells, fraction, distance = hexagon(0.25)
    size, clump = 1000, 3.0
    counts = shared(size, clump, fraction, cells=cells)
    lit = (size * fraction > 4) & (distance < 3.5)
    assert fraction.max() < 0.1
    assert lit.sum() > 20
    assert counts.mean(axis=0)[lit] == pytest.approx(size * fraction[lit], rel=0.02)
    assert counts.var(axis=0)[lit] == pytest.approx(size * fraction[lit] * (1 + clump), rel=0.2)


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
