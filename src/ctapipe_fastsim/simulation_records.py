"""What a simulation file tells of its truth, as ctapipe's containers."""

import astropy.units as u
import numpy as np
from ctapipe.containers import (
    SimulatedCameraContainer,
    SimulatedShowerContainer,
    SimulatedShowerDistribution,
    SimulationConfigContainer,
    TelescopeImpactParameterContainer,
)

__all__ = ["shower_distribution", "simulated_camera", "simulated_shower", "simulation_config"]

GRAMMAGE = u.g / u.cm**2
NO_GRAMMAGE = 0 * GRAMMAGE  # made once: quantities are a good part of what an event costs
NO_DISTANCE = 0 * u.m


def simulation_config(thrown, obs_id, n_thrown):
    """SimulationConfigContainer of a `ThrownDistribution` of which ``n_thrown`` were thrown."""
    return SimulationConfigContainer(
        run_number=obs_id,
        n_showers=n_thrown,
        shower_reuse=1,
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


def shower_distribution(thrown, obs_id, showers):
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


def simulated_shower(shower, primary_id):
    """SimulatedShowerContainer of one entry of `Showers`."""
    return SimulatedShowerContainer(
        energy=shower.energy * u.TeV,
        alt=shower.altitude * u.rad,
        az=shower.azimuth * u.rad,
        core_x=shower.core_x * u.m,
        core_y=shower.core_y * u.m,
        h_first_int=shower.h_first_int * u.m,
        x_max=shower.x_max * GRAMMAGE,
        starting_grammage=NO_GRAMMAGE,
        shower_primary_id=primary_id,
    )


def simulated_camera(images, row):
    """SimulatedCameraContainer of one row of generated `Images`."""
    return SimulatedCameraContainer(
        true_image=images.counts[row].copy(),
        true_image_sum=int(images.counts[row].sum()),
        impact=TelescopeImpactParameterContainer(
            distance=images.impact_distance[row] * u.m,
            distance_uncert=NO_DISTANCE,
            prefix="true_impact",
        ),
    )
