"""Events of a dimmer camera and under a brighter sky, against a toy production made so."""

import astropy.units as u
import numpy as np
import pytest
from ctapipe.io import EventSource
from helpers import one_line_refusal
from toy_production import write_toy_production

from ctapipe_fastsim import CVAEEventSource
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.observing import seen_as
from ctapipe_fastsim.shower_frame import image_geometry
from ctapipe_fastsim.showers import Showers

N_SHOWERS = 1500
EFFICIENCY = 0.6


def test_a_dim_shower_is_seen_as_one_of_less_energy():
    values = {"log10_energy": np.array([0.0, 1.0]), "x_max": np.array([300.0, 400.0])}
    seen = seen_as(values, 0.1)
    assert np.allclose(seen["log10_energy"], [-1, 0])
    assert seen["x_max"] is values["x_max"]
    assert values["log10_energy"].tolist() == [0, 1]


def test_less_efficient_telescopes_record_fewer_events(toy_model, tmp_path):
    """Within 10 % of a toy production with less light; at the trained light there are 15 % more."""
    settings = dict(n_showers=N_SHOWERS // 5, seed=21, energy_range=(2.0, 50.0))
    bright = write_toy_production(tmp_path / "bright.h5", **settings)
    dim = write_toy_production(tmp_path / "dim.h5", **settings, light_yield=60 * EFFICIENCY)
    options = dict(n_showers=N_SHOWERS, energy_min=2 * u.TeV)
    source = EventSource(toy_model, photon_efficiency=EFFICIENCY, **options)
    assert len(bright.recorded) > 1.15 * len(dim.recorded)
    assert len(source) == pytest.approx(len(dim.recorded), rel=0.1)


def conditions(n, log10_energy):
    """A shower of one energy, n times."""
    showers = Showers(
        *(np.full(n, 10.0**log10_energy), np.full(n, np.radians(70.5)), np.full(n, np.pi)),
        *(np.full(n, 60.0), np.full(n, 40.0), np.full(n, 350.0), np.full(n, 2e4)),
        np.zeros(n, int),
    )
    geometry = image_geometry(showers, np.radians(70), np.pi, np.zeros(3))
    return condition_values(showers, geometry, np.radians(70), np.pi), geometry


def test_a_dim_camera_triggers_and_counts_as_at_less_energy(model):
    """The same probability and sizes; pixels scatter as photo-electrons lost at random leave them.

    For the counts of an image, a binomial share of those of the trained camera at the same
    energy and latents: mean and variance within 10 %, for 4000 images of one size.
    """
    (kind,) = model.telescope_types.values()
    camera = model.subarray.tel[1].camera.geometry
    trained = ImageGenerator(kind, camera, "cpu")
    dim = ImageGenerator(kind, camera, "cpu", photon_efficiency=0.5)
    values, geometry = conditions(4000, 1.0)
    fainter, _ = conditions(4000, 1 + np.log10(0.5))
    assert np.allclose(dim.trigger_probability(values), trained.trigger_probability(fainter))
    rng = [np.random.default_rng(1) for _ in range(2)]
    sizes = (
        dim.draw_once(values, geometry, rng[0])[0],
        trained.draw_once(fainter, geometry, rng[1])[0],
    )
    assert np.array_equal(*sizes)
    size = np.full(4000, 600)
    _, before, *_ = trained.draw_once(values, geometry, rng[0], size)
    _, found, *_ = dim.draw_once(values, geometry, rng[1], size // 2)
    assert (found.sum(axis=1) == 300).all()
    thinned = rng[0].binomial(before, 0.5)
    bright = before.mean(axis=0) > 5
    assert bright.sum() > 5
    for moment in (np.mean, np.var):
        expected, seen = moment(thinned[:, bright], axis=0), moment(found[:, bright], axis=0)
        assert seen.sum() == pytest.approx(expected.sum(), rel=0.1)


def test_a_brighter_sky_changes_charges_only(toy_model):
    """Noise of the toy: 2 p.e. of night sky, of width 0.4 p.e., and 0.5 p.e. of electronics."""
    dark, bright = (
        list(EventSource(toy_model, n_showers=200, night_sky=level)) for level in (1, 1.5)
    )
    spread = []
    for event, other in zip(dark, bright, strict=True):
        assert event.index.event_id == other.index.event_id
        assert (event.simulation.tel[1].true_image == other.simulation.tel[1].true_image).all()
        assert (event.dl1.tel[1].peak_time == other.dl1.tel[1].peak_time).all()
        empty = event.simulation.tel[1].true_image == 0
        spread.append([e.dl1.tel[1].image[empty].var() for e in (event, other)])
    before, after = np.mean(spread, axis=0)
    assert before == pytest.approx(2 * 1.16 + 0.25, rel=0.1)
    assert after == pytest.approx(3 * 1.16 + 0.25, rel=0.1)


def test_the_same_events_where_nothing_is_changed(toy_model):
    one, other = (
        list(EventSource(toy_model, n_showers=100, **options))
        for options in ({}, dict(photon_efficiency=1.0, night_sky=1.0, min_telescopes=1))
    )
    for event, same in zip(one, other, strict=True):
        assert event.dl1.tel[1].image.tobytes() == same.dl1.tel[1].image.tobytes()


def test_dim_showers_below_the_trained_energies_are_refused(toy_model):
    """Those of 1 TeV would look like less than was trained."""
    one_line_refusal(
        lambda: CVAEEventSource(toy_model, photon_efficiency=0.8), "photon_efficiency", "1.25 TeV"
    )
    CVAEEventSource(toy_model, photon_efficiency=0.8, energy_min=1.25 * u.TeV)
    with pytest.warns(UserWarning, match=r"1\.25 TeV"):
        CVAEEventSource(toy_model, photon_efficiency=0.8, extrapolate=True)


def test_sizes_asked_for_are_sizes_seen(toy_model):
    """So that there is nothing that an efficiency could change."""
    one_line_refusal(
        lambda: CVAEEventSource(toy_model, size=100, photon_efficiency=0.8), "photon_efficiency"
    )
    assert len(list(EventSource(toy_model, size=100, n_showers=5, night_sky=1.5))) == 5
