"""Compiled reading of the maps is that of the network that was trained."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim.light_reading import map_reader, read_light, read_times
from ctapipe_fastsim.network import CVAE, NetworkSizes

N_IMAGES, N_PIXELS, N_LATENT = 12, 60, 4
SIZES = NetworkSizes(
    *(3, -0.5, 3.0, 1.0, 1.0, 0.5, 15.0, 3.0, 30.0, N_LATENT),
    *(16, 12, 16, 9),
)


@pytest.fixture
def cvae():
    """Weights large enough for maps with hills, and displacements of some pixels."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        cvae = CVAE(SIZES, *np.random.default_rng(0).uniform(-2, 2, (2, N_PIXELS)))
        with torch.no_grad():
            for parameter in cvae.parameters():
                parameter += 0.3 * torch.randn_like(parameter)
    return cvae


def told():
    """Latents, source and core, mirror flags, known numbers."""
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, N_IMAGES)
    source = rng.uniform(-0.5, 0.5, (2, N_IMAGES))
    arrays = (
        rng.standard_normal((N_IMAGES, N_LATENT)),
        np.stack([*source, np.cos(angle), np.sin(angle)], axis=1),
        np.where(rng.random(N_IMAGES) < 0.5, -1, 1),
        rng.standard_normal((N_IMAGES, 4)),
    )
    return tuple(a.astype(np.float32) for a in arrays)


@torch.no_grad()
def both_ways(cvae):
    """`LightMap` and what `CVAE.time_spread` makes of it, and what was read, with the counts."""
    latent, source_core, mirror, known = map(torch.as_tensor, told())
    view = cvae.view(source_core, mirror)
    light = cvae.decode(latent, view, known)
    maps = [part.numpy() for part in cvae.maps(latent, view.orientation, known)]
    seen = map_reader(cvae), source_core.numpy(), mirror.numpy(), maps[2]
    counts = np.random.default_rng(2).poisson(3, (N_IMAGES, N_PIXELS))
    spread = cvae.time_spread(light.time_spread, torch.as_tensor(counts)).numpy()
    read = *read_light(*seen, *maps[:2]), *read_times(*seen, maps[1], counts)
    return (light.fraction, light.clump, light.time, spread), read, counts


def test_pixels_read_what_the_decoder_paints(cvae):
    expected, found, counts = both_ways(cvae)
    fraction, clump = found[:2]
    assert np.ptp(np.log(fraction), axis=1).min() > 2  # hills
    np.testing.assert_allclose(fraction, expected[0], rtol=1e-3)
    np.testing.assert_allclose(clump, expected[1], rtol=1e-3)
    for values, wanted in zip(found[2:], expected[2:]):
        np.testing.assert_allclose(values[counts > 0], wanted[counts > 0], rtol=1e-3)
        assert not values[counts == 0].any()


def test_some_pixels_are_outside_of_the_maps(cvae):
    """Their clump is that of the dark, their light in proportion to their efficiency."""
    (fraction, clump, *_), found, _ = both_ways(cvae)
    dark = np.isclose(clump, map_reader(cvae).dark_clump)
    assert 0 < dark.sum(axis=1).min() <= dark.sum(axis=1).max() < N_PIXELS
    ratio = found[0] / np.exp(cvae.log_efficiency.detach().numpy())
    for image, outside in zip(ratio, dark):
        assert np.ptp(image[outside]) < 1e-5 * image[outside].max()


def test_displacements_that_are_no_numbers_displace_nothing(cvae):
    with torch.no_grad():
        cvae.decoder[-1].bias[-3:] = torch.nan
    expected, found, counts = both_ways(cvae)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-3)
    assert np.isfinite(found[2]).all()
