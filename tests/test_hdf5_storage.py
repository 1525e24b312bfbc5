"""What a dataset says of itself is compared with what is stored, before anything unpacks it."""

import zlib

import h5py
import numpy as np
import pytest
import tables

from ctapipe_fastsim.hdf5_storage import check_storage

SHAPE, CHUNK = (10, 3), (4, 3)
N_BYTES = 4 * 3 * 8  # of a chunk


@pytest.fixture
def path(tmp_path):
    return tmp_path / "any.h5"


def check(path, largest=10**6):
    """Look at all datasets of a file."""
    with h5py.File(path) as h5file:
        found = []
        h5file.visititems(lambda _, node: found.append(node))
        datasets = [node for node in found if isinstance(node, h5py.Dataset)]
        check_storage(datasets, path.read_bytes(), largest)


@pytest.mark.parametrize("complib", ["zlib", "blosc:zstd", "blosc:lz4"])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("fletcher32", [False, True])
@pytest.mark.parametrize("values", [np.arange(30.0), np.zeros((7, 5000)), np.zeros((0, 3))])
def test_what_pytables_writes_may_be_read(path, complib, shuffle, fletcher32, values):
    filters = tables.Filters(5, complib, shuffle=shuffle, fletcher32=fletcher32)
    with tables.open_file(path, "w", filters=filters) as h5file:
        h5file.create_array("/", "array", np.arange(3))
        if len(values):
            h5file.create_carray("/", "chunked", obj=values)
        rows = np.rec.fromarrays([values], dtype=[("column", "f8", values.shape[1:])])
        h5file.create_table("/", "table", rows)
    check(path)


@pytest.mark.parametrize("options", [{}, dict(compression="gzip"), dict(fletcher32=True)])
def test_what_h5py_writes_may_be_read(path, options):
    with h5py.File(path, "w") as h5file:
        h5file.create_dataset("any", data=np.ones(SHAPE), chunks=CHUNK, **options)
        h5file["number"], h5file["nothing"] = 3, h5py.Empty("f8")
    check(path)


def test_what_takes_too_much_is_refused_before_it_is_unpacked(path, monkeypatch):
    with h5py.File(path, "w") as h5file:
        h5file.create_dataset("first", data=np.zeros(SHAPE), compression="gzip")
        h5file.create_dataset("second", data=np.zeros(SHAPE))
    monkeypatch.delattr(zlib, "decompressobj")
    with pytest.raises(ValueError, match="unpacks to 480 bytes"):
        check(path, 479)


@pytest.mark.parametrize(
    ("shape", "chunk"), [((1,), (2**27,)), ((5, 1), (1, 2**20))], ids=["long", "wide"]
)
def test_large_chunks_that_are_nearly_empty_count(path, shape, chunk):
    with h5py.File(path, "w") as h5file:
        h5file.create_dataset("any", shape, "u1", chunks=chunk, maxshape=(None,) * len(shape))
    with pytest.raises(ValueError, match="unpacks to 134217728|larger than itself"):
        check(path)


@pytest.mark.parametrize("options", [{}, dict(chunks=CHUNK), dict(chunks=CHUNK, compression=1)])
def test_what_is_not_stored_is_refused(path, options):
    """It would be filled up, or be what lay in memory."""
    with h5py.File(path, "w") as h5file:
        h5file.create_dataset("any", SHAPE, "f8", **options)
    with pytest.raises(ValueError, match="'/any' is not stored whole"):
        check(path)


@pytest.mark.parametrize(
    ("packed", "mask"),
    [
        (zlib.compress(bytes(N_BYTES - 1)), 0),
        (zlib.compress(bytes(N_BYTES + 1)), 0),
        (zlib.compress(bytes(10**8)), 0),
        (zlib.compress(bytes(N_BYTES))[:-1], 0),
        (b"anything", 0),
        (bytes(N_BYTES - 1), 1),
    ],
)
def test_a_chunk_that_unpacks_to_another_size_is_refused(path, packed, mask):
    with h5py.File(path, "w") as h5file:
        any_ = h5file.create_dataset("any", data=np.ones(SHAPE), chunks=CHUNK, compression=1)
        any_.id.write_direct_chunk((4, 0), packed, filter_mask=mask)
    with pytest.raises(ValueError, match="'/any' is not stored whole, or unpacks to another"):
        check(path)


@pytest.mark.parametrize(
    ("packed", "mask"), [(zlib.compress(bytes(N_BYTES)), 0), (bytes(N_BYTES), 1)]
)
def test_a_chunk_of_the_right_size_may_be_read(path, packed, mask):
    with h5py.File(path, "w") as h5file:
        any_ = h5file.create_dataset("any", data=np.ones(SHAPE), chunks=CHUNK, compression=1)
        any_.id.write_direct_chunk((4, 0), packed, filter_mask=mask)
    check(path)


@pytest.mark.parametrize("place", [4, 12])
def test_a_blosc_chunk_of_another_size_is_refused(path, place):
    """Its header is believed by Blosc."""
    with tables.open_file(path, "w", filters=tables.Filters(5, "blosc:zstd")) as h5file:
        h5file.create_carray("/", "any", obj=np.zeros(1000))
    content = bytearray(path.read_bytes())
    with h5py.File(path) as h5file:
        start = h5file["any"].id.get_chunk_info(0).byte_offset
    content[start + place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="unpacks to another size"):
        check(path)


def test_other_filters_are_refused(path):
    with h5py.File(path, "w") as h5file:
        h5file.create_dataset("any", data=np.ones(SHAPE), compression="lzf")
    with pytest.raises(ValueError, match="'/any' is packed by filter 32000"):
        check(path)


def test_data_in_other_files_are_refused(path, tmp_path):
    with h5py.File(path, "w") as h5file:
        h5file.create_dataset("any", (1,), "f8", external=[(tmp_path / "other", 0, 8)])
    with pytest.raises(ValueError, match="'/any' lies in another file"):
        check(path)
    with h5py.File(path, "w") as h5file:
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "any", (3,))
        h5file.create_virtual_dataset("any", layout)
    with pytest.raises(ValueError, match="'/any' lies in another file"):
        check(path)
