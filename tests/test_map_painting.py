"""Maps are painted with numpy as the network paints them."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim.map_painting import map_painter, paint_maps, split_maps
from ctapipe_fastsim.module_arrays import save_arrays
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
    painter = map_painter(save_arrays(cvae), SIZES)
    features, numbers = paint_maps(painter, *(part.numpy() for part in told))
    for part, wanted in zip((features, *split_maps(numbers, SIZES)), expected):
        np.testing.assert_allclose(part, wanted, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("painter.0.weight", None, "'painter.0.weight' is missing"),
        ("painter.1.bias", np.zeros(3), r"'painter.1.bias' has shape \(3,\), not"),
        ("decoder.2.weight", np.zeros((5, 7)), r"'decoder.2.weight' has shape \(5, 7\), not"),
    ],
)
def test_weights_of_other_sizes_are_named(name, wrong, message):
    arrays = save_arrays(CVAE(SIZES, *torch.rand(2, 30).numpy()))
    arrays = {key: value for key, value in arrays.items() if key != name}
    if wrong is not None:
        arrays[name] = wrong
    with pytest.raises(ValueError, match=message):
        map_painter(arrays, SIZES)
