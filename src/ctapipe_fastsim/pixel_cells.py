"""Where clumps of light sit: at the corners between pixels, shared by the pixels around."""

import numpy as np
from scipy.spatial import Delaunay, QhullError

from .array_types import FloatArray, IntArray
from .pixel_lattice import NOBODY

__all__ = ["pixel_cells"]

LONGEST_SIDE = 1.6  # spacings; sides and diagonals of hexagonal and square lattices are shorter


def pixel_cells(lon: FloatArray, lat: FloatArray, spacing: float) -> IntArray:
    """Triangles of neighbouring pixels, around the corners where they meet.

    Parameters
    ----------
    lon, lat : (P,) arrays, deg
    spacing : float, deg
        Distance of neighbouring pixels.

    Returns
    -------
    (T, 3) int array
        Pixels of each cell, of a Delaunay triangulation without sides that span a gap; a pixel
        in none of the triangles has a cell for itself, filled up with `NOBODY`.
    """
    place = np.stack([lon, lat], axis=-1).astype(float)  # (P, 2)
    try:
        cells = Delaunay(place).simplices
    except (QhullError, ValueError):  # fewer than three pixels, or all on a line
        cells = np.empty((0, 3), dtype=int)
    corner = place[cells]  # (T, 3, 2)
    side = np.linalg.norm(corner - np.roll(corner, 1, axis=1), axis=-1)
    cells = np.sort(cells[(side < LONGEST_SIDE * spacing).all(axis=1)], axis=1)
    cells = cells[np.lexsort(cells.T[::-1])]
    alone = np.setdiff1d(np.arange(len(place)), cells)
    nobody = np.full(len(alone), NOBODY)
    return np.concatenate([cells, np.stack([alone, nobody, nobody], axis=1)]).astype(np.int64)
