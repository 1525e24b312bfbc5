"""HDF5 files are looked at first, since PyTables unpickles attributes and follows links."""

import mmap
import pickletools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .hdf5_storage import check_storage

if TYPE_CHECKING:
    import h5py

__all__ = ["all_names", "all_nodes", "pickles", "refuse_hostile_input"]

MOST_NODES, DEEPEST = 10_000, 16  # a thousand telescopes have some 7000 tables, groups in groups
MOST_PACKED = 100  # images of few photo-electrons alone take up to 60 times their size

READ_AS_TEXT = {"CLASS", "VERSION", "PYTABLES_FORMAT_VERSION"}  # whatever they are

# operations of pickles: what looks up a class or function, and what calls it
LOOK_UPS = {"INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}
CALLS = {"REDUCE", "BUILD", "OBJ", "NEWOBJ", "NEWOBJ_EX"}


def all_names(h5file: "h5py.File", path: Path | str) -> list[str]:
    """Names of all links of an open `h5py.File`, which is walked no further than is harmless.

    Parameters
    ----------
    h5file : h5py.File
    path : path
        For messages.

    Returns
    -------
    list of str
        Without the leading slash.

    Raises
    ------
    InputError
        When groups lie deeper in each other, or are more, than in any file of ctapipe: HDF5 may
        then take hours, or end the interpreter.
    """
    names: list[str] = []

    def look_at(name: str) -> bool | None:  # an error must not be raised within visit_links
        names.append(name)
        return len(names) > MOST_NODES or name.count("/") >= DEEPEST or None

    if h5file.visit_links(look_at):
        raise InputError(
            f"{path}: has over {MOST_NODES} groups and tables, or groups over {DEEPEST} deep; "
            "give a file that ctapipe wrote"
        )
    return names


def all_nodes(
    h5file: "h5py.File", names: Sequence[str], path: Path | str
) -> "list[h5py.Group | h5py.Dataset]":
    """Groups and datasets of an open `h5py.File`, but for those behind soft or external links.

    Parameters
    ----------
    h5file : h5py.File
    names : sequence of str
        Of `all_names`.
    path : path
        For messages.

    Returns
    -------
    list of h5py.Group and h5py.Dataset

    Raises
    ------
    InputError
        When one has two names: groups may then lie in a circle.
    """
    import h5py  # here, since ctapipe imports this package for every file it looks at

    nodes = [h5file["/"]]
    addresses = {h5py.h5o.get_info(h5file.id).addr}
    for name in names:
        if isinstance(h5file.get(name, getlink=True), h5py.HardLink):
            nodes.append(h5file[name])
            address = h5py.h5o.get_info(nodes[-1].id).addr
            if address in addresses:
                raise InputError(f"{path}: holds {name!r} under two names, as ctapipe never does")
            addresses.add(address)
    return nodes


def pickles(node: "h5py.Group | h5py.Dataset") -> dict[str, bytes]:
    """Attributes that PyTables would take for pickles.

    Parameters
    ----------
    node : h5py.Group or h5py.Dataset

    Returns
    -------
    dict of str to bytes

    Raises
    ------
    ValueError
        When there are attributes on which PyTables ends the interpreter.
    """
    found = {}
    for name in node.attrs:
        if isinstance(name, bytes):
            raise ValueError("the name of an attribute is not text")
        value = _ascii(node, name)
        if value is not None and value.rstrip(b"\0").endswith(b"."):
            found[name] = value.rstrip(b"\0")
    return found


def _ascii(node: "h5py.Group | h5py.Dataset", name: str) -> bytes | None:
    """The attribute if it is text of that kind, after a look at its type and shape."""
    import h5py

    attribute = node.attrs.get_id(name)
    kind = attribute.get_type()
    is_text = isinstance(kind, h5py.h5t.TypeStringID)
    if name in READ_AS_TEXT and not (is_text and attribute.shape == ()):
        raise ValueError(f"attribute {name!r} of {node.name!r} is not a text")
    if not is_text:
        return None
    value = node.attrs[name]
    if kind.is_variable_str() and not all(np.ravel(value)):  # may be a null pointer
        raise ValueError(f"attribute {name!r} of {node.name!r} is a text of no length")
    return np.bytes_(value) if kind.get_cset() == h5py.h5t.CSET_ASCII else None


def refuse_hostile_input(path: Path | str) -> None:
    """Look whether reading an HDF5 file would run code, open other files or take much memory.

    ctapipe's own files hold pickles that name classes of ctapipe, which do no harm.

    Parameters
    ----------
    path : path

    Raises
    ------
    InputError
        When it would.
    ValueError
        When it is not valid HDF5, or does not hold what it says.
    """
    import h5py

    try:
        with h5py.File(path, "r") as h5file:
            _look_at(h5file, path)
    except (InputError, ValueError):
        raise
    except Exception as error:  # whatever HDF5 makes of it
        raise ValueError("it is not valid HDF5") from error


def _look_at(h5file: "h5py.File", path: Path | str) -> None:
    import h5py

    if h5file.userblock_size:
        raise ValueError("it does not start as HDF5")
    names = all_names(h5file, path)
    for name in names:
        if isinstance(h5file.get(name, getlink=True), h5py.ExternalLink):
            raise InputError(f"{path}: {name!r} is a link to another file; merge the files first")
    nodes = all_nodes(h5file, names, path)
    for node in nodes:
        for name, value in pickles(node).items():
            if _runs_code(value):
                raise InputError(
                    f"{path}: attribute {name!r} of {node.name!r} would run code; do not use it"
                )
    datasets = [node for node in nodes if isinstance(node, h5py.Dataset)]
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        check_storage(datasets, content, MOST_PACKED * len(content))


def _runs_code(pickle: bytes) -> bool:
    """Whether unpickling does more than to make numbers, texts or classes of ctapipe."""
    looked_up = called = False
    try:
        for operation, argument, _ in pickletools.genops(pickle):
            if operation.name == "GLOBAL":
                looked_up = True
                if not str(argument).startswith("ctapipe."):
                    return True
            called |= operation.name in CALLS
            if operation.name in LOOK_UPS or (looked_up and called):
                return True
    except ValueError:  # here unpickling ends, too
        pass
    return False
