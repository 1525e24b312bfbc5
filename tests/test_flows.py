"""Densities: samples follow from the noise, and from the density."""

import pytest
import torch

from ctapipe_fastsim.flows import flow_sample, latent_prior, shower_development_flow, size_flow

FLOWS = {
    "size": lambda: size_flow(3),
    "development": lambda: shower_development_flow(2, 3),
    "latents": lambda: latent_prior(4, 3),
}


@pytest.fixture(params=FLOWS)
def flow(request):
    """Each kind of flow, told of three numbers, with splines that are not near straight."""
    torch.manual_seed(0)
    flow = FLOWS[request.param]()
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.mul_(2)
    return flow


@torch.no_grad()
def test_samples_follow_from_the_noise_as_in_zuko(flow):
    features = flow(torch.zeros(1, 3)).sample().shape[1]
    context, noise = torch.randn(500, 3), 3 * torch.randn(500, features)
    drawn = flow_sample(flow, context, noise)
    assert (noise.abs() > 5).any()  # outside of the splines too
    assert torch.equal(drawn, flow_sample(flow, context, noise))
    assert torch.allclose(drawn, flow(context).transform.inv(noise), atol=1e-4)


def test_flow_samples_have_the_density_of_the_flow():
    """Share of samples below a value against the integrated density; 4 standard errors."""
    flow, n = size_flow(1), 20_000
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.mul_(2)
        context = torch.full((n, 1), 0.5)
        drawn = flow_sample(flow, context, torch.randn(n, 1))
        grid = torch.linspace(-8, 8, 20_001, dtype=torch.float64)[:, None]
        density = flow.double()(torch.full_like(grid, 0.5)).log_prob(grid).exp()
    cumulative = torch.cumulative_trapezoid(density, grid[:, 0])
    assert float(cumulative[-1]) == pytest.approx(1, abs=1e-3)
    for value in (-1.0, 0.0, 1.0):
        expected = float(cumulative[torch.searchsorted(grid[1:, 0], value)])
        assert float((drawn < value).float().mean()) == pytest.approx(
            expected, abs=4 * 0.5 / n**0.5
        )


def test_the_size_flow_gets_a_gradient():
    flow = size_flow(3)
    flow(torch.randn(20, 3)).log_prob(torch.randn(20, 1)).sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in flow.parameters())
