"""Files that several tests read, written once per session."""

import os

import pytest
from ctapipe.core import run_tool
from toy_production import toy_subarray, write_toy_production

pytest.register_assert_rewrite("helpers")
# on busy machines torch's threads wait for each other; read when torch is imported
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser):
    parser.addoption(
        "--mutations", type=int, default=100, help="Model files that test_hostile_files.py spoils."
    )
    parser.addoption(
        "--kills", type=int, default=2, help="Times that test_faults.py kills each tool."
    )


@pytest.fixture(scope="session", autouse=True)
def quick_provenance():
    """A tool of ctapipe lists all installed packages, and writes down those of all before it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ctapipe.core.provenance._get_python_packages", list, raising=False)
        yield


@pytest.fixture(scope="session")
def train_by_tool():
    """The function that trains small models."""
    return train


@pytest.fixture(scope="session")
def toy_file(tmp_path_factory):
    """DL1 file of one telescope: 300 showers, each used five times."""
    path = tmp_path_factory.mktemp("toy") / "toy.dl1.h5"
    write_toy_production(path)
    return path


@pytest.fixture(scope="session")
def toy_array_file(tmp_path_factory):
    """DL1 file of three telescopes, of which the second (tel_id 2) is of another type."""
    path = tmp_path_factory.mktemp("toy_array") / "toy_array.dl1.h5"
    subarray = toy_subarray(n_telescopes=3, second_type=True)
    write_toy_production(path, subarray=subarray, n_showers=60, seed=2)
    return path


@pytest.fixture(scope="session")
def toy_model(toy_file, tmp_path_factory):
    """Model file trained for a few epochs on `toy_file` by the tool."""
    return train([toy_file], tmp_path_factory.mktemp("toy_model") / "toy.fastsim.h5")


@pytest.fixture(scope="session")
def toy_array_model(toy_array_file, tmp_path_factory):
    """Model file of two telescope types, trained for a few epochs on `toy_array_file`."""
    return train([toy_array_file], tmp_path_factory.mktemp("toy_array_model") / "array.fastsim.h5")


@pytest.fixture(scope="session")
def gamma_proton_files(tmp_path_factory):
    """Two DL1 files of one observation number: gammas, and protons of less light thrown wider."""
    folder = tmp_path_factory.mktemp("gamma_proton")
    paths = [folder / "gamma.dl1.h5", folder / "proton.dl1.h5"]
    write_toy_production(paths[0], n_showers=120, seed=11)
    protons = dict(primary_id=101, light_yield=20.0, energy_range=(3.0, 100.0), viewcone=2.5)
    write_toy_production(paths[1], n_showers=180, seed=12, **protons)
    return paths


@pytest.fixture(scope="session")
def gamma_proton_model(gamma_proton_files, tmp_path_factory):
    """Model file of both primaries."""
    output = tmp_path_factory.mktemp("gamma_proton_model") / "both.fastsim.h5"
    return train(gamma_proton_files, output)


@pytest.fixture(scope="session")
def two_primaries(gamma_proton_model):
    """What is in `gamma_proton_model`."""
    return read(gamma_proton_model)


@pytest.fixture(scope="session")
def model(toy_model):
    """What is in `toy_model`."""
    return read(toy_model)


@pytest.fixture(scope="session")
def array_model(toy_array_model):
    """What is in `toy_array_model`."""
    return read(toy_array_model)


@pytest.fixture
def resources(tmp_path, monkeypatch):
    """Empty folder in place of that of the bundled models."""
    folder = tmp_path / "package" / "resources"
    folder.mkdir(parents=True)
    monkeypatch.setattr("ctapipe_fastsim.bundled.files", lambda package: folder.parent)
    return folder


def read(model_file):
    """Model of a file."""
    from ctapipe_fastsim.model_file import read_model

    return read_model(model_file)[0]


def train(dl1_files, model_file):
    """Train a small network for three epochs, trigger and trees little; return the model file."""
    from ctapipe_fastsim import boosted_trees, model_fit, trigger
    from ctapipe_fastsim.tools.train import TrainTool

    log = model_file.with_suffix(".log")
    options = ["--epochs=3", "--hidden=48", "--no-progress", f"--provenance-log={log}"]
    files = ["-i", *map(str, dl1_files)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigger, "BATCH", 1024)
        patch.setattr(trigger, "STEPS", 800)
        patch.setattr(trigger, "FIRST_STEPS", 200)
        patch.setattr(boosted_trees, "MOST_TREES", 100)
        patch.setattr(model_fit, "FEWEST_ACCEPTANCE_EVENTS", 50)
        run_tool(TrainTool(), [*files, f"-o={model_file}", *options], raises=True)
    return model_file
