"""Torch paints on its device what numpy paints on the CPU."""

import numpy as np
import pytest

from ctapipe_fastsim.device_painting import DevicePainting
from ctapipe_fastsim.map_painting import map_painter, paint_maps, split_maps
from ctapipe_fastsim.network_sizes import NetworkSizes
from ctapipe_fastsim.shower_frame import N_ORIENTATION, pixel_directions

TORCH_ALONE = "cpu:0"  # is not taken for the CPU


@pytest.fixture
def painters(model):
    (kind,) = model.telescope_types.values()
    (telescope,) = model.subarray.telescope_types
    sizes = NetworkSizes(**kind.network_sizes)
    pixels = pixel_directions(telescope.camera.geometry)
    painting = DevicePainting(kind.network, sizes, pixels, TORCH_ALONE)
    return painting, map_painter(kind.network, sizes), sizes


def test_maps_are_those_of_the_cpu(painters):
    painting, painter, sizes = painters
    rng = np.random.default_rng(0)
    n_told = sizes.n_latent, N_ORIENTATION, sizes.n_conditions + 1
    told = tuple(rng.normal(size=(7, n)).astype(np.float32) for n in n_told)
    found = painting.maps(painter, told, np.zeros((7, 1), np.float32), rng)
    expected = split_maps(paint_maps(painter, *told)[1], sizes)
    for part, wanted in zip(found, expected, strict=True):
        assert type(part) is np.ndarray
        np.testing.assert_allclose(part, wanted, rtol=1e-4, atol=1e-4)
