"""The decoder paints maps, as `CVAE.paint` does but with numpy, on the CPU.

Nearly all of it is one product; on processors of AMD torch takes a third longer.
"""

from typing import NamedTuple, cast

import numpy as np
import torch
from torch import nn

from .array_types import FloatArray
from .network import CVAE, Painting

__all__ = ["MapPainter", "map_painter", "paint_maps"]


class MapPainter(NamedTuple):
    """Weights of the decoder, inputs by outputs.

    Attributes
    ----------
    layers : tuple of pairs of float32 arrays
        Weights and biases up to the features.
    mixture : (n_features, rank) float32 array
    maps : (rank + 1, M) float32 array
        M numbers, of all maps; the last row are the biases.
    """

    layers: tuple[tuple[FloatArray, FloatArray], ...]
    mixture: FloatArray
    maps: FloatArray


def map_painter(cvae: CVAE) -> MapPainter:
    """`MapPainter` of a CVAE."""
    layers = [layer for layer in cvae.decoder if isinstance(layer, nn.Linear)]
    mixture, maps = cast(list[nn.Linear], list(cvae.painter))
    return MapPainter(
        tuple((_array(layer.weight.T), _array(layer.bias)) for layer in layers),
        _array(mixture.weight.T),
        np.vstack([_array(maps.weight.T), _array(maps.bias)]),
    )


def paint_maps(
    painter: MapPainter, cvae: CVAE, latent: FloatArray, orientation: FloatArray, known: FloatArray
) -> Painting:
    """`CVAE.paint` of float32 arrays, with the weights of a `MapPainter`."""
    features = np.hstack([latent, known, orientation])
    for weight, bias in painter.layers:
        linear = features @ weight + bias
        with np.errstate(over="ignore"):
            features = linear / (1 + np.exp(-linear))  # SiLU
    mixed = np.ones((len(features), len(painter.maps)), np.float32)
    mixed[:, :-1] = features @ painter.mixture
    return cvae.painting(*map(torch.from_numpy, (features, mixed @ painter.maps)))


def _array(parameter: torch.Tensor) -> FloatArray:
    return np.ascontiguousarray(parameter.detach().cpu().numpy())
