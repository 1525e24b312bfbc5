"""Maps are painted with numpy as the network paints them."""

import pytest
import torch

from ctapipe_fastsim.map_painting import map_painter, paint_maps
from ctapipe_fastsim.network import CVAE
from ctapipe_fastsim.network_sizes import NetworkSizes

EXTENT = dict(u_min=-1.0, u_max=3.0, v_max=1.0, u_centre=0.5, u_scale=0.5)
TIME = dict(time_origin=10.0, time_scale=2.0, time_window=30.0)
SIZES = NetworkSizes(n_conditions=2, **EXTENT, **TIME, n_features=20, rank=6)


@pytest.mark.parametrize("n_images", [0, 1, 50])
def test_it_is_what_the_network_paints(n_images):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        cvae = CVAE(SIZES, *torch.rand(2, 30).numpy())
        told = [torch.randn(n_images, n) for n in (SIZES.n_latent, 6, SIZES.n_conditions + 1)]
    with torch.no_grad():
        expected = cvae.paint(*told)
    found = paint_maps(map_painter(cvae), cvae, *(part.numpy() for part in told))
    for name, part in found._asdict().items():
        torch.testing.assert_close(part, getattr(expected, name), atol=1e-5, rtol=1e-4)
