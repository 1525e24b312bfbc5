"""How concentrated the light is: ctapipe.image.concentration_parameters."""

import numpy as np
from numba import njit

from ..array_types import FloatArray, Vector

__all__ = ["NAMES", "concentration"]

NAMES = ("cog", "core", "pixel")


@njit(cache=True, nogil=True, error_model="numpy")
def concentration(
    x: FloatArray,
    y: FloatArray,
    pixel_width: FloatArray,
    image: FloatArray,
    mean_x: float,
    mean_y: float,
    length: float,
    width: float,
    psi: float,
) -> Vector:
    """Shares of the light within a pixel of the centre, in the ellipse, in the brightest pixel.

    Parameters
    ----------
    x, y, pixel_width : (n,) arrays, deg
    image : (n,) array, p.e.
    mean_x, mean_y, length, width, psi : float, deg and rad
        Of `hillas`.
    """
    near, inside = 0.0, 0.0
    cos, sin = np.cos(psi), np.sin(psi)
    for i in range(len(x)):
        dx, dy = x[i] - mean_x, y[i] - mean_y
        if dx**2 + dy**2 < pixel_width[i] ** 2:
            near += image[i]
        along, across = dx * cos + dy * sin, dy * cos - dx * sin
        if width > 0 and along**2 / length**2 + across**2 / width**2 <= 1:
            inside += image[i]
    size = image.sum()
    return near / size, inside / size, image.max() / size
