"""Samples of the flows of flows.py, compiled: many small networks, one after the other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from .array_types import FloatArray, IntArray
from .spline_inverse import invert_splines

if TYPE_CHECKING:
    import zuko
    from torch import nn

__all__ = ["FlowArrays", "flow_arrays", "flow_sample"]


class FlowArrays(NamedTuple):
    """L layers of a flow of F features told of C numbers, in the order of sampling.

    Attributes
    ----------
    order : (L, F) int array
        Pass in which each feature is drawn; it depends on those before.
    weights : tuple of three (L, inputs, outputs) float32 arrays
        Of the networks from features and context, F + C numbers, to those of the splines.
    biases : tuple of three (L, outputs) float32 arrays
    """

    order: IntArray
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]


def flow_arrays(flow: "zuko.flows.Flow") -> FlowArrays:
    """`FlowArrays` of a flow with networks of two hidden layers."""
    layers = flow.transform.transforms[::-1]
    networks = [[part for part in layer.hyper if hasattr(part, "weight")] for layer in layers]
    weights = [[_weight(part) for part in network] for network in networks]
    n_features = flow.base().event_shape.numel()
    order = np.zeros((len(layers), n_features), dtype=np.int64)
    for i, layer in enumerate(layers):
        if hasattr(layer, "passes"):
            order[i] = layer.order.cpu().numpy()
        else:  # told of the context only
            weights[i][0] = np.pad(weights[i][0], ((n_features, 0), (0, 0)))
    biases = [[part.bias.detach().cpu().numpy() for part in network] for network in networks]
    return FlowArrays(order, _stacked(weights), _stacked(biases))


def flow_sample(arrays: FlowArrays, context: FloatArray, noise: FloatArray) -> FloatArray:
    """Sample a flow from given standard normal noise, so that the seed is ours.

    The same as zuko's ``flow(context).transform.inv(noise)``.

    Parameters
    ----------
    arrays : FlowArrays
    context : (B, C) float32 array
    noise : (B, F) float32 array

    Returns
    -------
    (B, F) float32 array
    """
    told = np.zeros((len(noise), noise.shape[1] + context.shape[1]), np.float32)
    told[:, noise.shape[1] :] = context
    return _sample(arrays.order, arrays.weights, arrays.biases, told, noise)


def _weight(linear: "nn.Linear") -> FloatArray:
    """Inputs by outputs, without those that zuko masks."""
    weight = linear.weight.detach() * getattr(linear, "mask", 1)
    return np.ascontiguousarray(weight.cpu().numpy().T)


def _stacked(layers: Iterable[Iterable[FloatArray]]) -> tuple[FloatArray, ...]:
    return tuple(np.stack(arrays) for arrays in zip(*layers))


@njit(cache=True, nogil=True)
def _sample(
    order: IntArray,
    weights: tuple[FloatArray, ...],
    biases: tuple[FloatArray, ...],
    told: FloatArray,
    value: FloatArray,
) -> FloatArray:
    n_features = value.shape[1]
    for layer in range(len(order)):
        told[:, :n_features] = 0
        for number in range(order[layer].max() + 1):
            hidden = _linear(told, weights[0][layer], biases[0][layer])
            hidden = _linear(np.maximum(hidden, np.float32(0)), weights[1][layer], biases[1][layer])
            hidden = np.maximum(hidden, np.float32(0))
            features = np.nonzero(order[layer] == number)[0]
            some = slice(features[0], features[-1] + 1)
            weight = weights[2][layer].reshape(len(weights[2][layer]), n_features, -1)[:, some]
            bias = biases[2][layer].reshape(n_features, -1)[some].copy().reshape(-1)
            parameters = _linear(hidden, weight.copy().reshape(len(weight), -1), bias)
            parameters = parameters.reshape(len(value), some.stop - some.start, -1)
            chosen = order[layer][some] == number
            invert_splines(parameters, value[:, some], chosen, told[:, some])
        value = told[:, :n_features].copy()
    return value


@njit(cache=True, nogil=True, fastmath=True)
def _linear(inputs: FloatArray, weight: FloatArray, bias: FloatArray) -> FloatArray:
    """Row by row, so that it does not matter how many rows there are."""
    outputs = np.empty((len(inputs), len(bias)), np.float32)
    for i in range(len(inputs)):
        outputs[i] = bias
        for k in range(len(weight)):
            for j in range(len(bias)):
                outputs[i, j] += inputs[i, k] * weight[k, j]
    return outputs
