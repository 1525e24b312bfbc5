import numpy as np
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from ctapipe_fastsim.validation.distances import (
    kolmogorov_smirnov,
    mean_difference,
    rarely_varies,
    relative_wasserstein,
    weighted_quantile,
)


@pytest.fixture
def sample():
    return np.random.default_rng(1).normal(size=20_000)


def once(distance, first, second):
    """Distance of samples whose images all count once."""
    (value,) = distance(first, second, np.ones((1, len(first))), np.ones((1, len(second))))
    return value


@pytest.mark.parametrize("ties", [False, True])
def test_scipy_agrees(ties):
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=300), rng.normal(0.2, 1.3, size=500)
    if ties:
        first, second = np.round(first), np.round(second)
    expected = wasserstein_distance(first, second) / first.std()
    assert once(relative_wasserstein, first, second) == pytest.approx(expected)
    expected = ks_2samp(first, second).statistic
    assert once(kolmogorov_smirnov, first, second) == pytest.approx(expected)


@pytest.mark.parametrize("distance", [relative_wasserstein, kolmogorov_smirnov, mean_difference])
def test_a_weight_is_a_number_of_images(distance):
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 9, 60).astype(float), rng.integers(0, 9, 80).astype(float)
    n_first, n_second = rng.integers(0, 3, (4, 60)), rng.integers(0, 3, (4, 80))
    # the unit stays that of the sample as it is
    unit = [np.repeat(first, n).std() / first.std() for n in n_first]
    unit = unit if distance is relative_wasserstein else np.ones(4)
    expected = [
        once(distance, np.repeat(first, n), np.repeat(second, m)) for n, m in zip(n_first, n_second)
    ]
    found = distance(first, second, n_first, n_second)
    np.testing.assert_allclose(found, np.multiply(expected, unit), atol=1e-12)


@pytest.mark.parametrize("distance", [relative_wasserstein, kolmogorov_smirnov, mean_difference])
def test_identical_samples_have_no_distance(distance, sample):
    assert once(distance, sample, sample) == pytest.approx(0, abs=1e-12)
    assert once(distance, np.ones(3), np.ones(5)) == pytest.approx(0, abs=1e-12)


def test_a_shift_is_measured_in_standard_deviations(sample):
    assert once(relative_wasserstein, sample, sample + 0.5) == pytest.approx(0.5, rel=0.02)


def test_the_unit_does_not_matter(sample):
    generated = 1.3 * sample[:7_000] + 0.1
    expected = once(relative_wasserstein, sample, generated)
    assert once(relative_wasserstein, 60 * sample, 60 * generated) == pytest.approx(expected)


def test_a_constant_reference_gives_a_number():
    assert once(relative_wasserstein, np.zeros(2), np.array([0.0, 2.0])) == pytest.approx(
        1 / np.std([0, 0, 0, 2])
    )


def test_quantiles_of_weighted_values():
    values = np.array([30.0, 10, 20, 40])
    weight = np.array([[1, 1, 1, 1], [0, 0, 5, 1], [1, 7, 1, 1]])
    assert weighted_quantile(values, weight, 0.5).tolist() == [20, 20, 10]
    assert weighted_quantile(values, weight, 0.9).tolist() == [40, 40, 30]


def test_what_varies_rarely():
    first, second = np.ones((1000, 3)), np.ones((1000, 3))
    first[:30, 1] = 2
    first[:30, 2] = second[:30, 2] = 2
    assert rarely_varies(first, second).tolist() == [True, True, False]
