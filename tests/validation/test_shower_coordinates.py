from types import SimpleNamespace

import numpy as np

from ctapipe_fastsim.validation.shower_coordinates import shower_coordinates


class Images(SimpleNamespace):
    def __len__(self):
        return 3


def test_place_and_angle_follow_the_line_from_source_to_core():
    direction = np.radians([90, 0, 180])
    images = Images(
        conditions=dict(
            source_lon=np.array([1.0, 0, 0]),
            source_lat=np.array([2.0, 0, 0]),
            core_lon=np.cos(direction),
            core_lat=np.sin(direction),
        ),
        parameters=dict(
            hillas_fov_lon=np.array([1.5, 1, 1]),
            hillas_fov_lat=np.array([5.0, 2, 2]),
            hillas_psi=np.array([-80.0, 45, 10]),
        ),
    )
    expected = [[3, -0.5, 10], [1, 2, 45], [-1, -2, 10]]
    np.testing.assert_allclose(shower_coordinates(images), expected, atol=1e-12)


def test_nothing_without_the_source():
    assert shower_coordinates(Images(conditions={}, parameters={})).shape == (3, 0)
