"""Photo-electrons are shared among pixels exactly, with the clumps that are asked for."""

import numpy as np
import pytest

from ctapipe_fastsim.light_sharing import share_light

FRACTION = np.array([0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
N_IMAGES = 20_000


def shared(size, clump, fraction=FRACTION, n_images=N_IMAGES, seed=0):
    """Counts of many images of one size."""
    shape = (n_images, len(fraction))
    return share_light(
        np.full(n_images, size),
        np.broadcast_to(fraction, shape),
        np.broadcast_to(clump, shape).astype(float),
        np.random.default_rng(seed),
    )


def test_every_image_sums_to_its_size():
    rng = np.random.default_rng(0)
    sizes = np.concatenate([np.arange(300), [10_000, 1_000_000]])
    fraction = rng.dirichlet(np.full(500, 0.05), len(sizes))  # most pixels next to nothing
    clump = rng.uniform(0.02, 5, fraction.shape)
    counts = share_light(sizes, fraction, clump, rng)
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


def test_sharing_follows_from_the_generator():
    assert np.array_equal(shared(50, 1.0, seed=3), shared(50, 1.0, seed=3))
    assert not np.array_equal(shared(50, 1.0, seed=3), shared(50, 1.0, seed=4))


def test_a_share_of_zero_stays_dark():
    fraction = np.array([0.0, 0.5, 0.5])
    assert not shared(1000, 1.0, fraction, n_images=100)[:, 0].any()
