"""State of an unfinished training, saved and read: a sealed HDF5 file beside the output."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tables

from .array_types import Tree
from .errors import InputError, reason
from .sealed_file import open_sealed, read_tree, sealed_bytes, write_atomically, write_tree

__all__ = ["read_checkpoint", "write_checkpoint"]

FORMAT_VERSION = 1
LARGEST = 2**30  # bytes: four times the weights of all telescope types


def write_checkpoint(path: Path | str, purpose: dict[str, Any], states: dict[str, Tree]) -> None:
    """Write the states of all telescope types.

    Parameters
    ----------
    path : path
    purpose : dict
        JSON-able description of the training; resuming another one is refused.
    states : dict of str to nested dict of arrays
        By telescope type.
    """

    def fill(h5file: tables.File) -> None:
        text = json.dumps({"purpose": purpose, "types": list(states)})
        h5file.create_array("/", "header", np.frombuffer(text.encode(), np.uint8))
        h5file.create_group("/", "states")
        for i, state in enumerate(states.values()):
            write_tree(h5file, f"/states/state_{i}", state)

    write_atomically(path, sealed_bytes("checkpoint", FORMAT_VERSION, fill))


def read_checkpoint(path: Path | str, purpose: dict[str, Any]) -> dict[str, Tree]:
    """States written by `write_checkpoint`.

    Raises
    ------
    InputError
        When the file is not a checkpoint, damaged, or of another training.
    """
    h5file, _ = open_sealed(path, "checkpoint", FORMAT_VERSION, LARGEST)
    with h5file:
        try:
            header = json.loads(bytes(h5file.root.header.read().astype(np.uint8)))
            found = dict(header["purpose"])
            states = {
                name: read_tree(h5file, f"/states/state_{i}")
                for i, name in enumerate(header["types"])
            }
        except Exception as error:  # whatever HDF5 and json make of it
            raise InputError(
                f"{path}: not a valid checkpoint ({reason(error)}); start without --resume"
            ) from error
    for name, value in purpose.items():
        if found.get(name) != value:
            raise InputError(
                f"{path}: is of a training with other {name}; "
                "resume with the same input and options, or start without --resume"
            )
    return states
