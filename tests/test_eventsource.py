"""CVAEEventSource does all that ctapipe and its tools expect of a source of simulated images."""

import json
import subprocess
import sys

import astropy.units as u
import numpy as np
import pytest
import tables
import torch
from astropy.coordinates import AltAz, SkyCoord, angular_separation
from astropy.time import Time
from ctapipe.containers import (
    ArrayEventContainer,
    CoordinateFrameType,
    EventType,
    SimulationConfigContainer,
)
from ctapipe.coordinates import (
    CameraFrame,
    GroundFrame,
    TelescopeFrame,
    TiltedGroundFrame,
    shower_impact_distance,
)
from ctapipe.core import Provenance, run_tool
from ctapipe.core.plugins import detect_and_import_io_plugins
from ctapipe.instrument import CameraReadout
from ctapipe.io import DataLevel, EventSeeker, EventSource, HDF5EventSource, TableLoader
from ctapipe.tools.info import main as ctapipe_info
from ctapipe.tools.merge import MergeTool
from ctapipe.tools.process import ProcessorTool
from helpers import one_line_refusal
from scipy import stats
from traitlets import TraitError
from traitlets.config import Config

from ctapipe_fastsim import CVAEEventSource, __version__
from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.generator import EVENTS_PER_BLOCK
from ctapipe_fastsim.model_file import read_model

N_SHOWERS = 1500
BRIGHT = 150  # true photo-electrons
IMAGES = dict(dl1_images=True, true_images=True, simulated=True)
PARAMETERS = dict(dl1_parameters=True, true_parameters=True)
PROCESS = ["--write-images", "--write-parameters"]

WITHOUT_TORCH = """
import json, sys
from ctapipe.core.plugins import detect_and_import_io_plugins
from ctapipe.io import EventSource
detect_and_import_io_plugins()
import ctapipe_fastsim
compatible = [ctapipe_fastsim.CVAEEventSource.is_compatible(path) for path in sys.argv[1:]]
EventSource.non_abstract_subclasses()
print(json.dumps([compatible, [name for name in ("torch", "zuko", "h5py") if name in sys.modules]]))
"""


@pytest.fixture(scope="module")
def source(toy_model):
    return EventSource(toy_model, n_showers=N_SHOWERS)


@pytest.fixture(scope="module")
def events(source):
    return list(source)


@pytest.fixture(scope="module")
def array_source(toy_array_model):
    return EventSource(toy_array_model, n_showers=300)


@pytest.fixture(scope="module")
def array_events(array_source):
    return list(array_source)


@pytest.fixture(params=["", "array_"], ids=["one telescope", "array"])
def loop(request):
    """A source and all its events."""
    names = f"{request.param}source", f"{request.param}events"
    return tuple(request.getfixturevalue(name) for name in names)


@pytest.fixture(scope="module")
def processed(toy_array_model, tmp_path_factory):
    """File of the array with images, parameters and reconstructed showers, set up by YAML."""
    folder = tmp_path_factory.mktemp("processed")
    config = folder / "config.yaml"
    config.write_text('CVAEEventSource:\n  seed: 5\n  n_showers: 600\n  energy_min: "2 TeV"\n')
    options = [f"--config={config}", "--write-showers", *PROCESS]
    return process(toy_array_model, folder / "processed.h5", *options)


@pytest.fixture(scope="module")
def images_only(toy_model, tmp_path_factory):
    """File of images alone, in observation 1."""
    path = tmp_path_factory.mktemp("images") / "images.h5"
    options = ["--write-images", "--no-write-parameters"]
    return process(toy_model, path, "--CVAEEventSource.n_showers=100", *options)


@pytest.fixture(scope="module")
def merged(toy_model, images_only, tmp_path_factory):
    """File of observations 1 and 2, of which the second was ended after 20 events."""
    folder = tmp_path_factory.mktemp("merged")
    options = ["--CVAEEventSource.n_showers=100", "--write-images", "--no-write-parameters"]
    second = process(
        toy_model, folder / "second.h5", "--CVAEEventSource.obs_id=2", "--max-events=20", *options
    )
    path = folder / "merged.h5"
    run_tool(MergeTool(), [str(images_only), str(second), f"--output={path}"], cwd=folder)
    return path


def process(input_file, output, *options):
    """Run ctapipe-process and return the output file."""
    argv = [f"--input={input_file}", f"--output={output}", *options]
    assert run_tool(ProcessorTool(), argv, cwd=output.parent) == 0
    return output


def telescope_events(events):
    """Yield each event with each of its telescopes."""
    for event in events:
        for tel_id in event.trigger.tels_with_trigger:
            yield event, int(tel_id)


def plain(value):
    """Content of a container, down to the bytes of its numbers."""
    if hasattr(value, "as_dict"):
        value = value.as_dict(recursive=True)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Time):
        return value.scale, value.jd1, value.jd2
    if isinstance(value, u.Quantity):
        return str(value.unit), plain(np.asarray(value.value))
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return repr(value)


def same(event, other):
    return plain(event) == plain(other)


def all_same(events, others):
    events, others = list(events), list(others)
    return len(events) == len(others) > 0 and all(map(same, events, others))


def of_showers(events, name, unit=None):
    values = [getattr(event.simulation.shower, name) for event in events]
    return np.array(values) if unit is None else u.Quantity(values).to_value(unit)


def energies(events):
    return of_showers(events, "energy", "TeV")


def core_distances(events):
    return np.hypot(of_showers(events, "core_x", "m"), of_showers(events, "core_y", "m"))


def sizes(events):
    return np.array(
        [event.simulation.tel[i].true_image_sum for event, i in telescope_events(events)]
    )


def only(dictionary):
    (value,) = dictionary.values()
    return value


def offsets(source, events):
    """Angle between each shower and the pointing of the observation in degrees."""
    block = only(source.observation_blocks)
    pointing = block.subarray_pointing_lon, block.subarray_pointing_lat
    showers = of_showers(events, "az", "rad"), of_showers(events, "alt", "rad")
    return np.degrees(angular_separation(*(a.to_value("rad") for a in pointing), *showers))


def contents(path):
    """Every column of every table of a file, as bytes.

    Timing parameters are left out: ctapipe fits them with random numbers of its own.
    """
    columns = {}
    with tables.open_file(path) as h5file:
        for table in h5file.walk_nodes("/", "Table"):
            for name in table.colnames:
                if "timing_" not in name:
                    columns[f"{table._v_pathname}/{name}"] = table.col(name).tobytes()
    return columns


def image_sizes(path):
    """True photo-electrons of each image of a file."""
    with TableLoader(path) as loader:
        return loader.read_telescope_events(**IMAGES)["true_image_sum"]


def test_event_source_finds_the_class_for_a_model_file(toy_model):
    assert type(EventSource(toy_model)) is CVAEEventSource
    assert type(EventSource(str(toy_model))) is CVAEEventSource


def test_entry_point_is_found_by_ctapipe(capsys, monkeypatch):
    assert "ctapipe_fastsim.eventsource" in detect_and_import_io_plugins()
    monkeypatch.setattr("sys.argv", ["ctapipe-info", "--event-sources"])  # it looks there too
    ctapipe_info(["--event-sources"])
    assert "ctapipe_fastsim.eventsource.CVAEEventSource" in capsys.readouterr().out


def test_options_are_in_the_help_of_ctapipe_process(capsys):
    assert run_tool(ProcessorTool(), ["--help-all"], raises=False) == 0
    text = capsys.readouterr().out
    for name in CVAEEventSource.class_own_traits(config=True):
        assert f"--CVAEEventSource.{name}" in text


def test_model_file_is_compatible(toy_model):
    assert CVAEEventSource.is_compatible(toy_model) is True
    assert CVAEEventSource.is_compatible(str(toy_model)) is True


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text\n",
        b"ctapipe-fastsim",
        b"ctapipe-fastsim checkpoint 1 0\n",
        b"\x89HDF\r\n\x1a\n",
        np.random.default_rng(1).bytes(5000),
    ],
    ids=["empty", "text", "half the magic", "other kind", "hdf5 magic", "random bytes"],
)
def test_other_files_are_not_compatible(content, tmp_path):
    path = tmp_path / "other.fastsim.h5"
    path.write_bytes(content)
    assert CVAEEventSource.is_compatible(path) is False


def test_what_is_no_model_file_is_not_compatible(toy_file, tmp_path):
    for path in (toy_file, tmp_path, tmp_path / "missing.h5", "dataset://gamma.simtel.zst", ""):
        assert CVAEEventSource.is_compatible(path) is False


def test_dl1_file_is_left_to_its_own_source(toy_file):
    with EventSource(toy_file) as other:
        assert type(other) is HDF5EventSource


def test_cut_model_file_is_bad_input(toy_model, tmp_path):
    path = tmp_path / "cut.fastsim.h5"
    path.write_bytes(toy_model.read_bytes()[:-100])
    one_line_refusal(lambda: EventSource(path), "damaged")


def test_import_and_detection_do_not_load_torch(toy_model, toy_file):
    command = [sys.executable, "-c", WITHOUT_TORCH, str(toy_model), str(toy_file), "missing"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == [[True, False, False], []]


def test_it_is_a_simulation_of_images_that_can_be_sought(loop):
    source, _ = loop
    assert source.is_simulation is True
    assert source.is_stream is False
    assert tuple(source.datalevels) == (DataLevel.DL1_IMAGES,)
    assert source.atmosphere_density_profile is None


def test_subarray_is_complete(loop):
    """Location, readout, focal lengths and frames are what parametrisation needs."""
    source, _ = loop
    location = source.subarray.reference_location.to_geodetic()
    assert location.lat.deg == pytest.approx(52)
    assert location.height.to_value(u.m) == pytest.approx(700)
    for telescope in source.subarray.tel.values():
        frame, optics = telescope.camera.geometry.frame, telescope.optics
        assert isinstance(telescope.camera.readout, CameraReadout)
        assert isinstance(frame, CameraFrame)
        assert frame.focal_length == 5 * u.m
        assert optics.effective_focal_length == 5 * u.m
        assert optics.equivalent_focal_length == 5 * u.m


def test_blocks_are_known_by_the_ids_of_the_events(toy_model):
    source = EventSource(toy_model, obs_id=77, n_showers=5)
    assert source.obs_ids == [77]
    scheduling, observation = source.scheduling_blocks, source.observation_blocks
    assert only(observation).obs_id == 77
    assert list(observation) == [77]
    assert list(scheduling) == [only(observation).sb_id] == [only(scheduling).sb_id]
    for event in source:
        assert event.index.obs_id in observation


def test_observation_points_to_altitude_and_azimuth_of_the_training(loop):
    source, _ = loop
    block = only(source.observation_blocks)
    assert block.subarray_pointing_frame is CoordinateFrameType.ALTAZ
    assert block.subarray_pointing_lat.to_value(u.deg) == pytest.approx(70)
    assert block.subarray_pointing_lon.to_value(u.deg) == pytest.approx(180)


def test_observation_starts_before_its_first_event(source, events):
    block = only(source.observation_blocks)
    for start in (block.actual_start_time, block.scheduled_start_time):
        assert (events[0].trigger.time - start).to_value(u.day) <= 1
        assert start <= events[0].trigger.time


def test_simulation_config_says_what_is_thrown(source):
    assert list(source.simulation_config) == [1]
    config = only(source.simulation_config)
    assert isinstance(config, SimulationConfigContainer)
    assert (config.n_showers, config.shower_reuse) == (N_SHOWERS, 1)
    assert (config.energy_range_min, config.energy_range_max) == (1 * u.TeV, 50 * u.TeV)
    assert config.spectral_index == -2
    assert (config.min_viewcone_radius, config.max_viewcone_radius) == (0 * u.deg, 1.5 * u.deg)
    assert (config.min_scatter_range, config.max_scatter_range) == (0 * u.m, 250 * u.m)
    assert bool(config.diffuse) is True
    for altitude, azimuth in ((config.min_alt, config.min_az), (config.max_alt, config.max_az)):
        assert altitude.to_value(u.deg) == pytest.approx(70)
        assert azimuth.to_value(u.deg) == pytest.approx(180)


def test_by_default_as_many_showers_are_thrown_as_in_the_training(toy_model):
    config = only(EventSource(toy_model).simulation_config)
    assert config.n_showers * config.shower_reuse == 300 * 5


@pytest.mark.parametrize("max_events", [None, 1, 30, 10_000])
@pytest.mark.parametrize("consumed", [True, False])
def test_shower_distribution_counts_what_is_thrown(toy_model, max_events, consumed):
    source = EventSource(toy_model, n_showers=200, max_events=max_events)
    events = list(source) if consumed else []
    config = only(source.simulation_config)
    distribution = only(source.simulated_shower_distributions)
    thrown = config.n_showers * config.shower_reuse
    assert distribution.n_entries == distribution.histogram.sum() == thrown
    assert list(source.simulated_shower_distributions) == [1]
    if consumed and max_events in (1, 30):
        assert thrown == events[-1].index.event_id + 1
        assert thrown < 200
    elif max_events in (None, 10_000):
        assert thrown == 200


def test_shower_distribution_is_binned_in_energy_and_core_distance(source):
    distribution = only(source.simulated_shower_distributions)
    energy, distance = distribution.bins_energy, distribution.bins_core_dist
    assert distribution.obs_id == 1
    assert distribution.histogram.shape == (len(energy) - 1, len(distance) - 1)
    assert u.allclose([energy[0], energy[-1]], [1, 50] * u.TeV)
    assert u.allclose([distance[0], distance[-1]], [0, 250] * u.m)
    faint = distribution.histogram[energy[1:] < 3 * u.TeV].sum() / N_SHOWERS
    assert faint == pytest.approx((1 - 1 / 3) / (1 - 1 / 50), abs=5 * 0.5 / np.sqrt(N_SHOWERS))
    near = distribution.histogram[:, distance[1:] < 125.1 * u.m].sum() / N_SHOWERS
    assert near == pytest.approx(1 / 4, abs=5 * 0.5 / np.sqrt(N_SHOWERS))


def test_length_is_the_number_of_events(loop):
    source, events = loop
    assert len(source) == len(events) > 0


@pytest.mark.parametrize("max_events", [1, 7, 10_000])
def test_first_events_do_not_depend_on_max_events(source, events, toy_model, max_events):
    fewer = EventSource(toy_model, n_showers=N_SHOWERS, max_events=max_events)
    found = list(fewer)
    assert len(fewer) == len(found) == min(max_events, len(events))
    assert all_same(found, events[:max_events])


@pytest.mark.parametrize("allowed", [{1, 3}, {2}])
def test_allowed_telescopes_are_the_only_ones(toy_array_model, allowed):
    source = EventSource(toy_array_model, allowed_tels=allowed, n_showers=100)
    events = list(source)
    found = {tel_id for _, tel_id in telescope_events(events)}
    assert set(source.subarray.tel) == found == allowed
    for event, tel_id in telescope_events(events):
        n_pixels = source.subarray.tel[tel_id].camera.geometry.n_pixels
        assert event.dl1.tel[tel_id].image.shape == (n_pixels,)


def test_no_allowed_telescopes_means_all(toy_array_model):
    assert set(EventSource(toy_array_model, allowed_tels=None).subarray.tel) == {1, 2, 3}


@pytest.mark.parametrize("allowed", [{99}, {1, 99}])
def test_unknown_telescopes_are_refused(toy_array_model, allowed):
    with pytest.raises(InputError, match=r"\[99\].* 1, 2, 3"):
        EventSource(toy_array_model, allowed_tels=allowed)


def test_model_seed_and_version_are_in_the_provenance(toy_model):
    Provenance().start_activity("provenance test")
    EventSource(toy_model, seed=3, obs_id=4)
    (entry,) = Provenance().current_activity.input
    Provenance().finish_activity("provenance test")
    assert entry["url"] == str(toy_model)
    assert "model" in entry["role"]
    assert entry["reference_meta"] == {
        "sha256": read_model(toy_model)[1],
        "seed": 3,
        "obs_id": 4,
        "ctapipe_fastsim_version": __version__,
    }


@pytest.mark.parametrize("section", ["EventSource", "CVAEEventSource"])
def test_options_are_taken_from_either_config_section(toy_model, section):
    config = Config({section: {"seed": 9, "obs_id": 4, "energy_min": "2 TeV"}})
    source = EventSource(toy_model, config=config)
    assert (source.seed, source.obs_id, source.energy_min) == (9, 4, 2 * u.TeV)
    assert only(source.simulation_config).energy_range_min == 2 * u.TeV


def test_events_are_counted_without_gaps(loop):
    _, events = loop
    assert [event.count for event in events] == list(range(len(events)))


def test_events_are_indexed_by_observation_and_shower(loop):
    _, events = loop
    for event in events:
        assert isinstance(event, ArrayEventContainer)
        assert event.index.obs_id == 1
        assert np.asarray(event.index.obs_id).dtype == np.uint64
        assert np.asarray(event.index.event_id).dtype == np.uint64
    assert (np.diff([int(event.index.event_id) for event in events]) > 0).all()


def test_events_have_a_subarray_trigger_at_a_later_time_each(loop):
    source, events = loop
    for event in events:
        tel_ids = list(event.trigger.tels_with_trigger)
        assert event.trigger.event_type is EventType.SUBARRAY
        assert isinstance(event.trigger.time, Time)
        assert event.trigger.time.scale == "tai"
        assert tel_ids
        assert len(set(tel_ids)) == len(tel_ids)
        assert set(tel_ids) <= set(source.subarray.tel)
    times = Time([event.trigger.time for event in events])
    assert (np.diff(times.mjd) > 0).all()


def test_every_triggered_telescope_has_all_rows_and_no_other_has(loop):
    _, events = loop
    for event in events:
        triggered = set(event.trigger.tels_with_trigger)
        assert set(event.trigger.tel) == triggered
        assert set(event.dl1.tel) == triggered
        assert set(event.simulation.tel) == triggered
        assert set(event.monitoring.tel) == triggered


def test_telescope_triggers_are_those_of_the_array(loop):
    for event, tel_id in telescope_events(loop[1]):
        trigger = event.trigger.tel[tel_id]
        assert trigger.time == event.trigger.time
        assert trigger.event_type is EventType.SUBARRAY
        assert trigger.n_trigger_pixels == -1


def test_array_and_telescopes_point_where_the_observation_does(loop):
    source, events = loop
    block = only(source.observation_blocks)
    pointing = block.subarray_pointing_lat, block.subarray_pointing_lon
    for event, tel_id in telescope_events(events):
        array, telescope = event.monitoring.pointing, event.monitoring.tel[tel_id].pointing
        assert array.array_altitude.unit == array.array_azimuth.unit == u.rad
        assert u.allclose([array.array_altitude, array.array_azimuth], pointing)
        assert u.allclose([telescope.altitude, telescope.azimuth], pointing)


def test_true_showers_are_complete(loop):
    """X_max of the toy production lies between 50 and 900 g/cm2."""
    source, events = loop
    energy = energies(events)
    assert ((energy >= 1 - 1e-9) & (energy <= 50 + 1e-9)).all()
    assert (offsets(source, events) <= 1.5 + 1e-6).all()
    core = core_distances(events)
    assert (core <= 250 + 1e-6).all()
    x_max = of_showers(events, "x_max", "g / cm2")
    assert ((x_max > 50) & (x_max < 900)).all()
    first = of_showers(events, "h_first_int", "km")
    assert ((first > 10) & (first < 35)).all()
    assert (of_showers(events, "starting_grammage", "g / cm2") == 0).all()
    assert (of_showers(events, "shower_primary_id") == 0).all()


def test_true_images_are_whole_photoelectrons_with_their_sum(loop):
    source, events = loop
    for event, tel_id in telescope_events(events):
        camera = event.simulation.tel[tel_id]
        n_pixels = source.subarray.tel[tel_id].camera.geometry.n_pixels
        assert camera.true_image.dtype == np.int32
        assert camera.true_image.shape == (n_pixels,)
        assert (camera.true_image >= 0).all()
        assert camera.true_image_sum == camera.true_image.sum()


def test_images_and_peak_times_are_single_precision(loop):
    source, events = loop
    for event, tel_id in telescope_events(events):
        dl1 = event.dl1.tel[tel_id]
        n_pixels = source.subarray.tel[tel_id].camera.geometry.n_pixels
        for values in (dl1.image, dl1.peak_time):
            assert values.dtype == np.float32
            assert values.shape == (n_pixels,)
            assert np.isfinite(values).all()
        assert dl1.is_valid is True
        assert dl1.image_mask is None
        assert dl1.parameters is None


def test_images_show_the_true_light(loop):
    """The charge correlates with the true photo-electrons in bright images."""
    _, events = loop
    bright = [
        np.corrcoef(event.dl1.tel[i].image, event.simulation.tel[i].true_image)[0, 1]
        for event, i in telescope_events(events)
        if event.simulation.tel[i].true_image_sum > BRIGHT
    ]
    assert len(bright) > 20
    assert np.median(bright) > 0.7


def test_impact_distance_is_that_of_ctapipe(loop):
    source, events = loop
    index = source.subarray.tel_index_array
    for event, tel_id in telescope_events(events):
        impact = event.simulation.tel[tel_id].impact
        expected = shower_impact_distance(event.simulation.shower, source.subarray)
        assert u.isclose(impact.distance, expected[index[tel_id]], rtol=1e-6, atol=1e-6 * u.m)
        assert impact.distance_uncert == 0 * u.m
        assert impact.prefix == "true_impact"


def image_and_core_directions(source, event, tel_id):
    """From the source position to the centre of light and to the core, in the camera.

    The tilted x and y axes point to lower altitude and azimuth, so the camera sees -x, -y.
    """
    pointing = event.monitoring.tel[tel_id].pointing
    pointing = SkyCoord(alt=pointing.altitude, az=pointing.azimuth, frame=AltAz())
    shower, position = event.simulation.shower, source.subarray.positions[tel_id]
    ground = GroundFrame(
        x=shower.core_x - position[0], y=shower.core_y - position[1], z=-position[2]
    )
    tilted = ground.transform_to(TiltedGroundFrame(pointing_direction=pointing))
    arrival = SkyCoord(alt=shower.alt, az=shower.az, frame=AltAz())
    arrival = arrival.transform_to(TelescopeFrame(telescope_pointing=pointing))
    geometry = source.subarray.tel[tel_id].camera.geometry.transform_to(TelescopeFrame())
    weights = event.simulation.tel[tel_id].true_image
    pixels = np.stack([geometry.pix_y.to_value(u.deg), geometry.pix_x.to_value(u.deg)])
    return (
        np.average(pixels, axis=1, weights=weights) - [arrival.fov_lat.deg, arrival.fov_lon.deg],
        -np.array([tilted.x.to_value(u.m), tilted.y.to_value(u.m)]),
    )


def test_bright_images_lie_from_the_source_towards_the_core(loop):
    source, events = loop
    cosines = []
    for event, tel_id in telescope_events(events):
        if event.simulation.tel[tel_id].true_image_sum > BRIGHT:
            image, core = image_and_core_directions(source, event, tel_id)
            cosines.append(image @ core / np.linalg.norm(image) / np.linalg.norm(core))
    assert len(cosines) > 20
    assert np.median(cosines) > 0.9


def test_containers_are_fresh_for_each_event(loop):
    _, events = loop
    for event, other in zip(events, events[1:]):
        assert event is not other
        for name in ("index", "trigger", "dl1", "simulation", "monitoring"):
            assert event[name] is not other[name]
    arrays = [event.dl1.tel[i].image for event, i in telescope_events(events[:20])]
    for i, array in enumerate(arrays):
        assert not any(np.shares_memory(array, other) for other in arrays[:i])


def test_second_loop_gives_identical_events(loop):
    source, events = loop
    assert all_same(source, events)


def test_changed_events_do_not_come_back(toy_model):
    source = EventSource(toy_model, n_showers=30)
    before = [plain(event) for event in source]
    for event, tel_id in telescope_events(source):
        event.dl1.tel[tel_id].image[:] = 0
        event.simulation.shower.energy = 0 * u.TeV
    assert [plain(event) for event in source] == before


def test_two_loops_at_once_do_not_disturb_each_other(source, events):
    firsts, seconds = zip(*zip(source, source))
    assert all_same(firsts, events)
    assert all_same(seconds, events)


def test_two_sources_give_identical_events(toy_model, source, events):
    other = EventSource(toy_model, n_showers=N_SHOWERS)
    assert all_same(other, events)
    assert plain(only(other.simulation_config)) == plain(only(source.simulation_config))


@pytest.mark.parametrize("options", [dict(seed=1), dict(obs_id=2)])
def test_other_seeds_and_observations_give_other_events(toy_model, events, options):
    others = list(EventSource(toy_model, n_showers=N_SHOWERS, **options))
    assert not np.isin(energies(others), energies(events)).any()
    images = {event.dl1.tel[1].image.tobytes() for event in events}
    assert not images & {event.dl1.tel[1].image.tobytes() for event in others}


def seeker_that_cannot_loop(model, monkeypatch, **options):
    """Seeker whose source refuses to be looped through."""

    def refuse(self):
        raise AssertionError("looped through instead of being sought")
        yield

    monkeypatch.setattr(CVAEEventSource, "_generator", refuse)
    return EventSeeker(EventSource(model, n_showers=N_SHOWERS, **options))


def test_events_are_sought_by_index_across_blocks(toy_model, events, monkeypatch):
    assert len(events) > EVENTS_PER_BLOCK + 10
    seeker = seeker_that_cannot_loop(toy_model, monkeypatch)
    assert len(seeker) == len(events)
    border, last = EVENTS_PER_BLOCK, len(events) - 1
    for index in (border + 3, 5, border, border - 1, last):
        assert same(seeker.get_event_index(index), events[index])


def test_events_are_sought_by_id_across_blocks(toy_model, events, monkeypatch):
    seeker = seeker_that_cannot_loop(toy_model, monkeypatch)
    for index in (EVENTS_PER_BLOCK + 5, 0, EVENTS_PER_BLOCK, 40, 40):
        event_id = events[index].index.event_id
        assert same(seeker.get_event_id(event_id), events[index])
        assert same(seeker.get_event_id(int(event_id)), events[index])


def test_loop_after_seeking_starts_from_the_first_event(toy_model, events):
    source = EventSource(toy_model, n_showers=N_SHOWERS)
    seeker = EventSeeker(source)
    seeker.get_event_index(EVENTS_PER_BLOCK + 1)
    assert all_same(seeker, events)
    assert all_same(source, events)


def test_events_that_are_not_there_cannot_be_sought(toy_model, events):
    seeker = EventSeeker(EventSource(toy_model, n_showers=N_SHOWERS, max_events=20))
    missed = next(i for i in range(N_SHOWERS) if i not in {int(e.index.event_id) for e in events})
    for event_id in (missed, events[20].index.event_id, 10**9):
        with pytest.raises(IndexError):
            seeker.get_event_id(event_id)
    for index in (20, 10**9, -1):
        with pytest.raises(IndexError):
            seeker.get_event_index(index)


def test_sought_event_that_was_changed_does_not_come_back(toy_model, events):
    source = EventSource(toy_model, n_showers=N_SHOWERS)
    source._get_event_by_index(3).dl1.tel[1].image[:] = 0
    source._get_event_by_id(int(events[4].index.event_id)).simulation.tel[1].true_image[:] = 0
    seeker = EventSeeker(source)
    assert same(seeker.get_event_index(3), events[3])
    assert same(seeker.get_event_index(4), events[4])


@pytest.mark.parametrize("model", ["toy_model", "toy_array_model"])
def test_narrower_options_are_honoured(request, model):
    options = dict(energy_min=2 * u.TeV, energy_max=10 * u.TeV, spectral_index=-1.0)
    options |= dict(viewcone_radius=0.5 * u.deg, max_scatter_range=0.1 * u.km)
    source = EventSource(request.getfixturevalue(model), n_showers=100, **options)
    events = list(source)
    energy = energies(events)
    core = core_distances(events)
    config = only(source.simulation_config)
    assert len(events) > 20
    assert ((energy >= 2 - 1e-9) & (energy <= 10 + 1e-9)).all()
    assert (offsets(source, events) <= 0.5 + 1e-6).all()
    assert (core <= 100 + 1e-6).all()
    assert (config.energy_range_min, config.energy_range_max) == (2 * u.TeV, 10 * u.TeV)
    assert (config.max_viewcone_radius, config.max_scatter_range) == (0.5 * u.deg, 100 * u.m)
    assert (config.spectral_index, config.n_showers) == (-1, 100)
    distribution = only(source.simulated_shower_distributions)
    assert u.allclose(distribution.bins_energy[[0, -1]], [2, 10] * u.TeV)
    assert distribution.histogram.sum() == 100


def test_point_source_is_at_the_pointing(toy_model):
    source = EventSource(toy_model, n_showers=20, viewcone_radius=0 * u.deg)
    events = list(source)
    assert events
    assert (offsets(source, events) < 1e-5).all()
    assert bool(only(source.simulation_config).diffuse) is False


OUTSIDE = [
    (dict(energy_min=0.5 * u.TeV), "1 to 50 TeV"),
    (dict(energy_max=60 * u.TeV), "1 to 50 TeV"),
    (dict(viewcone_radius=2 * u.deg), "0 to 1.5 deg"),
    (dict(max_scatter_range=0.3 * u.km), "0 to 250 m"),
    (dict(pointing_altitude=60 * u.deg), "altitude 70.0 to 70.0 deg"),
    (dict(pointing_azimuth=90 * u.deg), "azimuth 180.0 deg"),
    (dict(size=1e5), "p.e."),
]


@pytest.mark.parametrize(("options", "trained"), OUTSIDE)
def test_outside_the_training_range_is_refused(toy_model, options, trained):
    option = next(iter(options)).split("_")[0]
    one_line_refusal(lambda: EventSource(toy_model, **options), trained, option)


@pytest.mark.parametrize(("options", "trained"), OUTSIDE)
def test_extrapolation_warns_and_gives_events(toy_model, options, trained):
    with pytest.warns(UserWarning, match="outside the training range") as caught:
        source = EventSource(toy_model, n_showers=40, extrapolate=True, **options)
    assert trained in str(caught[0].message)
    assert list(source)


def test_extrapolated_pointing_moves_showers_and_telescopes(toy_model):
    pointing = dict(pointing_altitude=60 * u.deg, pointing_azimuth=-90 * u.deg)
    with pytest.warns(UserWarning, match="outside the training range"):
        source = EventSource(toy_model, n_showers=40, extrapolate=True, **pointing)
    events = list(source)
    block = only(source.observation_blocks)
    assert block.subarray_pointing_lat.to_value(u.deg) == pytest.approx(60)
    assert block.subarray_pointing_lon.to_value(u.deg) == pytest.approx(270)
    assert (offsets(source, events) <= 1.5 + 1e-6).all()
    assert events[0].monitoring.tel[1].pointing.altitude.to_value(u.deg) == pytest.approx(60)


@pytest.mark.parametrize(
    "options",
    [
        dict(n_showers=0),
        dict(n_showers=-3),
        dict(seed=-1),
        dict(obs_id=0),
        dict(obs_id=2**63),
        dict(energy_min=1 * u.m),
        dict(energy_min=5),
        dict(energy_min=20 * u.TeV, energy_max=10 * u.TeV),
        dict(spectral_index=np.nan),
        dict(pointing_azimuth=np.nan * u.deg),
        dict(size=0),
        dict(size=(300, 100)),
        dict(size=(100, 200, 300)),
        dict(size=np.nan),
        dict(size=np.inf),
        dict(device="abacus"),
    ],
    ids=str,
)
def test_senseless_options_are_refused_in_one_line(toy_model, options):
    with pytest.raises((InputError, TraitError)) as error:
        EventSource(toy_model, **options)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_missing_gpu_is_bad_input_before_anything_is_written(toy_model):
    with pytest.raises(InputError, match="device cuda"):
        EventSource(toy_model, n_showers=5, device="cuda")


def test_automatic_device_works_anywhere(toy_model):
    assert len(list(EventSource(toy_model, n_showers=20, device="auto"))) > 0


def test_showers_that_are_all_lost_give_no_events(toy_model, tmp_path):
    seed = 0
    while len(EventSource(toy_model, n_showers=1, seed=seed)):
        seed += 1
    source = EventSource(toy_model, n_showers=1, seed=seed, max_events=5)
    assert list(source) == []
    assert only(source.simulation_config).n_showers == 1
    assert only(source.simulated_shower_distributions).histogram.sum() == 1
    options = ["--CVAEEventSource.n_showers=1", f"--CVAEEventSource.seed={seed}"]
    process(toy_model, tmp_path / "empty.h5", *options)


@pytest.mark.parametrize("model", ["toy_model", "toy_array_model"])
def test_fixed_size_is_met_exactly_by_every_event(request, model):
    source = EventSource(request.getfixturevalue(model), n_showers=150, size=120)
    events = list(source)
    assert len(source) == len(events) == 150
    assert [len(event.trigger.tels_with_trigger) for event in events] == [1] * 150
    assert (sizes(events) == 120).all()
    for event, tel_id in telescope_events(events):
        assert event.simulation.tel[tel_id].true_image.sum() == 120


def test_range_of_sizes_is_filled_log_uniformly(toy_model):
    """Kolmogorov-Smirnov probability above 0.01 for 800 events."""
    source = EventSource(toy_model, n_showers=800, size=(100, 1000))
    found = sizes(source)
    assert len(found) == 800
    assert 100 <= found.min() <= found.max() <= 1000
    assert stats.kstest(np.log10(found / 100), "uniform").pvalue > 0.01


def test_events_of_a_size_are_complete(toy_array_model):
    source = EventSource(toy_array_model, n_showers=60, size=(60, 300), allowed_tels={2, 3})
    events = list(source)
    assert {tel_id for _, tel_id in telescope_events(events)} == {2, 3}
    assert (offsets(source, events) <= 1.5 + 1e-4).all()
    assert np.isfinite(of_showers(events, "x_max", "g / cm2")).all()
    assert only(source.simulation_config).n_showers == 60
    assert only(source.simulated_shower_distributions).histogram.sum() == 60
    expected = shower_impact_distance(events[0].simulation.shower, source.subarray)
    ((_, tel_id),) = telescope_events(events[:1])
    impact = events[0].simulation.tel[tel_id].impact.distance
    assert u.isclose(impact, expected[source.subarray.tel_index_array[tel_id]], rtol=1e-5)


def test_events_of_a_size_are_sought_like_others(toy_model):
    options = dict(n_showers=EVENTS_PER_BLOCK + 10, size=(60, 300))
    events = list(EventSource(toy_model, **options))
    seeker = EventSeeker(EventSource(toy_model, **options))
    for index in (EVENTS_PER_BLOCK + 1, 3):
        assert same(seeker.get_event_index(index), events[index])
        assert same(seeker.get_event_id(events[index].index.event_id), events[index])


@pytest.mark.parametrize(
    "options",
    [
        dict(energy_min=5 * u.TeV),
        dict(energy_max=2 * u.TeV),
        dict(viewcone_radius=0.5 * u.deg),
        dict(max_scatter_range=50 * u.m),
    ],
    ids=str,
)
def test_sizes_do_not_silently_override_other_options(toy_model, options):
    """Either they are refused together, or no event breaks what was asked."""
    try:
        source = EventSource(toy_model, n_showers=60, size=(60, 300), **options)
    except InputError:
        return
    events = list(source)
    energy = energies(events)
    core = core_distances(events)
    config = only(source.simulation_config)
    assert energy.min() >= config.energy_range_min.to_value(u.TeV) * (1 - 1e-6)
    assert energy.max() <= config.energy_range_max.to_value(u.TeV) * (1 + 1e-6)
    assert offsets(source, events).max() <= config.max_viewcone_radius.to_value(u.deg) + 1e-4
    assert core.max() <= config.max_scatter_range.to_value(u.m) + 1e-3


def assert_fails_in_one_line(capsys, *argv, message):
    code = run_tool(ProcessorTool(), list(argv), raises=False)
    errors = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert code == 2
    assert len(errors) == 2  # the second one points to --help
    assert message in errors[0]
    assert "--help" in errors[1]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("energy_min=0.5 TeV", "1 to 50 TeV"),
        ("energy_min=60 TeV", "energy_min"),
        ("pointing_altitude=40 deg", "outside the training range"),
        ("n_showers=0", "n_showers"),
        ("size=0", "size"),
        ("size=100000", "outside the training range"),
        ("allowed_tels=99", "99"),
    ],
)
def test_ctapipe_process_refuses_bad_options_in_one_line(toy_model, capsys, option, message):
    argv = [f"--input={toy_model}", f"--CVAEEventSource.{option}"]
    assert_fails_in_one_line(capsys, *argv, message=message)


def test_ctapipe_process_ends_with_an_exit_code_and_no_output(toy_model, tmp_path):
    options = ["-i", str(toy_model), "-o", "out.h5", "--CVAEEventSource.viewcone_radius=9 deg"]
    command = [sys.executable, "-m", "ctapipe.tools.process", *options]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 2
    assert "0 to 1.5 deg" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize("by", ["command line", "YAML"])
def test_range_of_sizes_can_be_given_to_ctapipe_process(toy_model, tmp_path, by):
    config = tmp_path / "config.yaml"
    config.write_text("CVAEEventSource:\n  size: [100, 300]\n")
    size = "--CVAEEventSource.size=(100, 300)" if by == "command line" else f"--config={config}"
    n_showers = "--CVAEEventSource.n_showers=20"
    found = image_sizes(process(toy_model, tmp_path / "sizes.h5", n_showers, size, *PROCESS))
    assert len(found) == 20
    assert 100 <= found.min() < found.max() <= 300


def test_size_can_be_given_on_the_command_line(toy_model, tmp_path):
    options = ["--CVAEEventSource.n_showers=7", "--CVAEEventSource.size=100"]
    path = process(toy_model, tmp_path / "size.h5", "--write-images", *options)
    assert list(image_sizes(path)) == [100] * 7


def test_yaml_options_reach_the_events(processed, toy_array_model):
    source = EventSource(toy_array_model, seed=5, n_showers=600, energy_min=2 * u.TeV)
    with TableLoader(processed) as loader:
        events = loader.read_subarray_events(simulated=True)
        config = loader.read_simulation_configuration()
    assert list(events["event_id"]) == [event.index.event_id for event in source]
    assert np.allclose(events["true_energy"], energies(source))
    assert events["true_energy"].min() >= 2 - 1e-9
    assert list(config["n_showers"]) == [600]
    assert config["energy_range_min"].quantity[0] == 2 * u.TeV


def test_output_is_read_back_by_the_event_source_of_ctapipe(processed, toy_array_model):
    """With the images and truth that the source gave."""
    options = dict(seed=5, n_showers=600, energy_min=2 * u.TeV)
    originals = EventSource(toy_array_model, **options)
    n_found = 0
    with EventSource(processed) as reader:
        assert type(reader) is HDF5EventSource
        assert DataLevel.DL1_IMAGES in reader.datalevels
        for event, original in zip(reader, originals):
            n_found += 1
            assert event.index.event_id == original.index.event_id
            assert set(event.dl1.tel) == set(original.dl1.tel)
            for tel_id, dl1 in original.dl1.tel.items():
                found = event.simulation.tel[tel_id]
                simulated = original.simulation.tel[tel_id]
                assert np.array_equal(event.dl1.tel[tel_id].image, dl1.image)
                assert np.array_equal(event.dl1.tel[tel_id].peak_time, dl1.peak_time)
                assert np.array_equal(found.true_image, simulated.true_image)
                assert found.true_image_sum == simulated.true_image_sum
                assert u.isclose(found.impact.distance, simulated.impact.distance)
    assert n_found == len(originals) > 20


def test_parameters_of_bright_images_are_found(processed):
    """With about the intensity of the true image within the same pixels."""
    with TableLoader(processed) as loader:
        table = loader.read_telescope_events(**PARAMETERS)
    bright = table[table["true_hillas_intensity"] > BRIGHT]
    found = np.isfinite(bright["hillas_length"])
    assert found.sum() > 20
    assert found.mean() > 0.7
    ratio = (bright["hillas_intensity"] / bright["true_hillas_intensity"])[found]
    assert 0.7 < np.median(ratio) < 1.4


def test_showers_are_reconstructed(processed):
    """Half of the directions are within 0.7 deg, in a field of view of 1.5 deg radius."""
    with TableLoader(processed) as loader:
        table = loader.read_subarray_events(dl2=True, simulated=True)
    valid = table[table["HillasReconstructor_is_valid"]]
    names = ("HillasReconstructor_az", "HillasReconstructor_alt", "true_az", "true_alt")
    angles = [valid[name].quantity.to_value(u.rad) for name in names]
    assert len(valid) > 10
    assert np.degrees(np.median(angular_separation(*angles))) < 0.7


def test_ctapipe_process_twice_gives_identical_tables(processed, toy_array_model, tmp_path):
    options = ["seed=5", "n_showers=600", "energy_min=2 TeV"]
    options = [f"--CVAEEventSource.{option}" for option in options]
    again = process(toy_array_model, tmp_path / "again.h5", "--write-showers", *PROCESS, *options)
    first, second = contents(processed), contents(again)
    assert len(first) > 200
    assert [name for name in first | second if first.get(name) != second.get(name)] == []


def test_ctapipe_process_honours_allowed_telescopes(toy_array_model, tmp_path):
    options = ["-t", "1", "-t", "3", "--CVAEEventSource.n_showers=60"]
    path = process(toy_array_model, tmp_path / "allowed.h5", *options, *PROCESS)
    with TableLoader(path) as loader:
        assert set(loader.subarray.tel) == {1, 3}
        assert set(loader.read_telescope_events(**PARAMETERS)["tel_id"]) == {1, 3}


def test_ctapipe_process_honours_the_number_of_events(toy_model, tmp_path):
    """The simulated showers are then counted up to the last event."""
    path = process(toy_model, tmp_path / "some.h5", "-m", "12", *PROCESS)
    with TableLoader(path) as loader:
        events = loader.read_subarray_events()
        config = loader.read_simulation_configuration()
        distribution = loader.read_shower_distribution()
    assert len(events) == 12
    assert config["n_showers"][0] == events["event_id"][-1] + 1
    assert distribution["n_entries"][0] == distribution["histogram"].sum()
    assert distribution["n_entries"][0] == config["n_showers"][0] * config["shower_reuse"][0]


def test_images_stay_when_their_parameters_are_computed_anew(toy_model, tmp_path):
    """In the camera frame, with another cleaning."""
    options = ["--recompute-dl1", "--camera-frame", "--image-cleaner-type=MARSImageCleaner"]
    n_showers = "--CVAEEventSource.n_showers=100"
    path = process(toy_model, tmp_path / "again.h5", n_showers, *PROCESS, *options)
    with TableLoader(path) as loader:
        table = loader.read_telescope_events(**IMAGES, **PARAMETERS)
    expected = [event.dl1.tel[1].image for event in EventSource(toy_model, n_showers=100)]
    assert np.array_equal(table["image"], expected)
    assert np.isfinite(table["camera_frame_hillas_length"]).any()


def test_events_go_through_filter_software_trigger_and_intersection(toy_array_model, tmp_path):
    options = [
        "--CVAEEventSource.n_showers=1000",
        "--SoftwareTrigger.min_telescopes=2",
        "--EventTypeFilter.allowed_types=SUBARRAY",
        "--image-cleaner-type=TimeConstrainedImageCleaner",
        "--write-showers",
        "--reconstructor=HillasIntersection",
    ]
    path = process(toy_array_model, tmp_path / "stereo.h5", *PROCESS, *options)
    with TableLoader(path) as loader:
        table = loader.read_subarray_events(dl2=True)
    assert len(table) > 5
    assert (table["tels_with_trigger"].sum(axis=1) >= 2).all()
    assert table["HillasIntersection_is_valid"].sum() > 2


def test_reprocessed_images_give_the_parameters_of_one_pass(images_only, toy_model, tmp_path):
    second = process(images_only, tmp_path / "second.h5", *PROCESS)
    options = ["--CVAEEventSource.n_showers=100", *PROCESS]
    first = process(toy_model, tmp_path / "first.h5", *options)
    expected, found = contents(first), contents(second)
    names = [name for name in expected if "/telescope/parameters/tel_001/" in name]
    assert len(names) > 60
    assert [name for name in names if expected[name] != found[name]] == []


def test_merged_observations_are_read_back(merged, images_only):
    with TableLoader(merged) as loader, TableLoader(images_only) as first:
        n_first = len(first.read_subarray_events())
        events = loader.read_telescope_events(**IMAGES)
        config = loader.read_simulation_configuration()
        distribution = loader.read_shower_distribution()
    assert list(np.unique(events["obs_id"], return_counts=True)[1]) == [n_first, 20]
    assert list(config["obs_id"]) == list(distribution["obs_id"]) == [1, 2]
    assert list(config["n_showers"]) == list(distribution["n_entries"])
    assert config["n_showers"][0] == 100 > config["n_showers"][1]
    assert (events["true_image"].sum(axis=1) == events["true_image_sum"]).all()
    assert len({image.tobytes() for image in np.asarray(events["image"])}) == len(events)
    with EventSource(merged) as reader:
        assert list(reader.obs_ids) == [1, 2]
        assert sum(1 for _ in reader) == len(events)


def test_merged_runs_differ_in_their_number_of_showers_only(merged):
    with TableLoader(merged) as loader:
        config = loader.read_simulation_configuration()
    differing = ("obs_id", "run_number", "n_showers")
    for name in config.colnames:
        if name not in differing:
            first, second = np.asarray(config[name])
            assert first == second or (np.isnan(first) and np.isnan(second)), name


def test_instrument_response_tools_take_the_configuration(merged):
    """Their number of showers is what was thrown, and their spectrum that of the source."""
    pytest.importorskip("pyirf")
    from ctapipe.io import DL2EventLoader
    from ctapipe.irf import Spectra

    with TableLoader(merged) as loader:
        thrown = loader.read_simulation_configuration()["n_showers"].sum()
        events = DL2EventLoader(file=merged, target_spectrum=Spectra.CRAB_HEGRA)
        info, spectrum = events.get_simulation_information(loader, 50 * u.h)
    assert info.n_showers == thrown
    assert (info.energy_min, info.energy_max) == (1 * u.TeV, 50 * u.TeV)
    assert info.max_impact == 250 * u.m
    assert info.viewcone_max == 1.5 * u.deg
    assert spectrum.index == -2
    assert spectrum.normalization > 0
