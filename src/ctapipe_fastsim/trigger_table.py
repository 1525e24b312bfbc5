"""Correction of the trigger network on a table of energy and impact distance.

What a file tells exactly is how many cores were thrown and how many recorded in cells of energy
and distance. The network, fitted to single showers, smooths over the sharp edge of the light
pool; a table added to its logit puts that right, by the same likelihood of thrown cores,

    sum over recorded (f + t) - sum over thrown log(1 + exp(f + t)),

f being the network's logit, t the table read bilinearly: where it is highest, the numbers of
recorded images agree in every node. A weak Gaussian prior holds empty nodes at zero.
"""

from typing import cast

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

from .array_types import Array, Columns, FloatArray, IntArray, Number, Tree

__all__ = ["fit_trigger_table", "trigger_table_logit"]

N_ENERGY, N_IMPACT = 8, 16
PRIOR = 6.0  # inverse variance of each node; a node with many images hardly feels it
NEWTON_STEPS = 30
LARGEST_STEP = 1.0
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


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
        Lowest and highest ``log10_energy`` and ``impact_distance`` (m) of the table, and its
        ``logit`` (N_ENERGY, N_IMPACT).
    """
    table = {
        name: np.array([thrown[name].min(), thrown[name].max()])
        for name in ("log10_energy", "impact_distance")
    }
    table["logit"] = np.zeros((N_ENERGY, N_IMPACT))
    counted = _hat_functions(table, recorded).sum(axis=0)
    hats = _hat_functions(table, thrown)
    weight = n_thrown / len(thrown_logit)
    logit = table["logit"].ravel()
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


def _hat_functions(table: Tree, values: Columns) -> csr_array:
    """Bilinear weights of the K nodes, a sparse (N, K) array."""
    n_energy, n_impact = table["logit"].shape
    energy, impact = (
        _place(table[name], values[name], n)
        for name, n in (("log10_energy", n_energy), ("impact_distance", n_impact))
    )
    n = len(energy[0])
    column = np.concatenate([(energy[0] + i) * n_impact + impact[0] + j for i, j in CORNERS])
    weight = np.concatenate(
        [np.abs(1 - i - energy[1]) * np.abs(1 - j - impact[1]) for i, j in CORNERS]
    )
    row = np.tile(np.arange(n), len(CORNERS))
    return csr_array((weight, (row, column)), shape=(n, table["logit"].size))


def _place(bounds: Array, values: FloatArray, n_nodes: int) -> tuple[IntArray, FloatArray]:
    """Node below, and share of the way to the next one; the outermost hold beyond."""
    low, high = bounds
    place = (np.asarray(values) - low) / max(high - low, 1e-9) * (n_nodes - 1)
    below = np.clip(place.astype(int), 0, n_nodes - 2)
    return below, np.clip(place - below, 0, 1)
