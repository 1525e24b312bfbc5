"""Telescopes by name: the numbers of their documentation, and descriptions that ctapipe takes."""

import astropy.units as u
import numpy as np
import pytest
from ctapipe.containers import ArrayEventContainer, DL1CameraContainer
from ctapipe.image import ImageProcessor
from ctapipe.instrument import FocalLengthKind, SubarrayDescription

from ctapipe_fastsim.montecarlo.telescope_response import photomultiplier_efficiency
from ctapipe_fastsim.montecarlo.telescope_sets import TELESCOPE_SETS, hexagonal_camera

NAMES = list(TELESCOPE_SETS)


def make_subarray(name):
    return TELESCOPE_SETS[name].subarray(name)


@pytest.mark.parametrize(
    "name, n_telescopes, n_pixels, focal_length, mirror_area, height",
    [
        ("taiga-iact", 1, 595, 4.75, 9.6, 675),
        ("mst-array", 4, 1764, 16, 106, 2147),
        ("lst-array", 4, 1855, 28, 386, 2158),
    ],
)
def test_telescopes_are_those_that_are_documented(
    name, n_telescopes, n_pixels, focal_length, mirror_area, height
):
    subarray = make_subarray(name)
    assert list(subarray.tel) == list(range(1, n_telescopes + 1))
    assert subarray.name == name
    for telescope in subarray.tel.values():
        assert telescope.camera.geometry.n_pixels == n_pixels
        assert telescope.optics.effective_focal_length == focal_length * u.m
        assert telescope.optics.equivalent_focal_length == focal_length * u.m
        assert telescope.optics.mirror_area == mirror_area * u.m**2
    site = subarray.reference_location.geodetic
    assert site.height.to_value(u.m) == pytest.approx(height, abs=1e-3)
    assert site.lon.deg == pytest.approx(TELESCOPE_SETS[name].site[0])
    assert site.lat.deg == pytest.approx(TELESCOPE_SETS[name].site[1])


@pytest.mark.parametrize("name, side", [("mst-array", 150), ("lst-array", 100)])
def test_arrays_are_squares(name, side):
    positions = np.array([p.to_value(u.m) for p in make_subarray(name).positions.values()])
    distances = np.linalg.norm(positions[:, None] - positions, axis=-1)
    expected = [0, side, side, np.hypot(side, side)]
    assert np.sort(distances, axis=1) == pytest.approx(np.tile(expected, (4, 1)))
    assert (positions[:, 2] == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_pixels_are_on_a_hexagonal_lattice(name):
    """Six neighbours at one pitch inside, fewer at the border only."""
    geometry = make_subarray(name).tel[1].camera.geometry
    pitch = TELESCOPE_SETS[name].pixel_pitch
    n_neighbours = geometry.neighbor_matrix.sum(axis=1)
    border = geometry.get_border_pixel_mask(1)
    assert (n_neighbours[~border] == 6).all()
    assert (n_neighbours[border] < 6).all()
    assert 0 < border.mean() < 0.2
    first, second = np.nonzero(geometry.neighbor_matrix)
    x, y = geometry.pix_x.to_value(u.m), geometry.pix_y.to_value(u.m)
    assert np.hypot(x[first] - x[second], y[first] - y[second]) == pytest.approx(pitch)
    assert abs(x.mean()) < 0.1 * pitch
    assert abs(y.mean()) < 0.1 * pitch


@pytest.mark.parametrize("name", NAMES)
def test_pixels_fill_the_camera(name):
    """The disc of the pixels' area is about the disc that holds their centres."""
    geometry = make_subarray(name).tel[1].camera.geometry
    radius = np.hypot(geometry.pix_x, geometry.pix_y).to_value(u.m).max()
    assert geometry.pix_area.to_value(u.m**2).sum() == pytest.approx(np.pi * radius**2, rel=0.1)


def test_every_lattice_site_within_reach_is_taken():
    """The first 1 + 6 + 6 + 6 sites are complete rings around the centre."""
    for n_pixels, radius in ((7, 1), (13, np.sqrt(3)), (19, 2)):
        geometry = hexagonal_camera("ring", n_pixels, 1.0, 10.0)
        distance = np.hypot(geometry.pix_x, geometry.pix_y).to_value(u.m)
        assert distance.max() == pytest.approx(radius)
        assert len({(x, y) for x, y in zip(*np.round([geometry.pix_x, geometry.pix_y], 6))}) == (
            n_pixels
        )


@pytest.mark.parametrize("name", NAMES)
def test_subarrays_come_back_from_a_file(name, tmp_path):
    subarray = make_subarray(name)
    subarray.to_hdf(tmp_path / "subarray.h5")
    for choice in (FocalLengthKind.EFFECTIVE, FocalLengthKind.EQUIVALENT):
        again = SubarrayDescription.from_hdf(tmp_path / "subarray.h5", focal_length_choice=choice)
        assert again == subarray
        assert u.isclose(
            again.reference_location.geodetic.height,
            subarray.reference_location.geodetic.height,
            atol=1e-3 * u.m,
        )


@pytest.mark.parametrize("name", NAMES)
def test_images_of_the_telescopes_are_parametrised(name):
    """A bright ellipse at 1 deg to the side is found there."""
    subarray = make_subarray(name)
    camera = subarray.tel[1].camera.geometry
    focal_length = TELESCOPE_SETS[name].focal_length
    x, y = (np.degrees(p.to_value(u.m) / focal_length) for p in (camera.pix_x, camera.pix_y))
    image = 200 * np.exp(-0.5 * ((x / 0.3) ** 2 + ((y - 1) / 0.15) ** 2))
    event = ArrayEventContainer()
    event.trigger.tels_with_trigger = [1]
    event.dl1.tel[1] = DL1CameraContainer(
        image=image.astype(np.float32), peak_time=np.full(len(image), 15, np.float32), is_valid=True
    )
    ImageProcessor(subarray=subarray)(event)
    hillas = event.dl1.tel[1].parameters.hillas
    assert hillas.fov_lon.to_value(u.deg) == pytest.approx(1, abs=0.02)
    assert hillas.fov_lat.to_value(u.deg) == pytest.approx(0, abs=0.02)
    assert hillas.length > 1.3 * hillas.width > 0 * u.deg


@pytest.mark.parametrize("name", NAMES)
def test_fields_and_responses_are_possible_on_earth(name):
    known = TELESCOPE_SETS[name]
    assert 20 < np.linalg.norm(known.field) < 70  # microtesla
    assert 0 < known.response.photon_efficiency < 1
    assert known.response.trigger_threshold > known.response.night_sky


def test_photomultipliers_are_efficient_in_blue_light():
    wavelength, efficiency = photomultiplier_efficiency()
    assert 350 < wavelength[efficiency.argmax()] < 430
    assert 0.2 < efficiency.max() < 0.3
    assert (efficiency > 0).all()
    assert efficiency[[0, -1]].max() < 0.1
