"""Latents of places: what a few latents of the whole image cannot say, sub-showers and muons.

A lattice of latents lies over the decoder's maps; each changes the maps around its node, in a way
that depends on all that is painted already. While they are trained their prior is N(0, 1),
independent of each other; afterwards local_prior.py learns how they depend on each other.
"""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

__all__ = [
    "N_ACROSS",
    "N_ALONG",
    "LocalLight",
    "PlacedConvolutions",
    "resampled",
    "scaled_light",
]

N_ACROSS, N_ALONG = 11, 20  # nodes
N_SEEN = 5
DECODER_WIDTH, ENCODER_WIDTH = 16, 24
GENTLE = 0.1  # of the initial weights that change what is painted
LIGHT_SCALE, TIME_SCALE, LOG_LIGHT_RANGE = 5, 5, (-5, 10)


class LocalLight(nn.Module):
    """Encoder and decoder of the latents of places, convolutions on their lattice.

    Shapes: B images, L latents of a node, V x U nodes, F features, M maps.

    Parameters
    ----------
    n_local, n_features, n_maps : int
        L; F, width of what the maps are made of; M.
    """

    def __init__(self, n_local: int, n_features: int, n_maps: int) -> None:
        super().__init__()
        self.shape = (n_local, N_ACROSS, N_ALONG)
        self.encoder = PlacedConvolutions(N_SEEN, ENCODER_WIDTH, 2 * n_local, n_features)
        self.decoder = PlacedConvolutions(n_local + 1, DECODER_WIDTH, n_maps, n_features)

    def encode(
        self,
        light: torch.Tensor,
        time: torch.Tensor,
        expected_share: torch.Tensor,
        expected_time: torch.Tensor,
        features: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of the latents, (B, L, V, U) each.

        Parameters
        ----------
        light : (B, V, U) tensor
            Photo-electrons nearest to each node.
        time : (B, V, U) tensor
            Their mean peak time, scaled; 0 without light.
        expected_share, expected_time : (B, V, U) tensors
            Logarithm of the share of light near each node, and scaled time, as painted.
        features : (B, F) tensor
        """
        expected = expected_share + torch.log(light.sum(dim=(1, 2), keepdim=True).clamp(min=1))
        surplus = (light - expected.exp()) / torch.sqrt(expected.exp() + light + 1)
        late = torch.where(light > 0, time - expected_time, 0)
        seen = [
            torch.log1p(light),
            expected.clamp(*LOG_LIGHT_RANGE) / 3,
            surplus.clamp(-LIGHT_SCALE, LIGHT_SCALE),
            time,
            late.clamp(-TIME_SCALE, TIME_SCALE),
        ]
        mean, log_variance = self.encoder(torch.stack(seen, dim=1), features).chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 3)

    def decode(
        self, local: torch.Tensor, painted_light: torch.Tensor, features: torch.Tensor
    ) -> torch.Tensor:
        """Changes of the maps at the nodes, (B, M, V, U).

        Parameters
        ----------
        local : (B, L, V, U) tensor
        painted_light : (B, V, U) tensor
            Logarithm of the light at the nodes, 0 where most is.
        features : (B, F) tensor
        """
        seen = torch.cat([local, scaled_light(painted_light)], dim=1)
        return self.decoder(seen, features)


def scaled_light(painted_light: torch.Tensor) -> torch.Tensor:
    """Logarithm of the light (B, V, U), 0 where most is, as networks are told, (B, 1, V, U)."""
    return painted_light.clamp(min=-20)[:, None] / 5 + 1


class PlacedConvolutions(nn.Module):
    """Three convolutions that know their place and, by a gain and an offset, the whole image.

    Parameters
    ----------
    n_input, width, n_output, n_features : int
        Channels of input, hidden layers and output; numbers that tell of the whole image.
    shape : pair of int
        Nodes across and along.
    gentle : float
        By what the initial weights of the last one are multiplied.
    """

    def __init__(
        self,
        n_input: int,
        width: int,
        n_output: int,
        n_features: int,
        shape: tuple[int, int] = (N_ACROSS, N_ALONG),
        gentle: float = GENTLE,
    ) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.zeros(width, *shape))
        self.whole = nn.Linear(n_features, 2 * width)
        self.first = nn.Conv2d(n_input, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, n_output, 1)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.last.weight *= gentle

    def forward(self, seen: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Of (B, n_input, *shape) and (B, n_features), (B, n_output, *shape)."""
        offset, gain = self.whole(features)[:, :, None, None].chunk(2, dim=1)
        hidden = functional.silu(self.first(seen) + self.place + offset) * (1 + gain)
        return self.last(functional.silu(self.second(hidden)))


def resampled(maps: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Maps (B, M, n_v, n_u) on another grid between the same edges, bilinear."""
    return functional.interpolate(maps, shape, mode="bilinear", align_corners=True)
