"""What the user wants thrown, checked against what the model was trained on."""

import warnings

import numpy as np

from .errors import InputError

__all__ = ["check_size", "requested_distribution"]

ANGLE_TOLERANCE = np.radians(0.05)
OPTION_OF = {
    "altitude": "pointing_altitude",
    "azimuth": "pointing_azimuth",
    "scatter_max": "max_scatter_range",
    "viewcone_max": "viewcone_radius",
}


def requested_distribution(model, changes, extrapolate):
    """The training's thrown distribution with the user's changes.

    Parameters
    ----------
    model : Model
    changes : dict
        Fields of `ThrownDistribution` in its units; None leaves the training's own.
    extrapolate : bool
        Warn, rather than refuse, outside the training range.

    Returns
    -------
    ThrownDistribution

    Raises
    ------
    InputError
        When a value makes no sense, or lies outside the training range.
    """
    changes = {name: value for name, value in changes.items() if value is not None}
    wanted = model.thrown[0].replace(**changes)
    _check_sense(wanted)
    runs = model.thrown
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
            trained = f"{trained_low:g} to {trained_high:g} {unit}"
            _outside(f"{what} {asked} {unit}", trained, extrapolate)
    _check_pointing(wanted, runs, extrapolate)
    return wanted


def check_size(size, model, extrapolate):
    """Check a requested image size.

    Parameters
    ----------
    size : pair of float
        Smallest and largest size, p.e.
    model : Model
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
    trained_low, trained_high = model.size_range
    if low < trained_low or high > trained_high:
        _outside(f"size {low} to {high} p.e.", f"{trained_low} to {trained_high} p.e.", extrapolate)
    return low, high


def _check_sense(wanted):
    for name, value in wanted.to_dict().items():
        if not np.isfinite(value):
            raise InputError(f"{OPTION_OF.get(name, name)} {value}: must be a finite number")
    if wanted.spectral_index > 0:
        raise InputError(
            f"spectral_index {wanted.spectral_index:g}: must not be positive (dN/dE ~ E^index)"
        )
    if wanted.n_thrown < 1:
        raise InputError(f"n_showers {wanted.n_thrown}: must be at least 1")
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


def _check_pointing(wanted, runs, extrapolate):
    """Altitude between the trained ones, azimuth at one of them."""
    altitudes = [run.altitude for run in runs]
    low, high = min(altitudes) - ANGLE_TOLERANCE, max(altitudes) + ANGLE_TOLERANCE
    away = [abs((wanted.azimuth - run.azimuth + np.pi) % (2 * np.pi) - np.pi) for run in runs]
    if not low <= wanted.altitude <= high or min(away) > ANGLE_TOLERANCE:
        azimuths = ", ".join(sorted({f"{np.degrees(run.azimuth):.1f}" for run in runs}))
        _outside(
            f"pointing at altitude {np.degrees(wanted.altitude):.2f} deg, "
            f"azimuth {np.degrees(wanted.azimuth):.2f} deg",
            f"altitude {np.degrees(min(altitudes)):.1f} to {np.degrees(max(altitudes)):.1f} deg, "
            f"azimuth {azimuths} deg",
            extrapolate,
        )


def _outside(asked, trained, extrapolate):
    message = f"{asked} is outside the training range, {trained}"
    if not extrapolate:
        raise InputError(f"{message}; stay inside, or set extrapolate to get a warning instead")
    warnings.warn(message, stacklevel=2)
