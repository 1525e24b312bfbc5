"""Killed, without room, or two at a time: no file looks finished that is not, and none is lost."""

import hashlib
import os
import shutil
import subprocess

import numpy as np
import pytest
from faulty_runs import duration, run, run_and_kill, said, start
from helpers import same_tree
from toy_production import write_toy_production

from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.montecarlo.dl1_file import read_back

KINDS = ["generate", "simulate", "train"]
OUTPUT = dict(generate="out.dl1.h5", simulate="out.dl1.h5", train="out.fastsim.h5")


@pytest.fixture(scope="module")
def commands(toy_model, tmp_path_factory):
    """Options of each tool, but for the output."""
    production = tmp_path_factory.mktemp("faults") / "toy.dl1.h5"
    write_toy_production(production, n_showers=40)
    return dict(
        generate=["-i", toy_model, "-n", "600", "--parameters", "--no-progress"],
        simulate=["-n", "12", "--energy-max=3 TeV", "--no-progress"],
        train=["-i", production, "--epochs=2", "--hidden=8", "--no-progress"],
    )


@pytest.fixture(scope="module", params=KINDS)
def undisturbed(request, commands, tmp_path_factory):
    """Name, options, seconds and output of a tool that nobody disturbs."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    options = [*commands[name], "-o", OUTPUT[name], "--overwrite"]
    return name, options, duration(name, options, folder), folder / OUTPUT[name]


def content(path):
    """What has to be the same in two files of the same command."""
    if path.suffixes[-2:] == [".fastsim", ".h5"]:
        model, _ = read_model(path)
        return [kind.network for kind in model.telescope_types.values()]
    read_back(path)
    from ctapipe.io import TableLoader

    with TableLoader(path) as loader:
        events = loader.read_telescope_events(dl1_images=True, true_images=True)
    return {name: np.asarray(events[name]) for name in ("event_id", "image", "true_image")}


def same(one, other):
    if isinstance(one, list):
        return all(same_tree(a, b) for a, b in zip(one, other, strict=True))
    return same_tree(one, other)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_killed_at_any_moment(undisturbed, tmp_path, pytestconfig):
    """With ``--kills 50`` fifty times, every other time where there is a finished file already."""
    name, options, seconds, finished = undisturbed
    rng = np.random.default_rng(1)
    output = tmp_path / OUTPUT[name]
    expected, survived = content(finished), 0
    for number in range(pytestconfig.getoption("kills")):
        before = None
        if number % 2:
            shutil.copy(finished, output)
            before = digest(output)
        code = run_and_kill(name, options, tmp_path, rng.uniform(0, 1.1) * seconds)
        assert code in (0, -9), said(tmp_path)
        survived += code == 0
        if before:
            assert output.exists()
        if output.exists() and digest(output) != before:
            assert same(content(output), expected)
        output.unlink(missing_ok=True)
        others = {p.name for p in tmp_path.iterdir() if not p.name.endswith((".log", ".txt"))}
        known = {f"{OUTPUT[name]}.checkpoint"}
        assert all(n in known or (n[0] == "." and n.endswith(".tmp")) for n in others)
    assert survived < pytestconfig.getoption("kills")
    assert run(name, options, tmp_path) == 0, said(tmp_path)
    assert same(content(output), expected)


def test_a_killed_training_goes_on(commands, tmp_path):
    """From the last epoch, to the model of a training that nobody killed."""
    options = [*commands["train"], "-o", "out.fastsim.h5"]
    output, checkpoint = tmp_path / "out.fastsim.h5", tmp_path / "out.fastsim.h5.checkpoint"
    process = start("train", options, tmp_path)
    while not checkpoint.exists() and process.is_alive():
        process.join(0.01)
    process.kill()
    process.join()
    assert checkpoint.exists()
    assert not output.exists()
    assert run("train", [*options, "--resume"], tmp_path) == 0, said(tmp_path)
    resumed = content(output)
    assert run("train", [*options, "--overwrite"], tmp_path) == 0
    assert same(content(output), resumed)


def one_line(folder, *parts):
    """The error that a tool gave, checked to be one line (ctapipe adds that there is a --help)."""
    lines = [line for line in said(folder).splitlines() if "Use --help" not in line]
    errors = [line for line in lines if "ERROR" in line or "Traceback" in line]
    assert len(errors) == 1, said(folder)
    assert all(str(part) in errors[0] for part in parts), errors
    assert lines[-1] == errors[0]


@pytest.fixture
def mounted(tmp_path):
    """Mount a file system in memory, of some size and with options."""
    places = []

    def mount(size, *options):
        place = tmp_path / f"mounted{len(places)}"
        place.mkdir()
        settings = ",".join([f"size={size}", *options])
        command = ["mount", "-t", "tmpfs", "-o", settings, "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("no permission to mount")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("size", ["64k", "300k"])
@pytest.mark.parametrize("name", KINDS)
def test_a_full_disk(name, size, commands, mounted, tmp_path):
    place = mounted(size)
    options = [*commands[name], "-o", place / OUTPUT[name]]
    assert run(name, options, tmp_path) not in (0, None)
    one_line(tmp_path, place)
    assert not (place / OUTPUT[name]).exists()
    assert not [p for p in place.iterdir() if p.name.endswith(".tmp")]


@pytest.mark.parametrize("name", KINDS)
def test_a_file_system_that_cannot_be_written(name, commands, mounted, tmp_path):
    place = mounted("1m", "ro")
    assert run(name, [*commands[name], "-o", place / OUTPUT[name]], tmp_path) not in (0, None)
    one_line(tmp_path, str(place))


def test_two_at_once(undisturbed, tmp_path):
    """Both write a file of their own under another name; the last one stands."""
    name, options, _, finished = undisturbed
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    output = tmp_path / OUTPUT[name]
    options = [*options[: options.index("-o")], "-o", output, "--overwrite"]
    processes = [start(name, options, folder) for folder in folders]
    for process, folder in zip(processes, folders):
        process.join(120)
        assert process.exitcode == 0, said(folder)
    assert same(content(output), content(finished))
    assert os.listdir(tmp_path) and not list(tmp_path.glob(".*.tmp"))
