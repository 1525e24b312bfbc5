"""Two-threshold cleaning: ctapipe.image.tailcuts_clean for many images."""

import numpy as np
from numba import njit

from ..array_types import BoolArray, FloatArray, IntArray, Real
from .pixels import CameraPixels

__all__ = ["clean_images"]


def clean_images(
    pixels: CameraPixels,
    images: FloatArray,
    *,
    picture_threshold: float,
    boundary_threshold: float,
    min_picture_neighbours: int,
    keep_isolated: bool,
) -> BoolArray:
    """Select the pixels that hold light.

    A picture pixel is above the picture threshold, with enough neighbours that are too.
    Boundary pixels are above the boundary threshold, next to a picture pixel.

    Parameters
    ----------
    pixels : CameraPixels
    images : (N, P) float32 array, p.e.
    picture_threshold, boundary_threshold : float, p.e.
    min_picture_neighbours : int
    keep_isolated : bool
        Keep every pixel above the picture threshold, neighbours or not.

    Returns
    -------
    (N, P) bool array
    """
    masks = np.zeros(images.shape, dtype=bool)
    _clean(
        *(images, pixels.neighbours, pixels.first_neighbour),
        *(np.float32(picture_threshold), np.float32(boundary_threshold)),
        0 if keep_isolated else min_picture_neighbours,
        keep_isolated,
        masks,
    )
    return masks


@njit(cache=True, nogil=True)
def _clean(
    images: FloatArray,
    neighbours: IntArray,
    first: IntArray,
    picture: Real,
    boundary: Real,
    min_neighbours: int,
    keep_isolated: bool,
    masks: BoolArray,
) -> None:
    in_picture = np.empty(images.shape[1], dtype=np.bool_)
    for image, mask in zip(images, masks):
        _find_picture(image, neighbours, first, picture, min_neighbours, in_picture)
        for p in range(len(image)):
            if in_picture[p] and keep_isolated:
                mask[p] = True
            elif in_picture[p] or image[p] >= boundary:
                for k in neighbours[first[p] : first[p + 1]]:
                    beside_picture = in_picture[k] and image[p] >= boundary
                    beside_boundary = in_picture[p] and image[k] >= boundary
                    if beside_picture or beside_boundary:
                        mask[p] = True
                        break


@njit(cache=True, nogil=True)
def _find_picture(
    image: FloatArray,
    neighbours: IntArray,
    first: IntArray,
    picture: Real,
    min_neighbours: int,
    in_picture: BoolArray,
) -> None:
    for p in range(len(image)):
        in_picture[p] = image[p] >= picture
        if in_picture[p] and min_neighbours > 0:
            n = 0
            for k in neighbours[first[p] : first[p + 1]]:
                n += image[k] >= picture
            in_picture[p] = n >= min_neighbours
