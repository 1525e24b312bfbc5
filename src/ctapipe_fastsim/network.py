"""The networks of one telescope type: the conditional variational autoencoder and its companions.

Shapes: B images, P pixels, C conditions (the standardised log size is the last of the K = C + 1
numbers that the autoencoder is told), Z latents.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .array_types import FloatArray
from .flows import latent_prior
from .layers import low_rank, perceptron
from .light_moments import N_MOMENTS, light_moments
from .local_light import N_ACROSS, N_ALONG, LocalLight, resampled
from .local_prior import LocalPrior
from .map_numbers import (
    ACROSS_SCALE,
    FARTHEST,
    N_COARSE_MAPS,
    SHIFT,
    SMALLEST_CLUMP,
    SMALLEST_SPREAD,
    TILT,
)
from .map_painting import split_maps
from .network_sizes import NetworkSizes
from .pixel_lattice import lattice_neighbours, pixel_lattice
from .shower_frame import N_ORIENTATION, centre_across, orientation, to_shower_frame

__all__ = [
    "CVAE",
    "LightMap",
    "Painting",
    "PixelView",
    "light_at_nodes",
    "local_context",
    "prior_context",
]

ENCODER_V, ENCODER_U = 17, 32
MOST_TIME = 5  # in units of its scale, that the encoder is told
FEW_PIXELS = 0.01  # near a node, where there is none


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
    common_spread : (B, P) tensor, ns
        Spread that all photo-electrons of a pixel have in common.
    correlation : (B, P) tensor
        Of what they have in common with that of the pixel that is followed (`time_links`).
    """

    fraction: torch.Tensor
    clump: torch.Tensor
    time: torch.Tensor
    time_spread: torch.Tensor
    common_spread: torch.Tensor
    correlation: torch.Tensor


class Painting(NamedTuple):
    """The decoder's maps of B images, before pixels read them.

    Attributes
    ----------
    features : (B, n_features) tensor
        What the maps are made of.
    light : (B, n_v, n_u) tensor
        Logarithm of its density.
    coarse : (B, 5, m_v, m_u) tensor
        Clump, time, its two spreads and their correlation, before they are scaled.
    displacement : (B, 3) tensor
        Of the maps, along and across, and their tilt.
    """

    features: torch.Tensor
    light: torch.Tensor
    coarse: torch.Tensor
    displacement: torch.Tensor


class PixelView(NamedTuple):
    """The camera as seen from the shower.

    Attributes
    ----------
    u, v : (B, P) tensors, deg
        Pixels along and across the shower.
    orientation : (B, 6) tensor
        Of `shower_frame.orientation`.
    centre_across : (B, 1) tensor, deg
        On which side, and how far, the camera's centre is.
    """

    u: torch.Tensor
    v: torch.Tensor
    orientation: torch.Tensor
    centre_across: torch.Tensor


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

    pixel_lon: torch.Tensor
    pixel_lat: torch.Tensor
    neighbours: torch.Tensor

    def __init__(self, sizes: NetworkSizes, pixel_lon: FloatArray, pixel_lat: FloatArray) -> None:
        super().__init__()
        self.sizes = sizes
        self.lattice = pixel_lattice(pixel_lon, pixel_lat)
        for name, place in (("pixel_lon", pixel_lon), ("pixel_lat", pixel_lat)):
            values = torch.as_tensor(np.asarray(place), dtype=torch.float32)
            self.register_buffer(name, values, persistent=False)
        neighbours = lattice_neighbours(pixel_lon, pixel_lat, self.lattice.spacing)
        self.register_buffer("neighbours", torch.as_tensor(neighbours), persistent=False)
        n_known = sizes.n_conditions + 1
        self.encoder = perceptron(
            2 * ENCODER_V * ENCODER_U + N_MOMENTS + n_known + N_ORIENTATION,
            (sizes.hidden,) * 2,
            2 * sizes.n_latent,
        )
        self.decoder = perceptron(
            sizes.n_latent + n_known + N_ORIENTATION, (sizes.hidden, sizes.hidden), sizes.n_features
        )
        self.painter = low_rank(sizes.n_features, sizes.rank, sum(sizes.map_numbers))
        if sizes.n_local:
            self.local = LocalLight(sizes.n_local, sizes.n_features, 1 + N_COARSE_MAPS)
            self.local_prior = LocalPrior(sizes.n_local, sizes.n_features + 1)
        self.prior = latent_prior(sizes.n_latent, n_known + 1)
        self.dark = nn.Parameter(torch.tensor(-8.0))
        self.dark_clump = nn.Parameter(torch.tensor(0.0))
        self.log_efficiency = nn.Parameter(torch.zeros(len(pixel_lon)))
        self.time_signal_odds = nn.Parameter(torch.tensor([0.0, 1.0]))
        self.time_tail = nn.Parameter(torch.tensor(1.0))

    def view(self, source_core: torch.Tensor, mirror: torch.Tensor) -> PixelView:
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
        across = centre_across(source_core, mirror)[:, None]
        angles = orientation(source_core, mirror, self.lattice)
        return PixelView(u, v, torch.stack(angles, dim=1), across)

    def encode(
        self, counts: torch.Tensor, times: torch.Tensor, view: PixelView, known: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
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
        scaled = self._scaled(times)
        x, y = self.map_position(view.u, view.v)
        cell = _cell((x + 1) / 2 * ENCODER_U, (y + 1) / 2 * ENCODER_V, (ENCODER_V, ENCODER_U))
        light, mean_time = _light_and_time(counts, scaled, cell, ENCODER_V * ENCODER_U)
        moments = light_moments(counts, scaled, view.u, view.v, self.lattice.spacing)
        seen = [torch.log1p(light), mean_time, moments, known, view.orientation]
        mean, log_variance = self.encoder(torch.cat(seen, dim=1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 5)

    def paint(
        self, latent: torch.Tensor, orientation: torch.Tensor, known: torch.Tensor
    ) -> Painting:
        """What the latents of the whole image say, a `Painting`.

        Parameters
        ----------
        latent : (B, Z) tensor
        orientation : (B, 6) tensor
            Of `PixelView`.
        known : (B, K) tensor
        """
        told = torch.cat([latent, known, orientation], dim=1)
        features = functional.silu(self.decoder(told))
        return self.painting(features, self.painter(features))

    def painting(self, features: torch.Tensor, numbers: torch.Tensor) -> Painting:
        """A `Painting` of features (B, n_features) and of all numbers of its maps, (B, M)."""
        return Painting(features, *split_maps(numbers, self.sizes))

    def encode_local(
        self, counts: torch.Tensor, times: torch.Tensor, view: PixelView, painting: Painting
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance of the latents of places, (B, `n_local`, V, U) each.

        Arguments as in `encode`; they are told what is painted already.
        """
        x, y = self.map_position(*self._displaced(view, painting.displacement))
        nodes = N_ACROSS, N_ALONG
        i, j = ((x + 1) / 2 * (N_ALONG - 1) + 0.5, (y + 1) / 2 * (N_ACROSS - 1) + 0.5)
        cell = _cell(i, j, nodes)
        light, time = _light_and_time(counts, self._scaled(times), cell, N_ACROSS * N_ALONG)
        pixels = _binned(torch.ones_like(counts), cell, N_ACROSS * N_ALONG)
        share = resampled(painting.light[:, None], nodes).flatten(1) + torch.log(
            pixels + FEW_PIXELS
        )
        seen = (light, time, functional.log_softmax(share, dim=1))
        expected_time = resampled(painting.coarse[:, 1:2], nodes)[:, 0]
        light, time, log_share = (values.reshape(-1, *nodes) for values in seen)
        return self.local.encode(light, time, log_share, expected_time, painting.features)

    def retouch(self, painting: Painting, local: torch.Tensor) -> Painting:
        """The `Painting` as latents of places (B, `n_local`, V, U) change it."""
        change = self.local.decode(local, light_at_nodes(painting), painting.features)
        return painting._replace(
            light=painting.light + resampled(change[:, :1], painting.light.shape[1:])[:, 0],
            coarse=painting.coarse + resampled(change[:, 1:], self.sizes.n_coarse),
        )

    def read(self, painting: Painting, view: PixelView) -> LightMap:
        """`LightMap` of B images: each pixel reads the maps at its place."""
        sizes = self.sizes
        x, y = self.map_position(*self._displaced(view, painting.displacement))
        where = torch.stack([x, y], dim=-1)[:, None]  # (B, 1, P, 2)
        log_light = _read(painting.light[:, None], where)[:, 0]
        clump, time, alone, common, link = _read(painting.coarse, where).unbind(dim=1)  # (B, P)
        outside = (x.abs() > 1) | (y.abs() > 1)
        log_light = torch.where(outside, self.dark, log_light) + self.log_efficiency
        clump = torch.where(outside, self.dark_clump, clump)
        return LightMap(
            functional.softmax(log_light, dim=1),
            functional.softplus(clump) + SMALLEST_CLUMP,
            time * sizes.time_scale + sizes.time_origin,
            functional.softplus(alone + 1) + SMALLEST_SPREAD,
            functional.softplus(common + 1) + SMALLEST_SPREAD,
            torch.sigmoid(link),
        )

    def map_position(self, u: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
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

    def _displaced(
        self, view: PixelView, displacement: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Places of the pixels (deg) on maps shifted along and across, and tilted."""
        # grid_sample does not check where it reads: keep it from places that are not numbers
        displacement = torch.nan_to_num(displacement).clamp(-FARTHEST, FARTHEST)
        shift_u, shift_v, tilt = displacement.split(1, dim=1)  # (B, 1) each
        unit = SHIFT * self.lattice.spacing
        v = view.v - unit * shift_v - TILT * tilt * (view.u - self.sizes.u_centre)
        return view.u - unit * shift_u, v

    def _scaled(self, times: torch.Tensor) -> torch.Tensor:
        scaled = (times - self.sizes.time_origin) / self.sizes.time_scale
        return scaled.clamp(-MOST_TIME, MOST_TIME)


def prior_context(known: torch.Tensor, view: PixelView) -> torch.Tensor:
    """What the latents' prior is told, (B, K + 1): known numbers, and where the camera's centre is.

    Light that a latent would put outside of the camera is not recorded.
    """
    return torch.cat([known, view.centre_across], dim=1)


def local_context(
    painting: Painting, centre_across: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the prior of latents of places is told, as `LocalPrior` takes it.

    Parameters
    ----------
    painting : Painting
    centre_across : (B, 1) tensor, deg
        As in `PixelView`.

    Returns
    -------
    painted_light : (B, V, U) tensor
        Of `light_at_nodes`.
    told : (B, n_features + 1) tensor
    """
    return light_at_nodes(painting), torch.cat([painting.features, centre_across], dim=1)


def light_at_nodes(painting: Painting) -> torch.Tensor:
    """Logarithm of the light at the nodes of the latents of places, 0 where most is, (B, V, U)."""
    light = resampled(painting.light[:, None], (N_ACROSS, N_ALONG))[:, 0]
    return light - light.amax(dim=(1, 2), keepdim=True)


def _cell(i: torch.Tensor, j: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """Cell of each pixel, (B, P), from places in cells along and across; one more for none."""
    n_across, n_along = shape
    inside = (i >= 0) & (i < n_along) & (j >= 0) & (j < n_across)
    return torch.where(inside, j.floor().long() * n_along + i.floor().long(), n_across * n_along)


def _light_and_time(
    counts: torch.Tensor, times: torch.Tensor, cell: torch.Tensor, n_cells: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Photo-electrons in each cell, and their mean time, (B, n_cells) each."""
    light = _binned(counts, cell, n_cells)
    return light, _binned(counts * times, cell, n_cells) / light.clamp(min=1)


def _binned(values: torch.Tensor, cell: torch.Tensor, n_cells: int) -> torch.Tensor:
    """Sum of pixel values (B, P) in cells, (B, n_cells)."""
    grid = values.new_zeros(len(values), n_cells + 1)
    return grid.scatter_add_(1, cell, values)[:, :-1]


def _read(maps: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """Maps (B, M, n_v, n_u) at places (B, 1, P, 2), bilinear: (B, M, P)."""
    seen = functional.grid_sample(maps, where, align_corners=True, padding_mode="border")
    return seen[:, :, 0]


def _arsinh(x: torch.Tensor) -> torch.Tensor:
    size = x.abs()  # torch.asinh takes ten times as long
    return torch.copysign(torch.log(size + torch.sqrt(size * size + 1)), x)
