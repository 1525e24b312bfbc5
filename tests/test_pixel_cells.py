"""Cells are the triangles between neighbouring pixels, on any lattice."""

import numpy as np
import pytest

from ctapipe_fastsim.pixel_cells import pixel_cells
from ctapipe_fastsim.pixel_lattice import NOBODY


def hexagonal(n):
    i, j = np.mgrid[:n, :n].reshape(2, -1)
    return i + 0.5 * j, np.sqrt(3) / 2 * j


def test_inner_pixels_of_a_hexagonal_lattice_are_in_six_cells():
    x, y = hexagonal(7)
    cells = pixel_cells(x, y, 1.0)
    n_cells = np.bincount(cells.ravel(), minlength=49).reshape(7, 7)
    assert (n_cells[1:-1, 1:-1] == 6).all()
    assert n_cells.min() >= 1
    assert len(cells) == 2 * 6 * 6


def test_a_square_lattice_is_covered():
    x, y = np.mgrid[:5, :5].reshape(2, -1)
    cells = pixel_cells(x, y, 1.0)
    assert len(cells) == 2 * 4 * 4
    assert set(cells.ravel()) == set(range(25))


def test_no_cell_spans_a_gap():
    x, y = hexagonal(6)
    far = x + 10 * (np.arange(36) >= 18)
    cells = pixel_cells(far, y, 1.0)
    assert (np.ptp(far[cells], axis=1) < 2).all()


def test_pixels_alone_have_a_cell_of_their_own():
    x, y = hexagonal(4)
    cells = pixel_cells(np.append(x, 50.0), np.append(y, 0.0), 1.0)
    assert cells[-1].tolist() == [16, NOBODY, NOBODY]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_pixels_on_a_line_are_alone(n):
    cells = pixel_cells(np.arange(n), np.zeros(n), 1.0)
    assert cells.tolist() == [[i, NOBODY, NOBODY] for i in range(n)]


def test_the_order_follows_from_the_pixels():
    cells = pixel_cells(*hexagonal(5), 1.0)
    assert (np.diff(cells, axis=1) > 0).all()
    assert cells.tolist() == sorted(cells.tolist())
