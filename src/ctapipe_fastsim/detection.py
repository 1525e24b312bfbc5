"""How likely it was that a shower, with all its cores, was recorded at all."""

import numpy as np
from scipy.special import expit

from .array_types import FloatArray
from .conditions import condition_values
from .multiplicity import at_least
from .shower_frame import image_geometry
from .showers import Showers, ThrownDistribution
from .thrown_anew import recorded_showers, with_new_cores
from .training_data import Production
from .trigger_fit import TriggerNetwork, network_logit

__all__ = ["detection_probability"]


def detection_probability(
    production: Production, networks: dict[str, TriggerNetwork], rng: np.random.Generator
) -> FloatArray:
    """Of every recorded shower, the probability that any of its cores left an event.

    Parameters
    ----------
    production : Production
    networks : dict of str to tuple
        Of `fit_trigger_network`, by telescope type.
    rng : numpy.random.Generator

    Returns
    -------
    (M,) array
        In the order of `recorded_showers`.
    """
    showers, _, run_of_shower = recorded_showers(production)
    detected = np.ones(len(showers))
    for number, run in enumerate(production.thrown):
        rows = run_of_shower == number
        if rows.any():
            of_core = _event_probability(production, networks, showers[rows], run, rng)
            lost = (1 - of_core).mean(axis=1)
            detected[rows] = 1 - lost**run.shower_reuse
    return detected


def _event_probability(
    production: Production,
    networks: dict[str, TriggerNetwork],
    showers: Showers,
    run: ThrownDistribution,
    rng: np.random.Generator,
) -> FloatArray:
    """That enough telescopes trigger, (M, K) array for K new cores of every shower."""
    n_showers = len(showers)
    showers = with_new_cores(showers, run, rng)
    triggered = []
    for tel_id, telescope in production.subarray.tel.items():
        position = production.subarray.positions[tel_id].to_value("m")
        geometry = image_geometry(showers, run.altitude, run.azimuth, position)
        values = condition_values(showers, geometry, run.altitude, run.azimuth)
        triggered.append(expit(network_logit(*networks[str(telescope)], values)))
    enough = at_least(np.stack(triggered, axis=-1), production.min_telescopes)
    return enough.reshape(n_showers, -1)
