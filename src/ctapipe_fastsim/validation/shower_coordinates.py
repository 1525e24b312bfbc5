"""Where an image lies as seen from the shower's source: what its conditions say of its place."""

from typing import TYPE_CHECKING

import numpy as np

from ctapipe_fastsim.array_types import FloatArray

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["shower_coordinates"]

_NEEDED = "source_lon", "source_lat", "core_lon", "core_lat"


def shower_coordinates(sample: "Sample") -> FloatArray:
    """Place and direction of images relative to the line from the source towards the core.

    Parameters
    ----------
    sample : Sample
        With the conditions ``source_lon`` and ``source_lat``, the source in the camera (deg),
        and ``core_lon`` and ``core_lat``, the unit vector from there towards the core.

    Returns
    -------
    (N, 3) array
        Centre of gravity from the source along and across the line (deg), and the angle
        between image and line (deg, -90 to 90). (N, 0) if the conditions are not known.
    """
    if not set(_NEEDED) <= sample.conditions.keys():
        return np.empty((len(sample), 0))
    source_lon, source_lat, core_lon, core_lat = (sample.conditions[name] for name in _NEEDED)
    lon = sample.parameters["hillas_fov_lon"] - source_lon
    lat = sample.parameters["hillas_fov_lat"] - source_lat
    along, across = lon * core_lon + lat * core_lat, lat * core_lon - lon * core_lat
    angle = sample.parameters["hillas_psi"] - np.degrees(np.arctan2(core_lat, core_lon))
    return np.column_stack([along, across, (angle + 90) % 180 - 90])
