"""Pixels follow their brightest neighbour, and are drawn after it."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim.light_reading import ExpectedTimes
from ctapipe_fastsim.network import CVAE, LightMap
from ctapipe_fastsim.network_sizes import NetworkSizes
from ctapipe_fastsim.pixel_lattice import NOBODY, brightest_neighbour, lattice_neighbours
from ctapipe_fastsim.response import fit_response
from ctapipe_fastsim.time_links import linked_times

N_IMAGES = 4000
MANY = 1000.0  # degrees of freedom: a normal distribution


@pytest.fixture
def row():
    """Neighbours of five pixels in a row."""
    return lattice_neighbours(np.arange(5.0), np.zeros(5), 1.0)


def test_links_end_at_local_maxima(row):
    """Of equal pixels the first one is brighter."""
    counts = np.array([4, 9, 2, 5, 5])
    found = [brightest_neighbour(counts, row, pixel) for pixel in range(5)]
    assert found == [1, NOBODY, 1, NOBODY, 3]


def test_a_link_tells_as_much_as_of_two_normal_variables():
    """Against the covariance matrix of both times, inverted."""
    sizes = NetworkSizes(1, -1.0, 3.0, 1.0, 1.0, 0.5, 15.0, 3.0, 30.0, n_latent=2, hidden=8)
    with torch.random.fork_rng():
        network = CVAE(sizes, np.array([0.0, 0.1]), np.zeros(2)).double()
    counts, times = np.array([4.0, 9.0]), np.array([0.0, 17.0])
    mean, alone, common = np.array([[14, 15], [1.5, 2.0], [0.8, 0.7]])
    maps = (torch.as_tensor(values)[None] for values in (mean, alone, common, [0.6, 0.6]))
    told = (torch.as_tensor(values)[None] for values in (counts, times))
    found = linked_times(*told, LightMap(None, None, *maps), network)
    covariance = np.outer(common, common) * [[1, 0.6], [0.6, 1]] + np.diag(alone**2 / counts)
    weight = covariance[0, 1] / covariance[1, 1]
    assert found.is_linked.tolist() == [True, False]
    assert float(found.linked_time[0]) == pytest.approx(14 + weight * 2)
    variance = 1 / np.linalg.inv(covariance)[0, 0]
    assert float(found.linked_spread[0]) == pytest.approx(np.sqrt(variance))
    assert float(found.free_spread[0]) == pytest.approx(np.sqrt(covariance[0, 0]))


def light_response(rng):
    """Of a camera that shows the time of its light, standard normal around what is expected."""
    counts = rng.integers(0, 60, (300, 50))
    dark = rng.uniform(0, 30, counts.shape)
    times = np.where(counts > 0, 15 + rng.standard_normal(counts.shape), dark)
    charge = counts + 0.5 * rng.standard_normal(counts.shape)
    return fit_response(
        counts, charge, times, np.full(counts.shape, 15), np.ones(counts.shape), MANY
    )


def drawn(odds, share=1.0):
    """Times of images of three pixels, each following the one behind it."""
    rng = np.random.default_rng(0)
    counts = np.tile([20, 25, 30], (N_IMAGES, 1))
    ones = np.ones(counts.shape, np.float32)
    followed = np.tile(np.array([1, 2, NOBODY], np.int32), (N_IMAGES, 1))
    mean = ones * np.array([14, 15, 16], np.float32)
    expected = ExpectedTimes(mean, 3 * ones, 0.1 * ones, followed, share * ones, odds * ones, 5.0)
    return light_response(rng).draw(counts, expected, rng)[1] - mean


def test_a_pixel_that_follows_shares_the_delay_of_the_other():
    """Standard deviations within 12 %, of 3 ns in common and 0.1 ns for each link."""
    late = drawn(odds=50.0)
    assert late.std(axis=0) == pytest.approx(3, rel=0.12)
    assert np.diff(late, axis=1).std(axis=0) == pytest.approx(0.1, rel=0.12)


def test_only_a_share_of_the_delay_is_followed():
    late = drawn(odds=50.0, share=0.5)
    assert late.std(axis=0) == pytest.approx([0.75, 1.5, 3], rel=0.12)


def test_nobody_follows_a_time_that_is_not_of_light():
    """Correlation below 0.06, four standard errors."""
    late = drawn(odds=-50.0)
    assert late.std(axis=0) == pytest.approx(3, rel=0.12)
    assert np.abs(np.corrcoef(late.T) - np.eye(3)).max() < 0.06
