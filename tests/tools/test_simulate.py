"""The simulation tool: a DL1 file that ctapipe reads, or an error in one line and nothing left."""

import os
import shlex
import signal
import subprocess
import sys

import astropy.units as u
import numpy as np
import pytest
import tables
from astropy.coordinates import angular_separation
from ctapipe.coordinates import shower_impact_distance
from ctapipe.core import run_tool
from ctapipe.io import DataLevel, DataWriter, EventSource, HDF5EventSource, TableLoader
from ctapipe.tools.merge import MergeTool
from ctapipe.tools.process import ProcessorTool
from helpers import full_disk

from ctapipe_fastsim.montecarlo.production import Production
from ctapipe_fastsim.tools import simulate as simulate_module
from ctapipe_fastsim.tools.simulate import SimulateTool, main
from ctapipe_fastsim.training_data import read_production

N_SHOWERS, REUSE = 8, 3
SMALL = [f"--n-showers={N_SHOWERS}", f"--reuse={REUSE}", "--energy-min=1 TeV", "--energy-max=3 TeV"]
SMALL += ["--viewcone=1 deg", "--scatter-radius=200 m"]
EVERYTHING = dict(dl1_images=True, true_images=True, dl1_parameters=True, simulated=True)
EVERYTHING |= dict(pointing=True, true_parameters=False, dl2=False)
OUTPUT = "out.dl1.h5"


@pytest.fixture(scope="module")
def gamma_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gamma")
    assert simulate(folder) == 0
    assert written(folder) == [OUTPUT]
    return folder / OUTPUT


@pytest.fixture(scope="module")
def other_run(tmp_path_factory):
    """Another observation of the same production."""
    folder = tmp_path_factory.mktemp("other")
    assert simulate(folder, "--obs-id=2") == 0
    return folder / OUTPUT


@pytest.fixture(scope="module")
def array_file(tmp_path_factory):
    """Gammas of 1 to 2 TeV within 150 m of the centre of four telescopes."""
    folder = tmp_path_factory.mktemp("array")
    options = ["--telescopes=mst-array", "--min-telescopes=2", "--scatter-radius=150 m"]
    assert simulate(folder, *options, "--energy-max=2 TeV", "--n-showers=6") == 0
    return folder / OUTPUT


def simulate(folder, *options):
    """Run the tool in a folder, with the output there, and return its exit code."""
    defaults = [f"--output={OUTPUT}", *SMALL]
    given = {option.split("=")[0] for option in options}
    return run(folder, *(d for d in defaults if d.split("=")[0] not in given), *options)


def run(folder, *arguments):
    return run_tool(SimulateTool(), ["--no-progress", *arguments], cwd=folder, raises=False)


def written(folder):
    """Names of all files but the log that every tool of ctapipe writes."""
    return sorted(name for name in os.listdir(folder) if not name.endswith(".provenance.log"))


def assert_one_line(capsys, *parts):
    """One error that holds the parts, and the hint that every tool of ctapipe gives."""
    text = capsys.readouterr().err
    errors = [line for line in text.splitlines() if "ERROR" in line or "CRITICAL" in line]
    assert "Traceback" not in text
    assert len(errors) == 2
    assert all(part in errors[0] for part in parts)
    assert "--help" in errors[1]


def columns(path):
    """Every column of every table, as bytes; what ctapipe fits with its own numbers left out."""
    found = {}
    with tables.open_file(path) as h5file:
        for table in h5file.walk_nodes("/", "Table"):
            for name in table.colnames:
                if "timing_" not in name:
                    found[f"{table._v_pathname}/{name}"] = table.col(name).tobytes()
    return found


def telescope_events(path):
    with TableLoader(path) as loader:
        return loader.read_telescope_events(**EVERYTHING)


def n_showers_told(path):
    """Showers in the configuration, and showers in the histogram."""
    with TableLoader(path) as loader:
        (config,) = loader.read_simulation_configuration()
        (distribution,) = loader.read_shower_distribution()
    assert distribution["n_entries"] == distribution["histogram"].sum()
    return int(config["n_showers"]), distribution["histogram"].sum() / config["shower_reuse"]


@pytest.fixture(autouse=True)
def interrupts():
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def after_showers(n_showers, action, monkeypatch):
    """Do something when this many showers are simulated; returns the list of those begun."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # no other processes
    shower, begun = Production.shower, []

    def shower_or_action(self, number):
        begun.append(number)
        if number == n_showers:
            action()
        return shower(self, number)

    monkeypatch.setattr(Production, "shower", shower_or_action)
    return begun


def fail():
    raise RuntimeError("something unforeseen")


def test_the_event_source_of_ctapipe_reads_the_file(gamma_file):
    with EventSource(gamma_file) as source:
        assert isinstance(source, HDF5EventSource)
        assert source.is_simulation
        assert set(source.datalevels) >= {DataLevel.DL1_IMAGES, DataLevel.DL1_PARAMETERS}
        assert source.subarray.name == "taiga-iact"
        assert source.atmosphere_density_profile is not None
        events = list(source)
    assert len(events) > 5
    for event in events:
        assert event.index.obs_id == 1
        assert event.simulation.shower.shower_primary_id == 0
        assert event.simulation.tel[1].true_image_sum == event.simulation.tel[1].true_image.sum()
        assert event.dl1.tel[1].image.shape == event.dl1.tel[1].peak_time.shape == (595,)


def test_tables_hold_images_truth_and_parameters(gamma_file):
    events = telescope_events(gamma_file)
    assert (events["true_image"].sum(axis=1) == events["true_image_sum"]).all()
    images = np.asarray(events["image"])
    assert len({image.tobytes() for image in images}) == len(events)
    bright = events[events["true_image_sum"] > 70]
    assert len(bright) > 3
    ratio = bright["hillas_intensity"] / bright["true_image_sum"]
    assert 0.6 < np.nanmedian(ratio) < 1.3
    assert np.isfinite(events["true_x_max"]).all()
    assert (events["true_energy"].quantity >= 1 * u.TeV).all()
    assert (events["true_energy"].quantity <= 3 * u.TeV).all()


def test_event_ids_say_which_shower(gamma_file):
    """And which core: cores of one shower share all but the core."""
    events = telescope_events(gamma_file)
    shower, core = np.divmod(np.asarray(events["event_id"]), 100)
    assert shower.max() < N_SHOWERS
    assert core.max() < REUSE
    for number in set(shower):
        of_shower = events[shower == number]
        assert len(set(of_shower["true_energy"])) == 1
        assert len(set(of_shower["true_core_x"])) == len(of_shower)
    assert len(set(events["true_energy"])) == len(set(shower)) > 3
    assert len(set(events["event_id"])) == len(events)


def test_the_histogram_counts_all_that_was_thrown(gamma_file):
    assert n_showers_told(gamma_file) == (N_SHOWERS, N_SHOWERS)


def test_the_configuration_says_what_was_asked_for(gamma_file):
    with EventSource(gamma_file) as source:
        config = source.simulation_config[1]
    expected = dict(
        energy_range_min=1 * u.TeV,
        energy_range_max=3 * u.TeV,
        min_viewcone_radius=0 * u.deg,
        max_viewcone_radius=1 * u.deg,
        min_scatter_range=0 * u.m,
        max_scatter_range=200 * u.m,
        min_alt=60 * u.deg,
        max_alt=60 * u.deg,
        min_az=180 * u.deg,
        max_az=180 * u.deg,
        prod_site_alt=675 * u.m,
    )
    for name, value in expected.items():
        assert u.isclose(config[name], value, atol=1e-4 * value.unit), name
    assert config["spectral_index"] == -2
    assert (config["n_showers"], config["shower_reuse"], config["diffuse"]) == (8, 3, True)


def test_impact_distances_are_those_of_ctapipe(array_file):
    with EventSource(array_file) as source:
        for event in source:
            expected = shower_impact_distance(event.simulation.shower, source.subarray)
            for tel_id, camera in event.simulation.tel.items():
                found = camera.impact.distance
                assert u.isclose(found, expected[tel_id - 1], atol=0.01 * u.m)


def test_telescopes_point_where_the_run_does(gamma_file):
    events = telescope_events(gamma_file)
    for name, value in (("altitude", 60), ("azimuth", 180)):
        found = events[f"telescope_pointing_{name}"].quantity.to_value(u.deg)
        assert found == pytest.approx(np.full(len(events), value))


def test_the_training_reads_the_file(gamma_file):
    production = read_production([gamma_file])
    (thrown,) = production.thrown
    assert (thrown.n_thrown, thrown.shower_reuse) == (N_SHOWERS * REUSE, REUSE)
    assert (thrown.energy_min, thrown.energy_max, thrown.primary_id) == (1, 3, 0)
    (images,) = production.images.values()
    assert len(images.counts) == len(telescope_events(gamma_file))


def test_runs_of_other_ids_are_merged(gamma_file, other_run, tmp_path):
    arguments = [str(gamma_file), str(other_run), f"--output={tmp_path / 'merged.h5'}"]
    assert run_tool(MergeTool(), arguments, cwd=tmp_path) == 0
    parts = [telescope_events(path) for path in (gamma_file, other_run)]
    merged = telescope_events(tmp_path / "merged.h5")
    assert len(merged) == len(parts[0]) + len(parts[1])
    assert set(merged["obs_id"]) == {1, 2}
    assert not set(parts[0]["true_energy"]) & set(parts[1]["true_energy"])
    assert sum(t.n_thrown for t in read_production([tmp_path / "merged.h5"]).thrown) == 48


def test_the_same_seed_gives_the_same_tables(gamma_file, tmp_path):
    np.random.seed(99)  # noqa: NPY002 - nothing may depend on it
    assert simulate(tmp_path) == 0
    found, expected = columns(tmp_path / OUTPUT), columns(gamma_file)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []


def test_another_seed_gives_other_tables(gamma_file, tmp_path):
    assert simulate(tmp_path, "--seed=1", "--n-showers=3") == 0
    energies = [telescope_events(path)["true_energy"] for path in (gamma_file, tmp_path / OUTPUT)]
    assert not set(energies[0]) & set(energies[1])


def test_showers_are_reconstructed_in_stereo(array_file, tmp_path):
    """Median error below 0.2 deg; only a dozen events of 1 to 2 TeV, so 0.2 is generous."""
    output = tmp_path / "dl2.h5"
    arguments = [f"--input={array_file}", f"--output={output}", "--write-showers"]
    assert run_tool(ProcessorTool(), arguments, cwd=tmp_path) == 0
    with TableLoader(output) as loader:
        events = loader.read_subarray_events(dl2=True, simulated=True)
    valid = events[events["HillasReconstructor_is_valid"]]
    names = ("HillasReconstructor_az", "HillasReconstructor_alt", "true_az", "true_alt")
    angles = [valid[name].quantity.to_value(u.rad) for name in names]
    assert len(valid) >= 8
    assert np.degrees(np.median(angular_separation(*angles))) < 0.2


def test_events_have_enough_telescopes(array_file):
    with EventSource(array_file) as source:
        n_telescopes = [len(event.dl1.tel) for event in source]
    assert min(n_telescopes) >= 2
    assert max(n_telescopes) == 4


@pytest.mark.parametrize("primary, number", [("Proton", 101), ("iron", 5626)])
def test_other_particles_have_their_number(tmp_path, primary, number):
    """At energies where a few telescopes see each of them."""
    options = [f"--primary={primary}", "--telescopes=mst-array", "--n-showers=3"]
    assert simulate(tmp_path, *options, "--energy-min=2 TeV", "--viewcone=0 deg") == 0
    assert set(telescope_events(tmp_path / OUTPUT)["true_shower_primary_id"]) == {number}


def test_telescopes_come_from_a_file_of_the_tool(gamma_file, tmp_path):
    options = [f"--telescopes={gamma_file}", "--n-showers=3", "--obs-id=7"]
    assert simulate(tmp_path, *options) == 0
    with EventSource(tmp_path / OUTPUT) as source, EventSource(gamma_file) as first:
        assert source.subarray == first.subarray
        assert list(source.obs_ids) == [7]


def test_the_response_is_configured(gamma_file, tmp_path):
    """Twice the light from the same showers, in images that were bright before as well."""
    (tmp_path / "bright.yaml").write_text("ResponseOptions:\n  photon_efficiency: 0.532\n")
    assert simulate(tmp_path, "--config=bright.yaml") == 0
    before, after = (
        dict(zip(events["event_id"], events["true_image_sum"]))
        for events in map(telescope_events, (gamma_file, tmp_path / OUTPUT))
    )
    both = before.keys() & after.keys()
    assert len(both) > 5
    assert len(after) > len(before)
    ratio = sum(after[i] for i in both) / sum(before[i] for i in both)
    assert 1.5 < ratio < 2.6


def test_a_run_without_any_event_is_told_and_leaves_nothing(tmp_path, capsys):
    """ctapipe cannot read a file without events."""
    assert simulate(tmp_path, "--ResponseOptions.photon_efficiency=0", "--n-showers=2") == 2
    assert_one_line(capsys, "none of 2 showers")
    assert not written(tmp_path)


def test_ctrl_c_leaves_the_showers_so_far(tmp_path, monkeypatch, capsys):
    """The file counts only what was simulated, and its events are those of a whole run."""
    begun = after_showers(2, lambda: os.kill(os.getpid(), signal.SIGINT), monkeypatch)
    assert simulate(tmp_path, "--n-showers=500") == 0
    assert "Interrupted" in capsys.readouterr().err
    told, counted = n_showers_told(tmp_path / OUTPUT)
    assert told == counted
    assert 1 <= told <= len(begun) < 100
    assert np.asarray(telescope_events(tmp_path / OUTPUT)["event_id"]).max() < 100 * told
    assert written(tmp_path) == [OUTPUT]


def test_after_ctrl_c_the_old_handler_is_back(tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    after_showers(0, lambda: os.kill(os.getpid(), signal.SIGINT), monkeypatch)
    assert simulate(tmp_path) == 0
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_ends_at_once(tmp_path, monkeypatch):
    (tmp_path / OUTPUT).write_bytes(b"old")
    kill = lambda *args: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    after_showers(0, kill, monkeypatch)
    monkeypatch.setattr(DataWriter, "__call__", kill)
    assert simulate(tmp_path, "--overwrite") == 130
    assert written(tmp_path) == [OUTPUT]
    assert (tmp_path / OUTPUT).read_bytes() == b"old"


def test_an_existing_output_is_refused(tmp_path, capsys):
    (tmp_path / OUTPUT).write_bytes(b"precious")
    assert simulate(tmp_path) == 2
    assert_one_line(capsys, OUTPUT, "exists", "--overwrite")
    assert (tmp_path / OUTPUT).read_bytes() == b"precious"


def test_an_existing_output_is_overwritten_when_told_so(tmp_path):
    (tmp_path / OUTPUT).write_bytes(b"old")
    assert simulate(tmp_path, "--overwrite", "--n-showers=2") == 0
    assert n_showers_told(tmp_path / OUTPUT) == (2, 2)


def test_missing_output_is_refused(tmp_path, capsys):
    assert run(tmp_path) == 2
    assert_one_line(capsys, "-o")


def test_without_arguments_the_entry_point_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ctapipe-fastsim-simulate"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert_one_line(capsys, "-o")


def test_a_missing_folder_is_refused(tmp_path, capsys):
    assert simulate(tmp_path, "--output=missing/out.h5") == 2
    assert_one_line(capsys, "missing", "cannot be written")


def test_a_folder_without_permission_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert simulate(tmp_path) == 2
    assert_one_line(capsys, "cannot be written")
    assert not written(tmp_path)


@pytest.mark.parametrize("step", ["write_showers", "read_back", "os.replace"])
def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch, capsys, step):
    (tmp_path / OUTPUT).write_bytes(b"old")
    monkeypatch.setattr(f"ctapipe_fastsim.tools.simulate.{step}", full_disk)
    assert simulate(tmp_path, "--overwrite", "--n-showers=2") == 2
    assert_one_line(capsys, OUTPUT, "No space left")
    assert written(tmp_path) == [OUTPUT]
    assert (tmp_path / OUTPUT).read_bytes() == b"old"


def test_a_file_that_may_not_grow_is_not_left_in_pieces(tmp_path):
    """HDF5 itself is silent when a disk gets full, here at 60 kB."""
    (tmp_path / OUTPUT).write_bytes(b"old")
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));"
        "from ctapipe_fastsim.tools.simulate import main; main()"
    )
    options = [f"--output={OUTPUT}", *SMALL, "--overwrite", "--no-progress"]
    options.append("--provenance-log=/dev/null")
    done = subprocess.run(
        [sys.executable, "-c", program, *options], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert written(tmp_path) == [OUTPUT]
    assert (tmp_path / OUTPUT).read_bytes() == b"old"


def test_a_damaged_file_is_noticed(gamma_file, tmp_path):
    """Whether the end or the middle of it is missing."""
    content = gamma_file.read_bytes()
    half = len(content) // 2
    simulate_module.read_back(gamma_file)
    for damaged in (content[:half], content[:half] + bytes(len(content) - half)):
        (tmp_path / "damaged.h5").write_bytes(damaged)
        with pytest.raises(OSError, match="not all"):
            simulate_module.read_back(tmp_path / "damaged.h5")


def test_a_failure_in_between_leaves_nothing(tmp_path, monkeypatch):
    after_showers(1, fail, monkeypatch)
    assert simulate(tmp_path) != 0
    assert not written(tmp_path)


@pytest.mark.parametrize(
    "option, part",
    [
        ("--telescopes=hess", "taiga-iact"),
        ("--energy-min=0 TeV", "energy_min"),
        ("--energy-max=0.5 TeV", "energy_max"),
        ("--energy-max=inf TeV", "energy_max"),
        ("--spectral-index=nan", "spectral_index"),
        ("--spectral-index=1000", "spectral_index"),
        ("--altitude=10 deg", "altitude"),
        ("--azimuth=nan deg", "azimuth"),
        ("--viewcone=-1 deg", "viewcone"),
        ("--scatter-radius=0 m", "scatter_radius"),
        ("--min-telescopes=2", "min_telescopes"),
        ("--n-showers=1000000000", "days"),
        ("--ResponseOptions.night_sky=-1", "night_sky"),
    ],
)
def test_runs_that_make_no_sense_are_refused(tmp_path, capsys, option, part):
    assert simulate(tmp_path, option) == 2
    assert_one_line(capsys, part)
    assert not written(tmp_path)


def test_a_field_that_is_no_number_is_refused(tmp_path, capsys):
    """The compiled code ended with a segmentation fault."""
    assert simulate(tmp_path, *(f"--SimulateTool.magnetic_field={b}" for b in ("nan", 0, 0))) == 2
    assert_one_line(capsys, "magnetic_field")


@pytest.mark.parametrize(
    "option",
    ["--n-showers=0", "--reuse=101", "--reuse=0", "--seed=-1", "--obs-id=0", "--primary=neutrino"]
    + ["--energy-min=1 m", "--energy-min=high", "--min-telescopes=0", "--output=."],
)
def test_options_of_the_wrong_kind_are_refused(tmp_path, capsys, option):
    assert simulate(tmp_path, option) != 0
    assert "Traceback" not in capsys.readouterr().err
    assert not written(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        line.strip()
        for line in SimulateTool.examples.replace("\\\n", "").splitlines()
        if line.strip()
    ],
)
def test_examples_do_what_they_say(line, tmp_path, monkeypatch):
    """All is checked and set up, and the file that they name would be written."""
    prompt, command, *arguments = shlex.split(line)
    assert (prompt, command) == (">", SimulateTool.name)
    monkeypatch.setattr(SimulateTool, "start", lambda self: None)
    monkeypatch.setattr(SimulateTool, "finish", lambda self: None)
    tool = SimulateTool()
    assert run_tool(tool, arguments, cwd=tmp_path) == 0
    assert tool.output_path.name == arguments[arguments.index("-o") + 1]
    assert tool.n_showers == int(arguments[arguments.index("--n-showers") + 1])


def test_help_is_given(tmp_path, capsys):
    assert run(tmp_path, "--help") == 0
    text = capsys.readouterr().out
    assert "ctapipe-fastsim-simulate -o" in text
    assert "--min-telescopes" in text
