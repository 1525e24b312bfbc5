import astropy.units as u
import numpy as np
import pytest
from ctapipe.coordinates import CameraFrame
from ctapipe.instrument import CameraGeometry, PixelShape
from toy_production import hexagonal_geometry

from ctapipe_fastsim.validation.hexagonal_grid import AXIAL_STEPS, hexagonal_grid


def camera(x, y, shape=PixelShape.HEXAGON):
    return CameraGeometry(
        name="toy",
        pix_id=np.arange(len(x)),
        pix_x=x * u.m,
        pix_y=y * u.m,
        pix_area=np.full(len(x), np.sqrt(3) / 2) * u.m**2,
        pix_type=shape,
        frame=CameraFrame(focal_length=28 * u.m),
    )


def lattice(n, rotation=0.0):
    column, row = np.mgrid[-n : n + 1, -n : n + 1].reshape(2, -1)
    inside = np.abs(column + row) <= n
    point = ((column + row / 2) + 1j * row * np.sqrt(3) / 2)[inside] * np.exp(1j * rotation)
    return point.real, point.imag


def check(geometry, axial):
    assert axial.min() == 0
    assert len(np.unique(axial, axis=0)) == geometry.n_pixels
    steps = {tuple(step) for step in AXIAL_STEPS}
    first, second = geometry.neighbor_matrix.nonzero()
    assert {tuple(step) for step in axial[second] - axial[first]} <= steps


@pytest.mark.parametrize("rotation", [0.0, 0.2, 0.5, -1.0])
def test_neighbours_are_one_step_apart(rotation):
    geometry = camera(*lattice(6, rotation))
    axial = hexagonal_grid(geometry)
    check(geometry, axial)
    assert axial.max(axis=0).tolist() == [12, 12]


def test_the_positions_follow_from_rows_and_columns():
    geometry = hexagonal_geometry("toy", 169)
    axial = hexagonal_grid(geometry)
    design = np.column_stack([axial, np.ones(169)])
    for position in (geometry.pix_x.value, geometry.pix_y.value):
        _, residual, rank, _ = np.linalg.lstsq(design, position)
        assert residual < 1e-18
        assert rank == 3


def test_gaps_between_modules_do_no_harm():
    x, y = lattice(6)
    geometry = camera(x + 0.12 * (x > 0.1) + 0.12 * (x > 3.1), y)
    check(geometry, hexagonal_grid(geometry))


def test_other_cameras_have_no_grid():
    x, y = np.mgrid[:5, :5].reshape(2, -1).astype(float)
    assert hexagonal_grid(camera(x, y, PixelShape.SQUARE)) is None
    x, y = lattice(2)
    assert hexagonal_grid(camera(np.append(x, x + 20), np.append(y, y))) is None
    assert hexagonal_grid(camera(np.zeros(1), np.zeros(1))) is None
