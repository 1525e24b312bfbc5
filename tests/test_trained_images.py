"""What is read off trained networks: arrival times, a better prior, the noise of each image."""

import numpy as np
import pytest
from model_helpers import SMALL_TRAINING, run_epochs

from ctapipe_fastsim import trained_images
from ctapipe_fastsim.trained_images import arrival_times, encoded, fit_prior, noise
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
    """Its noise is then standard normal: mean within 0.4 and spread within 25 %."""
    seen = encoded(run, 1)
    before = noise(run, seen)
    fit_prior(run, seen, encoded(run, -1))
    after = noise(run, seen)
    assert after.shape == (len(images.counts), 1 + SMALL_TRAINING.n_latent)
    assert np.array_equal(before[:, 0], after[:, 0])  # of the size, which is left alone

    def misfit(noise):
        return np.square(noise[:, 1:]).mean() - 1

    assert abs(misfit(after)) < abs(misfit(before))
    assert np.abs(after[:, 1:].mean(axis=0)).max() < 0.4
    assert after[:, 1:].std(axis=0) == pytest.approx(1, rel=0.25)
