"""The networks of one telescope type: the conditional variational autoencoder and its companions.

Shapes: B images, P pixels, C conditions (the standardised log size is the last of the K = C + 1
numbers that the autoencoder is told), Z latents.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .flows import latent_prior
from .shower_frame import to_shower_frame

__all__ = [
    "CVAE",
    "LightMap",
    "NetworkSizes",
    "load_arrays",
    "save_arrays",
]

ENCODER_U, ENCODER_V = 24, 13
N_MAPS = 4
SMALLEST_CLUMP = 0.02
SMALLEST_SPREAD = 0.05


@dataclass(frozen=True)
class NetworkSizes:
    """All that is needed to build a CVAE before its weights are known.

    Attributes
    ----------
    n_conditions : int
        C, without the size.
    n_latent, hidden, rank : int
        Latents; width of the hidden layers; width of the last one, which the maps are made of.
    n_u, n_v : int
        Nodes of the maps along and across the shower.
    u_min, u_max, v_max : float, deg
        Extent of the maps.
    time_origin, time_scale : float, ns
        Median and spread of the arrival times in the training set.
    time_window : float, ns
        Range of peak times that pixels without light show.
    """

    n_conditions: int
    u_min: float
    u_max: float
    v_max: float
    time_origin: float
    time_scale: float
    time_window: float
    n_latent: int = 8
    hidden: int = 384
    rank: int = 160
    n_u: int = 64
    n_v: int = 33

    def to_dict(self):
        """Plain dictionary of the attributes."""
        return asdict(self)


@dataclass(frozen=True)
class LightMap:
    """What the decoder says of each pixel.

    Attributes
    ----------
    fraction : (B, P) tensor
        Share of the image's light; sums to 1 over the pixels.
    clump : (B, P) tensor
        Variance of a count over its mean, minus one.
    time : (B, P) tensor, ns
        Mean arrival time.
    time_spread : (B, P) tensor, ns
        Spread of the arrival time of one photo-electron.
    """

    fraction: torch.Tensor
    clump: torch.Tensor
    time: torch.Tensor
    time_spread: torch.Tensor


class CVAE(nn.Module):
    """Encoder, decoder and learned latent prior in the shower frame.

    After Polyakov et al. 2022 (arXiv 2211.12553), who condition a CVAE on the image size; here
    the decoder paints maps of log light density, clump size and arrival time with its spread on a
    (u, v) grid,
    and each pixel reads the maps at its own place.

    Parameters
    ----------
    sizes : NetworkSizes
    pixel_lon, pixel_lat : (P,) arrays, deg
    """

    def __init__(self, sizes, pixel_lon, pixel_lat):
        super().__init__()
        self.sizes = sizes
        for name, values in (("pixel_lon", pixel_lon), ("pixel_lat", pixel_lat)):
            values = torch.as_tensor(np.asarray(values), dtype=torch.float32)
            self.register_buffer(name, values, persistent=False)
        n_known = sizes.n_conditions + 1
        self.encoder = perceptron(
            2 * ENCODER_U * ENCODER_V + n_known, (sizes.hidden,) * 2, 2 * sizes.n_latent
        )
        self.decoder = perceptron(
            sizes.n_latent + n_known,
            (sizes.hidden, sizes.hidden, sizes.rank),
            N_MAPS * sizes.n_u * sizes.n_v,
        )
        self.prior = latent_prior(sizes.n_latent, n_known)
        self.dark = nn.Parameter(torch.tensor(-8.0))
        self.log_camera_spread = nn.Parameter(torch.tensor(-1.0))
        self.time_signal_odds = nn.Parameter(torch.tensor([0.0, 1.0]))

    def encode(self, counts, times, position, known):
        """Mean and log variance of the latents, (B, Z) each.

        Parameters
        ----------
        counts : (B, P) tensor
            True photo-electrons.
        times : (B, P) tensor, ns
            Peak times; only those of lit pixels are looked at.
        position : pair of (B, P) tensors
            From `grid_position`.
        known : (B, K) tensor
            Conditions and size.
        """
        scaled = (times - self.sizes.time_origin) / self.sizes.time_scale
        light = self._binned(counts, position)
        mean_time = self._binned(counts * scaled.clamp(-5, 5), position) / light.clamp(min=1)
        seen = torch.cat([torch.log1p(light), mean_time, known], dim=1)
        mean, log_variance = self.encoder(seen).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 5)

    def decode(self, latent, position, known):
        """`LightMap` of B images; arguments as in `encode`, ``latent`` is (B, Z)."""
        sizes = self.sizes
        maps = self.decoder(torch.cat([latent, known], dim=1))
        maps = maps.view(-1, N_MAPS, sizes.n_v, sizes.n_u)  # (B, 4, n_v, n_u)
        where = torch.stack(position, dim=-1)[:, None]  # (B, 1, P, 2)
        seen = functional.grid_sample(maps, where, align_corners=True, padding_mode="border")
        log_light, clump, time, spread = seen[:, :, 0].unbind(dim=1)  # (B, P) each
        outside = (position[0].abs() > 1) | (position[1].abs() > 1)
        log_light = torch.where(outside, self.dark, log_light)
        return LightMap(
            functional.softmax(log_light, dim=1),
            functional.softplus(clump) + SMALLEST_CLUMP,
            time * sizes.time_scale + sizes.time_origin,
            functional.softplus(spread + 1) + SMALLEST_SPREAD,
        )

    def time_spread(self, light_spread, counts):
        """Spread of the peak time of n photo-electrons, sqrt(s^2 / n + c^2), ns.

        Parameters
        ----------
        light_spread : tensor, ns
            s, of `LightMap.time_spread`.
        counts : tensor of the same shape
            n; c is what the camera adds.
        """
        camera_spread = self.log_camera_spread.exp()
        return torch.sqrt(light_spread**2 / counts.clamp(min=1) + camera_spread**2)

    def grid_position(self, source_core, mirror):
        """Pixels on the maps: two (B, P) tensors, -1 to 1 from edge to edge.

        Across the shower the nodes stand as sinh, dense on the axis where light is.

        Parameters
        ----------
        source_core : (B, 4) tensor
            Of `ImageGeometry.source_core_arrays`.
        mirror : (B,) tensor of +1 and -1
        """
        sizes = self.sizes
        u, v = to_shower_frame(self.pixel_lon, self.pixel_lat, source_core, mirror)
        along = 2 * (u - sizes.u_min) / (sizes.u_max - sizes.u_min) - 1
        x = v.abs() * (6 / sizes.v_max)
        arsinh = torch.log(x + torch.sqrt(x * x + 1))  # torch.asinh takes ten times as long
        return along, torch.copysign(arsinh, v) / np.arcsinh(6)

    def _binned(self, values, position):
        """Sum of pixel values (B, P) on the encoder's coarse grid, (B, ENCODER_U * ENCODER_V)."""
        i = ((position[0] + 1) / 2 * ENCODER_U).floor().long()
        j = ((position[1] + 1) / 2 * ENCODER_V).floor().long()
        inside = (i >= 0) & (i < ENCODER_U) & (j >= 0) & (j < ENCODER_V)
        cell = torch.where(inside, i * ENCODER_V + j, 0)
        grid = values.new_zeros(len(values), ENCODER_U * ENCODER_V)
        return grid.scatter_add_(1, cell, values * inside)


def perceptron(n_input, widths, n_output):
    """Fully connected layers with SiLU between them."""
    layers = []
    for width in widths:
        layers += [nn.Linear(n_input, width), nn.SiLU()]
        n_input = width
    return nn.Sequential(*layers, nn.Linear(n_input, n_output))


def save_arrays(module):
    """Trained parameters of a module as a dictionary of numpy arrays."""
    return {name: value.detach().cpu().numpy() for name, value in module.named_parameters()}


def load_arrays(module, arrays):
    """Put arrays of `save_arrays` into a module of the same sizes.

    Raises
    ------
    ValueError
        When a name is missing or unknown, or a shape differs.
    """
    parameters = dict(module.named_parameters())
    for name in sorted(parameters.keys() ^ arrays.keys()):
        raise ValueError(f"weight {name!r} is {'missing' if name in parameters else 'unknown'}")
    with torch.no_grad():
        for name, parameter in parameters.items():
            if parameter.shape != arrays[name].shape:
                expected = tuple(parameter.shape)
                raise ValueError(f"weight {name!r} has shape {arrays[name].shape}, not {expected}")
            parameter.copy_(torch.as_tensor(arrays[name]))
    return module.eval()
