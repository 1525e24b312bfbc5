"""Chunks that are packed here are those of any other table."""

import h5py
import numpy as np
import pytest
import tables

from ctapipe_fastsim.chunk_packing import ChunkPacker, packs_better
from ctapipe_fastsim.hdf5_storage import check_storage

ROW = np.dtype([("event_id", "i8"), ("image", "f4", (77,)), ("is_valid", "?")])
FILTERS = tables.Filters(complevel=1, complib="blosc:zstd", fletcher32=True)
CHUNK_ROWS = 10


def rows(n):
    rng = np.random.default_rng(5)
    table = np.zeros(n, ROW)
    table["event_id"], table["is_valid"] = np.arange(n), True
    table["image"] = np.rint(rng.standard_normal((n, 77)) * 64) / 64
    return table


def new_table(h5file, filters=FILTERS, dtype=ROW, name="packed"):
    return h5file.create_table("/", name, dtype, filters=filters, chunkshape=CHUNK_ROWS)


def pack(path, parts, mode="w"):
    with tables.open_file(path, mode) as h5file:
        packer = ChunkPacker(new_table(h5file) if mode == "w" else h5file.root.packed)
        for part in parts:
            packer.append(part)
        packer.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "rows.h5"


@pytest.mark.parametrize("sizes", [[7], [10], [3, 4, 5], [0, 25, 0, 1, 34], [40, 20]])
def test_rows_are_read_back_by_pytables_and_h5py(path, sizes):
    expected = rows(sum(sizes))
    pack(path, np.split(expected, np.cumsum(sizes)[:-1]))
    with tables.open_file(path) as h5file:
        table = h5file.root.packed
        assert table.attrs.NROWS == table.nrows == len(expected)
        assert table.read().tobytes() == expected.tobytes()
        assert table.read_where("event_id == 3")["event_id"] == [3]
    with h5py.File(path) as h5file:
        assert h5file["packed"].shape == (len(expected),)
        check_storage([h5file["packed"]], path.read_bytes(), 10**6)


@pytest.mark.parametrize("n_before", [10, 13, 20])
def test_a_table_is_continued(path, n_before):
    expected = rows(38)
    pack(path, [expected[:n_before]])
    pack(path, [expected[n_before:30], expected[30:]], mode="a")
    with tables.open_file(path) as h5file:
        assert h5file.root.packed.read().tobytes() == expected.tobytes()


def test_another_writer_goes_on(path):
    expected = rows(33)
    pack(path, [expected[:17]])
    with tables.open_file(path, "a") as h5file:
        h5file.root.packed.append(expected[17:])
    with tables.open_file(path) as h5file:
        assert h5file.root.packed.read().tobytes() == expected.tobytes()


def test_checksums_are_those_of_hdf5(path):
    """What is not as it was written is not read."""
    pack(path, [rows(200)])
    lengths = set()
    with tables.open_file(path, "a") as h5file:
        table = h5file.root.packed
        for start in range(0, 200, CHUNK_ROWS):
            chunk = bytearray(table.read_chunk((start,)))
            lengths.add(len(chunk) % 2)
            chunk[len(chunk) // 2] ^= 1
            table.write_chunk((start,), bytes(chunk))
            with pytest.raises(tables.HDF5ExtError):
                table.read(start, start + 1)
    assert lengths == {0, 1}


def test_files_are_smaller_than_with_pytables(path):
    many = rows(1000)
    pack(path, [many])
    with tables.open_file(path, "a") as h5file:
        usual = new_table(h5file, name="usual")
        usual.append(many)
        usual.flush()
        assert h5file.root.packed.size_on_disk < 0.95 * usual.size_on_disk


@pytest.mark.parametrize(
    "filters, dtype, expected",
    [
        (FILTERS, ROW, True),
        (tables.Filters(complevel=1, complib="blosc:lz4"), ROW, True),
        (tables.Filters(complevel=1, complib="blosc:zstd", shuffle=False), ROW, False),
        (tables.Filters(complevel=1, complib="zlib"), ROW, False),
        (tables.Filters(complevel=0), ROW, False),
        (FILTERS, np.dtype([("event_id", "i8"), ("image", "f4", (60,))]), False),
    ],
)
def test_which_tables_are_packed(path, filters, dtype, expected):
    with tables.open_file(path, "w") as h5file:
        assert packs_better(new_table(h5file, filters, dtype)) == expected
