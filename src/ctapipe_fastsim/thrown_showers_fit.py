"""Shower development and triggers are learned together, since each needs the other.

Recorded showers are more often those that are easily seen. The trigger says how likely each was
recorded at all, with all its cores; weighted by the inverse, recorded showers are like
thrown ones.
"""

from typing import Any

import numpy as np

from .detection import detection_probability
from .model import Model
from .model_fit import fit_development
from .random_streams import random_stream
from .training_data import Production
from .trigger_fit import TriggerNetwork, fit_trigger_network, fit_trigger_tables

__all__ = ["fit_thrown_showers"]

LEAST_DETECTION = 0.05  # a shower stands for at most 20


def fit_thrown_showers(
    production: Production, seed: int, provenance: dict[str, Any]
) -> tuple[Model, dict[str, dict[str, Any]]]:
    """Triggers as recorded showers alone tell them, development with their weights, triggers.

    Only a production that uses showers with several cores tells which of them are
    easily seen. Showers of a kind that is hardly ever recorded stand for too few.

    Parameters
    ----------
    production : Production
    seed : int
    provenance : dict

    Returns
    -------
    model : Model
        With the development, and no telescope types yet.
    triggers : dict of str to dict
        By telescope type, the fields of `TelescopeTypeModel` that are about the trigger.
    """
    model = fit_development(production, seed, provenance)
    kinds = production.images.items()

    def networks(given_recorded: bool) -> dict[str, TriggerNetwork]:
        return {
            name: fit_trigger_network(images, production, model, seed, given_recorded)
            for name, images in kinds
        }

    rng = random_stream("detection", seed)
    detected = detection_probability(production, networks(given_recorded=True), rng)
    weight = 1 / np.maximum(detected, LEAST_DETECTION)
    model = fit_development(production, seed, provenance, weight)
    network = networks(given_recorded=False)
    return model, {
        name: {
            "trigger_conditions": network[name][0],
            "trigger": network[name][1],
            "trigger_table": fit_trigger_tables(images, production, model, network[name], seed),
        }
        for name, images in kinds
    }
