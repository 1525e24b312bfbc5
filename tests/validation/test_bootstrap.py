import numpy as np
import pytest

from ctapipe_fastsim.validation.bootstrap import bootstrap_weights, compared, half_weights
from ctapipe_fastsim.validation.distances import mean_difference


@pytest.fixture(scope="module")
def samples():
    return np.random.default_rng(1).normal(size=(2, 4000))


def test_error_and_floor_of_a_mean_are_those_of_the_textbook(samples):
    groups = np.arange(4000), np.arange(4000, 8000)
    value, floor = compared(mean_difference, *samples, groups, seed=1)
    deviation = np.sqrt(2 / 4000)
    assert value.value == pytest.approx(samples[1].mean() - samples[0].mean())
    assert value.error == pytest.approx(deviation, rel=0.25)
    # the mean of |x| is sqrt(2 / pi) standard deviations; 20 halves tell it to 17 %
    assert floor.value == pytest.approx(np.sqrt(2 / np.pi) * deviation, rel=0.5)


def test_pairs_are_drawn_together(samples):
    shower = np.arange(4000)
    shifted = samples[0] + 1
    value, _ = compared(mean_difference, samples[0], shifted, (shower, shower), seed=1)
    assert value == pytest.approx((1, 0), abs=1e-9)


def test_repeated_images_of_a_shower_do_not_shrink_the_error(samples):
    first, second = samples[:, :500]
    shower = np.arange(500)
    once, floor_once = compared(mean_difference, first, second, (shower, shower), seed=1)
    first, second, shower = (np.repeat(values, 4) for values in (first, second, shower))
    four, floor_four = compared(mean_difference, first, second, (shower, shower), seed=1)
    assert four == pytest.approx(once)
    assert floor_four == pytest.approx(floor_once)


def test_showers_are_drawn_as_a_whole_and_as_many():
    first, second = np.repeat(np.arange(100), 3), np.arange(100)
    weights = bootstrap_weights([first, second], seed=1)
    assert [w.shape for w in weights] == [(100, 300), (100, 100)]
    np.testing.assert_array_equal(weights[0][:, ::3], weights[1])
    np.testing.assert_array_equal(weights[0][:, 1::3], weights[1])
    assert np.all(weights[1].sum(axis=1) == 100)


def test_halves_part_no_shower():
    shower = np.repeat(np.arange(50), 2)
    half = half_weights(shower, seed=1, n_splits=10)
    assert half.shape == (10, 100)
    np.testing.assert_array_equal(half[:, ::2], half[:, 1::2])
    assert np.all(half.sum(axis=1) == 50)
    assert len(np.unique(half, axis=0)) == 10


def test_the_seed_decides(samples):
    shower = np.arange(4000)
    first, again, other = (
        compared(mean_difference, *samples, (shower, shower), seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
