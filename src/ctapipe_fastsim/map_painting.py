"""The decoder paints maps, as `CVAE.paint` does but with numpy, on the CPU.

Nearly all of it is one product; on processors of AMD torch takes a third longer.
"""

from typing import NamedTuple

import numpy as np

from .array_types import ArrayOrTensor, Columns, FloatArray
from .dense_layers import DenseLayers, checked_weight, dense_layers, forward, silu
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
    n_told = sizes.n_latent + sizes.n_conditions + 1 + N_ORIENTATION
    n_numbers = sum(sizes.map_numbers)
    maps = checked_weight(network, "painter.1.weight", (n_numbers, sizes.rank))
    return MapPainter(
        dense_layers(network, "decoder", n_told, sizes.n_features),
        checked_weight(network, "painter.0.weight", (sizes.rank, sizes.n_features)).T.copy(),
        np.vstack([maps.T, checked_weight(network, "painter.1.bias", (n_numbers,))]),
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
    features = forward(painter.layers, np.hstack([latent, known, orientation]))
    silu(features)
    mixed = np.ones((len(features), len(painter.maps)), np.float32)
    mixed[:, :-1] = features @ painter.mixture
    return features, mixed @ painter.maps


def split_maps(
    numbers: ArrayOrTensor, sizes: NetworkSizes
) -> tuple[ArrayOrTensor, ArrayOrTensor, ArrayOrTensor]:
    """Light, coarse maps and displacement of numbers (B, M), as in `network.Painting`.

    Works alike on numpy arrays and torch tensors.
    """
    n_light, n_coarse, _ = sizes.map_numbers
    light, others = numbers[:, :n_light], numbers[:, n_light:]
    return (
        light.reshape(-1, sizes.n_v, sizes.n_u),
        others[:, :n_coarse].reshape(-1, N_COARSE_MAPS, *sizes.n_coarse),
        others[:, n_coarse:],
    )
