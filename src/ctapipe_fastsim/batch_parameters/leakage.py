"""Light at the camera's edge: ctapipe.image.leakage_parameters."""

import numpy as np
from numba import njit

from ..array_types import BoolArray, FloatArray, IntArray

__all__ = ["NAMES", "leakage"]

NAMES = ("pixels_width_1", "pixels_width_2", "intensity_width_1", "intensity_width_2")


@njit(cache=True, nogil=True, error_model="numpy")
def leakage(
    selected: IntArray, image: FloatArray, border: BoolArray
) -> tuple[float, float, float, float]:
    """Shares of n selected pixels, and of their light, in the outermost one and two rows.

    Parameters
    ----------
    selected : (n,) int array
        Pixel numbers.
    image : (n,) array, p.e.
    border : (2, P) bool array
    """
    n_pixels, light = np.zeros(2), np.zeros(2)
    for width in range(2):
        for i in range(len(selected)):
            if border[width, selected[i]]:
                n_pixels[width] += 1
                light[width] += image[i]
    n, size = len(selected), image.sum()
    return n_pixels[0] / n, n_pixels[1] / n, light[0] / size, light[1] / size
