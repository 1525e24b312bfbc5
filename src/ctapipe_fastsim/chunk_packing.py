"""Rows are packed into whole chunks of a table here, and go to the file as they are.

PyTables takes a row for one number, and blosc does not shuffle numbers of more than 255 bytes; the
zstd of its wheels is several times slower than that of numcodecs. Each chunk says how it was
packed, so that PyTables and h5py read it as any other.
"""

from collections import Counter

import numpy as np
import tables
from numcodecs import blosc

from .array_types import Array

__all__ = ["ChunkPacker", "packs_better"]

LARGEST_NUMBER = 255  # bytes, that blosc shuffles
CHECKSUM = 4  # bytes

blosc.use_threads = False  # of its own; the cores are busy with images


def packs_better(table: tables.Table) -> bool:
    """Whether its rows are compressed by blosc, but too long to be shuffled."""
    filters = table.filters
    is_blosc = filters.complevel > 0 and filters.complib.startswith("blosc:")
    return is_blosc and filters.shuffle and table.dtype.itemsize > LARGEST_NUMBER


class ChunkPacker:
    """Appends rows to a table, of which no more than a chunk wait for others.

    Parameters
    ----------
    table : tables.Table
        One that `packs_better`. Until the packer is closed it lacks the rows that wait.
    """

    def __init__(self, table: tables.Table) -> None:
        self._table = table
        (self._chunk_rows,) = table.chunkshape
        self._number_size = _number_size(table.dtype)
        self._waiting = table.read(table.nrows - table.nrows % self._chunk_rows)

    def append(self, rows: Array) -> None:
        """Append rows.

        Parameters
        ----------
        rows : (N,) structured array of the table's type

        Raises
        ------
        tables.HDF5ExtError
            When they cannot be written.
        """
        rows = np.concatenate([self._waiting, rows])
        n_whole = len(rows) - len(rows) % self._chunk_rows
        self._write(rows[:n_whole])
        self._waiting = rows[n_whole:]

    def close(self) -> None:
        """Write what waits, with zeros up to the end of its chunk."""
        self._write(self._waiting)
        self._table.attrs.NROWS = np.int64(self._table.nrows)

    def _write(self, rows: Array) -> None:
        table, n = self._table, self._chunk_rows
        first = table.nrows - table.nrows % n
        table.truncate(first + len(rows))
        for start in range(0, len(rows), n):
            chunk = rows[start : start + n].tobytes()
            chunk += bytes(n * table.dtype.itemsize - len(chunk))
            table.write_chunk((first + start,), self._packed(chunk))

    def _packed(self, chunk: bytes) -> bytes:
        filters = self._table.filters
        codec = filters.complib.removeprefix("blosc:").encode()
        packed: bytes = blosc.compress(
            chunk, codec, filters.complevel, blosc.SHUFFLE, typesize=self._number_size
        )
        return packed + _checksum(packed) if filters.fletcher32 else packed


def _number_size(row: np.dtype) -> int:
    """Bytes of the numbers that most of a row is made of."""
    n_bytes: Counter[int] = Counter()
    for name in row.names or ():
        n_bytes[row[name].base.itemsize] += row[name].itemsize
    return n_bytes.most_common(1)[0][0]


def _checksum(packed: bytes) -> bytes:
    """Fletcher's checksum of 32 bits (Fletcher 1982, IEEE Trans. Comm. 30, 247), as in HDF5.

    Of numbers of two bytes, the higher one first: their sum, and the sum of all partial sums,
    modulo 65535.
    """
    numbers = np.frombuffer(packed + bytes(len(packed) % 2), ">u2").astype(np.int64)
    sums = numbers @ np.arange(len(numbers), 0, -1), numbers.sum()
    high, low = (0 if number == 0 else (int(number) - 1) % 65535 + 1 for number in sums)
    return (high << 16 | low).to_bytes(CHECKSUM, "little")
