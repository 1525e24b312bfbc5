"""Two-threshold cleaning selects the pixels that ctapipe's does, for all of its options."""

import numpy as np
import pytest
from ctapipe.image import tailcuts_clean
from toy_production import toy_subarray

from ctapipe_fastsim.batch_parameters import CameraPixels, clean_images

GEOMETRY = toy_subarray(n_pixels=331).tel[1].camera.geometry
PIXELS = CameraPixels.of(GEOMETRY)


@pytest.mark.parametrize("keep_isolated", [False, True])
@pytest.mark.parametrize("min_neighbours", [0, 1, 2, 3])
@pytest.mark.parametrize("thresholds", [(10, 5), (6.1, 3.7), (4, 4), (3, 5)])
def test_the_pixels_are_those_of_ctapipe(thresholds, min_neighbours, keep_isolated):
    rng = np.random.default_rng(0)
    images = rng.exponential(6, (200, len(PIXELS.x))).astype(np.float32)
    images[:50] = np.round(images[:50])  # on the thresholds
    picture, boundary = thresholds
    masks = clean_images(
        *(PIXELS, images),
        picture_threshold=picture,
        boundary_threshold=boundary,
        min_picture_neighbours=min_neighbours,
        keep_isolated=keep_isolated,
    )
    for image, mask in zip(images, masks):
        expected = tailcuts_clean(
            *(GEOMETRY, image, picture, boundary), keep_isolated, min_neighbours
        )
        assert np.array_equal(mask, expected)
    assert 0 < masks.mean() < 1


def test_nothing_is_left_of_the_dark():
    images = np.zeros((3, len(PIXELS.x)), dtype=np.float32)
    options = dict(picture_threshold=10, boundary_threshold=5)
    masks = clean_images(PIXELS, images, min_picture_neighbours=2, keep_isolated=False, **options)
    assert not masks.any()
