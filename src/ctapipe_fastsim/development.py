"""How a shower develops: X_max and height of first interaction are drawn here."""

from dataclasses import fields

import numpy as np

from .array_types import Number
from .conditions import primary_indicators
from .errors import InputError
from .flow_sampling import flow_arrays, flow_sample
from .model import Model
from .showers import Showers

__all__ = ["draw_development"]


def draw_development(
    model: Model, showers: Showers, pointing_altitude: Number, rng: np.random.Generator
) -> Showers:
    """Showers with X_max and height of first interaction drawn, as far as the model knows them.

    Parameters
    ----------
    model : Model
    showers : Showers
        N entries.
    pointing_altitude : float or (N,) array, rad
    rng : numpy.random.Generator

    Returns
    -------
    Showers

    Raises
    ------
    InputError
        When the weights do not fit.
    """
    features = model.development_features
    if not features.names:
        return showers
    scaling = model.development_conditions
    try:
        flow = flow_arrays(model.development, len(features.names), len(scaling.names))
    except ValueError as error:
        raise InputError(f"the model's shower development is broken: {error}") from error
    values = {
        "log10_energy": np.log10(showers.energy),
        "zenith": np.broadcast_to(90 - np.degrees(pointing_altitude), len(showers)),
        **primary_indicators(showers),
    }
    noise = rng.standard_normal((len(showers), len(features.names)), dtype=np.float32)
    drawn = features.inverse(flow_sample(flow, scaling.transform(values), noise))
    return Showers(**{f.name: drawn.get(f.name, getattr(showers, f.name)) for f in fields(showers)})
