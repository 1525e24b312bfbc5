"""HDF5 files with a seal: a first block with the kind, format version and hash of the rest.

The block is an HDF5 user block, so any HDF5 program opens these files. A file is written
under a temporary name and moved, and checked as a whole before HDF5 ever sees its bytes.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tables

from .array_types import Tree
from .errors import InputError, reason
from .hdf5_storage import check_storage
from .safe_hdf5 import all_names, all_nodes, pickles
from .temporary_name import temporary_name

if TYPE_CHECKING:
    import h5py

__all__ = [
    "is_sealed",
    "open_sealed",
    "read_tree",
    "sealed_bytes",
    "write_atomically",
    "write_tree",
]

MAGIC = b"ctapipe-fastsim "
BLOCK = 512
LARGEST = 2**28  # bytes of a file: while it is read, not a gigabyte is taken
UNPACKED = 1.5  # times the largest file, that what it holds may take; weights hardly shrink
NUMBERS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "float32", "float64")
DOT = "__"  # names of weights hold dots, names of HDF5 nodes better do not

_file_numbers = itertools.count()  # HDF5 takes files in memory of one name for the same file


def is_sealed(path: Path | str, kind: str) -> bool:
    """Whether a file starts with our seal of a kind ("model"); False if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(BLOCK).startswith(MAGIC + kind.encode() + b" ")
    except OSError:
        return False


def sealed_bytes(kind: str, version: int, fill: Callable[[tables.File], None]) -> bytes:
    """Content of a sealed file.

    Parameters
    ----------
    kind : str
    version : int
    fill : callable
        Gets an empty, open `tables.File` in memory and writes to it.

    Returns
    -------
    bytes
    """
    with tables.open_file(
        _memory_name(), "w", driver="H5FD_CORE", driver_core_backing_store=0
    ) as h5file:
        fill(h5file)
        h5file.flush()
        content = h5file.get_file_image()
    return _seal(kind, version, hashlib.sha256(content).hexdigest()) + content


def _seal(kind: str, version: int | str, digest: str) -> bytes:
    """The first block."""
    return (MAGIC + f"{kind} {version} {digest}\n".encode()).ljust(BLOCK - 1) + b"\n"


def _memory_name() -> str:
    return f"fastsim-{next(_file_numbers)}.h5"


def write_atomically(path: Path | str, content: bytes) -> None:
    """Write bytes under a temporary name beside ``path``, then move: all or nothing.

    Raises
    ------
    InputError
        When the file cannot be written; what stood there before is untouched.
    """
    path = Path(path)
    temporary = temporary_name(path)
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); nothing was left"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # whatever kept it from being written
            temporary.unlink()


def open_sealed(
    path: Path | str, kind: str, newest_version: int, largest: int = LARGEST
) -> tuple[tables.File, str]:
    """Check a sealed file and open its content.

    Parameters
    ----------
    path : path
    kind : str
    newest_version : int
        Of the format, that can be read.
    largest : int
        Bytes that the file may have.

    Returns
    -------
    h5file : tables.File
        In memory; the caller closes it.
    digest : str
        SHA-256 of the content.

    Raises
    ------
    InputError
        When it is not a sealed file of this kind, newer than this package, too large, or damaged.
    """
    content, digest = _checked_content(Path(path), kind, newest_version, largest)
    _refuse_dangerous(content, path, int(UNPACKED * largest))
    h5file = tables.open_file(
        _memory_name(), driver="H5FD_CORE", driver_core_image=content, driver_core_backing_store=0
    )
    return h5file, digest


def _checked_content(path: Path, kind: str, newest_version: int, largest: int) -> tuple[bytes, str]:
    try:
        if path.stat().st_size > largest:
            raise InputError(f"{path}: larger than {largest} bytes, not a fastsim {kind}")
        with open(path, "rb") as file:
            block, content = file.read(BLOCK), file.read()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); give a {kind} file"
        ) from error
    words = block.split(b"\n")[0].split(b" ")
    if not block.startswith(MAGIC + kind.encode() + b" ") or len(words) != 4:
        raise InputError(f"{path}: not a fastsim {kind}; make one with ctapipe-fastsim-train")
    version, digest = words[2].decode("ascii", "replace"), words[3].decode("ascii", "replace")
    if not version.isdigit() or not 1 <= int(version) <= newest_version:
        raise InputError(
            f"{path}: format version {version}, but this ctapipe-fastsim reads up to "
            f"{newest_version}; update the package"
        )
    sealed = block == _seal(kind, version, digest)
    if not sealed or hashlib.sha256(content).hexdigest() != digest:
        raise InputError(f"{path}: damaged or cut short (its hash differs); copy or train it again")
    return content, digest


def _refuse_dangerous(content: bytes, path: Path | str, largest: int) -> None:
    """PyTables unpickles attributes and follows links, so look at the file with h5py first."""
    import h5py  # here, since ctapipe imports this module for every file it looks at

    try:
        with h5py.File(h5py.h5f.open_file_image(content)) as h5file:
            nodes = _plain_nodes(h5file, path)
            datasets = [node for node in nodes if isinstance(node, h5py.Dataset)]
            if h5file.userblock_size:
                raise ValueError("it does not start as HDF5")
            for dataset in datasets:
                if dataset.dtype.hasobject:
                    raise ValueError(f"{dataset.name!r} is not a plain array")
            check_storage(datasets, content, largest)
    except InputError:
        raise
    except Exception as error:  # whatever HDF5 makes of it
        raise InputError(
            f"{path}: not valid HDF5 inside ({reason(error)}); copy or train it again"
        ) from error


def _plain_nodes(h5file: "h5py.File", path: Path | str) -> "list[h5py.Group | h5py.Dataset]":
    """All groups and datasets, without links and pickles."""
    import h5py

    names = all_names(h5file, path)
    for name in names:
        if not isinstance(h5file.get(name, getlink=True), h5py.HardLink):
            raise InputError(f"{path}: holds a link at {name!r}, which a model must not")
    nodes = all_nodes(h5file, names, path)
    for node in nodes:
        for name in pickles(node):
            raise InputError(f"{path}: attribute {name!r} of {node.name!r} may be a pickle")
    return nodes


def write_tree(
    h5file: tables.File, where: str, tree: Tree, filters: tables.Filters | None = None
) -> None:
    """Write a nested dictionary of number arrays below the group ``where``.

    Names may hold dots but no double underscores, which stand for dots in the file.
    ``filters`` are `tables.Filters` to compress with.
    """
    parent, name = where.rsplit("/", 1)
    h5file.create_group(parent or "/", name)
    for key, value in tree.items():
        name = key.replace(".", DOT)
        if isinstance(value, dict):
            write_tree(h5file, f"{where}/{name}", value, filters)
        elif filters is None or np.size(value) == 0 or np.ndim(value) == 0:
            h5file.create_array(where, name, np.asarray(value))
        else:
            h5file.create_carray(where, name, obj=np.asarray(value), filters=filters)


def read_tree(h5file: tables.File, where: str) -> Tree:
    """Nested dictionary of the arrays below a group; every number finite or refused.

    Raises
    ------
    ValueError
        Naming the entry that is missing, not numeric, or not finite.
    """
    if where not in h5file.root:
        raise ValueError(f"{where} is missing")
    tree: Tree = {}
    for node in h5file.list_nodes(where):
        key = node._v_name.replace(DOT, ".")
        if isinstance(node, tables.Group):
            tree[key] = read_tree(h5file, node._v_pathname)
            continue
        value = node.read() if isinstance(node, tables.Array) else None
        value = np.asarray(value)
        if str(value.dtype) not in NUMBERS:
            raise ValueError(f"{node._v_pathname} is not an array of common numbers")
        if not np.isfinite(value).all():
            raise ValueError(f"{node._v_pathname} has values that are not finite")
        tree[key] = value
    return tree
