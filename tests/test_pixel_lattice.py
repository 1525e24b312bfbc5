"""Spacing, symmetry and direction of a camera's lattice are found, whichever way it is turned."""

import numpy as np
import pytest

from ctapipe_fastsim.pixel_lattice import pixel_lattice


def turned(x, y, angle):
    return np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y


@pytest.mark.parametrize(("fold", "shift", "height"), [(6, 0.5, np.sqrt(3) / 2), (4, 0.0, 1.0)])
@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_lattices_are_found(fold, shift, height, angle):
    i, j = np.mgrid[:9, :9].reshape(2, -1)
    x, y = turned(0.2 * (i + shift * j), 0.2 * height * j, angle)
    lattice = pixel_lattice(x, y)
    assert lattice.spacing == pytest.approx(0.2)
    assert lattice.fold == fold
    assert lattice.angle == pytest.approx(angle, abs=1e-6)


def test_pixels_at_random_have_no_lattice():
    x, y = np.random.default_rng(0).random((2, 400))
    assert pixel_lattice(x, y).fold == 0


def test_pixels_on_each_other_are_refused():
    """All pairs of many more would not fit into memory."""
    x = np.repeat(np.arange(2.0), 1000)
    with pytest.raises(ValueError, match="stand on each other"):
        pixel_lattice(x, x)


def test_a_single_pixel_has_no_lattice():
    assert pixel_lattice(np.zeros(1), np.zeros(1)).fold == 0
