"""Another array of the telescopes that a model knows."""

from collections.abc import Sequence
from pathlib import Path

import astropy.units as u
import numpy as np
from ctapipe.instrument import SubarrayDescription, TelescopeDescription

from .errors import InputError
from .model import Model
from .showers import ThrownDistribution
from .subarray_file import read_subarray

__all__ = ["beyond_training", "read_layout"]

HEIGHT_TOLERANCE = 10.0  # m
SAME = 1e-3  # relative difference of mirrors and focal lengths that are the same


def read_layout(path: Path, model: Model) -> SubarrayDescription:
    """Subarray of a file, made of the model's telescope types.

    Parameters
    ----------
    path : pathlib.Path
        As for `read_subarray`.
    model : Model

    Returns
    -------
    SubarrayDescription
        Telescope ids, positions and place are those of the file, telescopes those of the model.

    Raises
    ------
    InputError
        When the file holds none, or a telescope that the model does not know, or an
        array at another height above the sea.
    """
    subarray = read_subarray(path)
    known = {str(telescope): telescope for telescope in model.subarray.tel.values()}
    for tel_id, telescope in subarray.tel.items():
        if not _same_type(telescope, known.get(str(telescope))):
            raise InputError(
                f"{path}: telescope {tel_id}, {telescope}, is none of those that the model knows: "
                f"{', '.join(known)}, camera and optics included"
            )
    height = subarray.reference_location.geodetic.height.to_value(u.m)
    trained = model.thrown[0].site_altitude
    if abs(height - trained) > HEIGHT_TOLERANCE:
        raise InputError(
            f"{path}: the array is {height:.0f} m above sea level, the model is for {trained:.0f} m"
        )
    telescopes = {tel_id: known[str(telescope)] for tel_id, telescope in subarray.tel.items()}
    return SubarrayDescription(
        subarray.name, subarray.positions, telescopes, subarray.reference_location
    )


def beyond_training(
    subarray: SubarrayDescription, thrown: Sequence[ThrownDistribution], model: Model
) -> str | None:
    """What to warn of when telescopes can be farther from a shower than any in training, or None.

    Parameters
    ----------
    subarray : SubarrayDescription
    thrown : sequence of ThrownDistribution
        What is thrown at it.
    model : Model
    """
    trained = max(_largest_distance(model.subarray, run) for run in model.thrown)
    farthest = max(_largest_distance(subarray, run) for run in thrown)
    if farthest < trained + 1:
        return None
    return (
        f"telescopes of {subarray.name} are up to {farthest:.0f} m from a shower, in training it "
        f"was {trained:.0f} m: those beyond do not trigger; a smaller max_scatter_range avoids this"
    )


def _largest_distance(subarray: SubarrayDescription, thrown: ThrownDistribution) -> float:
    """How far (m) a telescope can be from the axis of the showers of a `ThrownDistribution`."""
    positions = np.stack([position.to_value(u.m) for position in subarray.positions.values()])
    return thrown.scatter_max + float(np.hypot(*positions.T[:2]).max())


def _same_type(telescope: TelescopeDescription, known: TelescopeDescription | None) -> bool:
    return (
        known is not None
        and telescope.camera.geometry == known.camera.geometry
        and all(
            u.isclose(getattr(telescope.optics, name), getattr(known.optics, name), rtol=SAME)
            for name in ("mirror_area", "effective_focal_length", "equivalent_focal_length")
        )
    )
