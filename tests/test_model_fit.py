"""What a model holds besides the networks: shower development, triggers, truth, figures."""

from dataclasses import fields, replace

import numpy as np
import pytest
from model_helpers import SMALL_TRAINING, event_generator, run_epochs

from ctapipe_fastsim import model_fit, trigger
from ctapipe_fastsim.development import draw_development
from ctapipe_fastsim.generator import EventGenerator
from ctapipe_fastsim.model_fit import fit_development, fit_telescope_type
from ctapipe_fastsim.showers import Showers
from ctapipe_fastsim.thrown_showers_fit import fit_thrown_showers
from ctapipe_fastsim.training import TrainingRun
from ctapipe_fastsim.training_data import read_production


@pytest.fixture(scope="module")
def production(toy_file):
    return read_production([toy_file])


@pytest.fixture(scope="module")
def images(production):
    (images,) = production.images.values()
    return images


@pytest.fixture(scope="module")
def developed(production):
    """Model with the shower development only."""
    return fit_development(production, seed=1, provenance={"seed": 1})


@pytest.fixture(scope="module")
def trained(images):
    return run_epochs(TrainingRun(images, SMALL_TRAINING), 2)


@pytest.fixture(scope="module")
def thrown_fit(production):
    """Development and trigger, learned in fewer and smaller steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigger, "BATCH", 512)
        patch.setattr(trigger, "STEPS", 800)
        return fit_thrown_showers(production, seed=1, provenance={"seed": 1})


@pytest.fixture(scope="module")
def kind(trained, images, thrown_fit):
    (of_trigger,) = thrown_fit[1].values()
    return fit_telescope_type(trained, images, of_trigger, 1)


@pytest.fixture
def quick_trigger(monkeypatch):
    monkeypatch.setattr(trigger, "STEPS", 20)
    monkeypatch.setattr(trigger, "BATCH", 256)


def drawn_showers(model, energy, seed=0, primary_id=0):
    """Showers with X_max and height of first interaction drawn."""
    unknown = np.full(len(energy), np.nan)
    primary = np.full(len(energy), primary_id)
    showers = Showers(energy, unknown, unknown, unknown, unknown, unknown, unknown, primary)
    return draw_development(model, showers, np.radians(70), np.random.default_rng(seed))


def unique_truth(images, name):
    """Energy and another truth of every recorded shower, once."""
    pairs = np.stack([images.showers.energy, getattr(images.showers, name)])
    return np.unique(pairs, axis=1)


@pytest.mark.parametrize("name", ["x_max", "h_first_int"])
def test_development_is_that_of_recorded_showers(developed, images, name):
    """Mean within 4 standard errors and spread within 25 %, in halves of energy."""
    energy, expected = unique_truth(images, name)
    high = energy > np.median(energy)
    for half in (high, ~high):
        drawn = getattr(drawn_showers(developed, np.tile(energy[half], 50)), name)
        error = expected[half].std() / np.sqrt(half.sum())
        assert abs(drawn.mean() - expected[half].mean()) < 4 * error
        assert drawn.std() == pytest.approx(expected[half].std(), rel=0.25)


def test_development_is_drawn_repeatably(developed):
    one, other, third = (drawn_showers(developed, np.full(50, 5.0), seed) for seed in (1, 1, 2))
    assert np.array_equal(one.x_max, other.x_max)
    assert not np.array_equal(one.x_max, third.x_max)


def test_the_same_seed_gives_the_same_development(production, developed):
    again = fit_development(production, 1, {})
    assert again.development.keys() == developed.development.keys()
    for name, array in developed.development.items():
        assert array.tobytes() == again.development[name].tobytes()


def test_every_shower_counts_once(images, production, monkeypatch):
    """However many images it gave."""
    seen = []

    def remember(target, context, weight, seed):
        seen.append((len(target), len(context), float(weight.sum())))
        return {}

    monkeypatch.setattr(model_fit, "_fit_development", remember)
    fit_development(production, 1, {})
    n_showers = len(np.unique(images.shower_number))
    assert seen == [(n_showers, n_showers, n_showers)]
    assert n_showers < 0.7 * len(images.counts)


def test_a_model_without_types_keeps_what_it_is_given(developed, production):
    assert developed.subarray is production.subarray
    assert developed.thrown == production.thrown
    assert developed.telescope_types == {}
    assert developed.provenance == {"seed": 1}


def with_unknown(images, *names):
    unknown = np.full(len(images.counts), np.nan)
    return replace(images, showers=replace(images.showers, **dict.fromkeys(names, unknown)))


def test_unknown_development_is_left_out(images, production):
    """Simulations that do not say X_max or the first interaction."""
    spoiled = replace(production, images={"toy": with_unknown(images, "x_max", "h_first_int")})
    model = fit_development(spoiled, 1, {})
    assert model.development == {}
    assert model.development_features.names == ()
    assert np.isnan(drawn_showers(model, np.ones(5)).x_max).all()


def test_half_known_development_is_drawn(images, production):
    spoiled = replace(production, images={"toy": with_unknown(images, "h_first_int")})
    model = fit_development(spoiled, 1, {})
    energy, expected = unique_truth(images, "x_max")
    drawn = drawn_showers(model, np.tile(energy, 20))
    assert np.isnan(drawn.h_first_int).all()
    error = expected.std() / np.sqrt(len(expected))
    assert abs(drawn.x_max.mean() - expected.mean()) < 4 * error


def test_showers_without_x_max_can_be_learned(images, production, quick_trigger):
    """A whole model: what is not known is neither a condition nor drawn."""
    blind = with_unknown(images, "x_max", "h_first_int")
    name = next(iter(production.images))
    spoiled = replace(production, images={name: blind})
    run = run_epochs(TrainingRun(blind, replace(SMALL_TRAINING, epochs=1)), 1)
    model, triggers = fit_thrown_showers(spoiled, 1, {})
    kind = fit_telescope_type(run, blind, triggers[name], 1)
    assert "x_max" not in (*kind.conditions.names, *kind.trigger_conditions.names)
    assert not {"x_max", "h_first_int"} & kind.training_images.keys()
    model = replace(model, telescope_types={name: kind})
    generator = event_generator(model, n_thrown=200, seed=0)
    assert np.isnan(generator.showers.x_max).all()
    assert sum(len(drawn.charge) for drawn in generator.block(0)) > 0


def test_the_trigger_gives_the_recorded_number(kind, production, thrown_fit, images):
    """Images among as many showers thrown again, within 12 % (some 5 % by chance)."""
    (name,) = production.images
    model = replace(thrown_fit[0], telescope_types={name: kind})
    generator = event_generator(model, n_thrown=10 * model.thrown[0].n_thrown, seed=3)
    assert len(generator.recorded) / 10 == pytest.approx(len(images.counts), rel=0.12)


def test_the_trigger_knows_energy_and_distance(kind, production, thrown_fit, images):
    """Recorded generated showers are as energetic and close as recorded ones, to 10 %."""
    (name,) = production.images
    model = replace(thrown_fit[0], telescope_types={name: kind})
    generator = event_generator(model, n_thrown=10_000, seed=4)
    recorded = generator.showers[generator.recorded]
    lost = np.setdiff1d(np.arange(10_000), generator.recorded)
    energy, distance = np.log10(recorded.energy), np.hypot(recorded.core_x, recorded.core_y)
    truth = images.showers
    assert energy.mean() == pytest.approx(np.log10(truth.energy).mean(), rel=0.1)
    assert distance.mean() == pytest.approx(np.hypot(truth.core_x, truth.core_y).mean(), rel=0.1)
    assert energy.mean() > np.log10(generator.showers.energy[lost]).mean() + 0.1


def test_weights_are_those_of_the_best_epoch(kind, trained):
    best = trained.best_arrays
    assert {f"cvae.{name}" for name in kind.network} | {
        f"size_flow.{name}" for name in kind.size_flow
    } == best.keys()
    for name, array in kind.network.items():
        if not name.startswith(("prior.", "local_prior.")):  # which are fitted afterwards
            assert np.array_equal(array, best[f"cvae.{name}"])


def test_figures_are_those_of_the_best_epoch(kind, trained, images):
    best = int(np.argmin(trained.history["loss"]))
    assert kind.figures["images"] == len(images.counts)
    assert kind.figures["held_out_images"] == trained.held_out.sum()
    assert kind.figures["epochs"] == 2
    for name in ("loss", "counts", "times", "kl", "size"):
        assert kind.figures[f"held_out_{name}"] == trained.history[name][best]
    assert all(len(values) == 2 for values in kind.history.values())


def test_the_truth_table_is_that_of_the_images(kind, images):
    table = kind.training_images
    assert np.array_equal(table["size"], images.counts.sum(axis=1))
    for name in ("energy", "x_max", "h_first_int"):
        assert np.allclose(table[name], getattr(images.showers, name), rtol=1e-6)
    for name in ("source_lon", "source_lat"):
        assert np.allclose(table[name], getattr(images.geometry, name), atol=1e-5)
    position = images.telescope_position
    assert np.allclose(table["core_x"], images.showers.core_x - position[:, 0], atol=1e-3)
    assert np.allclose(table["core_y"], images.showers.core_y - position[:, 1], atol=1e-3)


def test_a_long_truth_table_is_thinned(images, monkeypatch):
    """Its rows stay together and in order."""
    monkeypatch.setattr(model_fit, "MOST_TRAINING_IMAGES", 100)
    table = model_fit._truth_table(images, seed=1)
    assert {len(column) for column in table.values()} == {100}
    rows = np.searchsorted(np.sort(images.counts.sum(axis=1)), table["size"])
    assert len(np.unique(rows)) > 30
    pairs = set(zip(images.showers.energy.astype(np.float32).tolist(), images.size.tolist()))
    assert set(zip(table["energy"].tolist(), table["size"].tolist())) <= pairs


@pytest.fixture(scope="module")
def both(gamma_proton_files):
    """Production of two primaries, the protons made to develop 150 g/cm2 deeper."""
    production = read_production(gamma_proton_files)
    ((name, images),) = production.images.items()
    deeper = images.showers.x_max + 150 * (images.showers.primary_id == 101)
    images = replace(images, showers=replace(images.showers, x_max=deeper))
    return replace(production, images={name: images})


@pytest.mark.parametrize("primary_id", [0, 101])
def test_each_primary_has_its_own_development(both, primary_id):
    """Mean within 4 standard errors at the energies recorded."""
    model = fit_development(both, 1, {})
    (images,) = both.images.values()
    images = replace(images, showers=images.showers[images.showers.primary_id == primary_id])
    energy, expected = unique_truth(images, "x_max")
    drawn = drawn_showers(model, np.tile(energy, 50), primary_id=primary_id).x_max
    assert abs(drawn.mean() - expected.mean()) < 4 * expected.std() / np.sqrt(len(expected))
    assert set(model.development_conditions.names) >= {"is_gamma", "is_proton"}


@pytest.mark.parametrize("primary_id", [0, 101])
def test_the_trigger_gives_the_recorded_number_of_each_primary(
    two_primaries, gamma_proton_files, primary_id
):
    """Images among as many showers thrown again, within 15 % (some 6 % by chance)."""
    (images,) = read_production(gamma_proton_files).images.values()
    thrown = next(run for run in two_primaries.thrown if run.primary_id == primary_id)
    expected = 10 * (images.showers.primary_id == primary_id).sum()
    thrown = thrown.replace(n_thrown=10 * thrown.n_thrown)
    subarray = two_primaries.subarray
    generator = EventGenerator(two_primaries, subarray, [thrown], seed=3, obs_id=1)
    assert len(generator.recorded) == pytest.approx(expected, rel=0.15)


def test_a_thinned_truth_table_has_as_many_of_each_primary(both, monkeypatch):
    monkeypatch.setattr(model_fit, "MOST_TRAINING_IMAGES", 100)
    (images,) = both.images.values()
    table = model_fit._truth_table(images, seed=1)
    assert np.bincount(table["primary_id"])[[0, 101]].tolist() == [50, 50]
    pairs = set(zip(images.showers.primary_id.tolist(), images.size.tolist()))
    assert set(zip(table["primary_id"].tolist(), table["size"].tolist())) <= pairs


def test_every_telescope_type_is_fitted_with_its_own_telescopes(array_model, toy_array_file):
    """Numbers of images within 45 %: few showers, but another telescope would be a factor."""
    production = read_production([toy_array_file])
    generator = event_generator(array_model, n_thrown=3000, seed=0)
    for name, kind_images in production.images.items():
        columns = [str(array_model.subarray.tel[tel_id]) == name for tel_id in generator.tel_ids]
        found = generator.telescopes[:, columns].sum() / 10
        assert found == pytest.approx(len(kind_images.counts), rel=0.45)


def test_arrays_are_plain(kind, developed):
    """A model holds arrays and numbers only."""
    for group in ("network", "size_flow", "trigger", "training_images", "history"):
        assert all(type(value) is np.ndarray for value in getattr(kind, group).values())
    assert all(type(value) is np.ndarray for value in developed.development.values())
    for field in fields(kind.response):
        assert np.isfinite(getattr(kind.response, field.name)).all()
