"""Names for types of arrays; docstrings say which shape and unit they have."""

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

__all__ = [
    "Array",
    "ArrayOrTensor",
    "BoolArray",
    "Columns",
    "FloatArray",
    "IntArray",
    "Number",
    "Real",
    "Rows",
    "Tree",
    "Vector",
    "Whole",
]

Array = NDArray[Any]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]

# one number, Python's or numpy's
Real = float | np.floating
Whole = int | np.integer

# what works alike for one number and for many
Number = float | FloatArray

# what picks some rows of an array
Rows = slice | IntArray | BoolArray

# three components, where an array would be slower
Vector = tuple[float, float, float]

# arrays by name; a tree has such dictionaries as values, too
Columns = dict[str, Array]
Tree = dict[str, Any]

ArrayOrTensor = TypeVar("ArrayOrTensor", FloatArray, "torch.Tensor")
