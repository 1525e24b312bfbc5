"""Latents of given images, posterior and prior."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ctapipe_fastsim.posterior import posterior_and_prior
from ctapipe_fastsim.training_data import read_production


@pytest.fixture(scope="module")
def images(toy_file):
    (images,) = read_production([toy_file]).images.values()
    return images


@pytest.fixture(scope="module")
def kind(model):
    (kind,) = model.telescope_types.values()
    return kind


@pytest.fixture(scope="module")
def latents(kind, images):
    return posterior_and_prior(kind, images, 1)


def test_one_row_of_latents_for_each_image(kind, images, latents):
    shape = len(images.counts), kind.network_sizes["n_latent"]
    assert all(values.shape == shape and np.isfinite(values).all() for values in latents)


def test_the_posterior_looks_at_the_image_and_the_prior_does_not(kind, images, latents):
    backwards = replace(images, counts=images.counts[:, ::-1])
    mean, log_variance, prior = posterior_and_prior(kind, backwards, 1)
    assert np.abs(mean - latents[0]).max() > 1e-3
    np.testing.assert_array_equal(prior, latents[2])


def test_the_prior_is_drawn_by_the_seed(kind, images, latents):
    mean, _, prior = posterior_and_prior(kind, images, 2)
    np.testing.assert_array_equal(mean, latents[0])
    assert not np.array_equal(prior, latents[2])


def test_a_part_of_the_images_has_the_same_posterior(kind, images, latents):
    names = [f.name for f in fields(images) if f.name != "telescope"]
    part = replace(images, **{name: getattr(images, name)[:7] for name in names})
    mean, log_variance, _ = posterior_and_prior(kind, part, 1)
    np.testing.assert_allclose(mean, latents[0][:7], atol=1e-5)
    np.testing.assert_allclose(log_variance, latents[1][:7], atol=1e-5)
