"""The statistics are the moments they are said to be, and islands those of ctapipe."""

import numpy as np
import pytest
from ctapipe.image import concentration_parameters, hillas_parameters, number_of_islands
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.image_statistics import (
    OF_ALL_PIXELS,
    PER_THRESHOLD,
    STRUCTURE_PER_THRESHOLD,
    image_statistics,
    n_statistics,
    n_structure,
)
from ctapipe_fastsim.pixel_lattice import lattice_neighbours

NOISE = 1.0
SOURCE_CORE = np.array([[0.0, 0.0, 1.0, 0.0]])  # u and v are the camera's own coordinates


@pytest.fixture(scope="module")
def camera():
    """Square pixels 0.1 apart."""
    return CameraGeometry.make_rectangular(30, 30, (-1.5, 1.5), (-1.5, 1.5))


def neighbours(camera):
    return lattice_neighbours(camera.pix_x.value, camera.pix_y.value, 0.1)


def found_in(camera, charge, time=None, mirror=1):
    """Statistics and structure of one image."""
    time = np.zeros_like(charge) if time is None else time
    position = camera.pix_x.value, mirror * camera.pix_y.value
    border = camera.get_border_pixel_mask(1)
    found = image_statistics(
        *(charge[None], time[None], *position, SOURCE_CORE),
        *(neighbours(camera), border, NOISE, 0.1),
    )
    return [rows[0] for rows in found]


def statistics(*image, **options):
    return found_in(*image, **options)[0]


def structure(*image, **options):
    """Number of islands, share outside of the brightest, share in the ellipse; by threshold."""
    return found_in(*image, **options)[1].reshape(-1, STRUCTURE_PER_THRESHOLD)


def spot(camera, width=0.3, height=0.1, x=0.2, y=-0.1):
    u, v = camera.pix_x.value, camera.pix_y.value
    return 100 * np.exp(-0.5 * (((u - x) / width) ** 2 + ((v - y) / height) ** 2))


def at_threshold(values, i):
    return values[i * PER_THRESHOLD : (i + 1) * PER_THRESHOLD]


def test_moments_are_those_of_the_bright_pixels(camera):
    charge = spot(camera)
    found = at_threshold(statistics(camera, charge), 2)
    bright = charge > 4.8 * NOISE
    hillas = hillas_parameters(camera[bright], charge[bright])
    assert found[0] == bright.sum()
    assert found[1] == pytest.approx(charge[bright].sum())
    assert found[2] == pytest.approx(hillas.x.value)
    assert found[3] == pytest.approx(abs(hillas.y.value))
    assert found[4] == pytest.approx(hillas.length.value, rel=0.01)  # ctapipe divides by n - 1
    assert found[5] == pytest.approx(hillas.width.value, rel=0.01)
    assert found[8] == pytest.approx(hillas.kurtosis, rel=0.01)


def test_time_gradient_is_that_of_a_plane(camera):
    charge = spot(camera)
    time = 5 + 3 * camera.pix_x.value
    found = at_threshold(statistics(camera, charge, time), 1)
    assert found[9] == pytest.approx(3)
    assert found[10] == pytest.approx(5 + 3 * found[2])
    assert found[11] == pytest.approx(0, abs=1e-6)


def test_light_at_the_border_is_leakage(camera):
    charge = spot(camera, x=1.4)
    found = at_threshold(statistics(camera, charge), 2)
    bright = charge > 4.8 * NOISE
    border = bright & camera.get_border_pixel_mask(1)
    assert found[14] == pytest.approx(charge[border].sum() / charge[bright].sum())
    assert found[15] == border.sum() > 0


def test_an_image_and_its_reflection_have_equal_statistics(camera):
    rng = np.random.default_rng(1)
    charge = rng.poisson(spot(camera)) + rng.normal(size=900)
    for here, there in zip(found_in(camera, charge), found_in(camera, charge, mirror=-1)):
        np.testing.assert_allclose(here, there, atol=1e-9)


def test_lonely_pixels_do_not_count(camera):
    charge = np.zeros(900)
    charge[[100, 500]] = 50
    found = statistics(camera, charge)
    assert not found[:-OF_ALL_PIXELS].any()
    assert not structure(camera, charge).any()
    assert found[-OF_ALL_PIXELS:] == pytest.approx([0, 0, 100, np.hypot(50, 50)])


def test_neighbours_that_reach_a_charge_together(camera):
    charge = np.zeros(900)
    charge[[405, 406, 407, 800]] = 9, 7, 5, 100
    assert statistics(camera, charge)[-OF_ALL_PIXELS:-2] == pytest.approx([7, 5])


def test_number_of_statistics(camera):
    here, there = found_in(camera, spot(camera))
    assert (len(here), len(there)) == (n_statistics(), n_structure())


def test_islands_are_ctapipes(camera):
    rng = np.random.default_rng(1)
    places = rng.uniform(-1.3, 1.3, (8, 2))
    charge = sum(rng.uniform(0.2, 2) * spot(camera, 0.06, 0.06, *place) for place in places)
    bright = charge > 4.8 * NOISE
    n_islands, label = number_of_islands(camera, bright)
    light = np.bincount(label[bright], charge[bright])[1:]
    assert n_islands > 2
    found = structure(camera, charge)[2]
    assert found[:2] == pytest.approx([n_islands, 1 - light.max() / light.sum()])


def test_islands_of_little_light_may_be_noise(camera):
    charge = np.zeros(900)
    charge[[100, 101]], charge[[500, 501]] = [7, 5], [8, 5]
    found = structure(camera, charge)[2]
    assert found[:2] == pytest.approx([1, 12 / 25])


def test_one_spot_is_one_island(camera):
    found = structure(camera, spot(camera))
    np.testing.assert_allclose(found[:, :2], [[1, 0]] * 4, atol=1e-9)


def test_light_in_the_ellipse_is_ctapipes(camera):
    charge = spot(camera) + 0.4 * spot(camera, 0.08, 0.1, -0.5, 0.6)
    bright = np.where(charge > 4.8 * NOISE, charge, 0)
    expected = concentration_parameters(camera, bright, hillas_parameters(camera, bright))
    # ctapipe divides squares by n - 1, which moves the edge of the ellipse a little
    assert structure(camera, charge)[2, 2] == pytest.approx(expected.core, rel=0.05)


def test_neighbours_are_ctapipes(camera):
    table = neighbours(camera)
    for pixel in (0, 31, 450, 899):
        expected = np.flatnonzero(camera.neighbor_matrix[pixel])
        np.testing.assert_array_equal(table[pixel][table[pixel] >= 0], expected)


def test_moments_are_along_the_shower(camera):
    """A camera turned by 30 deg and moved, with the shower."""
    charge, angle = spot(camera), np.radians(30)
    x, y = camera.pix_x.value, camera.pix_y.value
    lon = 0.5 + np.cos(angle) * x - np.sin(angle) * y
    lat = -0.2 + np.sin(angle) * x + np.cos(angle) * y
    turned = image_statistics(
        *(charge[None], np.zeros((1, 900)), lon, lat),
        *(np.array([[0.5, -0.2, np.cos(angle), np.sin(angle)]]), neighbours(camera)),
        *(camera.get_border_pixel_mask(1), NOISE, 0.1),
    )
    for here, there in zip(turned, found_in(camera, charge)):
        np.testing.assert_allclose(here[0], there, atol=1e-9)
