"""What is read off trained networks: arrival times, a better prior, the noise of each image."""

import math

import numpy as np
import pytest
import torch
from model_helpers import SMALL_TRAINING, run_epochs

from ctapipe_fastsim import trained_images
from ctapipe_fastsim.local_light import N_ACROSS, N_ALONG
from ctapipe_fastsim.trained_images import (
    arrival_times,
    encoded,
    fit_local_prior,
    fit_prior,
    noise,
)
from ctapipe_fastsim.training import TrainingRun
from ctapipe_fastsim.training_data import read_production


@pytest.fixture(scope="module")
def images(toy_file):
    (images,) = read_production([toy_file]).images.values()
    return images


@pytest.fixture
def run(images):
    return run_epochs(TrainingRun(images, SMALL_TRAINING), 2)


def test_arrival_times_are_given_for_every_pixel(images, run, monkeypatch):
    seen = encoded(run, 1)
    expected = arrival_times(run, seen)[0]
    monkeypatch.setattr(trained_images, "BLOCK", 50)
    times, spread = arrival_times(run, seen)
    assert times.shape == spread.shape == images.counts.shape
    assert np.isfinite(times).all()
    assert (spread > 0).all()
    lit = images.counts > 10
    assert abs(np.median(times[lit] - images.peak_time[lit])) < 3  # ns
    assert np.allclose(times, expected, atol=1e-3)


def test_the_prior_fits_what_is_encoded_better_when_fitted_again(images, run):
    """Likelier, and its noise is standard normal: mean within 0.4 and spread within 25 %."""
    seen = encoded(run, 1)

    @torch.no_grad()
    def log_density():
        return run.cvae.prior(seen.context).log_prob(seen.mean).mean()

    before, unlikely = noise(run, seen), log_density()
    fit_prior(run, seen, encoded(run, -1))
    after = noise(run, seen)
    assert log_density() > unlikely
    assert after.shape == (len(images.counts), 1 + SMALL_TRAINING.n_latent)
    assert np.array_equal(before[:, 0], after[:, 0])  # of the size, which is left alone
    assert np.abs(after[:, 1:].mean(axis=0)).max() < 0.4
    assert after[:, 1:].std(axis=0) == pytest.approx(1, rel=0.25)


def test_the_prior_is_told_on_which_side_of_the_axis_the_camera_is(run):
    one, other = encoded(run, 1).context[:, -1], encoded(run, -1).context[:, -1]
    assert one.abs().max() > 0.5  # deg
    assert torch.equal(one, -other)


def test_the_prior_of_latents_of_places_learns_from_what_is_encoded(run, monkeypatch):
    """Those of an encoder that says the same of all images; mean and spread within 0.15."""
    shape = SMALL_TRAINING.n_local, N_ACROSS, N_ALONG
    mean, log_variance = torch.full(shape, 0.5), torch.full(shape, -1.0)

    def encode_local(counts, *_):
        return mean.expand(len(counts), *shape), log_variance.expand(len(counts), *shape)

    monkeypatch.setattr(run.cvae, "encode_local", encode_local)
    before = {name: values.clone() for name, values in run.cvae.state_dict().items()}
    monkeypatch.setattr(trained_images, "LOCAL_PRIOR_PLAN", (30, 32, 1e-2))
    fit_local_prior(run)
    for name, values in run.cvae.state_dict().items():
        assert torch.equal(values, before[name]) != name.startswith("local_prior."), name
    told = torch.zeros(50, N_ACROSS, N_ALONG), torch.zeros(50, run.cvae.sizes.n_features + 1)
    with torch.no_grad():
        drawn = run.cvae.local_prior.draw(torch.randn(50, *shape), *told)
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.15)
    assert drawn.std().item() == pytest.approx(math.exp(-0.5), abs=0.15)
