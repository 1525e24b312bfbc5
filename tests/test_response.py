"""The camera response learns charge and time distributions that are known here."""

import numpy as np
import pytest
from helpers import one_line_refusal
from scipy.stats import ks_2samp

from ctapipe_fastsim.light_reading import ExpectedTimes
from ctapipe_fastsim.pixel_lattice import NOBODY
from ctapipe_fastsim.response import FEWEST_PIXELS, TIME_LOGITS, CameraResponse, fit_response

WINDOW = 30.0  # ns
LIGHT_SHARE = 0.85  # of lit pixels that show the light's time
N_DRAWN = 20_000
MANY = 1000.0  # degrees of freedom: a normal distribution


def mean_charge(counts):
    return 0.3 + 0.9 * counts


def charge_spread(counts):
    return np.sqrt(0.5 + 0.3 * counts + 0.01 * counts**2)


def true_charge(counts, rng):
    """Skewed: a gamma variable of shape 4, with the mean and spread above."""
    skewed = (rng.gamma(4.0, size=counts.shape) - 4) / 2
    return mean_charge(counts) + charge_spread(counts) * skewed


def true_time(counts, arrival, spread, rng):
    """Normal around the light's arrival, or anything in the window for dark pixels and some lit."""
    shows_light = (rng.random(counts.shape) < LIGHT_SHARE) & (counts > 0)
    light = arrival + spread * rng.standard_normal(counts.shape)
    return np.where(shows_light, light, rng.uniform(0, WINDOW, counts.shape))


def camera_images(n_images=300, n_pixels=1000, seed=0):
    """Counts, charge, peak time, arrival time and time spread of images, mostly dark."""
    rng = np.random.default_rng(seed)
    shape = (n_images, n_pixels)
    bright = rng.exponential(25, shape) * (rng.random(shape) < 0.5)
    counts = np.minimum(rng.poisson(bright), 150)
    arrival = rng.uniform(12, 18, shape)
    spread = 0.3 + 1.0 / np.sqrt(np.maximum(counts, 1))
    return (
        counts,
        true_charge(counts, rng).astype(np.float32),
        true_time(counts, arrival, spread, rng).astype(np.float32),
        arrival.astype(np.float32),
        spread.astype(np.float32),
    )


@pytest.fixture(scope="module")
def response():
    return fit_response(*camera_images(), MANY)


def draw(response, count, n=N_DRAWN, arrival=15.0, spread=1.0, seed=5):
    """Charges and times of n pixels with the same count."""
    counts = np.full((1, n), count)
    expected = alone(counts, arrival, spread)
    charge, time = response.draw(counts, expected, np.random.default_rng(seed))
    return charge[0], time[0]


def alone(counts, arrival, spread):
    """Times of pixels that follow no other."""
    arrival, spread = (np.full(counts.shape, value, np.float32) for value in (arrival, spread))
    nobody = np.full(counts.shape, NOBODY, np.int32)
    return ExpectedTimes(arrival, spread, 0 * spread, nobody, 0 * spread, 0 * spread, 3.0)


# one, few and many photo-electrons; 35, 42 between nodes; 400 far beyond the last node
@pytest.mark.parametrize("count", [0, 1, 2, 10, 31, 35, 42, 100, 400])
def test_charges_have_the_true_mean_and_spread(response, count):
    """Mean within 0.05 of a spread, spread within 6 % (fit and sample errors)."""
    charge, _ = draw(response, count)
    assert abs(charge.mean() - mean_charge(count)) < 0.05 * charge_spread(count)
    assert charge.std() == pytest.approx(charge_spread(count), rel=0.06)


@pytest.mark.parametrize("count", [0, 1, 3, 10, 31, 42, 400])
def test_charges_have_the_true_quantiles(response, count):
    """Largest distance of the cumulative distributions below 0.03 (0.016 by chance at 99 %).

    The quantiles at 1 % and 99 % agree within 0.3 of the spread.
    """
    charge, _ = draw(response, count)
    expected = true_charge(np.full(N_DRAWN, count), np.random.default_rng(6))
    assert ks_2samp(charge, expected).statistic < 0.03
    levels = [0.01, 0.99]
    tails = np.quantile(charge, levels) - np.quantile(expected, levels)
    assert np.abs(tails).max() < 0.3 * charge_spread(count)


def test_the_last_node_is_well_below_the_largest_count_that_is_drawn(response):
    """What the tests above rely on: 400 is beyond, 35 and 42 are between nodes."""
    assert response.count_nodes[0] == 0
    assert response.count_nodes[-1] < 200
    assert not {35, 42, 400} & set(response.count_nodes.tolist())


def test_moments_are_found(response):
    """Means within 0.01 and 1 %, variance at 0, 10 and 100 photo-electrons within 5 %."""
    assert response.charge_mean == pytest.approx([0.3, 0.9], abs=0.01)
    for count in (0, 10, 100):
        found = np.polyval(response.charge_variance[::-1], count)
        assert found == pytest.approx(charge_spread(count) ** 2, rel=0.05)


@pytest.mark.parametrize("count", [1, 4, 25, 42, 400])
def test_times_are_the_light_or_the_night(response, count):
    """Distance of cumulative distributions below 0.04; arrival and spread are those given."""
    _, times = draw(response, count, arrival=16.0, spread=0.8)
    rng = np.random.default_rng(7)
    expected = true_time(np.full(N_DRAWN, count), 16.0, 0.8, rng)
    assert ks_2samp(times, expected).statistic < 0.04


def test_dark_pixels_show_the_night(response):
    _, times = draw(response, 0)
    assert ks_2samp(times, np.random.default_rng(7).uniform(0, WINDOW, N_DRAWN)).statistic < 0.02
    assert times.min() >= 0
    assert times.max() <= WINDOW


def test_the_share_of_light_is_found(response):
    """Within 0.03, for every count; dark pixels have none."""
    probability = np.array([0.5, 0.3, 0.15, 0.04, 0.009, 0.001])  # of the charge classes
    fraction = response.signal_fraction @ probability
    assert fraction[0] == 0
    assert fraction[1:] == pytest.approx(LIGHT_SHARE, abs=0.03)


def test_residuals_of_the_light_are_standard_normal(response):
    """Median and 16 % and 84 % quantiles, for nodes together, within 0.05."""
    levels = 1 / (1 + np.exp(-TIME_LOGITS))
    mean_table = response.signal_time[1:, 0].mean(axis=0)
    found = np.interp([0.1587, 0.5, 0.8413], levels, mean_table)
    assert found == pytest.approx([-1, 0, 1], abs=0.05)


def test_high_charges_may_have_their_own_times():
    """A flash that fakes charge in one of twenty dark pixels, at 25 ns and later."""
    rng = np.random.default_rng(0)
    counts, charge, time, arrival, spread = camera_images(n_images=200)
    flash = (rng.random(counts.shape) < 0.05) & (counts == 0)
    charge, time = charge + 20 * flash, np.where(flash, rng.uniform(25, 30, counts.shape), time)
    charge, time = draw(fit_response(counts, charge, time, arrival, spread, MANY), 0)
    high = charge > 15
    assert high.mean() == pytest.approx(0.05, abs=0.01)
    assert (time[high] > 24.9).mean() > 0.9
    assert (time[~high] < 24.9).mean() == pytest.approx(25 / WINDOW, abs=0.03)


def test_drawn_times_stay_in_the_window_of_the_file(response):
    """Also where light arrives at its edge."""
    for arrival in (0.5, 15.0, 29.5):
        _, times = draw(response, 25, arrival=arrival)
        assert times.min() >= 0
        assert times.max() <= WINDOW


def test_drawing_follows_from_the_generator(response):
    one, other = (draw(response, 3, seed=1) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other))
    assert not np.array_equal(one[0], draw(response, 3, seed=2)[0])
    assert one[0].dtype == one[1].dtype == np.float32


def test_counts_in_one_image_are_drawn_each_by_itself(response):
    """An image with all kinds of counts at once; mean error below 5 standard errors."""
    counts = np.tile([0, 5, 35, 400], (5000, 1))
    charge, _ = response.draw(counts, alone(counts, 0, 1), np.random.default_rng(0))
    error = np.abs(charge.mean(axis=0) - mean_charge(counts[0])) / charge_spread(counts[0])
    assert error.max() < 5 / np.sqrt(5000)


def test_a_grid_of_the_file_is_kept():
    """Charges in steps of 1/4 p.e. and times in whole ns come out as such."""
    counts, charge, time, arrival, spread = camera_images(n_images=60)
    response = fit_response(counts, np.round(4 * charge) / 4, np.round(time), arrival, spread, MANY)
    assert (response.charge_step, response.time_step) == (0.25, 1.0)
    charge, time = draw(response, 20)
    assert (charge * 4 % 1 == 0).all()
    assert (time % 1 == 0).all()
    assert (charge * 2 % 1 != 0).any()


def test_without_a_grid_numbers_are_continuous(response):
    assert (response.charge_step, response.time_step) == (0, 0)
    assert len(np.unique(draw(response, 20)[0])) > 0.99 * N_DRAWN


def test_broken_pixels_are_left_out():
    images = camera_images(n_images=60)
    expected = fit_response(*(a[:, :900] for a in images), MANY)
    images[1][:, 950:], images[2][:, 900:950] = np.nan, np.inf
    images[1][:, 900:950] = 1e6
    found = fit_response(*images, MANY)
    assert np.array_equal(found.charge_quantiles, expected.charge_quantiles)
    assert np.array_equal(found.signal_time, expected.signal_time)


def test_dark_pixels_without_noise_are_no_trouble():
    """As in cleaned files, where dark pixels hold exactly zero."""
    counts, charge, time, arrival, spread = camera_images(n_images=60)
    charge = np.where(counts == 0, 0, charge)
    response = fit_response(counts, charge, time, arrival, spread, MANY)
    assert np.abs(draw(response, 0)[0]).max() < 0.2
    assert draw(response, 30)[0].mean() == pytest.approx(mean_charge(30), rel=0.05)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.ones((10, 100), int), "without light"),
        (np.zeros((10, 100), int), "with light"),
        (np.repeat([[0], [1]], [20, 1], axis=0) * np.ones((1, 100), int), "with light"),
    ],
)
def test_too_few_pixels_are_refused_in_one_line(counts, message):
    rng = np.random.default_rng(0)
    others = [rng.random(counts.shape) for _ in range(4)]
    one_line_refusal(lambda: fit_response(counts, *others, MANY), message)


def test_three_counts_are_enough():
    counts = np.tile([0, 1, 2], (FEWEST_PIXELS, 1))
    rng = np.random.default_rng(0)
    charge = counts + rng.standard_normal(counts.shape)
    time = rng.uniform(0, WINDOW, counts.shape)
    ones = np.ones(counts.shape)
    response = fit_response(counts, charge, time, 15 * ones, ones, MANY)
    assert isinstance(response, CameraResponse)
    assert response.count_nodes.tolist() == [0, 1, 2]
    charge, time = draw(response, 50)
    assert np.isfinite(charge).all()
    assert np.isfinite(time).all()
