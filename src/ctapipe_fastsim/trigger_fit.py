"""The trigger of one telescope type, learned from a production: a network, then a table."""

import numpy as np
import torch
from scipy.special import expit

from .array_types import BoolArray, Columns, FloatArray, Tree
from .conditions import (
    POINTING,
    ConditionScaling,
    condition_values,
    indicator_name,
    values_at,
)
from .model import Model
from .multiplicity import at_least
from .random_streams import random_stream
from .thrown_anew import n_views, recorded_views, spread_like_thrown, thrown_anew
from .training_data import Production, TelescopeImages
from .trigger import TriggerSample, fit_trigger
from .trigger_reading import trigger_layers, trigger_logit
from .trigger_table import fit_trigger_table

__all__ = ["fit_trigger_network", "fit_trigger_tables", "network_logit"]

# scaling and weights, see `fit_trigger_network`
TriggerNetwork = tuple[ConditionScaling, Columns]

HELD_OUT_FRACTION = 0.15


def fit_trigger_network(
    images: TelescopeImages,
    production: Production,
    model: Model,
    seed: int,
    given_recorded: bool = False,
) -> TriggerNetwork:
    """Recorded images against the same showers, and those never recorded, thrown anew.

    Parameters
    ----------
    images : TelescopeImages
        Of the telescope type.
    production : Production
    model : Model
        With the shower development.
    seed : int
    given_recorded : bool
        Leave out those never recorded, and with them the development; a telescope known so
        tells how likely recorded showers were recorded.

    Returns
    -------
    scaling : ConditionScaling
    arrays : dict of str to array
        Weights of the network.
    """
    recorded = recorded_views(production, images)
    rng = random_stream("thrown anew", seed)
    values, n_thrown, n_lost, shower = thrown_anew(production, images, model, rng)
    scaling = ConditionScaling.fit(values, ConditionScaling.fit(recorded).names)
    torch.manual_seed(int(random_stream("trigger weights", seed).integers(2**62)))
    generator = torch.Generator().manual_seed(
        int(random_stream("trigger batches", seed).integers(2**62))
    )
    views, n_conditions = n_views(production), len(scaling.names)
    anew = scaling.transform(values).reshape(len(n_lost), -1, views, n_conditions)
    scaled = scaling.transform(recorded).reshape(len(shower), views, n_conditions)
    held = rng.random(len(n_lost)) < HELD_OUT_FRACTION
    kept = np.bincount(shower, minlength=len(held)) > 0 if given_recorded else True

    def sample(chosen: BoolArray) -> TriggerSample:
        showers = chosen & kept
        return scaled[chosen[shower]], anew[showers], n_thrown[showers], n_lost[showers]

    arrays = fit_trigger(
        *(sample(~held), generator),
        held_out=sample(held),
        without_waves=np.isin(scaling.names, POINTING),
        min_telescopes=production.min_telescopes,
        given_recorded=given_recorded,
    )
    return scaling, arrays


def network_logit(scaling: ConditionScaling, arrays: Columns, values: Columns) -> FloatArray:
    """Logit of `fit_trigger_network`, (N,) array, for `condition_values`."""
    return trigger_logit(trigger_layers(arrays, len(scaling.names)), scaling.transform(values))


def fit_trigger_tables(
    images: TelescopeImages,
    production: Production,
    model: Model,
    network: TriggerNetwork,
    seed: int,
) -> Tree:
    """Correct a network so that numbers agree with the model's shower development.

    Parameters
    ----------
    images, production, model, seed
        As for `fit_trigger_network`.
    network : tuple
        What that gave.

    Returns
    -------
    dict
        Of `fit_trigger_table`; with several primaries one for each, by `indicator_name`.
    """
    rng = random_stream("trigger table", seed)
    recorded = condition_values(images.showers, images.geometry, *images.pointing)

    def table(primary_id: int) -> Columns:
        same = images.showers.primary_id == primary_id
        spread, n_thrown = spread_like_thrown(production, primary_id, images, model, rng)
        logit = network_logit(*network, spread).reshape(-1, n_views(production))
        others = at_least(expit(logit[:, 1:]), production.min_telescopes - 1)
        own = values_at(spread, slice(None, None, n_views(production)))
        return fit_trigger_table(values_at(recorded, same), own, logit[:, 0], n_thrown * others)

    tables = {indicator_name(number): table(number) for number in model.primary_ids}
    return tables if len(tables) > 1 else next(iter(tables.values()))
