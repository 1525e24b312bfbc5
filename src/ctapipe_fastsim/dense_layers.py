"""Trained perceptrons are evaluated here with numpy, so that generating needs no torch."""

import numpy as np
from numba import njit

from .array_types import Columns, FloatArray
from .elementwise import exponential

__all__ = ["DenseLayers", "checked_weight", "dense_layers", "forward", "silu"]

# weights, inputs by outputs, and biases, both float32
DenseLayers = tuple[tuple[FloatArray, FloatArray], ...]


def dense_layers(arrays: Columns, prefix: str, n_input: int, n_output: int | None) -> DenseLayers:
    """Layers of a perceptron with two hidden ones, of `layers.perceptron` or zuko.

    Parameters
    ----------
    arrays : dict of str to array
        Of `module_arrays.save_arrays`.
    prefix : str
        Of their names.
    n_input : int
    n_output : int or None
        None for any number.

    Returns
    -------
    DenseLayers

    Raises
    ------
    ValueError
        When a name is missing, or a shape does not fit.
    """
    layers: list[tuple[FloatArray, FloatArray]] = []
    for number in (0, 2, 4):
        name = f"{prefix}.{number}"
        bias = checked_weight(arrays, f"{name}.bias", (n_output if number == 4 else None,))
        layers.append(
            (checked_weight(arrays, f"{name}.weight", (len(bias), n_input)).T.copy(), bias)
        )
        n_input = len(bias)
    return tuple(layers)


def checked_weight(arrays: Columns, name: str, shape: tuple[int | None, ...]) -> FloatArray:
    """One array of trained numbers, float32, of a shape where None stands for any length.

    Raises
    ------
    ValueError
        When it is missing, or has another shape.
    """
    if name not in arrays:
        raise ValueError(f"weight {name!r} is missing")
    found = np.shape(arrays[name])
    if len(found) != len(shape) or any(m == 0 or n not in (None, m) for n, m in zip(shape, found)):
        expected = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"weight {name!r} has shape {found}, not ({expected})")
    return np.asarray(arrays[name], np.float32, order="C")


def forward(layers: DenseLayers, inputs: FloatArray) -> FloatArray:
    """Outputs (B, n_output) of a perceptron for inputs (B, n_input), float32."""
    *hidden, (last, bias) = layers
    for matrix, offset in hidden:
        inputs = inputs @ matrix + offset
        silu(inputs)
    return inputs @ last + bias


@njit(cache=True, nogil=True, error_model="numpy")
def silu(values: FloatArray) -> None:
    """Replace each x of a (B, N) float32 array by x / (1 + exp -x)."""
    for i in range(len(values)):
        inverse = -values[i]
        exponential(inverse)
        inverse += np.float32(1)
        values[i] /= inverse
