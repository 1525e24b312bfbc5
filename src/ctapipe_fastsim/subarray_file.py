"""A subarray is read from whatever file ctapipe can read one from."""

from pathlib import Path

import astropy.units as u
import tables
from ctapipe.instrument import FocalLengthKind, SubarrayDescription

from .errors import InputError, reason
from .focal_lengths import with_effective_focal_lengths
from .safe_hdf5 import refuse_hostile_input

__all__ = ["read_subarray"]


def read_subarray(path: Path) -> SubarrayDescription:
    """Subarray of a file, with effective focal lengths and a reference location.

    Parameters
    ----------
    path : pathlib.Path
        DL1 file, subarray file, or anything else that ``SubarrayDescription.read`` takes.

    Returns
    -------
    SubarrayDescription

    Raises
    ------
    InputError
        When there is none in the file, or none that says where it is.
    """
    is_hdf5 = path.is_file() and tables.is_hdf5_file(str(path))
    read = SubarrayDescription.from_hdf if is_hdf5 else SubarrayDescription.read
    try:
        if is_hdf5:
            refuse_hostile_input(path)
        try:
            subarray = read(path)
        except RuntimeError:  # no effective focal length
            subarray = read(path, focal_length_choice=FocalLengthKind.EQUIVALENT)
    except InputError:
        raise
    except Exception as error:  # whatever a reader of whatever format finds wrong
        raise InputError(f"{path}: no subarray can be read from it ({reason(error)})") from error
    location = subarray.reference_location
    # ctapipe puts arrays of files without a location at 0 deg, 0 deg, 0 m, which is at sea
    if location is None or abs(location.lon) + abs(location.lat) < 1e-6 * u.deg:
        raise InputError(f"{path}: the subarray has no reference location; give one that has")
    return with_effective_focal_lengths(subarray)
