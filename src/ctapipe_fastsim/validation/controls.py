"""Monte Carlo images made wrong on purpose: a test that does not find them is worth nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import FloatArray

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["blurred", "brighter", "moved", "wider"]

_MORE = 1.05
_SPILL = 0.05
_MOVE = 0.2  # of the mean length


def wider(sample: "Sample") -> "Sample":
    """A `Sample` whose images have a width 5 % larger."""
    parameters = sample.parameters | {"hillas_width": _MORE * sample.parameters["hillas_width"]}
    return replace(sample, parameters=parameters)


def moved(sample: "Sample") -> "Sample":
    """A `Sample` whose images lie nearer to the core, by a fifth of their mean length.

    Its conditions must hold the unit vector ``core_lon``, ``core_lat``.
    """
    step = _MOVE * np.nanmean(sample.parameters["hillas_length"])
    lon, lat = (
        sample.parameters[f"hillas_fov_{axis}"] + step * sample.conditions[f"core_{axis}"]
        for axis in ("lon", "lat")
    )
    place = {
        "hillas_fov_lon": lon,
        "hillas_fov_lat": lat,
        "hillas_r": np.hypot(lon, lat),
        "hillas_phi": np.degrees(np.arctan2(lat, lon)),
    }
    return replace(sample, parameters=sample.parameters | place)


def brighter(charge: FloatArray) -> FloatArray:
    """Charges 5 % larger, an (N, P) array."""
    return _MORE * charge


def blurred(charge: FloatArray, camera_geometry: CameraGeometry) -> FloatArray:
    """Charges of which 5 % went to the neighbouring pixels, an (N, P) array."""
    neighbors = camera_geometry.neighbor_matrix_sparse.astype(np.float32)
    n_neighbors = np.asarray(neighbors.sum(axis=0)).ravel()
    return (1 - _SPILL) * charge + _SPILL * (charge / n_neighbors) @ neighbors
