"""The shower frame is that of ctapipe's and astropy's own coordinate transformations."""

import astropy.units as u
import numpy as np
import pytest
import torch
from astropy.coordinates import AltAz, CartesianRepresentation, EarthLocation, SkyCoord
from ctapipe.containers import SimulatedShowerContainer
from ctapipe.coordinates import (
    CameraFrame,
    GroundFrame,
    TelescopeFrame,
    TiltedGroundFrame,
    shower_impact_distance,
)
from ctapipe.instrument import SubarrayDescription
from toy_production import FOCAL_LENGTH, hexagonal_geometry, toy_telescope

from ctapipe_fastsim.pixel_lattice import PixelLattice
from ctapipe_fastsim.shower_frame import (
    altitude_azimuth,
    camera_axes,
    camera_to_sky,
    centre_across,
    image_geometry,
    orientation,
    pixel_directions,
    to_shower_frame,
    unit_vector,
)
from ctapipe_fastsim.showers import Showers

POINTINGS = [(70, 180), (70, 0), (55, 63), (40, 290), (88, 121)]  # altitude, azimuth, deg
TELESCOPES = np.array([[0, 0, 0], [120, -80, 25], [-60, 210, -40.0]])  # ground frame, m
pointings = pytest.mark.parametrize("pointing", POINTINGS)
positions = pytest.mark.parametrize("position", TELESCOPES)


def showers_around(pointing, n=50, viewcone=3.0, seed=0):
    """Showers within some degrees of the pointing (deg), with cores up to 400 m away."""
    rng = np.random.default_rng(seed)
    altitude, azimuth = np.radians(pointing)
    nan = np.full(n, np.nan)
    return Showers(
        energy=np.ones(n),
        altitude=altitude + np.radians(rng.uniform(-viewcone, min(viewcone, 1), n)),
        azimuth=azimuth + np.radians(rng.uniform(-viewcone, viewcone, n)),
        core_x=rng.uniform(-400, 400, n),
        core_y=rng.uniform(-400, 400, n),
        x_max=nan,
        h_first_int=nan,
        primary_id=np.zeros(n, int),
    )


def geometry_at(pointing, position, **options):
    showers = showers_around(pointing, **options)
    return showers, image_geometry(showers, *np.radians(pointing), position)


def tangent_plane(sky, pointing):
    """(lon, lat) in deg on the plane that touches ctapipe's TelescopeFrame at its origin."""
    telescope_pointing = SkyCoord(alt=pointing[0] * u.deg, az=pointing[1] * u.deg, frame=AltAz())
    coordinates = sky.transform_to(TelescopeFrame(telescope_pointing=telescope_pointing))
    lon, lat = coordinates.fov_lon.rad, coordinates.fov_lat.rad
    return np.degrees([np.tan(lon), np.tan(lat) / np.cos(lon)])


def axis_points(showers, position, distance):
    """Points of the shower axes at some distance from the core, as astropy directions."""
    core = np.stack([showers.core_x, showers.core_y, 0 * showers.core_x]) - position[:, None]
    core = CartesianRepresentation(core[0], -core[1], core[2], unit=u.m)  # AltAz: y to the east
    direction = AltAz(alt=showers.altitude * u.rad, az=showers.azimuth * u.rad).cartesian
    point = SkyCoord(AltAz(direction * (distance * u.m) + core).spherical, frame=AltAz())
    return SkyCoord(alt=point.alt, az=point.az, frame=AltAz())


@pointings
def test_source_position_is_that_of_the_telescope_frame(pointing):
    showers, geometry = geometry_at(pointing, TELESCOPES[1])
    source = SkyCoord(alt=showers.altitude * u.rad, az=showers.azimuth * u.rad, frame=AltAz())
    lon, lat = tangent_plane(source, pointing)
    assert np.abs(geometry.source_lon - lon).max() < 1e-9
    assert np.abs(geometry.source_lat - lat).max() < 1e-9


@pointings
@positions
def test_core_direction_is_where_the_shower_axis_comes_down(pointing, position):
    """Any point of the axis, as astropy sees it, lies on the line from the source."""
    showers, geometry = geometry_at(pointing, position)
    for distance in (3e3, 10e3, 30e3):
        lon, lat = tangent_plane(axis_points(showers, position, distance), pointing)
        along = np.stack([lon - geometry.source_lon, lat - geometry.source_lat])
        along /= np.hypot(*along)
        assert np.abs(geometry.core_lon - along[0]).max() < 1e-6
        assert np.abs(geometry.core_lat - along[1]).max() < 1e-6


@pointings
@positions
def test_core_direction_on_axis_is_that_of_the_tilted_frame(pointing, position):
    """The tilted x and y axes point to lower altitude and azimuth: the camera sees -x, -y."""
    showers, geometry = geometry_at(pointing, position, viewcone=0)
    ground = GroundFrame(
        x=(showers.core_x - position[0]) * u.m,
        y=(showers.core_y - position[1]) * u.m,
        z=np.full(len(showers), -position[2]) * u.m,
    )
    sky = AltAz(alt=pointing[0] * u.deg, az=pointing[1] * u.deg)
    tilted = ground.transform_to(TiltedGroundFrame(pointing_direction=sky))
    expected = -np.stack([tilted.y.to_value(u.m), tilted.x.to_value(u.m)])
    expected /= np.hypot(*expected)
    assert np.abs(geometry.core_lon - expected[0]).max() < 1e-9
    assert np.abs(geometry.core_lat - expected[1]).max() < 1e-9


@pointings
def test_impact_distance_is_that_of_ctapipe(pointing):
    telescope = toy_telescope("ToyCam", 7)
    subarray = SubarrayDescription(
        "heights",
        {i: position * u.m for i, position in enumerate(TELESCOPES, start=1)},
        {i: telescope for i in range(1, len(TELESCOPES) + 1)},
        EarthLocation(lon=0 * u.deg, lat=0 * u.deg, height=700 * u.m),
    )
    showers = showers_around(pointing, n=10)
    found = [
        image_geometry(showers, *np.radians(pointing), position).impact_distance
        for position in TELESCOPES
    ]
    for i in range(len(showers)):
        shower = SimulatedShowerContainer(
            alt=showers.altitude[i] * u.rad,
            az=showers.azimuth[i] * u.rad,
            core_x=showers.core_x[i] * u.m,
            core_y=showers.core_y[i] * u.m,
        )
        expected = shower_impact_distance(shower, subarray).to_value(u.m)
        assert np.allclose([distance[i] for distance in found], expected, rtol=0, atol=1e-6)


def test_every_image_may_have_its_own_pointing_and_telescope():
    together = [showers_around(pointing, n=3, seed=i) for i, pointing in enumerate(POINTINGS[:3])]
    names = together[0].__dataclass_fields__
    joined = Showers(**{n: np.concatenate([getattr(s, n) for s in together]) for n in names})
    altitude, azimuth = np.radians(np.repeat(POINTINGS[:3], 3, axis=0)).T
    geometry = image_geometry(joined, altitude, azimuth, np.repeat(TELESCOPES, 3, axis=0))
    for i, (showers, pointing, position) in enumerate(zip(together, POINTINGS, TELESCOPES)):
        alone = image_geometry(showers, *np.radians(pointing), position)
        part = geometry[3 * i : 3 * i + 3]
        for name in geometry.__dataclass_fields__:
            assert np.allclose(getattr(part, name), getattr(alone, name), atol=1e-9)


def test_a_core_at_the_telescope_gives_finite_numbers():
    nan = np.full(1, np.nan)
    direction = np.radians([70.0]), np.radians([180.0])
    zero = np.zeros(1)
    showers = Showers(np.ones(1), *direction, zero, zero, nan, nan, zero.astype(int))
    geometry = image_geometry(showers, *np.radians((70, 180)), np.zeros(3))
    assert geometry.impact_distance == 0
    assert np.isfinite(geometry.source_core_arrays()).all()


@pytest.mark.parametrize("rotation", [0, 17, -100])
def test_pixel_directions_are_those_of_ctapipe(rotation):
    """Also when the camera is mounted with a rotation, which the frame carries."""
    geometry = hexagonal_geometry("Rotated", 37)
    geometry.frame = CameraFrame(focal_length=FOCAL_LENGTH * u.m, rotation=rotation * u.deg)
    pixels = SkyCoord(x=geometry.pix_x, y=geometry.pix_y, frame=geometry.frame)
    expected = pixels.transform_to(TelescopeFrame())
    lon, lat = pixel_directions(geometry)
    assert np.allclose(lon, expected.fov_lon.deg, atol=1e-12)
    assert np.allclose(lat, expected.fov_lat.deg, atol=1e-12)


def test_a_rotated_frame_turns_the_pixels():
    """A camera turned by 90 deg sees its x axis along longitude, rather than latitude."""
    geometry = hexagonal_geometry("Rotated", 37)
    straight = pixel_directions(geometry)
    geometry.frame = CameraFrame(focal_length=FOCAL_LENGTH * u.m, rotation=90 * u.deg)
    lon, lat = pixel_directions(geometry)
    assert np.allclose(lon, straight[1])
    assert np.allclose(lat, -straight[0])


@pytest.fixture
def frame_arguments():
    """Pixels, and source and core of three showers."""
    pixels = pixel_directions(hexagonal_geometry("ToyCam", 91))
    _, geometry = geometry_at(POINTINGS[2], TELESCOPES[1], n=3)
    return *pixels, geometry.source_core_arrays()


def test_the_shower_frame_preserves_distances(frame_arguments):
    lon, lat, source_core = frame_arguments
    along, across = to_shower_frame(lon, lat, source_core, np.array([1.0, -1.0, 1.0]))
    expected = np.hypot(lon[:, None] - lon, lat[:, None] - lat)
    for i in range(3):
        found = np.hypot(along[i][:, None] - along[i], across[i][:, None] - across[i])
        assert np.allclose(found, expected, atol=1e-5)


def test_the_source_is_the_origin_and_the_core_lies_on_the_axis():
    _, geometry = geometry_at(POINTINGS[2], TELESCOPES[1], n=4)
    source_core = geometry.source_core_arrays()
    for distance in (0.0, 1.5):
        lon = geometry.source_lon + distance * geometry.core_lon
        lat = geometry.source_lat + distance * geometry.core_lat
        along, across = to_shower_frame(lon, lat, source_core, np.ones(4))
        assert np.allclose(np.diag(along), distance, atol=1e-5)
        assert np.allclose(np.diag(across), 0, atol=1e-5)


def test_the_frame_is_right_handed_unless_mirrored():
    """With the source in the centre and the core along longitude, u is lon and v is lat."""
    along, across = to_shower_frame(
        np.array([1.0]), np.array([2.0]), np.array([[0, 0, 1, 0.0]] * 2), np.array([1, -1])
    )
    assert along.tolist() == [[1], [1]]
    assert across.tolist() == [[2], [-2]]


def test_mirroring_flips_v_only(frame_arguments):
    along, across = to_shower_frame(*frame_arguments, np.ones(3))
    mirrored_along, mirrored_across = to_shower_frame(*frame_arguments, -np.ones(3))
    assert np.array_equal(along, mirrored_along)
    assert np.array_equal(across, -mirrored_across)
    assert np.abs(across).max() > 1


def test_the_centre_of_the_camera_has_a_place_across(frame_arguments):
    *_, source_core = frame_arguments
    mirror, centre = np.array([1.0, -1.0, 1.0]), np.zeros(1)
    _, expected = to_shower_frame(centre, centre, source_core, mirror)
    assert np.abs(expected).min() > 0.01
    assert np.allclose(centre_across(source_core, mirror), expected[:, 0], atol=1e-6)


def test_numpy_and_torch_agree(frame_arguments):
    mirror = np.array([1.0, -1.0, 1.0])
    arrays = to_shower_frame(*frame_arguments, mirror)
    tensors = to_shower_frame(*map(torch.as_tensor, (*frame_arguments, mirror)))
    for array, tensor in zip(arrays, tensors, strict=True):
        assert np.allclose(array, tensor.numpy(), atol=1e-6)


@pointings
def test_camera_to_sky_inverts_the_projection(pointing):
    showers, geometry = geometry_at(pointing, TELESCOPES[0])
    altitude, azimuth = camera_to_sky(
        geometry.source_lon, geometry.source_lat, *np.radians(pointing)
    )
    expected = unit_vector(showers.altitude, showers.azimuth)
    assert np.abs(unit_vector(altitude, azimuth) - expected).max() < 1e-12
    assert ((azimuth >= 0) & (azimuth < 2 * np.pi)).all()


@pointings
def test_camera_axes_are_the_derivatives_of_the_direction(pointing):
    altitude, azimuth = np.radians(pointing)
    lon, lat = camera_axes(altitude, azimuth)
    step = 1e-6
    by_altitude = unit_vector(altitude + step, azimuth) - unit_vector(altitude - step, azimuth)
    by_azimuth = unit_vector(altitude, azimuth + step) - unit_vector(altitude, azimuth - step)
    assert np.allclose(lat, by_altitude / (2 * step), atol=1e-8)
    assert np.allclose(lon * np.cos(altitude), by_azimuth / (2 * step), atol=1e-8)


def test_unit_vector_is_astropys_with_y_to_the_west():
    altitude, azimuth = np.radians([50.0, 70.0]), np.radians([10.0, 250.0])
    x, y, z = AltAz(alt=altitude * u.rad, az=azimuth * u.rad).cartesian.xyz.value
    assert np.allclose(unit_vector(altitude, azimuth), np.stack([x, -y, z], axis=-1))


def test_altitude_azimuth_inverts_unit_vector():
    altitude, azimuth = np.radians([10.0, 50.0, 89.0, -5.0]), np.radians([0.0, 359.0, 90.0, 200.0])
    found = altitude_azimuth(unit_vector(altitude, azimuth))
    assert np.allclose(found, [altitude, azimuth])


@pytest.mark.parametrize("fold", [0, 4, 6])
def test_orientation_is_made_of_cosines_and_sines(fold):
    lattice = PixelLattice(0.1, fold, 0.3)
    angle = np.random.default_rng(0).uniform(-np.pi, np.pi, 20)
    mirror = np.where(angle > 1, -1, 1)
    core = np.stack([0 * angle, 0 * angle, np.cos(angle), np.sin(angle)], axis=1)
    vertical = np.pi / 2 - angle
    angles = fold * (angle - 0.3), vertical, 2 * vertical
    expected = [*map(np.cos, angles), *(mirror * np.sin(a) for a in angles)]
    found = orientation(core.astype(np.float32), mirror.astype(np.float32), lattice)
    assert {part.dtype for part in found} == {np.dtype(np.float32)}
    np.testing.assert_allclose(found, expected, atol=3e-6)
