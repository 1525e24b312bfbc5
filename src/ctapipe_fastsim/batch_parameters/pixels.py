"""What image parameters need to know of a camera, as plain arrays."""

from dataclasses import dataclass
from typing import Self

import astropy.units as u
import numpy as np
from ctapipe.coordinates import TelescopeFrame
from ctapipe.instrument import CameraGeometry

from ..array_types import BoolArray, FloatArray, IntArray

__all__ = ["CameraPixels"]


@dataclass(frozen=True)
class CameraPixels:
    """P pixels of a camera in the telescope frame.

    Attributes
    ----------
    x, y : (P,) arrays, deg
        Centres, ctapipe's ``fov_lon`` and ``fov_lat``.
    area : (P,) array, deg2
    width : (P,) array, deg
        Diameter.
    neighbours, first_neighbour : (M,) and (P + 1,) int arrays
        Neighbours of pixel p are ``neighbours[first_neighbour[p] : first_neighbour[p + 1]]``.
    border : (2, P) bool array
        Whether a pixel is among the outermost row, and the outermost two.
    """

    x: FloatArray
    y: FloatArray
    area: FloatArray
    width: FloatArray
    neighbours: IntArray
    first_neighbour: IntArray
    border: BoolArray

    @classmethod
    def of(cls, geometry: CameraGeometry) -> Self:
        """From a ctapipe CameraGeometry in the camera frame."""
        sky = geometry.transform_to(TelescopeFrame())
        matrix = sky.neighbor_matrix_sparse
        return cls(
            sky.pix_x.to_value(u.deg),
            sky.pix_y.to_value(u.deg),
            sky.pix_area.to_value(u.deg**2),
            sky.pixel_width.to_value(u.deg),
            matrix.indices.astype(np.int64),
            matrix.indptr.astype(np.int64),
            np.stack([sky.get_border_pixel_mask(width) for width in (1, 2)]),
        )
