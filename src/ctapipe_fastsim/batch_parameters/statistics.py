"""Moments of a list of numbers: ctapipe.image.descriptive_statistics."""

import numpy as np
from numba import njit

from ..array_types import FloatArray

__all__ = ["NAMES", "statistics"]

NAMES = ("max", "min", "mean", "std", "skewness", "kurtosis")


@njit(cache=True, nogil=True, error_model="numpy")
def statistics(values: FloatArray) -> tuple[float, float, float, float, float, float]:
    """Largest and smallest of (n,) values, mean, spread, skewness and excess kurtosis."""
    mean = values.mean()
    spread = np.sqrt(((values - mean) ** 2).mean())
    scaled = (values - mean) / spread
    skewness, kurtosis = (scaled**3).mean(), (scaled**4).mean() - 3
    return values.max(), values.min(), mean, spread, skewness, kurtosis
