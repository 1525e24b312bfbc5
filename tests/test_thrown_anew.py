"""Cores that are spread as the files say."""

import numpy as np
import pytest
from toy_production import write_toy_production

from ctapipe_fastsim.model_fit import fit_development
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.thrown_anew import spread_like_thrown, thrown_anew
from ctapipe_fastsim.training_data import read_production


@pytest.fixture(scope="module")
def spread(toy_file, model):
    """Production, and what was spread of its one telescope type."""
    production = read_production([toy_file])
    (images,) = production.images.values()
    values, n_thrown = spread_like_thrown(production, 0, images, model, random_stream("test"))
    return production, values, n_thrown


def test_energies_follow_the_histogram_rather_than_the_law(spread):
    """Within five standard errors in every bin of energy."""
    production, values, n_thrown = spread
    counts, energy, _ = production.thrown_histograms[production.thrown[0]]
    assert n_thrown == counts.sum() == production.thrown[0].n_thrown
    found = np.histogram(10 ** values["log10_energy"], energy)[0] / len(values["log10_energy"])
    expected = counts.sum(axis=1) / counts.sum()
    error = np.sqrt(expected / len(values["log10_energy"]))
    assert (np.abs(found - expected) <= 5 * error + 1e-4).all()
    assert (found[expected == 0] == 0).all()


def test_every_condition_is_given(spread):
    production, values, _ = spread
    (images,) = production.images.values()
    assert {len(column) for column in values.values()} == {len(values["x_max"])}
    assert values["impact_distance"].max() < 1.1 * production.thrown[0].scatter_max
    assert images.geometry.impact_distance.max() < values["impact_distance"].max() * 1.1


@pytest.fixture(scope="module")
def both(gamma_proton_files):
    """Gammas, and protons of the same observation number thrown to higher energies; a model."""
    production = read_production(gamma_proton_files)
    return production, fit_development(production, seed=1, provenance={})


@pytest.mark.parametrize(("primary_id", "name"), [(0, "is_gamma"), (101, "is_proton")])
def test_each_primary_is_spread_by_its_own_histogram(both, primary_id, name):
    """Within five standard errors in every bin of energy."""
    production, model = both
    (images,) = production.images.values()
    rng = random_stream("test")
    values, n_thrown = spread_like_thrown(production, primary_id, images, model, rng)
    (run,) = (run for run in production.thrown if run.primary_id == primary_id)
    counts, energy, _ = production.thrown_histograms[run]
    assert n_thrown == counts.sum() > 0
    assert values[name].all()
    found = np.histogram(10 ** values["log10_energy"], energy)[0] / len(values[name])
    expected = counts.sum(axis=1) / counts.sum()
    assert (np.abs(found - expected) <= 5 * np.sqrt(expected / len(values[name])) + 1e-4).all()


def test_recorded_and_lost_showers_of_each_primary_add_up_to_those_thrown(both):
    """Each image belongs to a shower of its own primary; the sums are right to a per cent."""
    production, model = both
    (images,) = production.images.values()
    rng = random_stream("test")
    values, n_thrown, n_lost, shower = thrown_anew(production, images, model, rng)
    is_proton = values["is_proton"].reshape(len(n_thrown), -1)[:, 0]
    assert np.array_equal(is_proton[shower], images.showers.primary_id == 101)
    energy = values["log10_energy"].reshape(len(n_thrown), -1)[:, 0]
    assert np.allclose(energy[shower], np.log10(images.showers.energy))
    for chosen, number in ((is_proton, 101), (~is_proton, 0)):
        n_images = (images.showers.primary_id == number).sum()
        total = sum(r.n_thrown for r in production.thrown if r.primary_id == number)
        assert n_thrown[chosen].sum() == pytest.approx(total, rel=0.01)
        assert n_lost[chosen].sum() == pytest.approx(total - n_images, rel=0.02)


def test_runs_of_one_pointing_are_kept_apart(tmp_path):
    """Each recorded shower was thrown as often as those of its own file were."""
    paths = [tmp_path / "five.dl1.h5", tmp_path / "three.dl1.h5"]
    write_toy_production(paths[0], n_showers=60, reuse=5, seed=21)
    write_toy_production(paths[1], n_showers=80, reuse=3, seed=22, obs_id=2, energy_range=(2, 30))
    production = read_production(paths)
    model = fit_development(production, seed=1, provenance={})
    (images,) = production.images.values()
    _, n_thrown, _, shower = thrown_anew(production, images, model, random_stream("test"))
    assert np.array_equal(n_thrown[shower], np.where(images.obs_id == 1, 5, 3))
    assert n_thrown.sum() == pytest.approx(60 * 5 + 80 * 3, rel=0.01)
