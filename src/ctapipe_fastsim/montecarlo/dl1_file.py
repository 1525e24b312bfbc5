"""Simulated showers become a standard ctapipe DL1 file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import astropy.units as u
import h5py
import numpy as np
import tables
from ctapipe.containers import ArrayEventContainer, SimulatedShowerDistribution
from ctapipe.instrument import SubarrayDescription

from ..recorded_event import recorded_event
from ..showers import Showers, ThrownDistribution
from ..simulation_records import (
    observation_block,
    scheduling_block,
    shower_distribution,
    shower_quantities,
    simulated_shower,
    simulation_config,
)
from ..table_columns import set_columns
from ..trigger_time import trigger_times
from .atmosphere import tabulated_profile

if TYPE_CHECKING:
    from .production import SimulatedShower

__all__ = [
    "MOST_CORES",
    "RunDescription",
    "correct_number_of_showers",
    "read_back",
    "write_showers",
]

ROWS_AT_ONCE = 10_000
MOST_CORES = 100  # event_id = shower * 100 + core, as sim_telarray counts


class RunDescription:
    """What ctapipe's DataWriter asks of an event source.

    Parameters
    ----------
    subarray : SubarrayDescription
    thrown : ThrownDistribution
    obs_id : int
    """

    is_simulation = True

    def __init__(
        self, subarray: SubarrayDescription, thrown: ThrownDistribution, obs_id: int
    ) -> None:
        self.subarray = subarray
        self.obs_ids = [obs_id]
        self.atmosphere_density_profile = tabulated_profile()
        self.scheduling_blocks = {obs_id: scheduling_block(obs_id)}
        self.observation_blocks = {obs_id: observation_block(thrown, obs_id)}
        n_showers = thrown.n_thrown // thrown.shower_reuse
        self.simulation_config = {
            obs_id: simulation_config(thrown, obs_id, n_showers, thrown.shower_reuse)
        }


def write_showers(
    simulated: "Iterable[SimulatedShower]",
    thrown: ThrownDistribution,
    obs_id: int,
    write_event: Callable[[ArrayEventContainer], object],
) -> tuple[int, int, SimulatedShowerDistribution]:
    """Pass every recorded event on, then say what was thrown.

    Parameters
    ----------
    simulated : iterable of SimulatedShower
    thrown : ThrownDistribution
    obs_id : int
    write_event : callable
        Gets each ArrayEventContainer.

    Returns
    -------
    n_showers, n_events : int
    distribution : SimulatedShowerDistribution
    """
    altitude, azimuth = thrown.altitude * u.rad, thrown.azimuth * u.rad
    n_events, all_showers = 0, []
    for shower in simulated:
        all_showers.append(shower.showers)
        quantities = shower_quantities(shower.showers)
        for core, images in enumerate(shower.images):
            if not images:
                continue
            images = {i: (*parts, distance * u.m) for i, (*parts, distance) in images.items()}
            event = recorded_event(
                n_events,
                np.uint64(obs_id),
                np.uint64(shower.number * MOST_CORES + core),
                trigger_times(n_events),
                simulated_shower(quantities, core, thrown.primary_id),
                *(altitude, azimuth, images),
            )
            write_event(event)
            n_events += 1
    distribution = shower_distribution(thrown, obs_id, Showers.concatenate(all_showers))
    return len(all_showers), n_events, distribution


def correct_number_of_showers(path: Path | str, n_showers: int) -> None:
    """Put the number of showers into a file that was announced to have more."""
    with tables.open_file(path, "a") as h5file:
        set_columns(h5file.root.configuration.simulation.run, n_showers=n_showers)


def read_back(path: Path | str, last_bytes: int | None = None) -> None:
    """Raise OSError unless all of a file is there; HDF5 is silent when the disk gets full.

    With ``last_bytes`` that much of the end of every table is read: what HDF5 may keep until
    it closes the file. It is not silent about what it writes before.
    """
    try:
        with h5py.File(path) as h5file:  # PyTables does not get over a file without a root
            h5file.visititems(lambda name, node: None)
        with tables.open_file(path) as h5file:
            for table in h5file.walk_nodes("/", "Table"):
                first = 0
                if last_bytes is not None:
                    first = max(0, table.nrows - last_bytes // table.rowsize)
                for start in range(first, table.nrows, ROWS_AT_ONCE):
                    table.read(start, start + ROWS_AT_ONCE)
    except (OSError, RuntimeError, KeyError) as error:
        raise OSError("not all of the file is there") from error
