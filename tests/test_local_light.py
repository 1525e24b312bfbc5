"""Latents of places change the maps around them, and nothing far away."""

import pytest
import torch

from ctapipe_fastsim.local_light import N_ACROSS, N_ALONG, LocalLight, resampled

N_IMAGES, N_LOCAL, N_FEATURES, N_MAPS = 3, 2, 6, 4


@pytest.fixture
def local():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield LocalLight(N_LOCAL, N_FEATURES, N_MAPS)


def nodes(*leading):
    return torch.randn((*leading, N_ACROSS, N_ALONG))


def test_a_latent_changes_what_is_near(local):
    """Two convolutions of three nodes reach two nodes far."""
    latent, light, features = nodes(N_IMAGES, N_LOCAL), nodes(N_IMAGES), torch.randn(3, N_FEATURES)
    moved = latent.clone()
    moved[:, 0, 5, 10] += 1
    change = local.decode(moved, light, features) - local.decode(latent, light, features)
    assert change.shape == (N_IMAGES, N_MAPS, N_ACROSS, N_ALONG)
    changed = change.abs().amax(dim=(0, 1)) > 1e-6
    assert changed[5, 10]
    across, along = changed.nonzero(as_tuple=True)
    assert (across - 5).abs().max() <= 2
    assert (along - 10).abs().max() <= 2


def test_every_parameter_gets_a_gradient(local):
    light, features = torch.rand(N_IMAGES, N_ACROSS, N_ALONG), torch.randn(N_IMAGES, N_FEATURES)
    mean, log_variance = local.encode(10 * light, light, -light, light, features)
    local.decode(mean + log_variance, light, features).square().sum().backward()
    for name, parameter in local.named_parameters():
        assert parameter.grad.abs().max() > 0, name


def test_no_light_at_all_is_finite(local):
    zero, features = torch.zeros(N_IMAGES, N_ACROSS, N_ALONG), torch.zeros(N_IMAGES, N_FEATURES)
    for values in local.encode(zero, zero, zero - 9, zero, features):
        assert torch.isfinite(values).all()


def test_maps_keep_their_edges_on_another_grid():
    maps = torch.rand(2, 3, 5, 7)
    found = resampled(maps, (9, 21))
    assert torch.allclose(found[:, :, ::8, ::20], maps[:, :, ::4, ::6], atol=1e-5)
