"""The networks of one telescope type: the conditional variational autoencoder and its companions.

Shapes: B images, P pixels, C conditions (the standardised log size is the last of the K = C + 1
numbers that the autoencoder is told), Z latents.
"""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .flows import latent_prior
from .light_moments import N_MOMENTS, light_moments
from .pixel_lattice import pixel_lattice
from .shower_frame import to_shower_frame

__all__ = [
    "CVAE",
    "LightMap",
    "NetworkSizes",
    "PixelView",
    "load_arrays",
    "mirrored",
    "save_arrays",
]

ENCODER_U, ENCODER_V = 32, 17
N_ORIENTATION = 6
N_COARSE_MAPS = 3
N_DISPLACEMENT = 3
SHIFT, TILT = 0.5, 0.1  # pixel spacings and rad, that a displacement of 1 means
ACROSS_SCALE = 6  # nodes across stand evenly up to about this part of the extent
FARTHEST = 20.0  # displacement, in these units
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
        Nodes of the map of light along and across the shower; the other maps have half as many.
    u_min, u_max, v_max : float, deg
        Extent of the maps.
    u_centre, u_scale : float, deg
        Where along the shower most of the light is; nodes are dense there.
    time_origin, time_scale : float, ns
        Median and spread of the arrival times in the training set.
    time_window : float, ns
        Range of peak times that pixels without light show.
    """

    n_conditions: int
    u_min: float
    u_max: float
    v_max: float
    u_centre: float
    u_scale: float
    time_origin: float
    time_scale: float
    time_window: float
    n_latent: int = 8
    hidden: int = 384
    rank: int = 160
    n_u: int = 80
    n_v: int = 41

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


class PixelView(NamedTuple):
    """The camera as seen from the shower.

    Attributes
    ----------
    u, v : (B, P) tensors, deg
        Pixels along and across the shower.
    orientation : (B, 6) tensor
        Cosine and sine of the angle between shower and pixel lattice, times the symmetry, and of
        once and twice the angle between shower and vertical: the geomagnetic field and
        the slope of the air turn and widen images.
    """

    u: torch.Tensor
    v: torch.Tensor
    orientation: torch.Tensor


class CVAE(nn.Module):
    """Encoder, decoder and learned latent prior in the shower frame.

    After Polyakov et al. 2022 (arXiv 2211.12553), who condition a CVAE on the image size; here
    the decoder paints maps of log light density, clump size and arrival time with its spread on
    (u, v) grids, displaces them a little, and each pixel reads them at its own place. Pixels
    differ in a learned relative efficiency.

    Parameters
    ----------
    sizes : NetworkSizes
    pixel_lon, pixel_lat : (P,) arrays, deg
    """

    def __init__(self, sizes, pixel_lon, pixel_lat):
        super().__init__()
        self.sizes = sizes
        self.lattice = pixel_lattice(pixel_lon, pixel_lat)
        for name, values in (("pixel_lon", pixel_lon), ("pixel_lat", pixel_lat)):
            values = torch.as_tensor(np.asarray(values), dtype=torch.float32)
            self.register_buffer(name, values, persistent=False)
        n_known = sizes.n_conditions + 1
        self.encoder = perceptron(
            2 * ENCODER_U * ENCODER_V + N_MOMENTS + n_known + N_ORIENTATION,
            (sizes.hidden,) * 2,
            2 * sizes.n_latent,
        )
        self.decoder = perceptron(
            sizes.n_latent + n_known + N_ORIENTATION,
            (sizes.hidden, sizes.hidden, sizes.rank),
            sum(self._map_numbers),
        )
        self.prior = latent_prior(sizes.n_latent, n_known)
        self.dark = nn.Parameter(torch.tensor(-8.0))
        self.dark_clump = nn.Parameter(torch.tensor(0.0))
        self.log_efficiency = nn.Parameter(torch.zeros(len(pixel_lon)))
        self.log_camera_spread = nn.Parameter(torch.tensor(-1.0))
        self.time_signal_odds = nn.Parameter(torch.tensor([0.0, 1.0]))

    @property
    def n_coarse(self):
        """Nodes across and along the shower of the maps other than that of light."""
        return self.sizes.n_v // 2 + 1, self.sizes.n_u // 2 + 1

    @property
    def _map_numbers(self):
        """How many numbers the decoder gives: map of light, the other maps, displacement."""
        n_across, n_along = self.n_coarse
        return self.sizes.n_v * self.sizes.n_u, N_COARSE_MAPS * n_across * n_along, N_DISPLACEMENT

    def view(self, source_core, mirror):
        """The camera as seen from B showers.

        Reflected images are as likely as those reflected through the vertical plane of the
        pointing: exactly so without a geomagnetic field, or with one in that plane.

        Parameters
        ----------
        source_core : (B, 4) tensor
            Of `ImageGeometry.source_core_arrays`.
        mirror : (B,) tensor of +1 and -1

        Returns
        -------
        PixelView
        """
        u, v = to_shower_frame(self.pixel_lon, self.pixel_lat, source_core, mirror)
        return PixelView(u, v, self.orientation(source_core, mirror))

    def orientation(self, source_core, mirror):
        """How B showers lie to lattice and vertical, as in `PixelView`; arguments as in `view`."""
        core_lon, core_lat = source_core[:, 2], source_core[:, 3]
        lattice = self.lattice.fold * (torch.atan2(core_lat, core_lon) - self.lattice.angle)
        vertical = torch.atan2(core_lon, core_lat)
        angle = torch.stack([lattice, vertical, 2 * vertical], dim=1)  # (B, 3)
        return torch.cat([torch.cos(angle), mirror[:, None] * torch.sin(angle)], dim=1)

    def encode(self, counts, times, view, known):
        """Mean and log variance of the latents, (B, Z) each.

        Parameters
        ----------
        counts : (B, P) tensor
            True photo-electrons.
        times : (B, P) tensor, ns
            Peak times; only those of lit pixels are looked at.
        view : PixelView
        known : (B, K) tensor
            Conditions and size.
        """
        scaled = ((times - self.sizes.time_origin) / self.sizes.time_scale).clamp(-5, 5)
        cell = self._cell(view)
        light = _binned(counts, cell)
        mean_time = _binned(counts * scaled, cell) / light.clamp(min=1)
        moments = light_moments(counts, scaled, view.u, view.v, self.lattice.spacing)
        seen = [torch.log1p(light), mean_time, moments, known, view.orientation]
        mean, log_variance = self.encoder(torch.cat(seen, dim=1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 5)

    def decode(self, latent, view, known):
        """`LightMap` of B images; arguments as in `encode`, ``latent`` is (B, Z)."""
        sizes = self.sizes
        light, coarse, displacement = self.maps(latent, view.orientation, known)
        x, y = self.map_position(*self._displaced(view, displacement))
        where = torch.stack([x, y], dim=-1)[:, None]  # (B, 1, P, 2)
        log_light = _read(light[:, None], where)[:, 0]
        clump, time, spread = _read(coarse, where).unbind(dim=1)  # (B, P) each
        outside = (x.abs() > 1) | (y.abs() > 1)
        log_light = torch.where(outside, self.dark, log_light) + self.log_efficiency
        clump = torch.where(outside, self.dark_clump, clump)
        return LightMap(
            functional.softmax(log_light, dim=1),
            functional.softplus(clump) + SMALLEST_CLUMP,
            time * sizes.time_scale + sizes.time_origin,
            functional.softplus(spread + 1) + SMALLEST_SPREAD,
        )

    def maps(self, latent, orientation, known):
        """What the decoder paints, which `decode` and light_reading.py read alike.

        Parameters
        ----------
        latent : (B, Z) tensor
        orientation : (B, 6) tensor
            Of `PixelView`.
        known : (B, K) tensor

        Returns
        -------
        light : (B, n_v, n_u) tensor
            Logarithm of its density.
        coarse : (B, 3, m_v, m_u) tensor
            Clump, time and its spread, before they are scaled.
        displacement : (B, 3) tensor
            Of the maps, along and across, and their tilt.
        """
        told = torch.cat([latent, known, orientation], dim=1)
        light, coarse, displacement = self.decoder(told).split(self._map_numbers, dim=1)
        light = light.reshape(-1, self.sizes.n_v, self.sizes.n_u)
        return light, coarse.reshape(-1, N_COARSE_MAPS, *self.n_coarse), displacement

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

    def map_position(self, u, v):
        """Places (deg) on the maps, -1 to 1 from edge to edge; same shapes.

        Nodes stand as sinh, dense on the axis and where along it most light is.
        """
        sizes = self.sizes
        low, high = (
            np.arcsinh((edge - sizes.u_centre) / sizes.u_scale)
            for edge in (sizes.u_min, sizes.u_max)
        )
        along = _arsinh((u - sizes.u_centre) / sizes.u_scale)
        across = _arsinh(v * (ACROSS_SCALE / sizes.v_max)) / np.arcsinh(ACROSS_SCALE)
        return (2 * along - low - high) / (high - low), across

    def _displaced(self, view, displacement):
        """Places of the pixels (deg) on maps shifted along and across, and tilted."""
        # grid_sample does not check where it reads: keep it from places that are not numbers
        displacement = torch.nan_to_num(displacement).clamp(-FARTHEST, FARTHEST)
        shift_u, shift_v, tilt = displacement.split(1, dim=1)  # (B, 1) each
        unit = SHIFT * self.lattice.spacing
        v = view.v - unit * shift_v - TILT * tilt * (view.u - self.sizes.u_centre)
        return view.u - unit * shift_u, v

    def _cell(self, view):
        """Cell of the encoder's grid of each pixel, (B, P), and the number of cells for none."""
        x, y = self.map_position(view.u, view.v)
        i = ((x + 1) / 2 * ENCODER_U).floor().long()
        j = ((y + 1) / 2 * ENCODER_V).floor().long()
        inside = (i >= 0) & (i < ENCODER_U) & (j >= 0) & (j < ENCODER_V)
        return torch.where(inside, i * ENCODER_V + j, ENCODER_U * ENCODER_V)


def mirrored(orientation, mirror):
    """Orientation (B, 6) of showers that were seen as they are, with flags (B,) of `CVAE.view`."""
    half = N_ORIENTATION // 2
    return np.concatenate([orientation[:, :half], mirror[:, None] * orientation[:, half:]], axis=1)


def _binned(values, cell):
    """Sum of pixel values (B, P) in the encoder's cells, (B, ENCODER_U * ENCODER_V)."""
    grid = values.new_zeros(len(values), ENCODER_U * ENCODER_V + 1)
    return grid.scatter_add_(1, cell, values)[:, :-1]


def _read(maps, where):
    """Maps (B, M, n_v, n_u) at places (B, 1, P, 2), bilinear: (B, M, P)."""
    seen = functional.grid_sample(maps, where, align_corners=True, padding_mode="border")
    return seen[:, :, 0]


def _arsinh(x):
    size = x.abs()  # torch.asinh takes ten times as long
    return torch.copysign(torch.log(size + torch.sqrt(size * size + 1)), x)


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
