"""HDF5 believes what a dataset says of itself: compare with what is stored before it unpacks.

A chunk that unpacks to more than its size takes as much memory as it likes; of one that is missing
or unpacks to less, the rest is whatever lay in memory before.
"""

import math
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap

    import h5py

__all__ = ["check_storage"]

DEFLATE, SHUFFLE, FLETCHER32, BLOSC = 1, 2, 3, 32001  # numbers of HDF5 filters
COMPRESSORS = (DEFLATE, BLOSC)
CHECKSUM = 4  # bytes
BLOSC_HEADER = 16  # bytes, of which 4 to 7 are the unpacked size, 12 to 15 the packed one
SMALL_CHUNK = 2**20  # bytes; of thousands of short tables each has one that is nearly empty


def check_storage(
    datasets: "Sequence[h5py.Dataset]", content: "bytes | mmap.mmap", largest: int
) -> None:
    """Whether datasets may be read: all of each is in its file, and unpacks to what it says.

    Parameters
    ----------
    datasets : sequence of h5py.Dataset
    content : bytes or mmap
        Of their file, which has no user block.
    largest : int
        Bytes that they may take together.

    Raises
    ------
    ValueError
        When they may not.
    """
    total = sum(_unpacked_size(dataset) for dataset in datasets)
    if total > largest:
        raise ValueError(f"it unpacks to {total} bytes, more than {largest}")
    for dataset in datasets:
        _check_stored(dataset, content)


def _unpacked_size(dataset: "h5py.Dataset") -> int:
    import h5py  # here, since ctapipe imports this package for every file it looks at

    settings = dataset.id.get_create_plist()
    if settings.get_layout() == h5py.h5d.VIRTUAL or settings.get_external_count():
        raise ValueError(f"{dataset.name!r} lies in another file")
    if settings.get_layout() != h5py.h5d.CHUNKED:
        return _item_size(dataset) * (dataset.size or 0)
    if any(chunk > n for chunk, n in zip(dataset.chunks[1:], dataset.shape[1:])):
        raise ValueError(f"{dataset.name!r} has chunks that are larger than itself")
    chunk = _chunk_size(dataset)
    if chunk > SMALL_CHUNK:
        return chunk * _n_chunks(dataset)
    return _item_size(dataset) * int(dataset.size)


def _check_stored(dataset: "h5py.Dataset", content: "bytes | mmap.mmap") -> None:
    if dataset.chunks is None:
        if dataset.id.get_storage_size() != _unpacked_size(dataset):
            raise ValueError(f"{dataset.name!r} is not stored whole")
        return
    settings = dataset.id.get_create_plist()
    filters = [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]
    if unknown := set(filters) - {SHUFFLE, FLETCHER32, *COMPRESSORS}:
        raise ValueError(f"{dataset.name!r} is packed by filter {min(unknown)}, unlike ctapipe's")
    places: set[tuple[int, ...]] = set()
    size = _chunk_size(dataset)

    def wrong(chunk: "h5py.h5d.StoreInfo") -> bool | None:  # must not raise within HDF5
        active = [code for i, code in enumerate(filters) if not chunk.filter_mask >> i & 1]
        packed = content[chunk.byte_offset : chunk.byte_offset + chunk.size]
        places.add(chunk.chunk_offset)
        good = len(packed) == chunk.size and _unpacks_to(packed, active, size)
        return None if good and _in_grid(chunk.chunk_offset, dataset) else True

    if dataset.id.chunk_iter(wrong) or len(places) != _n_chunks(dataset):
        raise ValueError(f"{dataset.name!r} is not stored whole, or unpacks to another size")


def _item_size(dataset: "h5py.Dataset") -> int:
    return int(dataset.id.get_type().get_size())


def _chunk_size(dataset: "h5py.Dataset") -> int:
    return math.prod(dataset.chunks) * _item_size(dataset)


def _n_chunks(dataset: "h5py.Dataset") -> int:
    return math.prod(-(-n // chunk) for n, chunk in zip(dataset.shape, dataset.chunks))


def _in_grid(place: tuple[int, ...], dataset: "h5py.Dataset") -> bool:
    axes = zip(place, dataset.chunks, dataset.shape)
    return all(start % chunk == 0 and start < n for start, chunk, n in axes)


def _unpacks_to(packed: bytes, filters: list[int], size: int) -> bool:
    """Whether a chunk, on which these filters were used one after the other, has this size."""
    if sum(code in COMPRESSORS for code in filters) > 1:
        return False
    while filters and filters[-1] not in COMPRESSORS:
        packed = packed[: len(packed) - CHECKSUM * (filters.pop() == FLETCHER32)]
    if not filters:
        return len(packed) == size
    size += CHECKSUM * filters.count(FLETCHER32)
    if filters[-1] == BLOSC:
        header = packed[:BLOSC_HEADER]
        unpacked, whole = (int.from_bytes(header[i : i + 4], "little") for i in (4, 12))
        return (unpacked, whole) == (size, len(packed))
    stream = zlib.decompressobj()
    try:
        return len(stream.decompress(packed, size + 1)) == size and stream.eof
    except zlib.error:
        return False
