"""The trimmed straight-line fit of arrival times."""

import numpy as np
import pytest
from ctapipe.fitting import lts_linear_regression

from ctapipe_fastsim.batch_parameters.timing import fit_time


def pixels(n, seed, outliers=0):
    rng = np.random.default_rng(seed)
    along = np.sort(rng.normal(0, 1, n))
    time = 12 - 4 * along + rng.normal(0, 0.2, n)
    time[rng.permutation(n)[:outliers]] += 30
    return along, time


def test_a_line_is_found():
    along = np.linspace(-1, 1, 20)
    intercept, deviation, slope = fit_time(along, 3 + 2 * along, np.random.default_rng(0))
    assert (intercept, slope) == pytest.approx((3, 2))
    assert deviation == pytest.approx(0, abs=1e-9)


def test_outliers_do_not_count_but_in_the_deviation():
    """Three pixels of thirty show the night sky; 15 % may be left out."""
    along, time = pixels(30, seed=1, outliers=3)
    intercept, deviation, slope = fit_time(along, time, np.random.default_rng(0))
    assert slope == pytest.approx(-4, abs=0.3)
    assert intercept == pytest.approx(12, abs=0.3)
    assert deviation == pytest.approx(30 * np.sqrt(3 / 30), rel=0.05)


@pytest.mark.parametrize("n", [4, 5, 10, 50, 300])
def test_it_is_ctapipes_fit_with_the_same_random_numbers(n):
    for seed in range(20):
        along, time = pixels(n, seed, outliers=n // 5)
        (slope, intercept), _ = lts_linear_regression(
            along, time, samples=5, rng=np.random.default_rng(seed)
        )
        found = fit_time(along, time, np.random.default_rng(seed))
        assert (found[2], found[0]) == pytest.approx((slope, intercept), rel=1e-8)


def test_three_pixels_give_a_line_through_two():
    along, time = np.array([-1.0, 0.2, 1.0]), np.array([3.0, 5.0, 4.0])
    pairs = [(0, 1), (0, 2), (1, 2)]
    lines = [np.polyfit(along[list(pair)], time[list(pair)], 1) for pair in pairs]
    for seed in range(10):
        intercept, _, slope = fit_time(along, time, np.random.default_rng(seed))
        assert any(np.allclose((slope, intercept), line) for line in lines)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_pixels_have_no_slope(n):
    """Of two, 85 % is one: ctapipe finds no line either."""
    values = fit_time(np.arange(n) * 1.0, np.arange(n) * 2.0, np.random.default_rng(0))
    assert np.isnan(values).all()
