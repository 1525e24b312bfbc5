"""Distribution of a number over all pixels of all images, as one histogram for each image.

So showers can be drawn anew, or parted in halves, without going through all pixels again.
"""

import numpy as np

from ctapipe_fastsim.array_types import BoolArray, FloatArray

__all__ = ["binned_distance", "image_histograms"]


def image_histograms(
    values: FloatArray, edges: FloatArray, chosen: BoolArray | None = None
) -> FloatArray:
    """Histogram of the pixels of each image.

    Parameters
    ----------
    values : (N, P) array
        Values beyond the edges count in the first and last bin.
    edges : (B + 1,) array
    chosen : (N, P) bool array, optional
        The pixels that count, by default all.

    Returns
    -------
    (N, B) float array
    """
    n_bins = len(edges) - 1
    position = np.searchsorted(edges[1:-1], values, side="right")  # (N, P)
    position += n_bins * np.arange(len(values))[:, np.newaxis]
    position = position.ravel() if chosen is None else position[chosen]
    histogram = np.bincount(position, minlength=len(values) * n_bins)
    return histogram.reshape(-1, n_bins).astype(float)


def binned_distance(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    """Largest difference of the cumulative distributions at the edges of the bins.

    Parameters
    ----------
    first, second : (N, B) and (M, B) arrays
        From `image_histograms`.
    first_weight, second_weight : (R, N) and (R, M) arrays

    Returns
    -------
    (R,) float array
    """
    difference = _cumulative(second, second_weight) - _cumulative(first, first_weight)
    return np.abs(difference).max(axis=1)


def _cumulative(histograms: FloatArray, weight: FloatArray) -> FloatArray:
    cumulative = np.cumsum(weight @ histograms, axis=1)
    return cumulative / cumulative[:, -1:]
