"""The lattice that a camera's pixels stand on: spacing, symmetry and direction."""

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from .array_types import FloatArray, IntArray

__all__ = ["NOBODY", "PixelLattice", "brightest_neighbour", "lattice_neighbours", "pixel_lattice"]

NOBODY = -1
NEIGHBOURS = 1.3  # spacings; the nearest pixels of hexagonal and square lattices are closer
MOST_NEIGHBOURS = 20  # on average; hexagonal lattices have six
FEWEST_ORDERED = 0.5  # bond order of a lattice; pixels at random have less


class PixelLattice(NamedTuple):
    """How pixels stand.

    Attributes
    ----------
    spacing : float, deg
        Median distance of neighbouring pixels; 1 for a single one.
    fold : int
        A turn by 360 deg / fold brings the lattice onto itself: 6, 4, or 0 without a lattice.
    angle : float, rad
        Direction of one of the nearest neighbours.
    """

    spacing: float
    fold: int
    angle: float


def pixel_lattice(lon: FloatArray, lat: FloatArray) -> PixelLattice:
    """Find spacing, symmetry and direction by the bond-orientational order parameter.

    The mean of exp(i n theta) over the directions theta of neighbours has the modulus 1 on a
    lattice of n-fold symmetry (Nelson & Halperin 1979, Phys. Rev. B 19, 2457).

    Parameters
    ----------
    lon, lat : (P,) arrays, deg

    Returns
    -------
    PixelLattice

    Raises
    ------
    ValueError
        When many pixels stand on each other.
    """
    place = np.stack([lon, lat], axis=-1).astype(float)
    tree = cKDTree(place)
    spacing = float(np.median(tree.query(place, k=[min(2, len(place))])[0])) or 1.0
    if tree.count_neighbors(tree, NEIGHBOURS * spacing) > MOST_NEIGHBOURS * len(place):
        raise ValueError("pixels of the camera stand on each other")
    pairs = tree.query_pairs(NEIGHBOURS * spacing, output_type="ndarray")
    if not len(pairs):
        return PixelLattice(spacing, 0, 0.0)
    bond = place[pairs[:, 1]] - place[pairs[:, 0]]
    theta = np.arctan2(bond[:, 1], bond[:, 0])
    order = {fold: np.exp(1j * fold * theta).mean() for fold in (6, 4)}
    fold = max(order, key=lambda fold: abs(order[fold]))
    if abs(order[fold]) < FEWEST_ORDERED:
        return PixelLattice(spacing, 0, 0.0)
    return PixelLattice(spacing, fold, float(np.angle(order[fold]) / fold))


def lattice_neighbours(lon: FloatArray, lat: FloatArray, spacing: float) -> IntArray:
    """Neighbours of each pixel, (P, K) int array, `NOBODY` where there are fewer than K."""
    place = np.stack([lon, lat], axis=-1).astype(float)
    found = cKDTree(place).query_ball_point(place, NEIGHBOURS * spacing, return_sorted=True)
    others = [[j for j in near if j != i] for i, near in enumerate(found)]
    table = np.full((len(place), max(1, *map(len, others))), NOBODY)
    for row, near in zip(table, others):
        row[: len(near)] = near
    return table


@njit(cache=True, nogil=True)
def brightest_neighbour(counts: IntArray, neighbours: IntArray, pixel: int) -> int:
    """The brightest neighbour of a pixel of one image (P,) that is brighter, or `NOBODY`.

    Of equally bright pixels the first counts as brighter.
    """
    best, n = pixel, counts[pixel]
    for other in neighbours[pixel]:
        if other != NOBODY and (counts[other] > n or (counts[other] == n and other < best)):
            best, n = other, counts[other]
    return NOBODY if best == pixel else best
