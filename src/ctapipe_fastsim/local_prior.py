"""How the latents of places depend on each other and on what is painted, learned after them.

The lattice falls into blocks of two by two nodes. One corner of all blocks after the other, the
latents are normal, with mean and spread that the corners before, the painted light and the
whole image say (an autoregressive flow, Papamakarios et al. 2017, arXiv 1705.07057). Before they
learn they change nothing.
"""

import math
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from .local_light import N_ACROSS, N_ALONG, PlacedConvolutions, scaled_light

__all__ = ["LocalPrior"]

SIDE = 2  # of a block, nodes
N_CORNERS = SIDE**2
BLOCKS = -(-N_ACROSS // SIDE), -(-N_ALONG // SIDE)
WIDTH = 16


class LocalPrior(nn.Module):
    """Density of the latents of places.

    Shapes: B images, L latents of a node, V x U nodes, T numbers of the whole image.

    Parameters
    ----------
    n_local, n_told : int
        L and T.
    """

    is_node: torch.Tensor

    def __init__(self, n_local: int, n_told: int) -> None:
        super().__init__()
        self.corners = nn.ModuleList(
            PlacedConvolutions(
                *(corner * n_local + N_CORNERS, WIDTH, 2 * n_local, n_told), BLOCKS, gentle=0
            )
            for corner in range(N_CORNERS)
        )
        is_node = _in_blocks(torch.ones(1, 1, N_ACROSS, N_ALONG))  # blocks at the edge have fewer
        self.register_buffer("is_node", is_node, persistent=False)

    def log_density(
        self, local: torch.Tensor, painted_light: torch.Tensor, told: torch.Tensor
    ) -> torch.Tensor:
        """Natural logarithm of the density of latents, (B,).

        Parameters
        ----------
        local : (B, L, V, U) tensor
        painted_light : (B, V, U) tensor
        told : (B, T) tensor
            Both of `network.local_context`.
        """
        latents, light = _in_blocks(local), _in_blocks(scaled_light(painted_light))
        density = torch.zeros(len(local)).to(local)
        for corner, here in enumerate(self.is_node[0]):
            mean, log_spread = self._expected(latents[:, :corner], light, told)
            noise = (latents[:, corner] - mean) * torch.exp(-log_spread)
            each = -0.5 * (noise.square() + math.log(2 * math.pi)) - log_spread
            density = density + (each * here).sum(dim=(1, 2, 3))
        return density

    def draw(
        self, noise: torch.Tensor, painted_light: torch.Tensor, told: torch.Tensor
    ) -> torch.Tensor:
        """Latents of places, (B, L, V, U).

        Parameters
        ----------
        noise : (B, L, V, U) tensor
            Standard normal numbers.
        painted_light, told : (B, V, U) and (B, T) tensors
            As in `log_density`.
        """
        latents, light = _in_blocks(noise), _in_blocks(scaled_light(painted_light))
        for corner, here in enumerate(self.is_node[0]):
            mean, log_spread = self._expected(latents[:, :corner], light, told)
            latents[:, corner] = (latents[:, corner] * torch.exp(log_spread) + mean) * here
        return _on_lattice(latents)

    def _expected(
        self, before: torch.Tensor, light: torch.Tensor, told: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean, and logarithm of the spread, of the corner after those before, from blocks."""
        corner = before.shape[1]
        seen = torch.cat([before.flatten(1, 2), light.flatten(1, 2)], dim=1)
        numbers = cast(torch.Tensor, self.corners[corner](seen, told))
        mean, log_spread = numbers.chunk(2, dim=1)
        return mean, torch.tanh(log_spread)


def _in_blocks(maps: torch.Tensor) -> torch.Tensor:
    """Maps (B, M, V, U) by the corner of their blocks, (B, `N_CORNERS`, M, *`BLOCKS`); 0 beyond."""
    beyond = [SIDE * n - size for n, size in zip(BLOCKS, (N_ACROSS, N_ALONG))]
    whole = functional.pad(maps, (0, beyond[1], 0, beyond[0]))
    by_corner = functional.pixel_unshuffle(whole, SIDE).unflatten(1, (-1, N_CORNERS))
    return by_corner.transpose(1, 2)


def _on_lattice(by_corner: torch.Tensor) -> torch.Tensor:
    """What `_in_blocks` was made of."""
    whole = functional.pixel_shuffle(by_corner.transpose(1, 2).flatten(1, 2), SIDE)
    return whole[:, :, :N_ACROSS, :N_ALONG]
