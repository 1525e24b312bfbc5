"""The training tool: a model or an error in one line, never half a file, and it goes on."""

import hashlib
import json
import os
import shlex

import h5py
import numpy as np
import pytest
import torch
from ctapipe.core import run_tool
from ctapipe.instrument import SubarrayDescription
from helpers import full_disk, interrupt, resealed
from toy_production import toy_subarray, toy_telescope, write_toy_production

from ctapipe_fastsim import boosted_trees, model_fit, thrown_anew, trigger
from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.eventsource import CVAEEventSource
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.tools import train as train_module
from ctapipe_fastsim.tools.train import TrainTool, main
from ctapipe_fastsim.training import TrainingRun

EPOCHS = 3
SMALL = [f"--epochs={EPOCHS}", "--hidden=8", "--latent=2", "--batch-size=64", "--device=cpu"]


@pytest.fixture(scope="module", autouse=True)
def quick_fits():
    """What is learned besides the networks is tested elsewhere; here a few steps are enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigger, "STEPS", 20)
        patch.setattr(trigger, "BATCH", 256)
        patch.setattr(thrown_anew, "N_SPREAD", 10_000)
        patch.setattr(boosted_trees, "MOST_TREES", 50)
        patch.setattr(model_fit, "DEVELOPMENT_PLAN", (2, 64, 2e-3))
        yield


@pytest.fixture(scope="module")
def dl1_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("dl1") / "small.dl1.h5"
    write_toy_production(path, n_showers=70, seed=4)
    return path


@pytest.fixture(scope="module")
def uninterrupted(dl1_file, tmp_path_factory):
    """Model of three epochs."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    assert train(folder, dl1_file) == 0
    return folder / "model.fastsim.h5"


def train(folder, dl1_file, *options):
    """Run the tool in a folder, with the output there, and return its exit code."""
    defaults = [f"--input={dl1_file}", f"--output={folder / 'model.fastsim.h5'}", *SMALL]
    given = {option.split("=")[0] for option in options}
    progress = [] if "--progress" in given else ["--no-progress"]
    return run(folder, *(d for d in defaults if d.split("=")[0] not in given), *progress, *options)


def run(folder, *arguments):
    return run_tool(TrainTool(), list(arguments), cwd=folder, raises=False)


def written(folder):
    """Names of all files but the log that every tool of ctapipe writes."""
    return sorted(set(os.listdir(folder)) - {"ctapipe-fastsim-train.provenance.log"})


def arrays(model_file):
    """All arrays of a model and its header, apart from the provenance."""
    found = {}
    with h5py.File(model_file) as h5file:
        for group in ("development", "telescope_types"):
            h5file[group].visititems(
                lambda name, node, group=group: (
                    found.update({f"{group}/{name}": node[()].tobytes()})
                    if isinstance(node, h5py.Dataset)
                    else None
                )
            )
        header = json.loads(bytes(h5file["header"][:]))
    del header["provenance"]
    return found, header


def assert_one_line(capsys, message):
    """One error that holds the message, and the hint that every tool of ctapipe gives."""
    text = capsys.readouterr().err
    errors = [line for line in text.splitlines() if "ERROR" in line or "CRITICAL" in line]
    assert "Traceback" not in text
    assert len(errors) == 2
    assert message in errors[0]
    assert "--help" in errors[1]


def interrupt_after(n_epochs, monkeypatch):
    """Ctrl-C within the epoch after these, when a batch of it is done."""
    run_epoch, started = TrainingRun.run_epoch, []

    def run_epoch_or_stop(self, progress):
        started.append(1)
        run_epoch(self, progress if len(started) <= n_epochs else interrupt)

    monkeypatch.setattr(TrainingRun, "run_epoch", run_epoch_or_stop)


def test_a_training_writes_a_model_and_nothing_else(uninterrupted):
    assert written(uninterrupted.parent) == ["model.fastsim.h5"]
    (kind,) = read_model(uninterrupted)[0].telescope_types.values()
    assert kind.figures["epochs"] == EPOCHS
    assert len(kind.history["loss"]) == EPOCHS
    assert kind.history["loss"][-1] < kind.history["loss"][0]


def test_the_same_seed_gives_the_same_arrays(uninterrupted, dl1_file, tmp_path):
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - nothing may depend on it
    assert train(tmp_path, dl1_file, "--seed=0") == 0
    assert arrays(tmp_path / "model.fastsim.h5") == arrays(uninterrupted)


def test_another_seed_gives_other_arrays(uninterrupted, dl1_file, tmp_path):
    assert train(tmp_path, dl1_file, "--seed=1", "--epochs=1") == 0
    one, other = (arrays(path)[0] for path in (tmp_path / "model.fastsim.h5", uninterrupted))
    for part in ("network", "size_flow", "trigger"):
        names = [name for name in one if f"/{part}/" in name and name.endswith("weight")]
        assert names
        assert all(one[name] != other[name] for name in names)


def test_an_existing_output_is_refused(dl1_file, tmp_path, capsys):
    (tmp_path / "model.fastsim.h5").write_bytes(b"precious")
    assert train(tmp_path, dl1_file) == 2
    assert_one_line(capsys, "exists")
    assert (tmp_path / "model.fastsim.h5").read_bytes() == b"precious"


def test_an_existing_output_is_overwritten_when_told_so(dl1_file, tmp_path):
    (tmp_path / "model.fastsim.h5").write_bytes(b"old")
    assert train(tmp_path, dl1_file, "--overwrite", "--epochs=1") == 0
    read_model(tmp_path / "model.fastsim.h5")
    assert written(tmp_path) == ["model.fastsim.h5"]


def test_missing_input_is_refused(tmp_path, capsys):
    assert run(tmp_path, "--output=model.fastsim.h5") == 2
    assert_one_line(capsys, "-i")
    assert not written(tmp_path)


def test_missing_output_is_refused(dl1_file, tmp_path, capsys):
    assert run(tmp_path, f"--input={dl1_file}") == 2
    assert_one_line(capsys, "-o")


def test_a_missing_file_is_refused(tmp_path, capsys):
    assert train(tmp_path, tmp_path / "missing.h5") == 2
    assert_one_line(capsys, "missing.h5")
    assert not written(tmp_path)


def test_a_file_that_cannot_be_used_is_refused(tmp_path, capsys):
    path = tmp_path / "text.h5"
    path.write_text("not a DL1 file\n" * 100)
    assert train(tmp_path, path) == 2
    assert_one_line(capsys, "text.h5: cannot be read as a ctapipe DL1 file")
    assert written(tmp_path) == ["text.h5"]


def test_a_missing_folder_is_refused(dl1_file, tmp_path, capsys):
    assert train(tmp_path, dl1_file, f"--output={tmp_path}/missing/model.fastsim.h5") == 2
    assert_one_line(capsys, "no such folder")
    assert not written(tmp_path)


def test_a_folder_without_permission_is_refused(dl1_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert train(tmp_path, dl1_file) == 2
    assert_one_line(capsys, "no permission")


def test_a_folder_as_output_is_refused(dl1_file, tmp_path, capsys):
    assert train(tmp_path, dl1_file, f"--output={tmp_path}", "--overwrite") != 0
    assert "Traceback" not in capsys.readouterr().err
    assert not written(tmp_path)


@pytest.mark.parametrize(
    "option",
    ["--epochs=0", "--device=abacus", "--seed=-1", "--epochs=many", "--hidden=0"],
)
def test_options_that_make_no_sense_are_refused(dl1_file, tmp_path, capsys, option):
    assert train(tmp_path, dl1_file, option) != 0
    assert "Traceback" not in capsys.readouterr().err
    assert not written(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(dl1_file, tmp_path, capsys):
    assert train(tmp_path, dl1_file, "--device=cuda") == 2
    assert_one_line(capsys, "finds no GPU")
    assert not written(tmp_path)


def test_without_arguments_the_entry_point_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ctapipe-fastsim-train"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert_one_line(capsys, "-i")


def test_ctrl_c_keeps_the_best_so_far(dl1_file, tmp_path, monkeypatch, capsys):
    interrupt_after(2, monkeypatch)
    assert train(tmp_path, dl1_file) == 130
    text = capsys.readouterr().err
    assert "--resume" in text
    assert "Traceback" not in text
    assert written(tmp_path) == ["model.fastsim.h5", "model.fastsim.h5.checkpoint"]
    (kind,) = read_model(tmp_path / "model.fastsim.h5")[0].telescope_types.values()
    assert kind.figures["epochs"] == 2
    assert np.isfinite(list(kind.figures.values())).all()


def test_ctrl_c_before_the_first_epoch_leaves_nothing(dl1_file, tmp_path, monkeypatch, capsys):
    interrupt_after(0, monkeypatch)
    assert train(tmp_path, dl1_file) == 130
    assert "no model" in capsys.readouterr().err
    assert not written(tmp_path)


def test_ctrl_c_before_the_second_type_keeps_the_checkpoint(
    toy_array_file, tmp_path, monkeypatch, capsys
):
    """There is no model of half an array, but --resume trains the rest."""
    with monkeypatch.context() as patch:
        interrupt_after(1, patch)
        assert train(tmp_path, toy_array_file, "--epochs=1") == 130
    assert "no model" in capsys.readouterr().err
    assert written(tmp_path) == ["model.fastsim.h5.checkpoint"]
    assert train(tmp_path, toy_array_file, "--epochs=1", "--resume") == 0
    model, _ = read_model(tmp_path / "model.fastsim.h5")
    assert len(model.telescope_types) == 2
    assert written(tmp_path) == ["model.fastsim.h5"]


def test_ctrl_c_while_finishing_keeps_the_checkpoint(dl1_file, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(model_fit, "fit_response", interrupt)
        assert train(tmp_path, dl1_file, "--epochs=1") == 130
    assert written(tmp_path) == ["model.fastsim.h5.checkpoint"]
    assert train(tmp_path, dl1_file, "--epochs=1", "--resume") == 0
    assert written(tmp_path) == ["model.fastsim.h5"]


@pytest.mark.parametrize("n_epochs", [1, 2])
def test_resuming_gives_the_same_model(uninterrupted, dl1_file, tmp_path, monkeypatch, n_epochs):
    with monkeypatch.context() as patch:
        interrupt_after(n_epochs, patch)
        assert train(tmp_path, dl1_file) == 130
    assert train(tmp_path, dl1_file, "--resume") == 0
    assert written(tmp_path) == ["model.fastsim.h5"]
    assert arrays(tmp_path / "model.fastsim.h5") == arrays(uninterrupted)


@pytest.fixture(scope="module")
def interrupted(dl1_file, tmp_path_factory):
    """Files of a training that was interrupted, by name."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.MonkeyPatch.context() as patch:
        interrupt_after(1, patch)
        assert train(folder, dl1_file) == 130
    return {name: (folder / name).read_bytes() for name in written(folder)}


def left_behind(interrupted, folder):
    for name, content in interrupted.items():
        (folder / name).write_bytes(content)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in written(folder)}


@pytest.mark.parametrize(
    "option", ["--seed=5", "--epochs=9", "--hidden=9", "--learning-rate=0.01", "--patience=3"]
)
def test_resuming_with_other_options_is_refused(interrupted, dl1_file, tmp_path, capsys, option):
    left_behind(interrupted, tmp_path)
    assert train(tmp_path, dl1_file, "--resume", option) == 2
    assert_one_line(capsys, "other options")
    assert contents(tmp_path) == interrupted


def test_resuming_with_another_input_is_refused(interrupted, toy_file, tmp_path, capsys):
    left_behind(interrupted, tmp_path)
    assert train(tmp_path, toy_file, "--resume") == 2
    assert_one_line(capsys, "other input")
    assert contents(tmp_path) == interrupted


def test_resuming_without_a_checkpoint_is_refused(dl1_file, tmp_path, capsys):
    assert train(tmp_path, dl1_file, "--resume") == 2
    assert_one_line(capsys, "no checkpoint")
    assert not written(tmp_path)


def test_resuming_from_a_damaged_checkpoint_is_refused(interrupted, dl1_file, tmp_path, capsys):
    left_behind(interrupted, tmp_path)
    path = tmp_path / "model.fastsim.h5.checkpoint"
    path.write_bytes(path.read_bytes()[:-1])
    assert train(tmp_path, dl1_file, "--resume") == 2
    assert_one_line(capsys, "damaged or cut short")


@pytest.mark.parametrize("name", ["weights/cvae__dark", "optimizer/parameter_0/exp_avg"])
def test_resuming_from_other_weights_is_refused(interrupted, dl1_file, tmp_path, capsys, name):
    left_behind(interrupted, tmp_path)
    path = tmp_path / "model.fastsim.h5.checkpoint"

    def spoil(h5file):
        del h5file[f"states/state_0/{name}"]

    path.write_bytes(resealed(path, "checkpoint", spoil))
    assert train(tmp_path, dl1_file, "--resume") == 2
    assert_one_line(capsys, "does not fit the network")


def test_a_checkpoint_is_not_overwritten_unasked(interrupted, dl1_file, tmp_path, capsys):
    """Also where no model was written yet."""
    name = "model.fastsim.h5.checkpoint"
    (tmp_path / name).write_bytes(interrupted[name])
    assert train(tmp_path, dl1_file) == 2
    assert_one_line(capsys, "unfinished training")
    assert contents(tmp_path) == {name: interrupted[name]}
    assert train(tmp_path, dl1_file, "--epochs=1", "--overwrite") == 0
    assert written(tmp_path) == ["model.fastsim.h5"]


def test_a_full_disk_is_told_in_one_line(dl1_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(os, "fsync", full_disk)
    assert train(tmp_path, dl1_file, "--epochs=1") == 2
    assert_one_line(capsys, "No space left")
    assert not written(tmp_path)


def test_a_full_disk_leaves_the_old_model(dl1_file, tmp_path, monkeypatch):
    (tmp_path / "model.fastsim.h5").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    assert train(tmp_path, dl1_file, "--epochs=1", "--overwrite") == 2
    assert contents(tmp_path) == {"model.fastsim.h5": b"old"}


def test_a_full_disk_at_the_end_leaves_the_checkpoint(
    uninterrupted, dl1_file, tmp_path, monkeypatch
):
    """So that the training is not lost: --resume only has to write the model."""
    fsync, calls = os.fsync, []

    def fail_later(file):
        calls.append(1)
        if len(calls) > EPOCHS:
            full_disk()
        fsync(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_later)
        assert train(tmp_path, dl1_file) == 2
    assert written(tmp_path) == ["model.fastsim.h5.checkpoint"]
    assert train(tmp_path, dl1_file, "--resume") == 0
    assert arrays(tmp_path / "model.fastsim.h5") == arrays(uninterrupted)


def test_a_training_that_diverges_writes_nothing(dl1_file, tmp_path, capsys):
    assert train(tmp_path, dl1_file, "--learning-rate=1e30") == 2
    assert_one_line(capsys, "learning")
    assert "model.fastsim.h5" not in written(tmp_path)


def test_files_of_the_same_name_are_both_in_the_provenance(dl1_file, tmp_path):
    digests, arguments = set(), []
    for seed in (8, 9):
        path = tmp_path / f"run{seed}" / "gamma.dl1.h5"
        path.parent.mkdir()
        write_toy_production(path, n_showers=20, seed=seed, obs_id=seed)
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        arguments.append(f"--input={path}")
    output = tmp_path / "model.fastsim.h5"
    assert run(tmp_path, *arguments, f"--output={output}", *SMALL[1:], "--epochs=1") == 0
    model, _ = read_model(output)
    assert digests == set(model.provenance["input"].values())


def test_a_production_of_one_energy_can_be_learned(tmp_path):
    path = tmp_path / "mono.dl1.h5"
    write_toy_production(path, n_showers=40, energy_range=(10, 10.0005))
    assert train(tmp_path, path, "--epochs=1") == 0
    model, _ = read_model(tmp_path / "model.fastsim.h5")
    (kind,) = model.telescope_types.values()
    assert "log10_energy" not in kind.conditions.names
    assert "impact_distance" in kind.conditions.names


def test_a_telescope_type_that_never_recorded_is_left_out(tmp_path):
    """A model that can be used all the same."""
    array = toy_subarray(2)
    blind = toy_telescope("OtherCam", 127, mirror_area=1e-3)
    telescopes = {1: array.tel[1], 2: blind}
    subarray = SubarrayDescription("toy", array.positions, telescopes, array.reference_location)
    write_toy_production(tmp_path / "blind.h5", subarray, n_showers=50)
    assert train(tmp_path, tmp_path / "blind.h5", "--epochs=1") == 0
    with CVAEEventSource(tmp_path / "model.fastsim.h5", n_showers=50) as source:
        assert {tel_id for event in source for tel_id in event.dl1.tel} == {1}


def test_a_single_shower_is_refused(tmp_path, capsys):
    path = tmp_path / "single.dl1.h5"
    write_toy_production(path, n_showers=1, reuse=20, energy_range=(30, 50))
    assert train(tmp_path, path) == 2
    assert_one_line(capsys, "single shower")
    assert written(tmp_path) == ["single.dl1.h5"]


def test_progress_shows_the_held_out_elbo(dl1_file, tmp_path, capsys):
    assert train(tmp_path, dl1_file, "--epochs=1", "--progress") == 0
    text = capsys.readouterr().err
    assert "held_out_ELBO=" in text
    assert "100%" in text


def test_early_stopping_is_a_finished_training(dl1_file, tmp_path, monkeypatch):
    """A training that stops by patience writes its model and leaves no checkpoint."""
    look = TrainingRun._look_at_held_out

    def look_and_find_worse(self, training_loss):
        look(self, training_loss)
        self.history["loss"][-1] += 1000 * self.epoch

    monkeypatch.setattr(TrainingRun, "_look_at_held_out", look_and_find_worse)
    assert train(tmp_path, dl1_file, "--epochs=8", "--patience=2") == 0
    (kind,) = read_model(tmp_path / "model.fastsim.h5")[0].telescope_types.values()
    assert kind.figures["epochs"] == 3
    assert written(tmp_path) == ["model.fastsim.h5"]


@pytest.mark.parametrize(
    "line", [line.strip() for line in TrainTool.examples.splitlines() if line.strip()]
)
def test_examples_do_what_they_say(line, tmp_path, monkeypatch):
    """All the files are read, nothing that was given is dropped."""
    prompt, command, *arguments = shlex.split(line)
    assert (prompt, command) == (">", TrainTool.name)
    read = []

    def read_nothing(paths):
        read.extend(path.name for path in paths)
        raise InputError("stop here")

    monkeypatch.setattr(train_module, "read_production", read_nothing)
    (tmp_path / "gamma.fastsim.h5.checkpoint").write_bytes(b"")
    if "--resume" not in arguments:
        (tmp_path / "gamma.fastsim.h5.checkpoint").unlink()
    tool = TrainTool()
    assert run_tool(tool, arguments, cwd=tmp_path, raises=False) == 2
    assert read == [word for word in arguments if word.endswith(".dl1.h5")]
    assert tool.output_path.name == "gamma.fastsim.h5"


def test_several_input_files_are_all_read(tmp_path):
    """After one -i, as a shell expands a pattern."""
    for seed in (8, 9):
        write_toy_production(tmp_path / f"{seed}.h5", n_showers=20, seed=seed, obs_id=seed)
    output = tmp_path / "model.fastsim.h5"
    options = [f"--output={output}", *SMALL, "--no-progress"]
    options[1] = "--epochs=1"
    inputs = [str(tmp_path / f"{seed}.h5") for seed in (8, 9)]
    assert run(tmp_path, "-i", *inputs, *options) == 0
    model, _ = read_model(output)
    assert model.provenance["input"].keys() == {"8.h5", "9.h5"}
    assert model.thrown[0].n_thrown == 200


def test_a_primary_in_each_file_gives_a_model_of_all(gamma_proton_files, tmp_path):
    options = [f"--output={tmp_path / 'both.fastsim.h5'}", *SMALL[1:], "--no-progress"]
    assert run(tmp_path, "-i", *map(str, gamma_proton_files), "--epochs=1", *options) == 0
    model, _ = read_model(tmp_path / "both.fastsim.h5")
    assert model.primary_ids == (101, 0)
    for primary in ("gamma", "proton"):
        path = tmp_path / "both.fastsim.h5"
        with CVAEEventSource(path, primary=primary, n_showers=200) as source:
            assert sum(len(event.dl1.tel) for event in source) > 0


def test_help_is_given(tmp_path, capsys):
    assert run(tmp_path, "--help") == 0
    text = capsys.readouterr().out
    assert "ctapipe-fastsim-train -i" in text
    assert "--resume" in text
