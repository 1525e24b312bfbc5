"""CVAEEventSource with several telescopes: how many must trigger."""

from dataclasses import replace

import numpy as np
import pytest
from ctapipe.core import run_tool
from ctapipe.io import EventSource, TableLoader
from helpers import one_line_refusal

from ctapipe_fastsim import CVAEEventSource
from ctapipe_fastsim.model_file import write_model
from ctapipe_fastsim.tools.generate import GenerateTool

N_SHOWERS = 600


@pytest.fixture(scope="module")
def all_events(toy_array_model):
    return list(EventSource(toy_array_model, n_showers=N_SHOWERS))


@pytest.fixture(scope="module")
def stereo_model(array_model, tmp_path_factory):
    """The array's model, as if its training production had needed two telescopes."""
    path = tmp_path_factory.mktemp("stereo_model") / "stereo.fastsim.h5"
    write_model(path, replace(array_model, min_telescopes=2))
    return path


def seen_by(events):
    """Shower and telescopes of each event."""
    return [(int(e.index.event_id), e.trigger.tels_with_trigger.tolist()) for e in events]


@pytest.mark.parametrize("n", [2, 3])
def test_events_of_fewer_telescopes_are_left_out(toy_array_model, all_events, n):
    """The others stay, with all their telescopes."""
    source = EventSource(toy_array_model, n_showers=N_SHOWERS, min_telescopes=n)
    expected = [event for event in seen_by(all_events) if len(event[1]) >= n]
    assert 0 < len(expected) < len(all_events)
    assert seen_by(source) == expected
    assert source.simulation_config[1].n_showers == N_SHOWERS


def test_the_training_says_how_many_telescopes_are_needed(stereo_model, all_events):
    """Unless the option does."""
    expected = [event for event in seen_by(all_events) if len(event[1]) >= 2]
    assert seen_by(EventSource(stereo_model, n_showers=N_SHOWERS)) == expected
    one = EventSource(stereo_model, n_showers=N_SHOWERS, min_telescopes=1)
    assert seen_by(one) == seen_by(all_events)


def test_more_telescopes_than_there_are_cannot_be_needed(toy_array_model, stereo_model):
    def refusal(model, **options):
        one_line_refusal(lambda: CVAEEventSource(model, **options), "min_telescopes", "telescopes")

    refusal(toy_array_model, min_telescopes=4)
    refusal(toy_array_model, allowed_tels=[1, 3], min_telescopes=3)
    refusal(stereo_model, allowed_tels=[1])
    refusal(toy_array_model, size=100, min_telescopes=2)


def test_images_of_a_given_size_are_one_to_an_event(stereo_model):
    events = list(EventSource(stereo_model, n_showers=20, size=100))
    assert len(events) == 20
    assert all(len(event.trigger.tels_with_trigger) == 1 for event in events)


def test_the_bulk_tool_writes_the_same_events(toy_array_model, all_events, tmp_path):
    path = tmp_path / "bulk.dl1.h5"
    argv = [f"-i={toy_array_model}", f"-o={path}", f"--n-showers={N_SHOWERS}", "--no-progress"]
    argv += ["--min-telescopes=2", f"--provenance-log={tmp_path / 'log'}"]
    run_tool(GenerateTool(), argv, cwd=tmp_path, raises=True)
    with TableLoader(path) as loader:
        table = loader.read_subarray_events()
        tel_ids = np.array(loader.subarray.tel_ids)
        runs = loader.read_simulation_configuration()
    found = [tel_ids[row].tolist() for row in table["tels_with_trigger"]]
    expected = [event for event in seen_by(all_events) if len(event[1]) >= 2]
    assert list(zip(table["event_id"].tolist(), found)) == expected
    assert runs["n_showers"].tolist() == [N_SHOWERS]
