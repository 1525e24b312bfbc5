"""Options of the event source in the terms of what is thrown."""

from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np

from .errors import InputError

if TYPE_CHECKING:
    from .eventsource import CVAEEventSource

__all__ = ["refuse_with_size", "requested_changes", "requested_pointings"]

WITHOUT_SIZE = (
    *("energy_min", "energy_max", "spectral_index", "viewcone_radius", "max_scatter_range"),
    *("min_telescopes", "photon_efficiency"),
)


def refuse_with_size(source: "CVAEEventSource") -> None:
    """Refuse what makes no sense where the training images say what is thrown.

    Parameters
    ----------
    source : CVAEEventSource
        With a size.

    Raises
    ------
    InputError
    """
    for name in WITHOUT_SIZE:
        if getattr(source, name) != source.traits()[name].default_value:
            raise InputError(
                f"{name} and size exclude each other: with size, every event is one image, "
                "its other conditions those of training images; leave one out"
            )


def requested_changes(source: "CVAEEventSource") -> dict[str, Any]:
    """Fields of `ThrownDistribution` that options of a source change, as a dict in its units."""

    def value(quantity: u.Quantity | None, unit: u.Unit) -> float | None:
        return None if quantity is None else quantity.to_value(unit)

    return dict(
        n_thrown=source.n_showers,
        energy_min=value(source.energy_min, u.TeV),
        energy_max=value(source.energy_max, u.TeV),
        spectral_index=source.spectral_index,
        viewcone_max=value(source.viewcone_radius, u.deg),
        scatter_max=value(source.max_scatter_range, u.m),
    )


def requested_pointings(source: "CVAEEventSource") -> list[dict[str, float]]:
    """As `requested_changes`, for each pointing: its altitude and azimuth, where they are given.

    Raises
    ------
    InputError
        When there are several altitudes and another number of azimuths.
    """
    wanted = {
        name: np.atleast_1d(quantity.to_value(u.rad))
        for name, quantity in (
            ("altitude", source.pointing_altitude),
            ("azimuth", source.pointing_azimuth),
        )
        if quantity is not None
    }
    if "azimuth" in wanted:
        wanted["azimuth"] = wanted["azimuth"] % (2 * np.pi)
    n_pointings = max(map(len, wanted.values()), default=1)
    if any(len(angles) not in (1, n_pointings) for angles in wanted.values()):
        raise InputError(
            f"pointing_altitude has {len(wanted['altitude'])} angles and pointing_azimuth "
            f"{len(wanted['azimuth'])}; give as many of each, or one for all pointings"
        )
    columns = {name: np.broadcast_to(a, n_pointings).tolist() for name, a in wanted.items()}
    return [{name: angles[i] for name, angles in columns.items()} for i in range(n_pointings)]
