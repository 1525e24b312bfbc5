"""A trained trigger network says how likely a telescope records."""

import numpy as np

from .array_types import Columns, FloatArray
from .dense_layers import DenseLayers, dense_layers, forward

__all__ = ["WAVE_NUMBER", "trigger_layers", "trigger_logit"]

WAVE_NUMBER = 2.0


def trigger_layers(arrays: Columns, n_conditions: int) -> DenseLayers:
    """Layers of weights of `trigger.fit_trigger`.

    Raises
    ------
    ValueError
        When they are of another network.
    """
    return dense_layers(arrays, "layers", 3 * n_conditions, 1)


def trigger_logit(layers: DenseLayers, conditions: FloatArray) -> FloatArray:
    """Logit of the probability, (N,) array, for standardised conditions (N, C).

    Parameters
    ----------
    layers : DenseLayers
        Of `trigger_layers`.
    conditions : (N, C) float32 array

    Returns
    -------
    (N,) float32 array
    """
    angle = np.float32(WAVE_NUMBER) * conditions
    waves = np.concatenate([conditions, np.sin(angle), np.cos(angle)], axis=-1)
    return forward(layers, waves)[:, 0]
