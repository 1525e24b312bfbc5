"""The trigger of one telescope type, learned from a production."""

import torch
from scipy.special import expit

from .conditions import ConditionScaling, indicator_name, values_at
from .multiplicity import at_least
from .network import load_arrays
from .random_streams import random_stream
from .thrown_anew import recorded_views, spread_like_thrown, thrown_anew
from .trigger import fit_trigger, trigger_logit, trigger_network
from .trigger_table import fit_trigger_table

__all__ = ["fit_telescope_trigger"]

HELD_OUT_FRACTION = 0.15


def fit_telescope_trigger(images, production, model, seed):
    """Recorded images against the same showers, and those never recorded, thrown anew.

    Parameters
    ----------
    images : TelescopeImages
        Of the telescope type.
    production : Production
    model : Model
        With the shower development.
    seed : int

    Returns
    -------
    dict
        The fields of `TelescopeTypeModel` that are about the trigger.
    """
    recorded = recorded_views(production, images)
    rng = random_stream("thrown anew", seed)
    values, n_thrown, n_lost, shower = thrown_anew(production, images, model, rng)
    scaling = ConditionScaling.fit(values, ConditionScaling.fit(recorded).names)
    torch.manual_seed(int(random_stream("trigger weights", seed).integers(2**62)))
    generator = torch.Generator().manual_seed(
        int(random_stream("trigger batches", seed).integers(2**62))
    )
    n_views = len(recorded["x_max"]) // len(shower)
    anew = scaling.transform(values).reshape(len(n_lost), -1, n_views, len(scaling.names))
    scaled = scaling.transform(recorded).reshape(len(shower), n_views, -1)
    held = rng.random(len(n_lost)) < HELD_OUT_FRACTION
    arrays = fit_trigger(
        *(scaled[~held[shower]], anew[~held], n_thrown[~held], n_lost[~held]),
        generator,
        held_out=(scaled[held[shower]], anew[held], n_lost[held]),
        min_telescopes=production.min_telescopes,
    )
    network = load_arrays(trigger_network(len(scaling.names)), arrays)
    recorded = values_at(recorded, slice(None, None, n_views))

    def table(primary_id):
        same = images.showers.primary_id == primary_id
        spread, n_thrown = spread_like_thrown(production, primary_id, images, model, rng)
        logit = trigger_logit(network, scaling.transform(spread)).reshape(-1, n_views)
        others = at_least(expit(logit[:, 1:]), production.min_telescopes - 1)
        spread = values_at(spread, slice(None, None, n_views))
        return fit_trigger_table(values_at(recorded, same), spread, logit[:, 0], n_thrown * others)

    tables = {indicator_name(number): table(number) for number in model.primary_ids}
    if len(tables) == 1:
        (tables,) = tables.values()
    return {"trigger_conditions": scaling, "trigger": arrays, "trigger_table": tables}
