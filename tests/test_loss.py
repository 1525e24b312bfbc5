"""The loss is made of normalised likelihoods and of the true KL."""

import math

import numpy as np
import pytest
import torch
from scipy.special import gammaln
from scipy.stats import nbinom, t

from ctapipe_fastsim.loss import (
    count_log_likelihood,
    kl_sample,
    kl_standard_normal,
    time_log_likelihood,
)
from ctapipe_fastsim.network import CVAE, LightMap
from ctapipe_fastsim.network_sizes import NetworkSizes
from ctapipe_fastsim.time_links import degrees_of_freedom

WINDOW = 40.0


@pytest.fixture
def network():
    sizes = NetworkSizes(1, -1.0, 3.0, 1.0, 1.0, 0.5, 15.0, 3.0, WINDOW, n_latent=2, hidden=8)
    with torch.random.fork_rng():
        return CVAE(sizes, np.zeros(1), np.zeros(1)).double()


@pytest.fixture
def light():
    """Counts of 5 images, 30 pixels, with shares and clumps; the last image is empty."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.exponential(3, (5, 30)))
    counts[4] = 0
    fraction = rng.dirichlet(np.ones(30), 5)
    clump = rng.uniform(0.05, 3, (5, 30))
    return tuple(torch.as_tensor(a, dtype=torch.float64) for a in (counts, fraction, clump))


def test_count_likelihood_is_scipys_without_log_factorials(light):
    """It leaves out -log n! of every pixel, and nothing else; r has 1e-6 added to be positive."""
    counts, fraction, clump = (a.numpy() for a in light)
    shape = counts.sum(axis=1, keepdims=True) * fraction / clump + 1e-6
    expected = nbinom.logpmf(counts, shape, 1 / (1 + clump)) + gammaln(counts + 1)
    found = count_log_likelihood(*light).numpy()
    assert np.allclose(found, expected.sum(axis=1), rtol=1e-10, atol=1e-10)


def test_an_empty_image_has_a_likelihood_of_one(light):
    assert count_log_likelihood(*light)[4] == pytest.approx(0, abs=1e-3)


def test_count_likelihood_in_single_precision_agrees(light):
    single = count_log_likelihood(*(a.float() for a in light))
    assert torch.allclose(single.double(), count_log_likelihood(*light), rtol=1e-3)


def test_count_likelihood_prefers_the_true_shares():
    rng = np.random.default_rng(3)
    fraction = torch.as_tensor(rng.dirichlet(np.ones(20)))[None].expand(400, -1)
    counts = torch.as_tensor(rng.poisson(100 * fraction.numpy()).astype(float))
    clump = torch.full_like(counts, 0.05)
    flat = torch.full_like(fraction, 1 / 20)
    true = count_log_likelihood(counts, fraction, clump).mean()
    assert true > count_log_likelihood(counts, flat, clump).mean() + 1


def light_at(time, spread, n):
    maps = {"time": time, "time_spread": spread, "common_spread": 0.3, "correlation": 0.1}
    maps = {name: torch.full((n, 1), value, dtype=torch.float64) for name, value in maps.items()}
    return LightMap(fraction=None, clump=None, **maps)


@pytest.mark.parametrize("count", [1, 4, 100])
def test_time_likelihood_is_a_density(network, count):
    """It integrates to one over the window, but for the tails of the light beyond it."""
    times = torch.linspace(0, WINDOW, 200_001, dtype=torch.float64)[:, None]
    counts = torch.full_like(times, count)
    log_density = time_log_likelihood(counts, times, light_at(20.0, 2.0, len(times)), network)
    integral = torch.trapezoid(log_density.detach().exp(), times[:, 0])
    odds, power = network.time_signal_odds.detach().numpy()
    signal = 1 / (1 + np.exp(-odds - power * np.log(count)))
    spread = np.hypot(2 / np.sqrt(count), 0.3)
    beyond = 2 * t.sf(20 / spread, float(degrees_of_freedom(network).detach()))
    assert float(integral) == pytest.approx(1 - signal * beyond, abs=1e-5)


def test_time_likelihood_is_students_in_a_flat_night_sky(network):
    times = torch.tensor([[3.0], [19.0], [22.0]], dtype=torch.float64)
    found = time_log_likelihood(
        torch.full_like(times, 9), times, light_at(20.0, 2.0, 3), network
    ).detach()
    odds, power = network.time_signal_odds.detach().numpy()
    signal = 1 / (1 + np.exp(-odds - power * np.log(9)))
    spread, degrees = np.hypot(2 / 3, 0.3), float(degrees_of_freedom(network).detach())
    density = signal * t.pdf(times[:, 0], degrees, 20, spread) + (1 - signal) / WINDOW
    assert np.allclose(found, np.log(density))


def test_time_likelihood_looks_at_lit_pixels_only(network):
    counts = torch.tensor([[0.0, 2.0, 0.0]], dtype=torch.float64)
    network = CVAE(network.sizes, *np.random.default_rng(0).uniform(-1, 1, (2, 3))).double()
    light = LightMap(None, None, *(torch.full((1, 3), x).double() for x in (20.0, 2.0, 0.3, 0.1)))
    one, other, moved = (
        time_log_likelihood(counts, torch.tensor([times]).double(), light, network)
        for times in ([1.0, 18, 3], [30.0, 18, 0], [1.0, 24, 3])
    )
    assert one == other
    assert one != moved


def test_an_image_without_light_says_nothing_of_times(network):
    none = torch.zeros(2, 1, dtype=torch.float64)
    assert time_log_likelihood(none, none, light_at(20.0, 2.0, 2), network).tolist() == [0, 0]


def test_kl_samples_average_to_the_kl_of_two_normals():
    """Against a standard normal prior, within 4 standard errors of 200 000 samples."""
    n = 200_000
    mean = torch.tensor([[0.7, -1.2, 0.0]]).expand(n, -1)
    log_variance = torch.tensor([[-1.5, 0.4, 0.0]]).expand(n, -1)
    noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(1))
    latent = mean + torch.exp(0.5 * log_variance) * noise
    log_prior = (-0.5 * (latent**2 + math.log(2 * math.pi))).sum(dim=1)
    samples = kl_sample(latent, mean, log_variance, log_prior)
    analytic = kl_standard_normal(mean[:1], log_variance[:1])[0]
    error = 4 * samples.std() / math.sqrt(n)
    assert error < 0.02
    assert abs(samples.mean() - analytic) < error


def test_kl_is_zero_when_the_posterior_is_the_prior():
    latent = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    log_prior = (-0.5 * (latent**2 + math.log(2 * math.pi))).sum(dim=1)
    zero = torch.zeros(50, 4)
    assert torch.allclose(kl_sample(latent, zero, zero, log_prior), torch.zeros(50), atol=1e-5)
