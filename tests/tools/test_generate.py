"""ctapipe-fastsim-generate writes the files that ctapipe-process writes, block by block."""

import os
import shutil
import signal
import subprocess

import numpy as np
import pytest
import tables
from ctapipe.core import run_tool
from ctapipe.io import HDF5EventSource, TableLoader
from ctapipe.tools.merge import MergeTool
from ctapipe.tools.process import ProcessorTool
from helpers import one_line_refusal

from ctapipe_fastsim.bulk_images import BulkImages
from ctapipe_fastsim.bulk_writer import BulkWriter
from ctapipe_fastsim.generator import EVENTS_PER_BLOCK
from ctapipe_fastsim.tools.generate import UNLIMITED, GenerateTool

N_EVENTS = EVENTS_PER_BLOCK + 30  # a whole block, and part of another
SAME = ["--CVAEEventSource.seed=3", "--CVAEEventSource.obs_id=7"]
EXACT = ["--image-resolution=0"]


def generate(model, output, *options):
    """Run the tool and return the output file."""
    argv = [f"--input={model}", f"--output={output}", *options]
    log = f"--provenance-log={output.parent / 'generate.log'}"
    run_tool(GenerateTool(), [*argv, "--no-progress", log], cwd=output.parent, raises=True)
    return output


def process(model, output, *options):
    """Run ctapipe-process on the source and return the output file."""
    argv = [f"--input={model}", f"--output={output}", *options]
    run_tool(ProcessorTool(), argv, cwd=output.parent, raises=True)
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generate")


@pytest.fixture(scope="module")
def by_events(toy_array_model, folder):
    """ctapipe-process' file and ours: a number of events of three telescopes of two types."""
    unlimited = f"--CVAEEventSource.n_showers={UNLIMITED}"
    options = ["--write-images", f"--max-events={N_EVENTS}", unlimited, *SAME]
    theirs = process(toy_array_model, folder / "theirs.h5", *options)
    ours = [f"-n={N_EVENTS}", "--parameters", *EXACT, *SAME]
    return theirs, generate(toy_array_model, folder / "ours.h5", *ours)


@pytest.fixture(scope="module")
def by_showers(toy_model, folder):
    """Both files of a number of showers, images alone."""
    options = ["--CVAEEventSource.n_showers=1500", *SAME]
    theirs = process(
        toy_model, folder / "theirs2.h5", "--write-images", "--no-write-parameters", *options
    )
    return theirs, generate(toy_model, folder / "ours2.h5", *EXACT, *options)


@pytest.fixture(params=["by_events", "by_showers"])
def both(request):
    return request.getfixturevalue(request.param)


def contents(path):
    """Of every table: types, attributes and columns."""
    found = {}
    with tables.open_file(path) as h5file:
        for table in h5file.walk_nodes("/", "Table"):
            attributes = {name: table.attrs[name] for name in table.attrs._v_attrnames}
            columns = {name: table.col(name) for name in table.colnames}
            found[table._v_pathname] = table.dtype, table.title, attributes, columns
    return found


def assert_same_columns(found, expected):
    """To the byte."""
    assert found.keys() == expected.keys()
    for path, (*_, columns) in expected.items():
        for name, column in columns.items():
            assert found[path][3][name].tobytes() == column.tobytes(), (path, name)


def test_the_tables_are_those_of_ctapipe_process(both):
    theirs, ours = map(contents, both)
    assert theirs.keys() == ours.keys()
    for path, (dtype, title, attributes, columns) in theirs.items():
        assert (dtype, title) == ours[path][:2]
        assert attributes == ours[path][2]
        assert {name: len(column) for name, column in columns.items()} == {
            name: len(column) for name, column in ours[path][3].items()
        }


def test_all_but_image_parameters_is_the_same_to_the_byte(both):
    """Images, masks, true images, showers, triggers, pointing, impact, configuration."""
    theirs, ours = map(contents, both)
    rest = {path: table for path, table in theirs.items() if "/telescope/parameters/" not in path}
    assert len(rest) > 10
    assert_same_columns({path: ours[path] for path in rest}, rest)


def test_image_parameters_are_the_same_in_single_precision(by_events):
    """But for the fitted times, of which the random pairs of pixels are others.

    And for what depends on the last digit: axes of a few equal pixels in a ring, and pixels
    exactly at the edge of what is concentrated. See tests/batch_parameters.
    """
    theirs, ours = map(contents, by_events)
    loose = "timing_", "psi", "hillas_skewness", "true_concentration_c"
    n_compared = 0
    for path, (*_, columns) in theirs.items():
        for name, column in columns.items():
            if "/telescope/parameters/" in path and not any(part in name for part in loose):
                found = ours[path][3][name]
                if name.endswith("phi"):  # 180 deg is -180 deg
                    found = column + (found - column + 180) % 360 - 180
                tolerance = 1e-4 if name.endswith(("skewness", "kurtosis")) else 1e-6
                assert found == pytest.approx(column, rel=1e-5, abs=tolerance, nan_ok=True)
                n_compared += 1
    assert n_compared > 150


def test_headers_are_those_of_ctapipe(both):
    found = []
    for path in both:
        with tables.open_file(path) as h5file:
            attributes = h5file.root._v_attrs
            names = [name for name in attributes._v_attrnamesuser if name.startswith("CTA ")]
            found.append({n: attributes[n] for n in names if "ACTIVITY" not in n})
    own = "CTA PRODUCT ID", "CTA PRODUCT CREATION TIME"
    theirs, ours = ({n: v for n, v in f.items() if n not in own} for f in found)
    assert theirs == ours


def test_ctapipe_reads_the_file(by_events):
    _, path = by_events
    with HDF5EventSource(path) as source:
        telescopes, events = zip(
            *((event.trigger.tels_with_trigger, event.index.event_id) for event in source)
        )
        (config,) = source.simulation_config.values()
        (distribution,) = source.simulated_shower_distributions.values()
    assert len(events) == N_EVENTS
    assert config.n_showers == events[-1] + 1
    assert distribution.n_entries == distribution.histogram.sum() == config.n_showers
    with TableLoader(path, dl1_images=True, true_images=True) as loader:
        by_telescope = loader.read_telescope_events_by_id()
    for tel_id, table in by_telescope.items():
        assert len(table) == sum(tel_id in event for event in telescopes)
        assert (table["true_image_sum"] > 0).any()


def test_ctapipe_processes_and_merges_the_file(by_showers, toy_model, folder):
    _, path = by_showers
    options = ["--write-showers", "--write-parameters", "--max-events=5"]
    with tables.open_file(process(path, folder / "dl2.h5", *options)) as h5file:
        assert h5file.root.dl2.event.subarray.geometry.HillasReconstructor.nrows == 5
    options = ["--n-showers=100", *EXACT, "--seed=3", "--obs-id=8"]
    other = generate(toy_model, folder / "other.h5", *options)
    merged = folder / "merged.h5"
    argv = [str(path), str(other), f"--output={merged}"]
    run_tool(MergeTool(), argv, cwd=folder, raises=True)
    with tables.open_file(merged) as h5file:
        assert h5file.root.configuration.simulation.run.col("n_showers").tolist() == [1500, 100]


def test_charges_and_times_are_rounded(toy_model, folder, by_showers):
    exact = contents(by_showers[1])
    options = ["--CVAEEventSource.n_showers=1500", *SAME]
    rounded = contents(generate(toy_model, folder / "rounded.h5", *options))
    path = "/dl1/event/telescope/images/tel_001"
    for name in ("image", "peak_time"):
        found = rounded[path][3][name]
        assert (found * 64 == np.rint(found * 64)).all()
        assert np.abs(found - exact[path][3][name]).max() <= 1 / 128


@pytest.mark.parametrize(
    "options, has, has_not",
    [
        (["--no-images", "--parameters"], "parameters", "images"),
        (["--images", "--no-parameters"], "images", "parameters"),
    ],
)
def test_images_or_parameters_alone(toy_model, tmp_path, options, has, has_not):
    path = generate(toy_model, tmp_path / "part.h5", "-n=20", *options)
    with tables.open_file(path) as h5file:
        assert has in h5file.root.dl1.event.telescope
        assert has_not not in h5file.root.dl1.event.telescope
    with HDF5EventSource(path) as source:
        assert len(list(source)) == 20


def test_true_images_may_be_left_out(toy_model, tmp_path):
    path = generate(toy_model, tmp_path / "part.h5", "-n=20", "--no-true-images", "--parameters")
    with HDF5EventSource(path) as source:
        for event in source:
            simulated = event.simulation.tel[1]
            assert (simulated.true_image == -1).all()
            assert simulated.true_image_sum >= 0
            assert np.isnan(simulated.true_parameters.hillas.intensity)


def test_sizes_are_met(toy_model, tmp_path):
    path = generate(toy_model, tmp_path / "size.h5", "-n=150", "--size=50,100")
    sums = contents(path)["/simulation/event/telescope/images/tel_001"][3]["true_image_sum"]
    assert len(sums) == 150
    assert 50 <= sums.min() <= sums.max() <= 100


@pytest.mark.parametrize("first, then", [(40, N_EVENTS), (EVENTS_PER_BLOCK, N_EVENTS)])
def test_a_resumed_file_is_that_of_one_run(toy_array_model, by_events, tmp_path, first, then):
    path = tmp_path / "resumed.h5"
    options = ["--parameters", *EXACT, *SAME]
    generate(toy_array_model, path, f"-n={first}", *options)
    generate(toy_array_model, path, f"-n={then}", "--resume", *options)
    assert_same_columns(contents(path), contents(by_events[1]))


def interrupt_after(n_blocks, monkeypatch):
    """Ctrl-C while a block is written."""
    written = []
    append = BulkWriter.append

    def interrupting(writer, block, images):
        append(writer, block, images)
        written.append(block)
        if len(written) == n_blocks:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(BulkWriter, "append", interrupting)


def test_an_interrupted_run_leaves_a_file_that_can_be_resumed(
    toy_model, by_showers, tmp_path, monkeypatch
):
    path = tmp_path / "interrupted.h5"
    options = [*EXACT, "--CVAEEventSource.n_showers=1500", *SAME]
    with monkeypatch.context() as patch:
        interrupt_after(1, patch)
        with pytest.raises(subprocess.CalledProcessError, match="130"):
            generate(toy_model, path, *options)
    with HDF5EventSource(path) as source:
        events = [event.index.event_id for event in source]
        (config,) = source.simulation_config.values()
    assert len(events) == EVENTS_PER_BLOCK
    assert config.n_showers == events[-1] + 1
    generate(toy_model, path, "--resume", *options)
    assert_same_columns(contents(path), contents(by_showers[1]))


def test_a_finished_file_is_left_alone(toy_model, by_showers, tmp_path):
    path = tmp_path / "finished.h5"
    shutil.copyfile(by_showers[1], path)
    generate(toy_model, path, "--resume", *EXACT, "--CVAEEventSource.n_showers=1500", *SAME)
    assert_same_columns(contents(path), contents(by_showers[1]))


def refused(*argv):
    """The line with which arguments are refused."""
    tool = GenerateTool()
    return one_line_refusal(lambda: run_tool(tool, ["--no-progress", *argv], raises=True))


def test_what_cannot_be_done_is_refused(toy_model, tmp_path, by_showers):
    output = tmp_path / "events.h5"
    given = f"-i={toy_model}", f"-o={output}"
    assert "-i" in refused(f"-o={output}")
    assert "-o" in refused(f"-i={toy_model}")
    assert "nothing to write" in refused(*given, "--no-images")
    assert "power of two" in refused(*given, "--image-resolution=0.1")
    assert "no such folder" in refused(f"-i={toy_model}", f"-o={tmp_path / 'no' / 'x.h5'}")
    assert "nothing to resume" in refused(*given, "--resume")
    assert "none of 1 showers" in refused(
        *given, "--n-showers=1", "--energy-max=1.01 TeV", "--seed=1"
    )
    assert not output.exists()
    shutil.copyfile(by_showers[1], output)
    assert "exists" in refused(*given)
    others = "--seed=4", "--obs-id=7", "--n-showers=1500"
    assert "another seed" in refused(*given, "--resume", *EXACT, *others)
    assert "another image_resolution" in refused(*given, "--resume", *SAME)
    assert output.read_bytes() == by_showers[1].read_bytes()
    shutil.copyfile(by_showers[0], output)
    assert "not written by" in refused(*given, "--resume")


@pytest.mark.parametrize(
    "option, expected",
    [
        ("--ImageProcessor.image_cleaner_type=MARSImageCleaner", "MARSImageCleaner"),
        ("--ImageProcessor.use_telescope_frame=False", "camera frame"),
        ("--ImageProcessor.apply_image_modifier=True", "not modified"),
    ],
)
def test_other_processing_is_refused(toy_model, tmp_path, option, expected):
    given = f"-i={toy_model}", f"-o={tmp_path / 'events.h5'}", "--parameters"
    assert expected in refused(*given, option)


def test_nothing_is_left_of_a_failure(toy_model, tmp_path, monkeypatch):
    def fail(maker, block):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BulkImages, "__call__", fail)
    path = tmp_path / "events.h5"
    assert "No space left" in refused(f"-i={toy_model}", f"-o={path}", "-n=10")
    assert not list(tmp_path.iterdir())
