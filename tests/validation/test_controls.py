import numpy as np
import pytest
from toy_production import hexagonal_geometry

from ctapipe_fastsim.validation.controls import blurred, brighter, moved, wider
from ctapipe_fastsim.validation.sample import Sample


@pytest.fixture
def sample():
    rng = np.random.default_rng(1)
    lon, lat = rng.normal(size=(2, 50))
    lon[0] = lat[0] = np.nan
    angle = rng.uniform(-3, 3, 50)
    parameters = dict(
        hillas_width=rng.uniform(0.1, 0.2, 50),
        hillas_length=np.full(50, 0.5),
        hillas_fov_lon=lon,
        hillas_fov_lat=lat,
        hillas_r=np.hypot(lon, lat),
        hillas_phi=np.degrees(np.arctan2(lat, lon)),
    )
    conditions = dict(core_lon=np.cos(angle), core_lat=np.sin(angle))
    empty = np.zeros((50, 1))
    return Sample(empty, empty, None, parameters, conditions, np.arange(50))


def test_only_the_width_grows(sample):
    wrong = wider(sample).parameters
    np.testing.assert_allclose(wrong["hillas_width"], 1.05 * sample.parameters["hillas_width"])
    assert all(wrong[n] is v for n, v in sample.parameters.items() if n != "hillas_width")


def test_images_move_towards_the_core(sample):
    wrong = moved(sample).parameters
    for axis in ("lon", "lat"):
        step = wrong[f"hillas_fov_{axis}"] - sample.parameters[f"hillas_fov_{axis}"]
        np.testing.assert_allclose(step[1:], 0.1 * sample.conditions[f"core_{axis}"][1:])
    lon, lat, angle = (wrong[f"hillas_{n}"] for n in ("fov_lon", "fov_lat", "phi"))
    np.testing.assert_allclose(wrong["hillas_r"] * np.cos(np.radians(angle)), lon)
    np.testing.assert_allclose(wrong["hillas_r"] * np.sin(np.radians(angle)), lat)


def test_charges_grow():
    assert brighter(np.array([[2.0, -1.0]])) == pytest.approx(np.array([[2.1, -1.05]]))


def test_charge_spills_to_the_neighbours():
    geometry = hexagonal_geometry("toy", 37)
    charge = 100 * np.eye(37, dtype=np.float32)
    wrong = blurred(charge, geometry)
    np.testing.assert_allclose(wrong.sum(axis=1), 100, rtol=1e-5)
    np.testing.assert_allclose(np.diag(wrong), 95, rtol=1e-5)
    np.testing.assert_array_equal((wrong > 0) & (charge == 0), geometry.neighbor_matrix)
