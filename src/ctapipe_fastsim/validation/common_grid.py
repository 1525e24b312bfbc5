"""Charges and times of two samples on one grid, as a file may keep but a few digits."""

import numpy as np

from ctapipe_fastsim.array_types import FloatArray

__all__ = ["grid_step", "on_grid"]

_LARGEST = 8.0  # p.e. or ns; a float32 below resolves any grid that matters
_FINEST = 1e-3


def grid_step(values: FloatArray) -> float:
    """Step of the grid that values stand on, such as 1/32 of fixed-point files.

    Parameters
    ----------
    values : float32 array

    Returns
    -------
    float
        0 for numbers that stand on no grid coarser than a thousandth.
    """
    small = np.unique(np.abs(values[np.abs(values) < _LARGEST]).astype(float))
    if len(small) < 2:
        return 0.0
    step = np.diff(small).min()
    if step < _FINEST:
        return 0.0
    step = 1 / round(1 / step) if step < 1 else step  # 0.1 is 0.1000004 in float32
    distance = np.abs(small / step - np.round(small / step))
    return float(step) if distance.max() < 1e-2 else 0.0


def on_grid(values: FloatArray, step: float) -> FloatArray:
    """Values rounded to multiples of a step; as they are for a step of 0."""
    return (np.round(values / step) * step).astype(np.float32) if step else values
