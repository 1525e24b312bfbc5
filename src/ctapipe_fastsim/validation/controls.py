"""Monte Carlo images made wrong on purpose: a test that does not find them is worth nothing."""

import numpy as np

from ctapipe_fastsim.random_streams import random_stream

__all__ = ["blurred", "brighter", "moved", "wider"]

_MORE = 1.05
_SPILL = 0.05
_MOVED_SHARE = 0.2


def wider(parameters):
    """Image parameters with the width 5 % larger, a dict like that of `image_parameters`."""
    return parameters | {"hillas_width": _MORE * parameters["hillas_width"]}


def brighter(charge):
    """Charges 5 % larger, an (N, P) array."""
    return _MORE * charge


def blurred(charge, camera_geometry):
    """Charges of which 5 % went to the neighbouring pixels, an (N, P) array."""
    neighbors = camera_geometry.neighbor_matrix_sparse.astype(np.float32)
    spilled = _SPILL * charge / np.maximum(camera_geometry.n_neighbors, 1)
    kept = charge - spilled * camera_geometry.n_neighbors
    return kept + spilled @ neighbors


def moved(charge, axial, seed):
    """Every fifth image moved by one pixel; what leaves the camera comes in at the other side.

    Parameters
    ----------
    charge : (N, P) array
    axial : (P, 2) int array
        From `hexagonal_grid`.
    seed : int

    Returns
    -------
    (N, P) array
    """
    source = np.empty(len(axial), int)
    for row in np.unique(axial[:, 1]):
        in_row = np.flatnonzero(axial[:, 1] == row)
        in_row = in_row[np.argsort(axial[in_row, 0])]
        source[in_row] = np.roll(in_row, 1)
    chosen = random_stream("validation control", seed).random(len(charge)) < _MOVED_SHARE
    return np.where(chosen[:, np.newaxis], charge[:, source], charge)
