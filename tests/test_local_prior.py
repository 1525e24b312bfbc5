"""Latents of places get a density of their own, and samples of it."""

import math

import pytest
import torch

from ctapipe_fastsim.flow_fit import fit_flow
from ctapipe_fastsim.local_light import N_ACROSS, N_ALONG
from ctapipe_fastsim.local_prior import LocalPrior

N_IMAGES, N_LOCAL, N_TOLD = 4, 2, 3


def nodes(*leading):
    return torch.randn((*leading, N_ACROSS, N_ALONG))


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def told():
    return nodes(N_IMAGES), torch.randn(N_IMAGES, N_TOLD)


@pytest.fixture
def prior():
    """One that moves and scales."""
    prior = LocalPrior(N_LOCAL, N_TOLD)
    with torch.no_grad():
        for corner in prior.corners:
            torch.nn.init.normal_(corner.last.weight, std=0.3)
    return prior


def test_before_it_learns_latents_are_the_noise(told):
    prior, noise = LocalPrior(N_LOCAL, N_TOLD), nodes(N_IMAGES, N_LOCAL)
    assert torch.equal(prior.draw(noise, *told), noise)
    expected = -0.5 * (noise.square() + math.log(2 * math.pi)).sum(dim=(1, 2, 3))
    torch.testing.assert_close(prior.log_density(noise, *told), expected)


@torch.no_grad()
def test_the_density_is_that_of_what_is_drawn(prior, told):
    """Density of the noise over the volume it is stretched to, by finite differences."""
    noise = nodes(1, N_LOCAL).double()
    prior.double()
    light, numbers = (part[:1].double() for part in told)
    drawn = prior.draw(noise, light, numbers)
    assert (drawn - noise).abs().max() > 0.1
    size, step = noise.numel(), 1e-5
    moved = noise + step * torch.eye(size, dtype=torch.float64).reshape(size, *noise.shape[1:])
    many = light.expand(size, -1, -1), numbers.expand(size, -1)
    jacobian = (prior.draw(moved, *many) - drawn).reshape(size, size) / step
    expected = -0.5 * (noise.square() + math.log(2 * math.pi)).sum()
    expected -= torch.linalg.slogdet(jacobian).logabsdet
    found = prior.log_density(drawn, light, numbers)[0]
    torch.testing.assert_close(found, expected, atol=1e-2, rtol=0)


def test_it_learns_how_neighbours_go_together():
    """Every other node shares half of its variance with the one before; correlation within 0.05."""
    n = 1000
    noise = nodes(n, 1)
    is_shared = torch.arange(N_ALONG) % 2 == 1
    latents = torch.where(is_shared, (noise + noise.roll(1, dims=3)) / math.sqrt(2), noise)
    told = torch.zeros(n, N_ACROSS, N_ALONG), torch.zeros(n, N_TOLD)
    prior = LocalPrior(1, N_TOLD)

    def log_likelihood(rows):
        return prior.log_density(latents[rows], *(part[rows] for part in told))

    fit_flow(prior, log_likelihood, torch.arange(n), 4, 50, 1e-2, torch.Generator())
    with torch.no_grad():
        drawn = prior.draw(nodes(n, 1), *told)
    shared = drawn[..., 5:15:2]
    for shift, expected in ((-1, math.sqrt(0.5)), (1, 0.0)):
        neighbour = drawn[..., 5 + shift : 15 + shift : 2]
        pairs = torch.stack([shared.flatten(), neighbour.flatten()])
        assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(expected, abs=0.05)


def test_every_parameter_gets_a_gradient(prior, told):
    prior.log_density(nodes(N_IMAGES, N_LOCAL), *told).sum().backward()
    for name, parameter in prior.named_parameters():
        assert parameter.grad.abs().max() > 0, name
