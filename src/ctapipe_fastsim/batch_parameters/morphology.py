"""Islands of the cleaned image: ctapipe.image.morphology_parameters."""

import numpy as np
from numba import njit

from ..array_types import BoolArray, IntArray

__all__ = ["NAMES", "morphology"]

NAMES = ("n_pixels", "n_islands", "n_small_islands", "n_medium_islands", "n_large_islands")
LARGEST_SMALL, LARGEST_MEDIUM = 2, 50


@njit(cache=True, nogil=True)
def morphology(
    selected: IntArray, mask: BoolArray, neighbours: IntArray, first_neighbour: IntArray
) -> tuple[int, int, int, int, int]:
    """Number of selected pixels, of islands, and of those that are small, medium and large.

    Parameters
    ----------
    selected : (n,) int array
        Pixel numbers.
    mask : (P,) bool array
        The same pixels.
    neighbours, first_neighbour : int arrays
        As in `CameraPixels`.
    """
    small, medium, large = 0, 0, 0
    left = mask.copy()
    waiting = np.empty(len(selected), dtype=np.int64)
    for start in selected:
        if not left[start]:
            continue
        left[start] = False
        waiting[0], n_waiting, size = start, 1, 0
        while n_waiting:
            n_waiting -= 1
            p = waiting[n_waiting]
            size += 1
            for k in neighbours[first_neighbour[p] : first_neighbour[p + 1]]:
                if left[k]:
                    left[k] = False
                    waiting[n_waiting] = k
                    n_waiting += 1
        if size <= LARGEST_SMALL:
            small += 1
        elif size <= LARGEST_MEDIUM:
            medium += 1
        else:
            large += 1
    return len(selected), small + medium + large, small, medium, large
