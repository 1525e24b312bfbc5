"""Convolutional network on hexagonal pixels, for the two-sample test on images."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ctapipe_fastsim.array_types import IntArray

from .hexagonal_grid import AXIAL_STEPS

__all__ = ["HexagonalNetwork"]


class HexagonalNetwork(nn.Module):
    """Two hexagonal convolutions, each of which halves the grid, and two dense layers.

    Parameters
    ----------
    axial : (P, 2) int array
        Column and row of each pixel, from `hexagonal_grid`.
    """

    cell: torch.Tensor

    def __init__(self, axial: IntArray) -> None:
        super().__init__()
        self.n_columns, self.n_rows = (-(-(axial.max(axis=0) + 1) // 4) * 4).tolist()
        self.register_buffer("cell", torch.from_numpy(axial @ [self.n_rows, 1]))
        self.layers = nn.Sequential(
            HexagonalConvolution(1, 16),
            nn.SiLU(),
            HexagonalConvolution(16, 32),
            nn.SiLU(),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(32 * self.n_columns * self.n_rows // 16, 64),
            nn.SiLU(),
            nn.Linear(64, 1),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (B, 1) of images (B, P)."""
        grid = images.new_zeros(len(images), self.n_columns * self.n_rows)
        grid[:, self.cell] = images
        grid = grid.view(-1, 1, self.n_columns, self.n_rows)  # (B, 1, Q, R)
        return self.layers(grid)


class HexagonalConvolution(nn.Conv2d):
    """Every second pixel with its six neighbours: 3 x 3 in axial coordinates, less two."""

    mask: torch.Tensor

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, 3, stride=2, padding=1)
        mask = np.zeros((3, 3), np.float32)
        mask[1, 1] = 1
        mask[tuple(1 + AXIAL_STEPS.T)] = 1
        self.register_buffer("mask", torch.from_numpy(mask))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, C, Q, R) to (B, D, Q / 2, R / 2)."""
        weight = self.weight * self.mask
        return functional.conv2d(images, weight, self.bias, self.stride, self.padding)
