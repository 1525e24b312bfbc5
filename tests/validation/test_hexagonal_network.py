import numpy as np
import torch
from toy_production import hexagonal_geometry

from ctapipe_fastsim.validation.hexagonal_grid import hexagonal_grid
from ctapipe_fastsim.validation.hexagonal_network import HexagonalConvolution, HexagonalNetwork

GEOMETRY = hexagonal_geometry("toy", 91)


def test_a_convolution_adds_a_pixel_and_its_six_neighbours():
    torch.manual_seed(1)
    axial = hexagonal_grid(GEOMETRY)
    layer = HexagonalConvolution(1, 1)
    with torch.no_grad():
        layer.weight.fill_(1)
        layer.bias.zero_()
    image = np.random.default_rng(1).normal(size=91).astype(np.float32)
    grid = np.zeros((12, 12), np.float32)
    grid[tuple(axial.T)] = image
    with torch.no_grad():
        found = layer(torch.from_numpy(grid)[None, None])[0, 0].numpy()
    expected = image + GEOMETRY.neighbor_matrix @ image
    kept = np.all(axial % 2 == 0, axis=1)
    assert kept.sum() > 20
    np.testing.assert_allclose(found[tuple(axial[kept].T // 2)], expected[kept], atol=1e-5)


def test_every_pixel_counts():
    torch.manual_seed(1)
    network = HexagonalNetwork(hexagonal_grid(GEOMETRY)).eval()
    images = torch.randn(4, 91, requires_grad=True)
    logits = network(images)
    assert logits.shape == (4, 1)
    logits.sum().backward()
    assert torch.all(images.grad != 0)
