"""The networks: gradients everywhere, proper light maps, mirror symmetry, plain arrays."""

import math

import numpy as np
import pytest
import torch

from ctapipe_fastsim.loss import count_log_likelihood, kl_sample, time_log_likelihood
from ctapipe_fastsim.map_numbers import SMALLEST_CLUMP, SMALLEST_SPREAD
from ctapipe_fastsim.module_arrays import load_arrays, save_arrays
from ctapipe_fastsim.network import CVAE, _binned, _cell, prior_context
from ctapipe_fastsim.network_sizes import NetworkSizes
from ctapipe_fastsim.shower_frame import pixel_directions

N_CONDITIONS, N_LATENT, N_IMAGES = 3, 4, 12
SIZES = NetworkSizes(
    *(N_CONDITIONS, -0.5, 3.0, 1.0, 1.0, 0.5, 15.0, 3.0, 30.0, N_LATENT),
    *(16, 12, 16, 9),
)


@pytest.fixture(autouse=True)
def seeded():
    """Initial weights of every test are the same, and torch's own stream is left as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture
def pixels():
    rng = np.random.default_rng(0)
    return rng.uniform(-2, 2, (2, 60)).astype(np.float32)


@pytest.fixture
def cvae(pixels):
    return CVAE(SIZES, *pixels)


@pytest.fixture
def images():
    """Counts, times, source and core, mirror flags, known numbers."""
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, N_IMAGES)
    source = rng.uniform(-0.5, 0.5, (2, N_IMAGES))
    arrays = (
        rng.poisson(4, (N_IMAGES, 60)),
        rng.uniform(5, 25, (N_IMAGES, 60)),
        np.stack([*source, np.cos(angle), np.sin(angle)], axis=1),
        np.where(rng.random(N_IMAGES) < 0.5, -1, 1),
        rng.standard_normal((N_IMAGES, N_CONDITIONS + 1)),
    )
    return tuple(torch.as_tensor(a.astype(np.float32)) for a in arrays)


def decoded(cvae, latent, view, known):
    """`LightMap` of what the latents of the whole image say."""
    return cvae.read(cvae.paint(latent, view.orientation, known), view)


def elbo_terms(cvae, images):
    """Every term of the evidence lower bound, summed over images."""
    counts, times, source_core, mirror, known = images
    view = cvae.view(source_core, mirror)
    mean, log_variance = cvae.encode(counts, times, view, known)
    latent = mean + torch.exp(0.5 * log_variance) * torch.randn(mean.shape)
    light = decoded(cvae, latent, view, known)
    log_prior = cvae.prior(prior_context(known, view)).log_prob(latent)
    return {
        "counts": count_log_likelihood(counts, light.fraction, light.clump).sum(),
        "times": time_log_likelihood(counts, times, light, cvae).sum(),
        "kl": kl_sample(latent, mean, log_variance, log_prior).sum(),
    }


def test_every_parameter_gets_a_gradient(cvae, images):
    terms = elbo_terms(cvae, images)
    (terms["kl"] - terms["counts"] - terms["times"]).backward()
    for name, parameter in cvae.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


def test_empty_and_bright_images_have_finite_gradients(cvae, images):
    counts = images[0].clone()
    counts[0], counts[1] = 0, 0
    counts[1, 5] = 1e6
    terms = elbo_terms(cvae, (counts, *images[1:]))
    sum(terms.values()).backward()
    assert all(torch.isfinite(p.grad).all() for p in cvae.parameters())


def test_light_map_is_a_share_with_positive_clump_and_spread(cvae, images):
    *_, source_core, mirror, known = images
    view = cvae.view(source_core, mirror)
    light = decoded(cvae, 10 * torch.randn(N_IMAGES, N_LATENT), view, known)
    assert torch.allclose(light.fraction.sum(dim=1), torch.ones(N_IMAGES), atol=1e-5)
    assert (light.fraction >= 0).all()
    assert (light.clump >= SMALLEST_CLUMP).all()
    assert (light.time_spread >= SMALLEST_SPREAD).all()
    assert torch.isfinite(light.time).all()


def test_pixels_off_the_map_share_the_dark_level(cvae, images):
    """A displacement of the maps by up to a pixel changes what is off the map."""
    *_, source_core, mirror, known = images
    view = cvae.view(source_core, mirror)
    light = decoded(cvae, torch.zeros(N_IMAGES, N_LATENT), view, known)
    far_off = (view.u < -0.8) | (view.v.abs() > 1.5)
    assert 0.05 < far_off.float().mean() < 0.9
    for fraction, dark in zip(light.fraction, far_off):
        assert torch.allclose(fraction[dark], fraction[dark][0])
        assert fraction[dark].max() < fraction[~dark].max()


def test_a_mirrored_shower_with_mirrored_flag_gives_the_same_light(pixels, images):
    """Reflected in a camera that is its own mirror image: pixel i becomes pixel i + 60."""
    lon, lat = pixels
    cvae = CVAE(SIZES, np.concatenate([lon, -lon]), np.concatenate([lat, lat]))
    counts, times, source_core, mirror, known = images
    counts, times = torch.cat([counts, 0 * counts], dim=1), torch.cat([times, times], dim=1)
    latent = torch.randn(N_IMAGES, N_LATENT)
    view = cvae.view(source_core, mirror)
    reflected = cvae.view(source_core * torch.tensor([-1, 1, -1, 1]), -mirror)

    one, other = (decoded(cvae, latent, p, known) for p in (view, reflected))
    for name in ("fraction", "clump", "time", "time_spread", "common_spread", "correlation"):
        expected = getattr(one, name).roll(60, dims=1)
        assert torch.allclose(getattr(other, name), expected, rtol=1e-3, atol=1e-6), name
    one = cvae.encode(counts, times, view, known)
    other = cvae.encode(counts.roll(60, dims=1), times, reflected, known)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(one, other))
    contexts = prior_context(known, view), prior_context(known, reflected)
    assert torch.allclose(*contexts, atol=1e-5)


def test_the_mirror_flag_matters(cvae, images):
    *_, source_core, mirror, known = images
    latent = torch.randn(N_IMAGES, N_LATENT)
    one, other = (
        decoded(cvae, latent, cvae.view(source_core, flags), known).fraction
        for flags in (mirror, -mirror)
    )
    assert not torch.allclose(one, other, rtol=1e-3)


def test_light_depends_on_the_place_in_the_shower_only(images, pixels):
    """A camera moved with the shower sees the same light."""
    *_, source_core, mirror, known = images
    lon, lat = pixels
    moved = source_core + torch.tensor([0.3, -0.2, 0, 0])
    cvae = CVAE(SIZES, *pixels)
    other = load_arrays(CVAE(SIZES, lon + 0.3, lat - 0.2), save_arrays(cvae))
    latent = torch.randn(N_IMAGES, N_LATENT)
    lights = [
        decoded(network, latent, network.view(place, mirror), known).fraction
        for network, place in ((cvae, source_core), (other, moved))
    ]
    assert torch.allclose(*lights, rtol=1e-2)


def test_maps_reach_from_edge_to_edge(cvae):
    """And nodes are denser in the middle of the light than at the ends."""
    u, v = torch.tensor([-0.5, 3.0, 1.0]), torch.tensor([-1.0, 1.0, 0.0])
    along, across = cvae.map_position(u, v)
    assert along[:2].tolist() == pytest.approx([-1, 1], abs=1e-6)
    assert across.tolist() == pytest.approx([-1, 1, 0], abs=1e-6)
    steps, _ = cvae.map_position(torch.tensor([0.9, 1.1, 2.7, 2.9]), torch.zeros(4))
    assert steps[1] - steps[0] > 2 * (steps[3] - steps[2])


def test_pixels_differ_in_a_learned_efficiency(cvae, images):
    *_, source_core, mirror, known = images
    told = torch.zeros(N_IMAGES, N_LATENT), cvae.view(source_core, mirror), known
    before = decoded(cvae, *told).fraction
    with torch.no_grad():
        cvae.log_efficiency[7] += math.log(2)
    after = decoded(cvae, *told).fraction
    gained = (after / before)[:, 7] / (after / before)[:, 8]
    assert torch.allclose(gained, torch.full_like(gained, 2), rtol=1e-4)


def test_the_encoder_does_not_see_times_of_dark_pixels(cvae, images):
    counts, times, source_core, mirror, known = images
    view = cvae.view(source_core, mirror)
    moved = torch.where(counts == 0, times + 5, times)
    assert not torch.equal(moved, times)
    one, other = (cvae.encode(counts, t, view, known) for t in (times, moved))
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_the_encoder_sees_light_on_the_map_only():
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(-0.4, 2.9, 50), rng.uniform(-0.9, 0.9, 50)
    lon[:10] -= 5
    cvae = CVAE(SIZES, lon, lat)
    view = cvae.view(torch.tensor([[0, 0, 1.0, 0]]), torch.ones(1))
    counts = torch.as_tensor(rng.poisson(5, (1, 50)).astype(np.float32))
    x, y = cvae.map_position(view.u, view.v)
    cell = _cell((x + 1) / 2 * 8, (y + 1) / 2 * 5, (5, 8))
    assert _binned(counts, cell, 40).sum() == counts[:, 10:].sum()


def test_orientation_tells_the_angles_to_lattice_and_vertical():
    """Sines change sign under reflection; six-fold turns leave the lattice what it is."""
    i, j = np.mgrid[-4:5, -4:5].reshape(2, -1)
    cvae = CVAE(SIZES, 0.2 * (i + 0.5 * j), 0.2 * np.sqrt(3) / 2 * j)
    angle = torch.tensor([0.1, 0.1 + math.pi / 3, 0.1])
    core = torch.stack([torch.cos(angle), torch.sin(angle)], dim=1)
    source_core = torch.cat([torch.zeros(3, 2), core], dim=1)
    found = cvae.view(source_core, torch.tensor([1.0, 1.0, -1.0])).orientation
    vertical = math.pi / 2 - 0.1
    expected = [f(a) for f in (math.cos, math.sin) for a in (0.6, vertical, 2 * vertical)]
    assert found[0].tolist() == pytest.approx(expected, abs=1e-4)
    assert found[1, [0, 3]].tolist() == pytest.approx([expected[0], expected[3]], abs=1e-4)
    assert found[2].tolist() == pytest.approx(
        [*expected[:3], *(-x for x in expected[3:])], abs=1e-4
    )


def test_arrays_go_out_and_in(cvae, pixels):
    arrays = save_arrays(cvae)
    other = CVAE(SIZES, *pixels)
    assert any((save_arrays(other)[name] != arrays[name]).any() for name in arrays)
    loaded = load_arrays(other, arrays)
    assert loaded is other
    assert not loaded.training
    assert save_arrays(other).keys() == arrays.keys()
    assert all(np.array_equal(save_arrays(other)[name], arrays[name]) for name in arrays)


def test_loading_copies(cvae):
    """Arrays that were loaded do not change with the network."""
    arrays = {name: value.copy() for name, value in save_arrays(cvae).items()}
    load_arrays(cvae, arrays)
    with torch.no_grad():
        cvae.dark.fill_(3.0)
    assert arrays["dark"] == -8


def test_pixels_are_no_parameters(cvae):
    assert not {"pixel_lon", "pixel_lat"} & save_arrays(cvae).keys()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda arrays: arrays.pop("dark"), "'dark' is missing"),
        (lambda arrays: arrays.update(other=np.zeros(2)), "'other' is unknown"),
        (lambda arrays: arrays.update(dark=np.zeros(2)), r"'dark' has shape \(2,\), not \(\)"),
    ],
)
def test_wrong_arrays_are_named(cvae, spoil, message):
    arrays = dict(save_arrays(cvae))
    spoil(arrays)
    with pytest.raises(ValueError, match=message):
        load_arrays(cvae, arrays)


def test_sizes_go_through_a_dictionary():
    assert NetworkSizes(**SIZES.to_dict()) == SIZES


def test_a_network_takes_the_pixels_of_a_camera(toy_file):
    from ctapipe.instrument import SubarrayDescription

    geometry = SubarrayDescription.from_hdf(toy_file).tel[1].camera.geometry
    cvae = CVAE(SIZES, *pixel_directions(geometry))
    assert cvae.pixel_lon.shape == (geometry.n_pixels,)
    assert cvae.pixel_lon.dtype == torch.float32
