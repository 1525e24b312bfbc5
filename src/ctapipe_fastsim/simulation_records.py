"""What a simulation file tells of its truth, as ctapipe's containers."""

import astropy.units as u
import numpy as np
from ctapipe.containers import (
    CoordinateFrameType,
    ObservationBlockContainer,
    SchedulingBlockContainer,
    SimulatedCameraContainer,
    SimulatedShowerContainer,
    SimulatedShowerDistribution,
    SimulationConfigContainer,
    TelescopeImpactParameterContainer,
)

from .array_types import IntArray
from .showers import Showers, ThrownDistribution
from .trigger_time import trigger_times

__all__ = [
    "observation_block",
    "scheduling_block",
    "shower_distribution",
    "shower_quantities",
    "simulated_camera",
    "simulated_shower",
    "simulation_config",
]

PRODUCER = "ctapipe-fastsim"
GRAMMAGE = u.g / u.cm**2
NO_DISTANCE = 0 * u.m


def scheduling_block(obs_id: int) -> SchedulingBlockContainer:
    """SchedulingBlockContainer of the same number as the observation."""
    return SchedulingBlockContainer(sb_id=np.uint64(obs_id), producer_id=PRODUCER)


def observation_block(thrown: ThrownDistribution, obs_id: int) -> ObservationBlockContainer:
    """ObservationBlockContainer, pointing to a fixed altitude and azimuth."""
    start = trigger_times(0)
    return ObservationBlockContainer(
        obs_id=np.uint64(obs_id),
        sb_id=np.uint64(obs_id),
        producer_id=PRODUCER,
        scheduled_start_time=start,
        actual_start_time=start,
        subarray_pointing_lat=(thrown.altitude * u.rad).to(u.deg),
        subarray_pointing_lon=(thrown.azimuth * u.rad).to(u.deg),
        subarray_pointing_frame=CoordinateFrameType.ALTAZ,
    )


def simulation_config(
    thrown: ThrownDistribution, obs_id: int, n_showers: int, shower_reuse: int = 1
) -> SimulationConfigContainer:
    """SimulationConfigContainer of ``n_showers`` from a `ThrownDistribution`."""
    return SimulationConfigContainer(
        run_number=obs_id,
        n_showers=n_showers,
        shower_reuse=shower_reuse,
        energy_range_min=thrown.energy_min * u.TeV,
        energy_range_max=thrown.energy_max * u.TeV,
        spectral_index=thrown.spectral_index,
        diffuse=thrown.viewcone_max > 0,
        min_viewcone_radius=thrown.viewcone_min * u.deg,
        max_viewcone_radius=thrown.viewcone_max * u.deg,
        min_scatter_range=thrown.scatter_min * u.m,
        max_scatter_range=thrown.scatter_max * u.m,
        min_alt=thrown.altitude * u.rad,
        max_alt=thrown.altitude * u.rad,
        min_az=thrown.azimuth * u.rad,
        max_az=thrown.azimuth * u.rad,
        prod_site_alt=thrown.site_altitude * u.m,
    )


def shower_distribution(
    thrown: ThrownDistribution, obs_id: int, showers: Showers
) -> SimulatedShowerDistribution:
    """SimulatedShowerDistribution of thrown `Showers`, in bins of energy and core distance."""
    energy = np.geomspace(thrown.energy_min, thrown.energy_max, 61)
    distance = np.linspace(0, thrown.scatter_max, 101)
    histogram, _, _ = np.histogram2d(
        np.clip(showers.energy, energy[0], energy[-1]),
        np.clip(np.hypot(showers.core_x, showers.core_y), 0, distance[-1]),
        bins=(energy, distance),
    )
    return SimulatedShowerDistribution(
        obs_id=obs_id,
        hist_id=1,
        n_entries=len(showers),
        bins_energy=energy * u.TeV,
        bins_core_dist=distance * u.m,
        histogram=histogram,
    )


def shower_quantities(showers: Showers) -> dict[str, u.Quantity]:
    """Fields of SimulatedShowerContainer for all `Showers`, as (N,) quantities.

    One at a time, quantities would be a good part of what an event costs.
    """
    return dict(
        energy=showers.energy * u.TeV,
        alt=showers.altitude * u.rad,
        az=showers.azimuth * u.rad,
        core_x=showers.core_x * u.m,
        core_y=showers.core_y * u.m,
        h_first_int=showers.h_first_int * u.m,
        x_max=showers.x_max * GRAMMAGE,
        starting_grammage=np.zeros(len(showers)) * GRAMMAGE,
    )


def simulated_shower(
    quantities: dict[str, u.Quantity], row: int, primary_id: int
) -> SimulatedShowerContainer:
    """SimulatedShowerContainer of one row of `shower_quantities`."""
    values = {name: quantity[row] for name, quantity in quantities.items()}
    return SimulatedShowerContainer(shower_primary_id=primary_id, **values)


def simulated_camera(true_image: IntArray, impact_distance: u.Quantity) -> SimulatedCameraContainer:
    """SimulatedCameraContainer of one image (P,) and its impact distance, a quantity."""
    return SimulatedCameraContainer(
        true_image=true_image.copy(),
        true_image_sum=int(true_image.sum()),
        impact=TelescopeImpactParameterContainer(
            distance=impact_distance, distance_uncert=NO_DISTANCE, prefix="true_impact"
        ),
    )
