"""Trained parameters go out of a torch module, and into one, as plain numpy arrays."""

from typing import TypeVar

import torch
from torch import nn

from .array_types import Columns

__all__ = ["load_arrays", "save_arrays"]

Module = TypeVar("Module", bound=nn.Module)


def save_arrays(module: nn.Module) -> Columns:
    """Trained parameters of a module as a dictionary of numpy arrays; 0 where they are masked."""
    masks = {f"{name}.weight": getattr(part, "mask", 1) for name, part in module.named_modules()}
    return {
        name: (value.detach() * masks.get(name, 1)).cpu().numpy()
        for name, value in module.named_parameters()
    }


def load_arrays(module: Module, arrays: Columns) -> Module:
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
