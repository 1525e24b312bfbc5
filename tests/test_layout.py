"""Another array of known telescopes: read and checked, and events of it."""

from copy import deepcopy

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation
from ctapipe.coordinates import shower_impact_distance
from ctapipe.core import run_tool
from ctapipe.instrument import SubarrayDescription
from ctapipe.io import EventSource, HDF5EventSource, TableLoader
from ctapipe.tools.process import ProcessorTool
from helpers import one_line_refusal, read_telescopes
from toy_production import toy_subarray

from ctapipe_fastsim import CVAEEventSource
from ctapipe_fastsim.layout import read_layout
from ctapipe_fastsim.tools.generate import GenerateTool

TEL_IDS = [3, 8, 11, 40, 41, 57]  # every second one is of the other type
N_SHOWERS = 300


def write_layout(path, telescopes=None, height=700.0, tel_ids=TEL_IDS):
    """Telescopes in a row along the x axis, 50 m apart."""
    known = toy_subarray(2, second_type=True).tel
    telescopes = telescopes or {i: known[1 + place % 2] for place, i in enumerate(tel_ids)}
    positions = {i: [50.0 * place - 125, 10, 5] * u.m for place, i in enumerate(telescopes)}
    place = EarthLocation(lon=16 * u.deg, lat=-23 * u.deg, height=height * u.m)
    SubarrayDescription("row", positions, telescopes, place).to_hdf(path)
    return path


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return write_layout(tmp_path_factory.mktemp("layout") / "row.h5")


@pytest.fixture(scope="module")
def processed(toy_array_model, layout, tmp_path_factory):
    """DL1 file of ctapipe-process."""
    path = tmp_path_factory.mktemp("layout_dl1") / "row.dl1.h5"
    argv = [f"-i={toy_array_model}", f"-o={path}", "--write-images", "--write-parameters"]
    argv += [f"--CVAEEventSource.layout={layout}", f"--CVAEEventSource.n_showers={N_SHOWERS}"]
    assert run_tool(ProcessorTool(), argv, cwd=path.parent) == 0
    return path


def test_the_array_is_that_of_the_file(toy_array_model, layout):
    source = EventSource(toy_array_model, layout=layout)
    written = SubarrayDescription.from_hdf(layout)
    assert source.subarray.name == "row"
    assert list(source.subarray.tel) == TEL_IDS
    assert source.subarray.tel == written.tel
    for tel_id, position in written.positions.items():
        assert (source.subarray.positions[tel_id] == position).all()
    assert source.subarray.reference_location == written.reference_location


def test_a_dl1_file_of_the_training_array_changes_nothing(toy_array_model, toy_array_file):
    own, same = (
        list(EventSource(toy_array_model, n_showers=100, layout=layout))
        for layout in (None, toy_array_file)
    )
    assert len(own) == len(same) > 0
    for event, other in zip(own, same):
        assert event.trigger.tels_with_trigger.tolist() == other.trigger.tels_with_trigger.tolist()
        for tel_id, dl1 in event.dl1.tel.items():
            assert dl1.image.tobytes() == other.dl1.tel[tel_id].image.tobytes()


def test_events_are_seen_from_where_the_telescopes_stand(toy_array_model, layout):
    source = EventSource(toy_array_model, layout=layout, n_showers=N_SHOWERS)
    seen = set()
    for event in source:
        expected = shower_impact_distance(event.simulation.shower, source.subarray)
        for tel_id, camera in event.simulation.tel.items():
            index = source.subarray.tel_indices[tel_id]
            assert u.isclose(camera.impact.distance, expected[index], atol=1e-6 * u.m)
            assert len(camera.true_image) == source.subarray.tel[tel_id].camera.geometry.n_pixels
            seen.add(tel_id)
    assert seen == set(TEL_IDS)


def test_ctapipe_reads_the_processed_file_back(processed, toy_array_model, layout):
    source = EventSource(toy_array_model, layout=layout, n_showers=N_SHOWERS)
    expected = [event.trigger.tels_with_trigger.tolist() for event in source]
    with TableLoader(processed) as loader:
        events = loader.read_subarray_events(simulated=True)
        telescopes = loader.read_telescope_events(pointing=True)
        assert loader.subarray.tel == source.subarray.tel
    assert events["tels_with_trigger"].sum() == len(telescopes) == sum(map(len, expected))
    assert np.isfinite(telescopes["telescope_pointing_altitude"]).all()
    with HDF5EventSource(processed) as read:
        assert [event.trigger.tels_with_trigger.tolist() for event in read] == expected


def test_the_bulk_tool_writes_the_same_file(processed, toy_array_model, layout, tmp_path):
    path = tmp_path / "bulk.dl1.h5"
    argv = [f"-i={toy_array_model}", f"-o={path}", f"--n-showers={N_SHOWERS}", "--no-progress"]
    argv += [f"--layout={layout}", "--image-resolution=0", f"--provenance-log={tmp_path / 'log'}"]
    run_tool(GenerateTool(), argv, cwd=tmp_path, raises=True)
    (_, bulk), (_, other) = read_telescopes(path), read_telescopes(processed)
    assert bulk.keys() == other.keys() == set(TEL_IDS)
    for tel_id, table in bulk.items():
        for name in ("event_id", "image", "true_image", "true_impact_distance"):
            assert np.array_equal(table[name], other[tel_id][name]), (tel_id, name)


def test_telescopes_of_the_layout_can_be_chosen(toy_array_model, layout):
    source = EventSource(toy_array_model, layout=layout, allowed_tels={8, 11}, n_showers=100)
    assert {i for event in source for i in event.trigger.tels_with_trigger.tolist()} == {8, 11}
    one_line_refusal(lambda: CVAEEventSource(toy_array_model, layout=layout, allowed_tels={1}), 57)


def test_images_of_a_given_size_fall_in_telescopes_of_the_layout(toy_array_model, layout):
    events = list(EventSource(toy_array_model, layout=layout, n_showers=60, size=100))
    telescopes = {i for event in events for i in event.trigger.tels_with_trigger.tolist()}
    assert len(telescopes) > 3
    assert telescopes <= set(TEL_IDS)
    assert all(camera.true_image_sum == 100 for e in events for camera in e.simulation.tel.values())


def changed(part, **attributes):
    telescope = deepcopy(toy_subarray(1).tel[1])
    for name, value in attributes.items():
        owner = telescope.optics if part == "optics" else telescope.camera.geometry
        setattr(owner, name, value)
    return {4: telescope}


@pytest.mark.parametrize(
    "telescopes",
    [
        changed("optics", mirror_area=30 * u.m**2),
        changed("optics", effective_focal_length=6 * u.m),
        changed("geometry", pix_x=toy_subarray(1).tel[1].camera.geometry.pix_x * 1.1),
        toy_subarray(4, n_pixels=91).tel,
    ],
    ids=["mirror", "focal length", "pixels", "camera"],
)
def test_telescopes_that_the_model_does_not_know_are_refused(array_model, telescopes, tmp_path):
    path = write_layout(tmp_path / "other.h5", telescopes)
    one_line_refusal(lambda: read_layout(path, array_model), path, next(iter(telescopes)), "ToyCam")


def test_an_array_at_another_height_is_refused(array_model, tmp_path):
    path = write_layout(tmp_path / "high.h5", height=2000.0)
    one_line_refusal(lambda: read_layout(path, array_model), path, "2000 m", "700 m")


@pytest.mark.parametrize("content", [None, b"", b"no subarray"])
def test_files_without_a_subarray_are_refused(toy_array_model, tmp_path, content):
    path = tmp_path / "none.h5"
    if content is not None:
        path.write_bytes(content)
    one_line_refusal(lambda: CVAEEventSource(toy_array_model, layout=path), path)


def test_telescopes_farther_away_than_in_training_do_not_trigger(toy_array_model, tmp_path, caplog):
    """Training saw 250 m around the centre and telescopes 70 m from it."""
    known = toy_subarray(1).tel[1]
    ids = range(1, 13)
    path = write_layout(tmp_path / "long.h5", dict.fromkeys(ids, known))
    with caplog.at_level("WARNING", logger="ctapipe"):
        source = EventSource(toy_array_model, layout=path, n_showers=N_SHOWERS)
    assert "675 m" in caplog.text
    assert "320 m" in caplog.text
    distances = [
        camera.impact.distance.to_value(u.m)
        for event in source
        for camera in event.simulation.tel.values()
    ]
    assert 250 < max(distances) < 321
