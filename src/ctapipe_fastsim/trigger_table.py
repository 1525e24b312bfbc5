"""Correction of the trigger network on a table of zenith angle, energy and impact distance.

What files tell exactly is how many cores were thrown at each pointing and how many recorded in
cells of energy and distance. The network, fitted to single showers, smooths over the sharp edge of
the light pool; a table added to its logit puts that right, by the same likelihood of thrown cores,

    sum over recorded (f + t) - sum over thrown log(1 + exp(f + t)),

f being the network's logit, t the table read linearly between nodes: where it is highest, the
numbers of recorded images agree in every node. A weak Gaussian prior holds empty nodes at zero.
"""

from itertools import product
from typing import cast

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from .array_types import Columns, FloatArray, IntArray, Number, Tree

__all__ = ["fit_trigger_table", "trigger_table_logit"]

N_ENERGY, N_IMPACT = 8, 16
MOST_ZENITHS = 8
PRIOR = 6.0  # inverse variance of each node; a node with many images hardly feels it
NEWTON_STEPS = 30
LARGEST_STEP = 1.0
CORNERS = tuple(product((0, 1), repeat=3))


def fit_trigger_table(
    recorded: Columns, thrown: Columns, thrown_logit: FloatArray, n_thrown: Number
) -> Columns:
    """Maximise the likelihood above.

    Parameters
    ----------
    recorded, thrown : dict of str to array
        Of `condition_values`: N recorded images, and M cores spread like those thrown.
    thrown_logit : (M,) array
        Of the network; that of recorded images does not move the maximum.
    n_thrown : float or (M,) array
        How many cores were thrown; with an array, each of the M stands for its part of them.

    Returns
    -------
    dict of str to array
        Lowest and highest ``log10_energy`` and ``impact_distance`` (m) of the table, the ``zenith``
        angles (deg) of its (Z,) layers, and its ``logit`` (Z, N_ENERGY, N_IMPACT).
    """
    table = {
        name: np.array([thrown[name].min(), thrown[name].max()])
        for name in ("log10_energy", "impact_distance")
    }
    table["zenith"] = _zeniths(thrown["zenith"])
    table["logit"] = np.zeros((len(table["zenith"]), N_ENERGY, N_IMPACT))
    counted = _hat_functions(table, recorded).sum(axis=0)
    hats = _hat_functions(table, thrown)
    weight = n_thrown / len(thrown_logit)
    logit = table["logit"].reshape(-1)
    for _ in range(NEWTON_STEPS):
        probability = expit(thrown_logit + hats @ logit)
        slope = counted - (weight * probability) @ hats - PRIOR * logit
        spread = csr_array(hats.multiply((weight * probability * (1 - probability))[:, None]))
        curvature = (hats.T @ spread).toarray() + PRIOR * np.eye(len(logit))
        step = np.linalg.solve(curvature, slope)
        logit += step / max(1, np.abs(step).max() / LARGEST_STEP)
    return table


def trigger_table_logit(table: Tree, values: Columns) -> FloatArray:
    """What the table, or that of its primary for each, adds to the logit of `condition_values`.

    Parameters
    ----------
    table : dict of str to array, or dict of str to such a dict
        Of `fit_trigger_table`; with several primaries one for each, under the name of the
        condition that says which it is.
    values : dict of str to (N,) array

    Returns
    -------
    (N,) array
    """
    if "logit" not in table:
        added = (values[name] * trigger_table_logit(own, values) for name, own in table.items())
        return cast(FloatArray, sum(added))
    return _hat_functions(table, values) @ table["logit"].ravel()


def _zeniths(zenith: FloatArray) -> FloatArray:
    """Angles of the layers: those of the pointings, or as many as there may be between them."""
    angles = np.unique(zenith)
    if len(angles) > MOST_ZENITHS:
        return np.linspace(angles[0], angles[-1], MOST_ZENITHS)
    return angles


def _hat_functions(table: Tree, values: Columns) -> csr_array:
    """Linear weights of the K nodes, a sparse (N, K) array."""
    shape = (1, *table["logit"].shape)[-3:]  # older models have a single layer
    layer = np.zeros(len(values["log10_energy"]))
    if shape[0] > 1:
        layer = np.interp(values["zenith"], table["zenith"], np.arange(shape[0]))
    places = [_between(layer, shape[0])]
    for name, n_nodes in zip(("log10_energy", "impact_distance"), shape[1:]):
        low, high = table[name]
        step = max(high - low, 1e-9) / (n_nodes - 1)
        places.append(_between((np.asarray(values[name]) - low) / step, n_nodes))
    corners = [corner for corner in CORNERS if corner[0] < shape[0]]
    columns, weights = [], []
    for corner in corners:
        nodes = [below + i for i, (below, _) in zip(corner, places)]
        columns.append(np.ravel_multi_index(nodes, shape))
        weights.append(
            np.prod([abs(1 - i - share) for i, (_, share) in zip(corner, places)], axis=0)
        )
    row = np.tile(np.arange(len(layer)), len(corners))
    entries = np.concatenate(weights), (row, np.concatenate(columns))
    return csr_array(entries, shape=(len(layer), table["logit"].size))


def _between(place: FloatArray, n_nodes: int) -> tuple[IntArray, FloatArray]:
    """Node below, and share of the way to the next one; the outermost hold beyond."""
    below = np.clip(place.astype(int), 0, max(0, n_nodes - 2))
    return below, np.clip(place - below, 0, 1)
