"""The training loop: held out by shower, repeatable, resumable, and it learns."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from helpers import one_line_refusal
from model_helpers import SMALL_TRAINING, run_epochs

from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.flow_sampling import flow_arrays, flow_sample
from ctapipe_fastsim.module_arrays import save_arrays
from ctapipe_fastsim.training import TrainingRun, _weights, held_out_showers
from ctapipe_fastsim.training_data import read_production

OPTIONS = replace(SMALL_TRAINING, epochs=4, batch_size=32, patience=10)


def part(images, rows):
    """Some rows of the images."""
    columns = {f.name: getattr(images, f.name) for f in fields(images) if f.name != "telescope"}
    return replace(images, **{name: column[rows] for name, column in columns.items()})


@pytest.fixture(scope="module")
def images(toy_file):
    (images,) = read_production([toy_file]).images.values()
    return part(images, slice(0, 160))


def weights(run):
    return {name: value.copy() for name, value in save_arrays(run.modules).items()}


def same(one, other):
    """Whether two dictionaries hold the same bytes."""
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )


@pytest.fixture(scope="module")
def uninterrupted(images):
    """Four epochs, and the weights of each."""
    run = TrainingRun(images, OPTIONS)
    epochs = [weights(run_epochs(run, 1)) for _ in range(4)]
    return run, epochs


def test_no_shower_is_on_both_sides(images):
    held_out = TrainingRun(images, OPTIONS).held_out
    showers = images.shower_number
    assert not set(showers[held_out]) & set(showers[~held_out])
    assert held_out.any()
    assert not held_out.all()


@pytest.mark.parametrize(("n_showers", "expected"), [(2, 1), (9, 1), (100, 10), (1234, 123)])
def test_a_tenth_of_the_showers_is_held_out(n_showers, expected):
    shower_number = np.repeat(np.arange(n_showers), 3)
    held_out = held_out_showers(shower_number, seed=0)
    assert held_out.sum() == 3 * expected
    assert (held_out.reshape(-1, 3).all(axis=1) == held_out.reshape(-1, 3).any(axis=1)).all()


def test_the_seed_decides_what_is_held_out():
    shower_number = np.arange(300)
    one, same_seed, other = (held_out_showers(shower_number, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same_seed)
    assert not np.array_equal(one, other)


def test_the_loss_falls(images):
    """Held out and in training, in ten epochs by more than ten units."""
    run = TrainingRun(images, replace(OPTIONS, epochs=10, learning_rate=3e-3))
    run_epochs(run, 10)
    for name in ("loss", "training_loss"):
        assert run.history[name][-1] < run.history[name][0] - 10


def test_history_has_one_entry_per_epoch(uninterrupted):
    run, _ = uninterrupted
    assert run.epoch == 4
    assert {len(values) for values in run.history.values()} == {4}
    last = {name: values[-1] for name, values in run.history.items()}
    assert np.isfinite(list(last.values())).all()
    assert last["loss"] == pytest.approx(
        last["kl"] - last["counts"] - last["times"] - last["size"], rel=1e-6
    )
    assert run.held_out_elbo == pytest.approx(-last["loss"] - last["size"], rel=1e-6)


def test_progress_counts_every_batch(images):
    steps = []
    run = TrainingRun(images, OPTIONS)
    run.run_epoch(steps.append)
    assert steps == [1] * run.batches_per_epoch
    assert run.batches_per_epoch == (~run.held_out).sum() // OPTIONS.batch_size >= 3


def test_the_same_seed_gives_the_same_weights(images, uninterrupted):
    torch.manual_seed(123)  # what others draw from torch does not matter
    again = run_epochs(TrainingRun(images, OPTIONS), 2)
    assert same(weights(again), uninterrupted[1][1])


def test_another_seed_gives_other_weights(images, uninterrupted):
    other = run_epochs(TrainingRun(images, replace(OPTIONS, seed=2)), 1)
    assert not same(weights(other), uninterrupted[1][0])


@pytest.mark.parametrize("stop", [1, 3])
def test_resuming_equals_going_on(images, uninterrupted, stop):
    state = run_epochs(TrainingRun(images, OPTIONS), stop).state()
    resumed = TrainingRun(images, OPTIONS)
    resumed.restore(state)
    assert resumed.epoch == stop
    run_epochs(resumed, 4 - stop)
    run, epochs = uninterrupted
    assert same(weights(resumed), epochs[3])
    assert same(resumed.best_arrays, run.best_arrays)
    assert resumed.history == run.history


def test_a_state_is_not_changed_by_going_on(images):
    """Neither in the run that it was taken from, nor in one that it was put into."""
    run = run_epochs(TrainingRun(images, OPTIONS), 1)
    state = run.state()
    expected = {name: value.copy() for name, value in state["weights"].items()}
    moment = state["optimizer"]["parameter_0"]["exp_avg"].copy()
    run_epochs(run, 1)
    assert same(state["weights"], expected)
    assert np.array_equal(state["optimizer"]["parameter_0"]["exp_avg"], moment)
    other = TrainingRun(images, OPTIONS)
    other.restore(state)
    run_epochs(other, 1)
    assert np.array_equal(state["optimizer"]["parameter_0"]["exp_avg"], moment)


def test_a_restored_run_knows_when_it_was_finished(images, uninterrupted):
    restored = TrainingRun(images, OPTIONS)
    assert not restored.finished
    restored.restore(uninterrupted[0].state())
    assert restored.finished


@pytest.mark.parametrize(
    ("losses", "finished"),
    [
        ([], False),
        ([5.0], False),
        ([5.0, 4.0, 4.5], False),
        ([5.0, 4.0, 4.5, 4.4], True),
        ([5.0, 4.0, 4.5, 3.9], False),
        ([5.0, 5.1, 5.2], True),
        ([6.0, 5.0, 4.0, 3.0, 2.0], True),  # all five epochs done
    ],
)
def test_training_stops_early_without_improvement(images, losses, finished):
    run = TrainingRun(images, replace(OPTIONS, epochs=5, patience=2, n_local=0))
    run.history["loss"], run.epoch = losses, len(losses)
    assert run.finished is finished


def test_keep_best_puts_the_best_epoch_in_place(images, uninterrupted):
    """Also when later epochs were worse."""
    run = TrainingRun(images, OPTIONS)
    run.restore(uninterrupted[0].state())
    best = int(np.argmin(run.history["loss"]))
    with torch.no_grad():
        for parameter in run.modules.parameters():
            parameter.add_(0.3)
    run._look_at_held_out(0.0)
    assert run.history["loss"][-1] > run.history["loss"][best]
    run.keep_best()
    assert same(weights(run), uninterrupted[1][best])


def test_the_size_is_learned_for_each_primary(gamma_proton_files):
    """Toy protons have a third of the light of gammas of the same energy and distance."""
    (images,) = read_production(gamma_proton_files).images.values()
    options = replace(SMALL_TRAINING, epochs=12, batch_size=64, learning_rate=1e-2)
    run = run_epochs(TrainingRun(images, options), 12)
    names, sizes = run.conditions.names, []
    values = condition_values(images.showers, images.geometry, *images.pointing)
    near = (values["impact_distance"] < 100) & (values["log10_energy"] > 0.7)
    noise = np.random.default_rng(1).normal(size=(near.sum(), 1)).astype(np.float32)
    size_flow = flow_arrays(save_arrays(run.size_flow), 1, len(names))
    for primary in ("is_gamma", "is_proton"):
        told = {name: values[name][near] for name in names}
        told |= {name: np.full(near.sum(), name == primary) for name in ("is_gamma", "is_proton")}
        conditions = run.conditions.transform(told)
        scaled = flow_sample(size_flow, conditions, noise)
        sizes.append(np.median(run.size.inverse(scaled[:, 0])))
    assert 2 < sizes[0] / sizes[1] < 4.5


def test_maps_cover_the_light(images):
    """Nearly all photo-electrons fall on the maps, and times are scaled by lit pixels."""
    run = TrainingRun(images, OPTIONS)
    source_core = torch.as_tensor(images.geometry.source_core_arrays())
    view = run.cvae.view(source_core, torch.ones(len(source_core)))
    along, across = run.cvae.map_position(view.u, view.v)
    inside = (along.abs() <= 1) & (across.abs() <= 1)
    assert images.counts[inside.numpy()].sum() > 0.99 * images.counts.sum()
    bright = images.peak_time[images.counts >= 5]
    assert run.cvae.sizes.time_origin == pytest.approx(np.median(bright), abs=1e-3)
    assert 25 < run.cvae.sizes.time_window <= 30


def test_bright_images_weigh_less():
    weight = _weights(np.array([0, 10, 100, 1000, 100_000]))
    assert weight.mean() == pytest.approx(1)
    assert (np.diff(weight) < 0).all()
    assert np.isfinite(_weights(np.zeros(3))).all()


def test_a_single_shower_is_refused(images):
    one = images.shower_number == images.shower_number[0]
    one_line_refusal(lambda: TrainingRun(part(images, one), OPTIONS), "single shower")


def test_only_constant_conditions_are_refused(images):
    """Every image the same shower but for its number in the file."""
    n = len(images.counts)
    constant = {
        group: type(getattr(images, group))(
            **{
                field.name: np.full(n, getattr(getattr(images, group), field.name)[0])
                for field in fields(getattr(images, group))
            }
        )
        for group in ("showers", "geometry")
    }
    spoiled = replace(images, **constant, obs_id=np.arange(n))
    one_line_refusal(lambda: TrainingRun(spoiled, OPTIONS), "every condition is constant")


@pytest.mark.parametrize("count", [0, 3])
def test_images_without_bright_pixels_are_refused(images, count):
    dim = replace(images, counts=np.minimum(images.counts, count))
    one_line_refusal(lambda: TrainingRun(dim, OPTIONS))


def test_empty_images_do_no_harm(images):
    counts = images.counts.copy()
    counts[::10] = 0
    run = run_epochs(TrainingRun(replace(images, counts=counts), OPTIONS), 1)
    assert np.isfinite(run.history["loss"]).all()
    assert all(np.isfinite(value).all() for value in weights(run).values())


def test_fewer_images_than_a_batch_can_be_trained_on(images):
    run = run_epochs(TrainingRun(part(images, slice(0, 12)), OPTIONS), 1)
    assert run.batches_per_epoch == 1
    assert np.isfinite(run.history["loss"]).all()


def test_a_training_that_diverges_says_so_in_one_line(images):
    run = TrainingRun(images, replace(OPTIONS, learning_rate=1e6))
    one_line_refusal(lambda: run_epochs(run, 2), "learning")


def test_the_best_epoch_is_one_that_trains_all_latents(images):
    """Those of places join half-way; what was better before does not count, nor stop."""
    run = TrainingRun(images, replace(OPTIONS, epochs=4, patience=1, n_local=1))
    run.history["loss"], run.epoch = [1.0, 2.0], 2
    assert not run.finished
    run.history["loss"], run.epoch = [1.0, 2.0, 5.0, 4.0], 4
    assert run.best_epoch == 3
