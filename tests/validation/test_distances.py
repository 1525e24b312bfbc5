import numpy as np
import pytest

from ctapipe_fastsim.validation.distances import relative_wasserstein


@pytest.fixture
def sample():
    return np.random.default_rng(1).normal(size=20_000)


def test_identical_samples_have_no_distance(sample):
    assert relative_wasserstein(sample, sample) == 0
    assert relative_wasserstein(np.ones(3), np.ones(5)) == 0


def test_a_shift_is_measured_in_standard_deviations(sample):
    assert relative_wasserstein(sample, sample + 0.5) == pytest.approx(0.5, rel=0.02)


def test_the_unit_does_not_matter(sample):
    generated = 1.3 * sample[:7_000] + 0.1
    expected = relative_wasserstein(sample, generated)
    assert relative_wasserstein(60 * sample, 60 * generated) == pytest.approx(expected)


def test_nan_is_left_out(sample):
    with_nan = np.append(sample, np.full(50, np.nan))
    assert relative_wasserstein(with_nan, with_nan + 0.5) == pytest.approx(
        relative_wasserstein(sample, sample + 0.5)
    )


def test_nothing_to_compare():
    assert np.isnan(relative_wasserstein(np.full(3, np.nan), np.ones(3)))
    assert np.isinf(relative_wasserstein(np.ones(3), np.arange(3.0)))
