"""What networks are put together from."""

from collections.abc import Iterable

import torch
from torch import nn

__all__ = ["low_rank", "perceptron"]


def perceptron(n_input: int, widths: Iterable[int], n_output: int) -> nn.Sequential:
    """Fully connected layers from (B, n_input) to (B, n_output), with SiLU between them."""
    layers = []
    for width in widths:
        layers += [nn.Linear(n_input, width), nn.SiLU()]
        n_input = width
    return nn.Sequential(*layers, nn.Linear(n_input, n_output))


def low_rank(n_input: int, rank: int, n_output: int) -> nn.Sequential:
    """Linear layer from (B, n_input) to (B, n_output) of this rank.

    It begins so that it learns about as fast as one of full rank.
    """
    mixture, outward = nn.Linear(n_input, rank, bias=False), nn.Linear(rank, n_output)
    gain = n_input / rank  # fewer numbers go outward, so that each must tell more
    nn.init.orthogonal_(mixture.weight, gain)
    with torch.no_grad():
        outward.weight /= gain
    return nn.Sequential(mixture, outward)
