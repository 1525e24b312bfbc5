"""How the images of one event go together, as trees are told that redraw whole events.

Each image by itself is as likely as a recorded one, and so is what two of them share of their
noise (`shower_ties`); still their cleaned images may lie side by side in ways that recorded ones
do not, which a stereo reconstruction notices. Told are the two brightest images that one telescope
type has of an event, once cleaned.
"""

import numpy as np

from .array_types import Columns, FloatArray, IntArray
from .cleaned_statistics import NOTHING_LEFT
from .shower_frame import ImageGeometry

__all__ = ["event_features", "in_events_of_several", "n_event_features"]

N_TOGETHER, N_OF_EACH = 6, 3
SHORTEST_BASELINE = 1.0  # m


def n_event_features(n_conditions: int) -> int:
    """How many numbers `event_features` gives."""
    return N_TOGETHER + 2 * (N_OF_EACH + n_conditions)


def in_events_of_several(event: IntArray) -> IntArray:
    """Rows of the images whose event has more than one; ``event`` (B,) numbers their events."""
    _, number, n_images = np.unique(event, return_inverse=True, return_counts=True)
    return np.flatnonzero(n_images[number] > 1)


def event_features(
    light: Columns, geometry: ImageGeometry, conditions: FloatArray, event: IntArray
) -> FloatArray:
    r"""What the trees are told of E events.

    How far apart the centres of gravity lie along the line between the telescopes, and
    \|across\| it, for each metre of it (deg/m); the cosine of the angle between the directions
    towards the core; the product of the displacements across these; the number of images, and
    of those that survive cleaning. Then, of the image nearer to the core and of the other one,
    the displacement along the direction towards the core and \|across\| it (deg), the logarithm
    of the size, and the conditions. The same for an event and its reflection.

    Parameters
    ----------
    light : dict of str to (B,) array
        Of `light_parameters`.
    geometry : ImageGeometry
        B entries.
    conditions : (B, C) array
        Standardised.
    event : (B,) int array
        From 0 to E - 1, each of them twice at least.

    Returns
    -------
    (E, `n_event_features`) array
        `NOTHING_LEFT` where an image does not survive cleaning.
    """
    size = np.nan_to_num(light["hillas_intensity"])
    near, far = _brightest_two(size, geometry.impact_distance, event)
    core = geometry.core_lon + 1j * geometry.core_lat
    lon = light["hillas_fov_lon"] - geometry.source_lon
    lat = light["hillas_fov_lat"] - geometry.source_lat
    centre = lon + 1j * lat
    displacement = centre * core.conj()
    place = core * geometry.impact_distance
    baseline = place[far] - place[near]
    length = np.maximum(np.abs(baseline), SHORTEST_BASELINE)
    apart = (centre[far] - centre[near]) * baseline.conj() / length**2
    together = (
        *(apart.real, np.abs(apart.imag), (core[far] * core[near].conj()).real),
        displacement.imag[near] * displacement.imag[far],
        *(np.bincount(event), np.bincount(event, size > 0)),
    )
    of_each = np.column_stack(
        [displacement.real, np.abs(displacement.imag), np.log1p(size), conditions]
    )
    features = np.column_stack([*together, of_each[near], of_each[far]])
    return np.nan_to_num(features, nan=NOTHING_LEFT)


def _brightest_two(
    size: FloatArray, distance: FloatArray, event: IntArray
) -> tuple[IntArray, IntArray]:
    """Rows of the two brightest images of each event, the nearer to the core first."""
    order = np.lexsort((-size, event))
    first = np.flatnonzero(np.diff(event[order], prepend=-1))
    one, other = order[first], order[first + 1]
    is_nearer = distance[one] <= distance[other]
    return np.where(is_nearer, one, other), np.where(is_nearer, other, one)
