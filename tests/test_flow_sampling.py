"""Samples follow from the noise, and from the density."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim.flow_sampling import flow_arrays, flow_sample
from ctapipe_fastsim.flows import latent_prior, shower_development_flow, size_flow
from ctapipe_fastsim.module_arrays import save_arrays

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


def arrays_of(flow, n_context=3):
    return flow_arrays(save_arrays(flow), flow.base().event_shape.numel(), n_context)


@torch.no_grad()
def test_samples_follow_from_the_noise_as_in_zuko(flow):
    features = flow(torch.zeros(1, 3)).sample().shape[1]
    context, noise = torch.randn(500, 3), 3 * torch.randn(500, features)
    drawn = flow_sample(arrays_of(flow), context.numpy(), noise.numpy())
    assert (noise.abs() > 5).any()  # outside of the splines too
    expected = flow(context).transform.inv(noise).numpy()
    np.testing.assert_allclose(drawn, expected, atol=1e-4)


def test_a_sample_does_not_depend_on_those_beside_it(flow):
    arrays = arrays_of(flow)
    rng = np.random.default_rng(0)
    context = rng.normal(size=(40, 3)).astype(np.float32)
    noise = rng.normal(size=(40, arrays.order.shape[1])).astype(np.float32)
    together = flow_sample(arrays, context, noise)
    parts = [flow_sample(arrays, context[rows], noise[rows]) for rows in (slice(7), slice(7, 40))]
    assert np.array_equal(np.concatenate(parts), together)


def test_flow_samples_have_the_density_of_the_flow():
    """Share of samples below a value against the integrated density; 4 standard errors."""
    flow, n = size_flow(1), 20_000
    noise = np.random.default_rng(0).normal(size=(n, 1)).astype(np.float32)
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.mul_(2)
        drawn = flow_sample(arrays_of(flow, 1), np.full((n, 1), 0.5, np.float32), noise)
        grid = torch.linspace(-8, 8, 20_001, dtype=torch.float64)[:, None]
        density = flow.double()(torch.full_like(grid, 0.5)).log_prob(grid).exp()
    cumulative = torch.cumulative_trapezoid(density, grid[:, 0])
    assert float(cumulative[-1]) == pytest.approx(1, abs=1e-3)
    for value in (-1.0, 0.0, 1.0):
        expected = float(cumulative[torch.searchsorted(grid[1:, 0], value)])
        assert np.mean(drawn < value) == pytest.approx(expected, abs=4 * 0.5 / n**0.5)


def test_the_order_of_features_is_that_of_the_flow():
    """Which the weights tell, 0 where they are masked."""
    flow = latent_prior(4, 3)
    order = [layer.order.tolist() for layer in flow.transform.transforms[::-1]]
    assert len(order) > 1
    assert arrays_of(flow).order.tolist() == order


def test_features_that_depend_on_nothing_are_drawn_at_once():
    arrays = {name: np.zeros_like(value) for name, value in save_arrays(latent_prior(4, 3)).items()}
    flow, noise = flow_arrays(arrays, 4, 3), np.ones((5, 4), np.float32)
    assert (flow.order == 0).all()
    drawn = flow_sample(flow, np.zeros((5, 3), np.float32), noise)
    np.testing.assert_allclose(drawn, np.broadcast_to(drawn[0, 0], (5, 4)), rtol=1e-5)


HYPER = "transform.transforms.0.hyper"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda arrays: arrays.clear(), "is missing"),
        (lambda arrays: arrays.pop(f"{HYPER}.2.bias"), "'.*hyper.2.bias' is missing"),
        (lambda arrays: arrays.update({f"{HYPER}.2.bias": np.zeros(3)}), "has shape"),
        (lambda arrays: arrays.update({f"{HYPER}.4.bias": np.zeros(7)}), "has shape"),
        (lambda arrays: arrays.update({f"{HYPER}.0.weight": np.ones((64, 7))}), "in a circle"),
        (
            lambda arrays: arrays.update(
                {f"{HYPER}.4.bias": np.zeros(12), f"{HYPER}.4.weight": np.zeros((12, 64))}
            ),
            "no splines",
        ),
    ],
)
def test_weights_of_no_flow_are_refused(spoil, message):
    arrays = save_arrays(latent_prior(4, 3))
    if "circle" in message:
        arrays = {name: np.ones_like(value) for name, value in arrays.items()}
    spoil(arrays)
    with pytest.raises(ValueError, match=message):
        flow_arrays(arrays, 4, 3)
