"""Checkpoints give back the state of a training, and belong to one training only."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers import one_line_refusal, replace_array, resealed, same_tree
from model_helpers import SMALL_TRAINING, run_epochs

from ctapipe_fastsim.checkpoint import read_checkpoint, write_checkpoint
from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.training import TrainingRun
from ctapipe_fastsim.training_data import read_production

OPTIONS = replace(SMALL_TRAINING, epochs=3, batch_size=256)
PURPOSE = {"options": {"epochs": 3, "learning_rate": 1e-3}, "input": {"toy.h5": "abc"}}
STATES = {
    "SST_First": {
        "weights": {"cvae.dark": np.array(-8.0, np.float32), "matrix": np.eye(3)},
        "optimizer": {"parameter_0": {"step": np.array(3.0), "exp_avg": np.zeros((2, 2))}},
        "history": {"loss": np.array([3.0, 2.0, 1.5])},
    },
    "MST with / and spaces": {"weights": {"a": np.arange(3)}, "history": {}, "optimizer": {}},
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.h5.checkpoint"
    write_checkpoint(path, PURPOSE, STATES)
    return path


@pytest.fixture
def tampered(path):
    """Spoil the checkpoint through h5py, and seal it again."""

    def tamper(spoil):
        path.write_bytes(resealed(path, "checkpoint", spoil))
        return path

    return tamper


def refusal(path, purpose=PURPOSE):
    """The message with which a checkpoint is refused, checked to be one line that names it."""
    return one_line_refusal(lambda: read_checkpoint(path, purpose), path)


def test_states_come_back(path):
    states = read_checkpoint(path, PURPOSE)
    assert list(states) == list(STATES)
    assert same_tree(states, STATES)


def test_a_run_goes_on_from_the_file_as_from_memory(toy_file, tmp_path):
    """Two epochs, written and read, and one more: the bytes of three epochs."""
    (images,) = read_production([toy_file]).images.values()
    run = run_epochs(TrainingRun(images, OPTIONS), 2)
    path = tmp_path / "checkpoint"
    write_checkpoint(path, PURPOSE, {"toy": run.state()})
    resumed = TrainingRun(images, OPTIONS)
    resumed.restore(read_checkpoint(path, PURPOSE)["toy"])
    for each in (run, resumed):
        run_epochs(each, 1)
    assert resumed.history == run.history
    assert same_tree(resumed.state(), run.state())


def test_the_state_of_a_run_before_its_first_epoch_comes_back(toy_file, tmp_path):
    (images,) = read_production([toy_file]).images.values()
    state = TrainingRun(images, OPTIONS).state()
    write_checkpoint(tmp_path / "checkpoint", PURPOSE, {"toy": state})
    states = read_checkpoint(tmp_path / "checkpoint", PURPOSE)
    assert same_tree(states["toy"], state)
    resumed = TrainingRun(images, OPTIONS)
    resumed.restore(states["toy"])
    assert resumed.epoch == 0
    assert not resumed.finished


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"options": {"epochs": 4, "learning_rate": 1e-3}}, "options"),
        ({"input": {"toy.h5": "abd"}}, "input"),
        ({"input": {}}, "input"),
        ({"more": 1}, "more"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(path, change, named):
    assert f"other {named}" in refusal(path, PURPOSE | change)


def test_a_checkpoint_that_was_cut_short_is_refused(path):
    content = path.read_bytes()
    for length in (0, 30, 512, 1000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        refusal(path)


def test_a_damaged_checkpoint_is_refused(path):
    content = bytearray(path.read_bytes())
    for place in np.linspace(512, len(content) - 1, 10).astype(int):
        content[place] ^= 1
        path.write_bytes(content)
        refusal(path)
        content[place] ^= 1


def test_a_model_is_no_checkpoint(toy_model):
    assert "not a fastsim checkpoint" in refusal(toy_model)


def test_a_newer_checkpoint_is_refused(path):
    path.write_bytes(path.read_bytes().replace(b"checkpoint 1 ", b"checkpoint 2 ", 1))
    assert "version 2" in refusal(path)


def test_a_missing_checkpoint_is_refused(tmp_path):
    refusal(tmp_path / "missing")


@pytest.mark.parametrize("name", ["header", "states", "states/state_0"])
def test_a_checkpoint_with_something_missing_is_refused(tampered, name):
    refusal(tampered(lambda h5file: h5file.__delitem__(name)))


def test_a_checkpoint_with_numbers_that_are_not_finite_is_refused(tampered):
    def spoil(h5file):
        h5file["states/state_0/history/loss"][1] = np.nan

    assert "not finite" in refusal(tampered(spoil))


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"purpose": 1}',
        b"[" * 10**5,
        json.dumps({"purpose": PURPOSE}).encode(),
    ],
)
def test_a_checkpoint_with_an_odd_header_is_refused(tampered, header):
    array = np.frombuffer(header, np.uint8)
    refusal(tampered(lambda h5file: replace_array(h5file, "header", array)))


def test_a_checkpoint_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_checkpoint(tmp_path / "missing" / "checkpoint", PURPOSE, STATES)
