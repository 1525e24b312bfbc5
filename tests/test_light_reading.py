"""Compiled reading of the maps is that of the network that was trained."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from ctapipe_fastsim.light_reading import map_reader, read_light, read_times
from ctapipe_fastsim.map_numbers import SMALLEST_CLUMP
from ctapipe_fastsim.module_arrays import save_arrays
from ctapipe_fastsim.network import CVAE
from ctapipe_fastsim.network_sizes import NetworkSizes
from ctapipe_fastsim.pixel_lattice import NOBODY
from ctapipe_fastsim.time_links import linked_times

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


def reader_of(cvae):
    lon, lat = (place.numpy() for place in (cvae.pixel_lon, cvae.pixel_lat))
    return map_reader(save_arrays(cvae), SIZES, lon, lat, cvae.lattice.spacing)


@torch.no_grad()
def both_ways(cvae):
    """`LightMap` and what `linked_times` makes of it, and what was read, with the counts."""
    latent, source_core, mirror, known = map(torch.as_tensor, told())
    view = cvae.view(source_core, mirror)
    painting = cvae.paint(latent, view.orientation, known)
    light = cvae.read(painting, view)
    maps = [part.numpy() for part in painting[1:]]
    seen = reader_of(cvae), source_core.numpy(), mirror.numpy(), maps[2]
    counts = np.random.default_rng(2).poisson(3, (N_IMAGES, N_PIXELS))
    times = np.random.default_rng(3).uniform(5, 25, counts.shape)
    tensors = (torch.as_tensor(values).float() for values in (counts, times))
    linked = linked_times(*tensors, light, cvae)
    read = read_light(*seen, *maps[:2]), read_times(*seen, maps[1], counts)
    return light, linked, *read, counts, times


def test_pixels_read_what_the_decoder_paints(cvae):
    light, _, (fraction, clump), found, counts, _ = both_ways(cvae)
    assert np.ptp(np.log(fraction), axis=1).min() > 2  # hills
    np.testing.assert_allclose(fraction, light.fraction, rtol=1e-3)
    np.testing.assert_allclose(clump, light.clump, rtol=1e-3)
    np.testing.assert_allclose(found.time[counts > 0], light.time[counts > 0], rtol=1e-3)


def test_pixels_expect_the_times_that_the_training_does(cvae):
    """The same links, spreads, shares and odds."""
    light, linked, _, found, counts, times = both_ways(cvae)
    lit = counts > 0  # in the order of `linked`
    followed = found.followed[lit]
    np.testing.assert_array_equal(followed != NOBODY, linked.is_linked)
    assert 0.1 < linked.is_linked.float().mean() < 0.95
    np.testing.assert_allclose(found.free_spread[lit], linked.free_spread, rtol=1e-3)
    image = np.nonzero(lit)[0]
    followed = np.where(linked.is_linked, followed, np.nonzero(lit)[1])
    late = (times - light.time.numpy())[image, followed]
    expected = found.time[lit] + found.share[lit] * late
    far = late / found.free_spread[image, followed]
    degrees = found.degrees_of_freedom
    odds = found.odds[image, followed] - (degrees + 1) / 2 * np.log1p(far**2 / degrees)
    for values, wanted in (
        (found.linked_spread[lit], linked.linked_spread),
        (expected, linked.linked_time),
        (odds, linked.link_odds),
    ):
        np.testing.assert_allclose(
            values[linked.is_linked], wanted[linked.is_linked], rtol=1e-3, atol=1e-3
        )


def test_some_pixels_are_outside_of_the_maps(cvae):
    """Their clump is that of the dark, their light in proportion to their efficiency."""
    light, _, found, *_ = both_ways(cvae)
    clump = light.clump.numpy()
    dark_clump = functional.softplus(cvae.dark_clump.detach()) + SMALLEST_CLUMP
    dark = np.isclose(clump, dark_clump)
    assert 0 < dark.sum(axis=1).min() <= dark.sum(axis=1).max() < N_PIXELS
    ratio = found[0] / np.exp(cvae.log_efficiency.detach().numpy())
    for image, outside in zip(ratio, dark):
        assert np.ptp(image[outside]) < 1e-5 * image[outside].max()


def test_places_that_are_no_numbers_are_at_the_edge(cvae):
    """Not outside of the maps, where memory of others lies."""
    reader = reader_of(cvae)._replace(lon=np.full(N_PIXELS, np.nan, np.float32))
    _, source_core, mirror, _ = told()
    maps = np.zeros((N_IMAGES, 3), np.float32), np.ones((N_IMAGES, 5, 3, 3), np.float32)
    found = read_times(reader, source_core, mirror, *maps, np.ones((N_IMAGES, N_PIXELS), int))
    np.testing.assert_allclose(found.time, reader.time_scale + reader.time_origin)


def test_displacements_that_are_no_numbers_displace_nothing(cvae):
    with torch.no_grad():
        cvae.painter[-1].bias[-3:] = torch.nan
    light, _, (fraction, _), found, *_ = both_ways(cvae)
    np.testing.assert_allclose(fraction, light.fraction, rtol=1e-3)
    assert np.isfinite(found.time).all()
