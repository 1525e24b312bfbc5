"""Thrown showers become triggers and images, block by block, from streams of their own."""

from dataclasses import fields, replace

import numpy as np
import pytest
from ctapipe.instrument import SubarrayDescription
from helpers import one_line_refusal
from model_helpers import event_generator
from scipy import stats

from ctapipe_fastsim import generator as generator_module
from ctapipe_fastsim.conditions import ConditionScaling
from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.generator import (
    EVENTS_PER_BLOCK,
    EventGenerator,
    draw_development,
)
from ctapipe_fastsim.shower_frame import unit_vector


@pytest.fixture(scope="module")
def generator(model):
    return event_generator(model, n_thrown=1500)


@pytest.fixture(scope="module")
def array_generator(array_model):
    return event_generator(array_model, n_thrown=1000)


@pytest.fixture(params=["generator", "array_generator"])
def either_generator(request):
    return request.getfixturevalue(request.param)


def all_blocks(generator):
    n_blocks = -(-len(generator.recorded) // EVENTS_PER_BLOCK)
    return [images for number in range(n_blocks) for images in generator.block(number)]


def assert_same_images(images, others):
    assert len(images) == len(others) > 0
    for one, other in zip(images, others):
        for field in fields(one):
            a, b = getattr(one, field.name), getattr(other, field.name)
            assert a.dtype == b.dtype
            assert np.array_equal(a, b)


def test_every_recorded_event_is_a_thrown_shower_with_a_telescope(either_generator):
    generator = either_generator
    assert (np.diff(generator.recorded) > 0).all()
    assert 0 <= generator.recorded[0] <= generator.recorded[-1] < len(generator.showers)
    assert generator.telescopes.shape == (len(generator.recorded), len(generator.tel_ids))
    assert generator.telescopes.any(axis=1).all()


def test_blocks_hold_one_image_for_each_telescope_that_records(either_generator):
    generator = either_generator
    found = np.concatenate(
        [np.stack([images.event, images.tel_id], axis=1) for images in all_blocks(generator)]
    )
    event, column = np.nonzero(generator.telescopes)
    expected = np.stack([event, generator.tel_ids[column]], axis=1)
    assert len(generator.recorded) > EVENTS_PER_BLOCK
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))


def test_images_are_finite_and_of_their_camera(either_generator):
    for images in either_generator.block(0):
        telescopes = {either_generator.subarray.tel[tel_id] for tel_id in images.tel_id}
        (telescope,) = telescopes
        shape = len(images.event), telescope.camera.geometry.n_pixels
        dtypes = dict(counts=np.int32, charge=np.float32, peak_time=np.float32)
        for name, dtype in dtypes.items():
            values = getattr(images, name)
            assert values.shape == shape
            assert values.dtype == dtype
            assert np.isfinite(values).all()
        assert (images.counts >= 0).all()


def test_telescopes_may_come_in_any_order(array_model):
    """Each image is then still at the distance of its own telescope from the shower axis."""
    known, order = array_model.subarray, (3, 1, 2)
    subarray = SubarrayDescription(
        known.name,
        {tel_id: known.positions[tel_id] for tel_id in order},
        {tel_id: known.tel[tel_id] for tel_id in order},
        known.reference_location,
    )
    generator = event_generator(replace(array_model, subarray=subarray), n_thrown=60)
    for images in all_blocks(generator):
        showers = generator.showers[generator.recorded[images.event]]
        position = np.stack([known.positions[i].to_value("m") for i in images.tel_id])
        core = np.stack([showers.core_x, showers.core_y, 0 * showers.core_x], axis=1)
        direction = unit_vector(showers.altitude, showers.azimuth)
        distance = np.linalg.norm(np.cross(core - position, direction), axis=1)
        assert images.impact_distance == pytest.approx(distance, rel=1e-6)


def test_blocks_are_the_same_in_any_order(model, generator):
    fresh = event_generator(model, n_thrown=1500)
    last_first = [fresh.block(number) for number in (1, 0)]
    for number, images in zip((1, 0), last_first):
        assert_same_images(images, generator.block(number))


@pytest.mark.parametrize("other", [dict(seed=2), dict(obs_id=2)])
def test_other_seeds_and_observations_throw_other_showers(model, generator, other):
    showers = event_generator(model, n_thrown=200, **other).showers
    assert not np.isin(showers.energy, generator.showers.energy).any()
    assert not np.isin(showers.x_max, generator.showers.x_max).any()


def test_the_same_showers_give_other_images_in_other_blocks_observations_and_seeds(model):
    generator = event_generator(model, n_thrown=2000)
    generator.recorded = np.tile(generator.recorded[:EVENTS_PER_BLOCK], 2)
    generator.telescopes = np.tile(generator.telescopes[:EVENTS_PER_BLOCK], (2, 1))
    drawn = [generator.block(number) for number in (0, 1)]
    for generator.keys in ((1, 2), (2, 1)):
        drawn.append(generator.block(0))
    charges = [images.charge for (images,) in drawn]
    for i, charge in enumerate(charges):
        assert len(charge) == EVENTS_PER_BLOCK
        for other in charges[:i]:
            assert np.mean(charge == other) < 0.01


def test_as_many_showers_are_recorded_as_in_the_training(model, generator):
    """Within 15 % of the training production, of which some 600 of 1500 were recorded."""
    (kind,) = model.telescope_types.values()
    expected = len(kind.training_images["size"]) / model.thrown[0].n_thrown
    fraction = len(generator.recorded) / len(generator.showers)
    assert fraction == pytest.approx(expected, rel=0.15)


def test_energetic_and_near_showers_are_recorded_more_often(generator):
    showers = generator.showers
    recorded = np.zeros(len(showers), dtype=bool)
    recorded[generator.recorded] = True
    distance = np.hypot(showers.core_x, showers.core_y)
    energetic, near = showers.energy > 3, distance < 120
    assert recorded[energetic & ~near].mean() > 2 * recorded[~energetic & ~near].mean()
    assert recorded[near].mean() > 2 * recorded[~near].mean()


def test_energetic_showers_develop_deeper(model):
    """X_max of the toy production is 300 + 80 log10(E/TeV) g/cm2 with a spread of 60."""
    showers = model.thrown[0].replace(n_thrown=3000).throw(np.random.default_rng(1))
    rng = np.random.default_rng(2)
    drawn = draw_development(model, showers, model.thrown[0].altitude, rng)
    residual = drawn.x_max - 300 - 80 * np.log10(drawn.energy)
    assert abs(residual.mean()) < 15
    assert residual.std() == pytest.approx(60, rel=0.2)
    assert drawn.h_first_int.mean() == pytest.approx(22e3, rel=0.02)
    assert np.array_equal(drawn.energy, showers.energy)
    assert np.array_equal(drawn.core_x, showers.core_x)


def test_development_stays_unknown_to_a_model_without_it(model):
    showers = model.thrown[0].replace(n_thrown=5).throw(np.random.default_rng(1))
    nothing = ConditionScaling((), (), (), (), ())
    without = replace(model, development={}, development_features=nothing)
    drawn = draw_development(without, showers, 1.2, np.random.default_rng(2))
    assert np.isnan(drawn.x_max).all()


def mixture(model, n_gammas, n_protons, **options):
    """Events of both primaries in their own array."""
    proton, gamma = model.thrown
    thrown = gamma.replace(n_thrown=n_gammas), proton.replace(n_thrown=n_protons)
    return EventGenerator(model, model.subarray, thrown, seed=1, obs_id=1, **options)


def test_showers_of_a_mixture_are_each_of_their_own_distribution(two_primaries, monkeypatch):
    """As many of each as asked for, also in every chunk, to one shower."""
    monkeypatch.setattr(generator_module, "THROWN_PER_CHUNK", 70)
    generator = mixture(two_primaries, 100, 333)
    showers, is_proton = generator.showers, generator.showers.primary_id == 101
    assert (is_proton.sum(), (showers.primary_id == 0).sum()) == (333, 100)
    for first in range(0, 420, 70):
        assert abs(is_proton[first : first + 70].sum() - 70 * 333 / 433) <= 1
    for chosen, low, high in ((is_proton, 3, 100), (~is_proton, 1, 50)):
        assert low <= showers.energy[chosen].min() <= showers.energy[chosen].max() <= high
    assert showers.energy[~is_proton].min() < 3
    assert 0.2 < np.mean(np.diff(is_proton)) < 0.5  # 0.36 in random order


def test_the_same_mixture_comes_whether_or_not_all_of_it_is_needed(two_primaries, monkeypatch):
    monkeypatch.setattr(generator_module, "THROWN_PER_CHUNK", 70)
    monkeypatch.setattr(generator_module, "EVENTS_PER_BLOCK", 10)
    whole, part = mixture(two_primaries, 100, 333), mixture(two_primaries, 100, 333, enough=10)
    n = len(part.showers)
    assert n in (70, 140)
    assert np.array_equal(part.showers.primary_id, whole.showers.primary_id[:n])
    assert np.array_equal(part.showers.energy, whole.showers.energy[:n])
    assert np.array_equal(part.showers.x_max, whole.showers.x_max[:n])


def test_the_trigger_is_told_the_primary(two_primaries):
    """Toy protons give a third of the light of gammas and are recorded less often."""
    proton, gamma = two_primaries.thrown
    thrown = gamma.replace(n_thrown=3000), proton.replace(n_thrown=3000)
    thrown = [run.replace(energy_min=3.0, energy_max=20.0, viewcone_max=1.0) for run in thrown]
    n_recorded = [
        len(EventGenerator(two_primaries, two_primaries.subarray, [run], seed=1, obs_id=1).recorded)
        for run in thrown
    ]
    assert n_recorded[0] > 1.3 * n_recorded[1]


@pytest.mark.parametrize(("number", "n_events"), [(0, 20), (101, 30)])
def test_conditions_at_a_size_are_those_of_the_primary(two_primaries, number, n_events):
    (kind,) = two_primaries.telescope_types.values()
    generator = mixture(two_primaries, 20, 30, size=(20, 100))
    chosen = generator.showers.primary_id == number
    assert chosen.sum() == n_events
    table = kind.training_images
    known = table["core_x"][table["primary_id"] == number]
    assert np.isin(generator.showers.core_x[chosen], known).all()


def test_fixed_sizes_are_met_exactly(model):
    generator = event_generator(model, n_thrown=200, size=(150, 150))
    assert len(generator.recorded) == 200
    sums = np.concatenate([images.counts.sum(axis=1) for images in all_blocks(generator)])
    assert (sums == 150).all()


def test_sizes_of_a_range_are_drawn_log_uniformly(model):
    """Kolmogorov-Smirnov probability above 0.01 for 2000 sizes."""
    low, high = 100, 1000
    sizes = event_generator(model, n_thrown=2000, size=(low, high)).sizes
    assert low <= sizes.min() <= sizes.max() <= high
    spread = np.log(sizes / low) / np.log(high / low)
    assert stats.kstest(spread, "uniform").pvalue > 0.01


def test_conditions_at_a_size_are_those_of_training_images_of_that_size(model):
    generator = event_generator(model, n_thrown=500, size=(20, 600))
    (kind,) = model.telescope_types.values()
    trained = dict(zip(kind.training_images["core_x"], kind.training_images["size"]))
    sizes = np.array([trained[core_x] for core_x in generator.showers.core_x])
    assert stats.spearmanr(sizes, generator.sizes).statistic > 0.95


def test_each_event_of_a_size_has_one_telescope_and_all_are_used(array_model):
    generator = event_generator(array_model, n_thrown=300, size=(50, 200))
    assert (generator.telescopes.sum(axis=1) == 1).all()
    assert (generator.telescopes.sum(axis=0) > 20).all()


def test_telescopes_of_unknown_type_are_refused(model, array_model):
    with pytest.raises(InputError, match="knows no telescope of type .*OtherCam"):
        EventGenerator(model, array_model.subarray, model.thrown[:1], seed=1, obs_id=1)


def without_a_weight(arrays):
    return dict(list(arrays.items())[1:])


def with_a_misshapen_weight(arrays):
    (name, array), *_ = arrays.items()
    return arrays | {name: np.zeros((*array.shape, 2), array.dtype)}


@pytest.mark.parametrize("group", ["network", "size_flow", "trigger"])
@pytest.mark.parametrize("breaking", [without_a_weight, with_a_misshapen_weight])
def test_broken_weights_are_bad_input(model, group, breaking):
    ((name, kind),) = model.telescope_types.items()
    broken = replace(kind, **{group: breaking(getattr(kind, group))})
    model = replace(model, telescope_types={name: broken})
    one_line_refusal(lambda: event_generator(model, n_thrown=10), "is broken")


@pytest.mark.parametrize("breaking", [without_a_weight, with_a_misshapen_weight])
def test_broken_weights_of_the_development_are_bad_input(model, breaking):
    broken = replace(model, development=breaking(model.development))
    with pytest.raises(InputError):
        event_generator(broken, n_thrown=10)
