"""Hexagonal pixels become rows and columns of a square array, so that images can be convolved."""

from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry, PixelShape
from scipy.sparse.csgraph import breadth_first_order

from ctapipe_fastsim.array_types import IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["AXIAL_STEPS", "hexagonal_grid"]

#: Steps to the six neighbours in axial coordinates, 60 deg apart.
AXIAL_STEPS = np.array([(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)])


def hexagonal_grid(camera_geometry: CameraGeometry) -> IntArray | None:
    """Axial coordinates of the pixels, whose two axes are 60 deg apart.

    Found by walking from neighbour to neighbour, so that gaps between modules do no harm.

    Parameters
    ----------
    camera_geometry : ctapipe.instrument.CameraGeometry

    Returns
    -------
    (P, 2) int array or None
        Column and row, from 0. None for a camera that is no connected hexagonal grid.
    """
    if camera_geometry.pix_type is not PixelShape.HEXAGON:
        return None
    first, second = camera_geometry.neighbor_matrix_sparse.nonzero()
    if not len(first):
        return None
    steps = AXIAL_STEPS[_directions(camera_geometry, first, second)]
    axial = _walk(camera_geometry.neighbor_matrix_sparse, first, second, steps)
    if axial is None or not np.array_equal(axial[second] - axial[first], steps):
        return None
    return axial - axial.min(axis=0)


def _directions(camera_geometry: CameraGeometry, first: IntArray, second: IntArray) -> IntArray:
    """In which of six directions the second pixel of each pair of neighbours lies."""
    unit = camera_geometry.pix_x.unit
    x, y = (p.to_value(unit) for p in (camera_geometry.pix_x, camera_geometry.pix_y))
    angle = np.arctan2(y[second] - y[first], x[second] - x[first])
    rotation = np.angle(np.exp(6j * angle).mean()) / 6
    return np.round((angle - rotation) / (np.pi / 3)).astype(int) % 6


def _walk(
    neighbors: "csr_array", first: IntArray, second: IntArray, steps: IntArray
) -> IntArray | None:
    """Axial coordinates counted from pixel 0, or None if some pixel is out of reach."""
    order, predecessor = breadth_first_order(neighbors, 0, directed=False)
    if len(order) < neighbors.shape[0]:
        return None
    step_between = dict(zip(zip(first.tolist(), second.tolist()), steps))
    axial = np.zeros((len(order), 2), int)
    for pixel in order[1:]:
        axial[pixel] = axial[predecessor[pixel]] + step_between[predecessor[pixel], pixel]
    return axial
