"""The decoder paints maps, as `CVAE.paint` does but with numpy, on the CPU.

Nearly all of it is one product; on processors of AMD torch takes a third longer.
"""

from typing import NamedTuple

import numpy as np

from .array_types import Columns, FloatArray
from .dense_layers import DenseLayers, dense_layers, perceive, silu, weight
from .map_numbers import N_COARSE_MAPS
from .network_sizes import NetworkSizes
from .shower_frame import N_ORIENTATION

__all__ = ["MapPainter", "map_painter", "paint_maps", "split_maps"]


class MapPainter(NamedTuple):
    """Weights of the decoder, inputs by outputs.

    Attributes
    ----------
    layers : DenseLayers
        Up to the features.
    mixture : (n_features, rank) float32 array
    maps : (rank + 1, M) float32 array
        M numbers, of all maps; the last row are the biases.
    """

    layers: DenseLayers
    mixture: FloatArray
    maps: FloatArray


def map_painter(network: Columns, sizes: NetworkSizes) -> MapPainter:
    """`MapPainter` of weights of a `network.CVAE`.

    Raises
    ------
    ValueError
        When they are not of these sizes.
    """
    n_told, n_numbers = (
        sizes.n_latent + sizes.n_conditions + 1 + N_ORIENTATION,
        sum(sizes.map_numbers),
    )
    maps = weight(network, "painter.1.weight", (n_numbers, sizes.rank))
    return MapPainter(
        dense_layers(network, "decoder", n_told, sizes.n_features),
        weight(network, "painter.0.weight", (sizes.rank, sizes.n_features)).T.copy(),
        np.vstack([maps.T, weight(network, "painter.1.bias", (n_numbers,))]),
    )


def paint_maps(
    painter: MapPainter, latent: FloatArray, orientation: FloatArray, known: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Features (B, n_features) and numbers of all maps, (B, M), as `CVAE.painting` takes them.

    Parameters
    ----------
    painter : MapPainter
    latent, orientation, known : (B, Z), (B, 6) and (B, K) float32 arrays
        As for `CVAE.paint`.
    """
    features = perceive(painter.layers, np.hstack([latent, known, orientation]))
    silu(features)
    mixed = np.ones((len(features), len(painter.maps)), np.float32)
    mixed[:, :-1] = features @ painter.mixture
    return features, mixed @ painter.maps


def split_maps(
    numbers: FloatArray, sizes: NetworkSizes
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Light, coarse maps and displacement of numbers (B, M), as in `network.Painting`."""
    light, coarse, displacement = np.split(numbers, np.cumsum(sizes.map_numbers)[:-1], axis=1)
    return (
        light.reshape(-1, sizes.n_v, sizes.n_u),
        coarse.reshape(-1, N_COARSE_MAPS, *sizes.n_coarse),
        displacement,
    )
