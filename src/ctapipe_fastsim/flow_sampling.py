"""Samples of the flows of flows.py, compiled: many small networks, one after the other."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numba import njit

from .array_types import Array, Columns, FloatArray, IntArray
from .dense_layers import dense_layers
from .spline_inverse import invert_splines

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
    ready : tuple of two (L, passes) int arrays
        How many units of each hidden layer depend on features of passes before only; they come
        first.
    """

    order: IntArray
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    ready: tuple[IntArray, ...]


def flow_arrays(arrays: Columns, n_features: int, n_context: int, prefix: str = "") -> FlowArrays:
    """`FlowArrays` of the weights of a flow with networks of two hidden layers.

    Parameters
    ----------
    arrays : dict of str to array
        Of `module_arrays.save_arrays`, by zuko's names.
    n_features, n_context : int
        F and C.
    prefix : str
        Of the names.

    Returns
    -------
    FlowArrays

    Raises
    ------
    ValueError
        When a name is missing, a shape does not fit, or features depend on each other in a circle.
    """
    names = [f"{prefix}transform.transforms.{i}.hyper" for i in range(len(arrays) + 1)]
    n_layers = sum(f"{name}.0.weight" in arrays for name in names)
    orders, sorted_layers = [], []
    for name in names[: max(1, n_layers)][::-1]:
        network = _network(arrays, name, n_features, n_context)
        orders.append(_passes(network[0], n_features))
        sorted_layers.append(_sorted_by_pass(orders[-1], *network))
    weights, biases, ready = (_stacked(part) for part in zip(*sorted_layers))
    return FlowArrays(np.stack(orders), weights, biases, ready)


def _network(
    arrays: Columns, name: str, n_features: int, n_context: int
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Weights, inputs by outputs, and biases; inputs are features, then context."""
    unseen = n_features if n_features == 1 else 0  # told of the context only
    layers = dense_layers(arrays, name, n_features + n_context - unseen, None)
    weights, biases = (list(part) for part in zip(*layers))
    if len(biases[-1]) % n_features or (len(biases[-1]) // n_features + 1) % 3:
        raise ValueError(f"weight {name!r} gives {len(biases[-1])} numbers, which are no splines")
    weights[0] = np.pad(weights[0], ((unseen, 0), (0, 0)))
    return weights, biases


def _passes(weights: list[FloatArray], n_features: int) -> IntArray:
    """Pass in which each feature can be drawn: after all that it depends on."""
    reach = [weight != 0 for weight in weights]
    depends = reach[0][:n_features] @ reach[1] @ reach[2]
    depends = depends.reshape(n_features, n_features, -1).any(axis=2)  # on the first
    passes = np.zeros(n_features, np.int64)
    for _ in range(n_features):
        later = np.where(depends, passes[:, None] + 1, 0).max(axis=0)
        if (later == passes).all():
            return passes
        passes = later
    raise ValueError("features of a flow depend on each other in a circle")


def _sorted_by_pass(
    order: IntArray, weights: list[FloatArray], biases: list[FloatArray]
) -> tuple[list[FloatArray], list[FloatArray], list[Array]]:
    """Hidden units in the order in which all that they depend on is drawn, and ``ready``."""
    n_context = len(weights[0]) - len(order)
    known_in = np.concatenate([order + 1, np.zeros(n_context, np.int64)])  # pass, of each input
    ready = []
    for i in range(2):
        needs = np.where(weights[i] != 0, known_in[:, None], 0)
        units = np.argsort(needs.max(axis=0), kind="stable")
        weights[i], biases[i] = weights[i][:, units], biases[i][units]
        weights[i + 1] = weights[i + 1][units]
        known_in = needs.max(axis=0)[units]
        ready.append(np.searchsorted(known_in, np.arange(len(order)), side="right"))
    return weights, biases, ready


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
    told = np.zeros((noise.shape[1] + context.shape[1], len(noise)), np.float32)
    told[noise.shape[1] :] = context.T
    return _sample(*arrays, told, noise)


def _stacked(layers: Iterable[Iterable[Array]]) -> tuple[Array, ...]:
    return tuple(np.stack(arrays) for arrays in zip(*layers))


@njit(cache=True, nogil=True)
def _sample(
    order: IntArray,
    weights: tuple[FloatArray, ...],
    biases: tuple[FloatArray, ...],
    ready: tuple[IntArray, ...],
    told: FloatArray,
    value: FloatArray,
) -> FloatArray:
    n_images, n_features = value.shape
    n_outputs = biases[2].shape[1] // n_features  # for each feature
    first, second = np.empty((2, weights[1].shape[1], n_images), np.float32)
    for layer in range(len(order)):
        told[:n_features] = 0
        drawn = np.zeros((n_images, n_features), np.float32)
        done_first, done_second = 0, 0
        for number in range(order[layer].max() + 1):
            units = slice(done_first, ready[0][layer, number])
            _linear(told, weights[0][layer][:, units], biases[0][layer][units], first[units])
            np.maximum(first[units], np.float32(0), first[units])
            done_first = units.stop
            units = slice(done_second, ready[1][layer, number])
            weight = weights[1][layer][:done_first, units]
            _linear(first[:done_first], weight, biases[1][layer][units], second[units])
            np.maximum(second[units], np.float32(0), second[units])
            done_second = units.stop
            features = np.nonzero(order[layer] == number)[0]
            some = slice(features[0], features[-1] + 1)
            of_features = weights[2][layer].reshape(-1, n_features, n_outputs)[:done_second, some]
            weight = of_features.copy().reshape(done_second, -1)
            bias = biases[2][layer].reshape(n_features, n_outputs)[some].copy().reshape(-1)
            outputs = np.empty((len(bias), n_images), np.float32)
            _linear(second[:done_second], weight, bias, outputs)
            parameters = outputs.T.copy().reshape(n_images, some.stop - some.start, n_outputs)
            chosen = order[layer][some] == number
            invert_splines(parameters, value[:, some], chosen, drawn[:, some])
            told[some] = drawn[:, some].T
        value = drawn
    return value


@njit(cache=True, nogil=True, fastmath=True)
def _linear(inputs: FloatArray, weight: FloatArray, bias: FloatArray, outputs: FloatArray) -> None:
    """Inputs and outputs (units, images): it does not matter how many images there are."""
    fours = len(inputs) - len(inputs) % 4
    for j in range(len(bias)):
        output = outputs[j]
        output[:] = bias[j]
        for k in range(0, fours, 4):  # each output is read and written for four inputs at once
            a, b, c, d = weight[k, j], weight[k + 1, j], weight[k + 2, j], weight[k + 3, j]
            for i in range(len(output)):
                output[i] += (a * inputs[k, i] + b * inputs[k + 1, i]) + (
                    c * inputs[k + 2, i] + d * inputs[k + 3, i]
                )
        for k in range(fours, len(inputs)):
            for i in range(len(output)):
                output[i] += weight[k, j] * inputs[k, i]
