"""X_max of thrown showers, where deep showers are seen far more often."""

import numpy as np
import pytest
from toy_production import write_toy_production

from ctapipe_fastsim import trigger
from ctapipe_fastsim.detection import detection_probability
from ctapipe_fastsim.development import draw_development
from ctapipe_fastsim.model_fit import fit_development
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.showers import Showers
from ctapipe_fastsim.thrown_anew import recorded_showers
from ctapipe_fastsim.thrown_showers_fit import fit_thrown_showers
from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.trigger_fit import fit_trigger_network


@pytest.fixture(scope="module", autouse=True)
def small_steps():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigger, "BATCH", 1024)
        patch.setattr(trigger, "STEPS", 1200)
        yield


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """What was thrown, each shower 8 times, and the production of what was recorded."""
    path = tmp_path_factory.mktemp("deep") / "deep.dl1.h5"
    settings = dict(n_showers=1500, reuse=8, seed=8, energy_range=(1.0, 6.0))
    source = write_toy_production(path, **settings, light_yield=60.0, depth_of_light=120.0)
    return source, read_production([path])


def drawn_x_max(model, energy):
    """30 times for each energy."""
    energy = np.tile(energy, 30)
    unknown = np.full(len(energy), np.nan)
    showers = Showers(energy, *[unknown] * 6, np.zeros(len(energy), int))
    return draw_development(model, showers, np.radians(70), np.random.default_rng(0)).x_max


def test_x_max_is_that_of_thrown_showers(deep):
    """The mean is off by less than half of what it is off without weights, over 30 g/cm2.

    Its spread, too, is closer to that of thrown showers. A tenth of all cores is recorded.
    """
    source, production = deep
    energy, x_max = (source.thrown[name][::8] for name in ("energy", "x_max"))
    model, _ = fit_thrown_showers(production, seed=1, provenance={})
    found = drawn_x_max(model, energy)
    recorded = drawn_x_max(fit_development(production, seed=1, provenance={}), energy)
    assert recorded.mean() - x_max.mean() > 30
    assert abs(found.mean() - x_max.mean()) < (recorded.mean() - x_max.mean()) / 2
    assert abs(found.std() - x_max.std()) < abs(recorded.std() - x_max.std())


def test_the_inverse_of_detection_makes_up_for_lost_showers(deep):
    """Above 2 TeV, where nearly all could be detected: within 12 %; a fifth was not recorded."""
    source, production = deep
    ((name, images),) = production.images.items()
    model = fit_development(production, seed=1, provenance={})
    network = fit_trigger_network(images, production, model, seed=1, given_recorded=True)
    detected = detection_probability(production, {name: network}, random_stream("test"))
    energy = recorded_showers(production)[0].energy
    assert detected.shape == energy.shape
    assert ((detected > 0) & (detected <= 1)).all()
    n_thrown = np.sum(source.thrown["energy"][::8] > 2)
    assert np.sum(energy > 2) < 0.85 * n_thrown
    assert np.sum(1 / detected[energy > 2]) == pytest.approx(n_thrown, rel=0.12)
