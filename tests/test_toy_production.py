"""The toy production is readable by ctapipe and lies in ctapipe's frames with its signs.

The geometry is checked with the coordinate transformations and reconstruction of ctapipe
and astropy only, not with the formulas that made the images.
"""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import AltAz, CartesianRepresentation, SkyCoord
from ctapipe.coordinates import (
    GroundFrame,
    TelescopeFrame,
    TiltedGroundFrame,
    shower_impact_distance,
)
from ctapipe.image import ImageProcessor
from ctapipe.io import EventSource, TableLoader
from ctapipe.io.hdf5eventsource import HDF5EventSource
from ctapipe.reco import ShowerProcessor
from helpers import read_telescopes
from toy_production import toy_subarray, write_toy_production

BRIGHT = 100  # true photo-electrons


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    """File without true images, and the source that it was written from."""
    path = tmp_path_factory.mktemp("small") / "small.dl1.h5"
    source = write_toy_production(path, n_showers=20, true_images=False, obs_id=7)
    return path, source


@pytest.fixture(scope="module", params=["toy_file", "toy_array_file"])
def loaded(request):
    """Subarray and the telescope events of each telescope."""
    return read_telescopes(request.getfixturevalue(request.param))


def bright_images(loaded):
    """Yield tel_id, the events of bright images and their pixel coordinates on the sky."""
    subarray, tables = loaded
    for tel_id, table in tables.items():
        events = table[table["true_image_sum"] > BRIGHT]
        assert len(events) > 20
        yield tel_id, events, subarray.tel[tel_id].camera.geometry.transform_to(TelescopeFrame())


def lat_lon(coordinates):
    """Telescope-frame coordinates in degrees, (n, 2): latitude first."""
    return np.stack([coordinates.fov_lat.deg, coordinates.fov_lon.deg], axis=1)


def pointing_and_source(events):
    """Pointing and true source position, both AltAz, and the source in the telescope frame."""
    names = ("telescope_pointing_azimuth", "telescope_pointing_altitude")
    pointing = SkyCoord(*(events[name].quantity for name in names), frame=AltAz())
    source = SkyCoord(events["true_az"].quantity, events["true_alt"].quantity, frame=AltAz())
    return (
        pointing,
        source,
        lat_lon(source.transform_to(TelescopeFrame(telescope_pointing=pointing))),
    )


def centroids(events, geometry, column="true_image"):
    """Centre of gravity of each image in degrees, (n, 2): latitude first."""
    pixels = np.stack([geometry.pix_y.to_value(u.deg), geometry.pix_x.to_value(u.deg)], axis=1)
    weights = np.asarray(events[column], dtype=float)
    return weights @ pixels / weights.sum(axis=1, keepdims=True)


def cosine(first, second):
    """Cosine of the angle between two sets of plane vectors."""
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(axis=1) / norms


def core_from_telescope(events, telescope):
    """Core positions relative to the telescope in the ground frame."""
    core_x, core_y = events["true_core_x"].quantity, events["true_core_y"].quantity
    return GroundFrame(x=core_x - telescope.x, y=core_y - telescope.y, z=0 * core_x - telescope.z)


def reconstruction_errors(event):
    """Direction error (deg) and core error (m) of the stereo reconstruction."""
    found, true = event.dl2.stereo.geometry["HillasReconstructor"], event.simulation.shower
    directions = [SkyCoord(alt=shower.alt, az=shower.az, frame=AltAz()) for shower in (found, true)]
    core_error = np.hypot(found.core_x - true.core_x, found.core_y - true.core_y)
    return directions[0].separation(directions[1]).deg, core_error.to_value(u.m)


def test_images_point_to_the_axis_on_the_sky(loaded):
    """A point of the shower axis, as astropy sees it from the telescope, lies downstream."""
    for tel_id, events, geometry in bright_images(loaded):
        pointing, source, source_position = pointing_and_source(events)
        ground = core_from_telescope(events, loaded[0].tel_coords[tel_id - 1])
        lever = CartesianRepresentation(ground.x, -ground.y, ground.z)  # AltAz: y to the east
        point = SkyCoord(AltAz(source.cartesian * (5 * u.km) + lever).spherical, frame=AltAz())
        sky = SkyCoord(az=point.az, alt=point.alt, frame=AltAz())
        expected = lat_lon(sky.transform_to(TelescopeFrame(telescope_pointing=pointing)))
        cosines = cosine(centroids(events, geometry) - source_position, expected - source_position)
        assert np.median(cosines) > 0.98
        assert np.mean(cosines > 0.9) > 0.8


def test_images_point_to_the_core_in_the_tilted_frame(loaded):
    """The tilted x and y axes point to lower altitude and azimuth: the camera sees -x, -y."""
    for tel_id, events, geometry in bright_images(loaded):
        pointing, _, source_position = pointing_and_source(events)
        ground = core_from_telescope(events, loaded[0].tel_coords[tel_id - 1])
        tilted = ground.transform_to(TiltedGroundFrame(pointing_direction=pointing))
        expected = -np.stack([tilted.x.to_value(u.m), tilted.y.to_value(u.m)], axis=1)
        cosines = cosine(centroids(events, geometry) - source_position, expected)
        assert np.median(cosines) > 0.98


def test_later_light_is_further_from_the_source(loaded):
    """Peak times of lit pixels rise from the source outwards."""
    for _, events, geometry in bright_images(loaded):
        *_, source_position = pointing_and_source(events)
        middle = centroids(events, geometry)
        pixels = np.stack([geometry.pix_y.to_value(u.deg), geometry.pix_x.to_value(u.deg)])
        axis = middle - source_position
        along = axis @ pixels - (axis * middle).sum(axis=1, keepdims=True)
        times = np.where(events["true_image"] > 3, events["peak_time"] - 15, 0)
        assert np.mean((along * times).sum(axis=1) > 0) > 0.8


@pytest.mark.parametrize(("zenith_deg", "azimuth_deg"), [(20, 180), (35, 60)])
def test_stereo_reconstruction_finds_source_and_core(tmp_path, zenith_deg, azimuth_deg):
    """Cleaning, Hillas parameters and line intersections of ctapipe recover bright showers."""
    path, subarray = tmp_path / "bright.h5", toy_subarray(3, second_type=True)
    options = dict(zenith_deg=zenith_deg, azimuth_deg=azimuth_deg, light_yield=1000)
    options |= dict(n_showers=15, reuse=2, scatter_radius=120, viewcone=0.7)
    write_toy_production(path, subarray, **options)
    process, reconstruct = ImageProcessor(subarray=subarray), ShowerProcessor(subarray=subarray)
    errors = []
    with EventSource(path) as source:
        for event in source:
            process(event)
            reconstruct(event)
            errors.append(reconstruction_errors(event))
    direction_error, core_error = np.nanmedian(errors, axis=0)
    assert direction_error < 0.06
    assert core_error < 10


def test_table_loader_reads_images(loaded):
    """Images, true images, simulated showers and pointing are there, with their types."""
    subarray, tables = loaded
    assert np.all(
        np.isfinite([t.optics.effective_focal_length.value for t in subarray.tel.values()])
    )
    for tel_id, events in tables.items():
        n_pixels = subarray.tel[tel_id].camera.geometry.n_pixels
        assert events["image"].shape == events["true_image"].shape == (len(events), n_pixels)
        assert events["image"].dtype == events["peak_time"].dtype == np.float32
        assert events["true_image"].dtype == np.int32
        assert np.all(events["true_image"].sum(axis=1) == events["true_image_sum"])
        assert np.allclose(events["telescope_pointing_altitude"].quantity.to_value(u.deg), 70)
        offsets = np.hypot(*pointing_and_source(events)[2].T)
        assert 1.3 < offsets.max() < 1.51
        noise = np.asarray(events["image"])[np.asarray(events["true_image"]) == 0]
        assert abs(noise.mean()) < 0.02


def test_event_source_reads_the_file(toy_array_file):
    """HDF5EventSource gives contiguous events whose impact distances ctapipe agrees with."""
    with HDF5EventSource(toy_array_file) as source:
        subarray = source.subarray
        assert len({str(telescope) for telescope in subarray.tel.values()}) == 2
        for count, event in enumerate(source):
            assert event.count == count
            assert event.index.obs_id == 1
            assert set(event.dl1.tel) == set(event.trigger.tels_with_trigger)
            expected = shower_impact_distance(event.simulation.shower, subarray)
            for tel_id, simulated in event.simulation.tel.items():
                index = subarray.tel_index_array[tel_id]
                assert u.isclose(simulated.impact.distance, expected[index], rtol=1e-4)
    assert count > 100


def test_thrown_and_recorded_numbers(toy_file):
    """The histogram holds all thrown cores, about half of which are recorded."""
    with TableLoader(toy_file) as loader:
        config = loader.read_simulation_configuration()[0]
        distribution = loader.read_shower_distribution()[0]
        events = loader.read_subarray_events(dl2=False, simulated=True)
    thrown = config["n_showers"] * config["shower_reuse"]
    assert thrown == 1500
    assert distribution["histogram"].shape == (30, 25)
    assert distribution["histogram"].sum() == distribution["n_entries"] == thrown
    assert 0.3 < len(events) / thrown < 0.6
    assert set(events["event_id"] % 100) == set(range(5))
    cores = np.hypot(events["true_core_x"], events["true_core_y"])
    assert cores.max() < config["max_scatter_range"] == 250


def test_pixels_have_six_neighbours(loaded):
    """The camera is a hexagonal lattice that ctapipe finds the neighbours of."""
    for telescope in loaded[0].tel.values():
        geometry = telescope.camera.geometry
        inside = ~geometry.get_border_pixel_mask()
        assert np.all(geometry.neighbor_matrix.sum(axis=1)[inside] == 6)


def test_same_seed_same_events(small_file, tmp_path):
    """Images depend on the seed, not on the observation number or on true images."""
    _, first = small_file
    second = write_toy_production(tmp_path / "same.h5", n_showers=20)
    other = write_toy_production(tmp_path / "other.h5", n_showers=20, seed=2)
    assert np.array_equal(first.exposures[1]["image"], second.exposures[1]["image"])
    assert not np.array_equal(first.thrown["energy"], other.thrown["energy"])


def test_file_without_true_images(small_file):
    """Without true images only those are missing."""
    path, source = small_file
    options = dict(dl1_images=True, true_images=False, dl1_parameters=False, dl2=False)
    with TableLoader(path) as loader:
        events = loader.read_telescope_events(**options, simulated=True)
        images = loader.read_telescope_events(**(options | dict(true_images=True)))
    assert "true_image" not in images.colnames
    assert len(events) == len(source.recorded)
    assert set(events["obs_id"]) == {7}


def test_quantities_and_limits(tmp_path):
    """Settings take quantities; event numbers leave room for 100 cores per shower."""
    options = dict(n_showers=5, scatter_radius=0.1 * u.km, energy_range=[2000, 5000] * u.GeV)
    source = write_toy_production(tmp_path / "units.h5", **options)
    assert source.thrown["core_distance"].max() < 100
    assert 2 <= source.thrown["energy"].min() <= source.thrown["energy"].max() <= 5
    with pytest.raises(ValueError, match="reuse"):
        write_toy_production(tmp_path / "never.h5", reuse=101)
