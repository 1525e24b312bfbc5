"""Telescopes by name or from a file, and runs that make no sense or would take days."""

import os
from collections.abc import Sequence
from pathlib import Path

import astropy.units as u
import numpy as np
from ctapipe.instrument import SubarrayDescription

from ..array_types import Vector
from ..errors import InputError
from ..showers import ThrownDistribution
from ..subarray_file import read_subarray
from .constants import STEEPEST
from .telescope_response import TelescopeResponse
from .telescope_sets import TELESCOPE_SETS

__all__ = ["check_field", "check_run", "read_telescopes"]

SECONDS_PER_TEV, SECONDS_PER_TEV_AND_TELESCOPE = 0.05, 0.0006
LONGEST_RUN = 86400  # s
STEEPEST_SPECTRUM = 20
STRONGEST_FIELD = 1000  # microtesla
LOWEST_ENERGY = {"gamma": 1e-3, "electron": 1e-3, "proton": 5e-3, "helium": 0.02, "iron": 0.3}


def read_telescopes(name: str) -> tuple[SubarrayDescription, Vector, dict[int, TelescopeResponse]]:
    """Subarray, geomagnetic field (microtesla) and responses by telescope id.

    Parameters
    ----------
    name : str
        Key of `TELESCOPE_SETS`, or the path of a file that ctapipe can read a subarray from; then
        there is no field, and the response is the general one.

    Raises
    ------
    InputError
        When there is neither, or the subarray cannot be simulated.
    """
    if name in TELESCOPE_SETS:
        known = TELESCOPE_SETS[name]
        subarray = known.subarray(name)
        return subarray, known.field, dict.fromkeys(subarray.tel, known.response)
    path = Path(name)
    if not path.is_file():
        names = ", ".join(TELESCOPE_SETS)
        raise InputError(f"telescopes {name}: neither a file nor one of {names}")
    subarray = read_subarray(path)
    _check_subarray(subarray, path)
    return subarray, (0.0, 0.0, 0.0), dict.fromkeys(subarray.tel, TelescopeResponse())


def _check_subarray(subarray: SubarrayDescription, path: Path | str) -> None:
    for tel_id, telescope in subarray.tel.items():
        if not telescope.optics.effective_focal_length > 0:
            raise InputError(f"{path}: telescope {tel_id} has no focal length")
        if not telescope.optics.mirror_area > 0:
            raise InputError(f"{path}: telescope {tel_id} has no mirror area")
        if not subarray.positions[tel_id][2] >= 0 * u.m:
            raise InputError(
                f"{path}: telescope {tel_id} is below the ground, at a height of "
                f"{subarray.positions[tel_id][2]:.1f} above the reference location"
            )


def check_run(
    subarray: SubarrayDescription, thrown: ThrownDistribution, primary: str, min_telescopes: int
) -> None:
    """Refuse what makes no sense.

    Raises
    ------
    InputError
    """
    if not 0 < thrown.energy_min <= thrown.energy_max < np.inf:
        raise InputError(
            f"energies from {thrown.energy_min:g} to {thrown.energy_max:g} TeV: give an "
            "energy_min above zero and an energy_max not below it"
        )
    if thrown.energy_min < LOWEST_ENERGY[primary]:
        raise InputError(
            f"energy_min {thrown.energy_min:g} TeV: a {primary} of so little energy is not "
            f"simulated; give at least {LOWEST_ENERGY[primary]:g} TeV"
        )
    if not abs(thrown.spectral_index) <= STEEPEST_SPECTRUM:
        raise InputError(
            f"spectral_index {thrown.spectral_index:g}: give one from -{STEEPEST_SPECTRUM} to "
            f"{STEEPEST_SPECTRUM}"
        )
    if not thrown.scatter_max > 0 or not np.isfinite(thrown.scatter_max):
        raise InputError(f"scatter_radius {thrown.scatter_max:g} m: give one above zero")
    lowest = np.degrees(np.arcsin(-STEEPEST))
    altitude = np.degrees(thrown.altitude)
    if not 0 <= thrown.viewcone_max < 20:
        raise InputError(f"viewcone {thrown.viewcone_max:g} deg: give one from 0 to 20 deg")
    if not lowest + thrown.viewcone_max < altitude <= 90:
        raise InputError(
            f"altitude {altitude:g} deg: showers must come from above {lowest:.0f} deg, which "
            "pointing and viewcone together do not keep"
        )
    if not np.isfinite(thrown.azimuth):
        raise InputError(f"azimuth {np.degrees(thrown.azimuth):g} deg: give a finite number")
    if min_telescopes > len(subarray.tel):
        raise InputError(
            f"min_telescopes {min_telescopes}: there are only {len(subarray.tel)} telescopes"
        )
    _check_duration(len(subarray.tel), thrown)


def check_field(field: Sequence[float]) -> None:
    """Refuse a geomagnetic field (3 floats, microtesla) that is nowhere on Earth.

    Raises
    ------
    InputError
    """
    if not np.linalg.norm(field) <= STRONGEST_FIELD:
        numbers = ", ".join(f"{value:g}" for value in field)
        raise InputError(
            f"magnetic_field {numbers}: give three numbers in microtesla, together not above "
            f"{STRONGEST_FIELD}"
        )


def _check_duration(n_telescopes: int, thrown: ThrownDistribution) -> None:
    seconds = SECONDS_PER_TEV + (SECONDS_PER_TEV_AND_TELESCOPE * n_telescopes * thrown.shower_reuse)
    n_showers = thrown.n_thrown // thrown.shower_reuse
    total = n_showers * thrown.mean_energy * seconds / (os.cpu_count() or 1)
    if total > LONGEST_RUN:
        raise InputError(
            f"{n_showers} showers of {thrown.mean_energy:.3g} TeV on average would run for about "
            f"{total / 86400:.1f} days; lower energy_max or n_showers, or split into obs_ids"
        )
