"""How the latents of places depend on each other and on what is painted, learned after them.

Couplings (real NVP, Dinh et al. 2017, arXiv 1605.08803) on the lattice, which is coloured like a
chequerboard: each moves and scales the latents of one colour as those of the other colour, the
painted light and the whole image say. Before they learn they change nothing.
"""

import math
from typing import cast

import torch
from torch import nn

from .local_light import N_ACROSS, N_ALONG, PlacedConvolutions, at_nodes

__all__ = ["LocalPrior"]

N_COUPLINGS = 4
WIDTH = 16


class LocalPrior(nn.Module):
    """Density of the latents of places.

    Shapes: B images, L latents of a node, V x U nodes, T numbers of the whole image.

    Parameters
    ----------
    n_local, n_told : int
        L and T.
    """

    colour: torch.Tensor

    def __init__(self, n_local: int, n_told: int) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(
            PlacedConvolutions(n_local + 1, WIDTH, 2 * n_local, n_told, gentle=0)
            for _ in range(N_COUPLINGS)
        )
        colour = torch.arange(N_ACROSS)[:, None] + torch.arange(N_ALONG)
        self.register_buffer("colour", (colour % 2).float(), persistent=False)

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
        stretched = torch.zeros(len(local)).to(local)
        for number in range(N_COUPLINGS):
            log_scale, shift = self._coupling(number, local, painted_light, told)
            local = local * torch.exp(log_scale) + shift
            stretched = stretched + log_scale.sum(dim=(1, 2, 3))
        normal = -0.5 * (local.square() + math.log(2 * math.pi)).sum(dim=(1, 2, 3))
        return normal + stretched

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
        local = noise
        for number in reversed(range(N_COUPLINGS)):
            log_scale, shift = self._coupling(number, local, painted_light, told)
            local = (local - shift) * torch.exp(-log_scale)
        return local

    def _coupling(
        self, number: int, local: torch.Tensor, painted_light: torch.Tensor, told: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logarithm of the scale, and shift, of one colour; 0 for the other, which is looked at."""
        moved = (self.colour + number) % 2
        seen = at_nodes(local * (1 - moved), painted_light)
        log_scale, shift = cast(torch.Tensor, self.couplings[number](seen, told)).chunk(2, dim=1)
        return torch.tanh(log_scale) * moved, shift * moved
