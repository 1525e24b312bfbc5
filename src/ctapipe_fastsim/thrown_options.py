"""What the user wants thrown, checked against what the model was trained on."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .array_types import Real
from .errors import InputError
from .model import Model
from .primaries import primary_name
from .shower_frame import unit_vector
from .showers import ThrownDistribution

__all__ = ["check_size", "outside_training", "requested_distributions"]

ANGLE_TOLERANCE = np.radians(0.05)
WIDEST_GAP = np.radians(90)  # between azimuths with all between them known
OPTION_OF = {
    "altitude": "pointing_altitude",
    "azimuth": "pointing_azimuth",
    "scatter_max": "max_scatter_range",
    "viewcone_max": "viewcone_radius",
}


def requested_distributions(
    model: Model,
    weights: dict[str, float] | None,
    changes: dict[str, Any],
    extrapolate: bool,
    photon_efficiency: float = 1.0,
) -> tuple[ThrownDistribution, ...]:
    """The training's thrown distribution of each wanted primary, with the user's changes.

    Where the training had several pointings, it is that of the one nearest to the wanted
    pointing, which is by default the one thrown most.

    Parameters
    ----------
    model : Model
    weights : dict of str to float, or None
        Share of thrown showers by name of the primary; None stands for the primary that the
        training threw most.
    changes : dict
        Fields of `ThrownDistribution` in its units; None leaves the training's own. ``n_thrown``
        is that of all primaries together.
    extrapolate : bool
        Warn, rather than refuse, outside the training range of a primary.
    photon_efficiency : float
        A shower looks like one of this share of its energy, which must lie in the range as well.

    Returns
    -------
    tuple of ThrownDistribution
        One for each primary, all with one pointing.

    Raises
    ------
    InputError
        When a value makes no sense, lies outside the training range, or a primary is unknown.
    """
    changes = {name: value for name, value in changes.items() if value is not None}
    known = {primary_name(run.primary_id): run.primary_id for run in model.thrown}
    weights = weights or {next(iter(known)): 1.0}
    for name in sorted(weights.keys() - known.keys()):
        raise InputError(f"primary {name}: the model knows {', '.join(known)} only")
    runs = [[r for r in model.thrown if r.primary_id == known[name]] for name in weights]
    changes = {"altitude": runs[0][0].altitude, "azimuth": runs[0][0].azimuth} | changes
    runs = [_nearest_first(of_primary, changes) for of_primary in runs]
    total = changes.pop("n_thrown", sum(of_primary[0].n_thrown for of_primary in runs))
    ends = np.cumsum(list(weights.values()))
    n_thrown = np.diff(np.rint(ends / ends[-1] * total), prepend=0).astype(int)
    wanted = tuple(
        _requested(of_primary, {**changes, "n_thrown": int(n)}, extrapolate)
        for of_primary, n in zip(runs, n_thrown)
    )
    for of_primary, run in zip(runs, wanted):
        _check_efficiency(photon_efficiency, of_primary, run, extrapolate)
    return wanted


def _nearest_first(
    runs: Iterable[ThrownDistribution], pointing: dict[str, Any]
) -> list[ThrownDistribution]:
    """Runs in the order of their distance from a pointing; the one thrown most where equal."""
    wanted = unit_vector(pointing["altitude"], pointing["azimuth"])

    def distance(run: ThrownDistribution) -> Real:
        return np.linalg.norm(unit_vector(run.altitude, run.azimuth) - wanted).round(6)

    return sorted(runs, key=distance)


def _requested(
    runs: Sequence[ThrownDistribution], changes: dict[str, Any], extrapolate: bool
) -> ThrownDistribution:
    """First of the runs of one primary, changed and checked against all of them."""
    wanted = runs[0].replace(**changes)
    _check_sense(wanted)
    for what, unit, low, high, trained_low, trained_high in (
        (
            *("energy", "TeV", wanted.energy_min, wanted.energy_max),
            *(min(r.energy_min for r in runs), max(r.energy_max for r in runs)),
        ),
        (
            *("viewcone_radius", "deg", 0, wanted.viewcone_max),
            *(0, max(r.viewcone_max for r in runs)),
        ),
        (
            *("max_scatter_range", "m", 0, wanted.scatter_max),
            *(0, max(r.scatter_max for r in runs)),
        ),
    ):
        if low < trained_low * (1 - 1e-6) or high > trained_high * (1 + 1e-6):
            asked = f"{low:g} to {high:g}" if low else f"{high:g}"
            trained = f"{trained_low:g} to {trained_high:g} {unit} for {_name(wanted)}"
            outside_training(f"{what} {asked} {unit}", trained, extrapolate)
    _check_pointing(wanted, runs, extrapolate)
    return wanted


def _check_efficiency(
    photon_efficiency: float,
    runs: Sequence[ThrownDistribution],
    wanted: ThrownDistribution,
    extrapolate: bool,
) -> None:
    """A dim shower looks like one of less energy, which must have been trained."""
    trained = min(run.energy_min for run in runs)
    if photon_efficiency < 1 and wanted.energy_min * photon_efficiency < trained * (1 - 1e-6):
        outside_training(
            f"photon_efficiency {photon_efficiency:g} with energy_min {wanted.energy_min:.3g} TeV",
            f"which allows {trained / photon_efficiency:.4g} TeV and more for {_name(wanted)}",
            extrapolate,
        )


def check_size(
    size: tuple[float, float], trained: tuple[int, int], extrapolate: bool
) -> tuple[int, int]:
    """Check a requested image size.

    Parameters
    ----------
    size : pair of float
        Smallest and largest size, p.e.
    trained : pair of int
        Those of the training images.
    extrapolate : bool

    Returns
    -------
    (int, int)

    Raises
    ------
    InputError
    """
    if not np.isfinite(size).all() or not 0.5 <= size[0] <= size[1]:
        raise InputError(f"size {size}: must be at least 1 p.e., the lower value first")
    low, high = (max(1, int(np.rint(value))) for value in size)
    trained_low, trained_high = trained
    if low < trained_low or high > trained_high:
        outside_training(
            f"size {low} to {high} p.e.", f"{trained_low} to {trained_high} p.e.", extrapolate
        )
    return low, high


def _check_sense(wanted: ThrownDistribution) -> None:
    for name, value in wanted.to_dict().items():
        if not np.isfinite(value):
            raise InputError(f"{OPTION_OF.get(name, name)} {value}: must be a finite number")
    if wanted.spectral_index > 0:
        raise InputError(
            f"spectral_index {wanted.spectral_index:g}: must not be positive (dN/dE ~ E^index)"
        )
    if wanted.n_thrown < 1:
        raise InputError(
            f"n_showers: must be at least 1, but there are {wanted.n_thrown} for {_name(wanted)}"
        )
    if not 0 < wanted.energy_min < wanted.energy_max:
        raise InputError(
            f"energies {wanted.energy_min:g} to {wanted.energy_max:g} TeV: "
            "energy_min must be positive and below energy_max"
        )
    if not wanted.viewcone_max >= wanted.viewcone_min:
        raise InputError(
            f"viewcone_radius {wanted.viewcone_max:g} deg: must not be below the training's "
            f"inner radius, {wanted.viewcone_min:g} deg"
        )
    if not wanted.scatter_max > wanted.scatter_min:
        raise InputError(
            f"max_scatter_range {wanted.scatter_max:g} m: must be above the training's "
            f"inner radius, {wanted.scatter_min:g} m"
        )


def _check_pointing(
    wanted: ThrownDistribution, runs: Sequence[ThrownDistribution], extrapolate: bool
) -> None:
    """Altitude between the trained ones, azimuth at one of them or between near ones."""
    altitudes = [run.altitude for run in runs]
    low, high = min(altitudes) - ANGLE_TOLERANCE, max(altitudes) + ANGLE_TOLERANCE
    away = np.array([(run.azimuth - wanted.azimuth) % (2 * np.pi) for run in runs])
    back = (-away) % (2 * np.pi)
    at_one = min(away.min(), back.min()) <= ANGLE_TOLERANCE
    if not low <= wanted.altitude <= high or not (
        at_one or away.min() + back.min() <= WIDEST_GAP + ANGLE_TOLERANCE
    ):
        azimuths = ", ".join(sorted({f"{np.degrees(run.azimuth):.1f}" for run in runs}))
        outside_training(
            f"pointing at altitude {np.degrees(wanted.altitude):.2f} deg, "
            f"azimuth {np.degrees(wanted.azimuth):.2f} deg",
            f"altitude {np.degrees(min(altitudes)):.1f} to {np.degrees(max(altitudes)):.1f} deg, "
            f"azimuth {azimuths} deg for {_name(wanted)}",
            extrapolate,
        )


def _name(thrown: ThrownDistribution) -> str:
    return primary_name(thrown.primary_id)


def outside_training(asked: str, trained: str, extrapolate: bool) -> None:
    """Refuse, or warn of, what was asked for outside of what was trained (texts)."""
    message = f"{asked} is outside the training range, {trained}"
    if not extrapolate:
        raise InputError(f"{message}; stay inside, or set extrapolate to get a warning instead")
    warnings.warn(message, stacklevel=2)
