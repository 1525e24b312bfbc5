"""Sealed files: plain HDF5 for everyone, written whole or not at all, checked before HDF5."""

import hashlib
import io
import os
import pickle

import h5py
import numpy as np
import pytest
import tables
from helpers import full_disk, interrupt, one_line_refusal, same_tree, seal

from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.sealed_file import (
    is_sealed,
    open_sealed,
    read_tree,
    sealed_bytes,
    write_atomically,
    write_tree,
)

TREE = {
    "weights": {
        "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
        "deeper": {"counts": np.array([1, 2, 3]), "flag": np.array([True, False])},
    },
    "number": np.array(2.5),
    "empty": np.zeros((0, 3)),
}


def fill(h5file):
    write_tree(h5file, "/tree", TREE, tables.Filters(complevel=5))


def refusal(path, kind="thing", newest_version=1, **options):
    """The message with which a file is refused, checked to be one line that names it."""
    return one_line_refusal(lambda: open_sealed(path, kind, newest_version, **options), path)


@pytest.fixture
def path(tmp_path):
    """A sealed file of kind "thing", format version 1."""
    path = tmp_path / "thing.h5"
    path.write_bytes(sealed_bytes("thing", 1, fill))
    return path


@pytest.fixture
def tampered(tmp_path):
    """Write a file with a valid seal whose content a function spoils through h5py."""

    def tamper(spoil):
        content = io.BytesIO()
        with h5py.File(content, "w") as h5file:
            h5file["good"] = np.arange(3.0)
            spoil(h5file)
        path = tmp_path / "tampered.h5"
        path.write_bytes(seal(content.getvalue()))
        return path

    return tamper


def test_what_is_written_is_read(path):
    h5file, digest = open_sealed(path, "thing", 1)
    with h5file:
        assert same_tree(read_tree(h5file, "/tree"), TREE)
        assert same_tree(read_tree(h5file, "/tree/weights/deeper"), TREE["weights"]["deeper"])
    assert digest == hashlib.sha256(path.read_bytes()[512:]).hexdigest()


def test_names_with_dots_go_out_and_come_back(tmp_path):
    """In the file they are names that every program of HDF5 can take."""
    tree = {"layers.0": {"weight.a": np.eye(2), "bias_a": np.zeros(2)}, "b.1": np.array(3)}
    path = tmp_path / "dots.h5"
    path.write_bytes(sealed_bytes("thing", 1, lambda h5file: write_tree(h5file, "/tree", tree)))
    h5file, _ = open_sealed(path, "thing", 1)
    with h5file:
        assert same_tree(read_tree(h5file, "/tree"), tree)
        assert "/tree/layers__0/weight__a" in h5file.root


def test_two_files_can_be_open_at_once(path, tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(
        sealed_bytes("thing", 1, lambda h5file: write_tree(h5file, "/tree", {"number": 7}))
    )
    one, two = (open_sealed(p, "thing", 1)[0] for p in (path, other))
    with one, two:
        assert read_tree(one, "/tree")["number"] == 2.5
        assert read_tree(two, "/tree")["number"] == 7


def test_other_programs_open_the_file(path):
    with h5py.File(path) as h5file:
        assert np.array_equal(h5file["tree/weights/matrix"], TREE["weights"]["matrix"])
    with tables.open_file(path) as h5file:
        assert np.array_equal(h5file.root.tree.weights.matrix.read(), TREE["weights"]["matrix"])


def test_the_first_block_is_text_that_says_what_it_is(path):
    block = path.read_bytes()[:512]
    first, rest = block.split(b"\n", 1)
    assert first.split()[:3] == [b"ctapipe-fastsim", b"thing", b"1"]
    assert not rest.strip()


def test_the_same_content_gives_the_same_bytes():
    assert sealed_bytes("thing", 1, fill) == sealed_bytes("thing", 1, fill)


def test_the_kind_is_recognised(path, tmp_path):
    assert is_sealed(path, "thing")
    assert not is_sealed(path, "thin")
    assert not is_sealed(path, "other")
    assert not is_sealed(tmp_path / "missing.h5", "thing")
    assert not is_sealed(tmp_path, "thing")


@pytest.mark.parametrize("content", [b"", b"ctapipe", b"ctapipe-fastsim", b"\x89HDF\r\n\x1a\n"])
def test_other_files_are_not_of_the_kind(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    assert not is_sealed(path, "thing")
    assert "not a fastsim thing" in refusal(path)


def test_another_kind_is_refused(path):
    assert "not a fastsim model" in refusal(path, "model")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "missing.h5")
    assert "cannot be read" in refusal(tmp_path)


def test_files_cut_short_are_refused(path):
    content = path.read_bytes()
    lengths = [0, 1, 15, 16, 22, 24, 60, 100, 511, 512, 513, 520, 1000, len(content) // 2]
    for length in (*lengths, len(content) - 1):
        path.write_bytes(content[:length])
        refusal(path)


def test_files_with_more_at_the_end_are_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")
    assert "hash differs" in refusal(path)


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_flipped_bits_in_the_content_are_refused(path, bit):
    content = path.read_bytes()
    for place in np.linspace(512, len(content) - 1, 40).astype(int):
        path.write_bytes(with_flipped_bit(content, place, bit))
        assert "hash differs" in refusal(path)


@pytest.mark.parametrize("bit", range(8))
def test_flipped_bits_in_the_seal_are_refused(path, bit):
    content = path.read_bytes()
    for place in range(len(content[:512].split(b"\n")[0]) + 1):
        path.write_bytes(with_flipped_bit(content, place, bit))
        refusal(path)


def test_flipped_bits_behind_the_seal_are_refused(path):
    """The rest of the first block is blank, and nothing else."""
    content = path.read_bytes()
    for place in (200, 300, 510, 511):
        path.write_bytes(with_flipped_bit(content, place, 0))
        refusal(path)


def with_flipped_bit(content, place, bit):
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


def test_newer_formats_are_refused(tmp_path):
    path = tmp_path / "newer.h5"
    path.write_bytes(sealed_bytes("thing", 3, fill))
    message = refusal(path, newest_version=2)
    assert "version 3" in message
    assert "update" in message
    open_sealed(path, "thing", 3)[0].close()


@pytest.mark.parametrize("version", ["", "x", "-1", "1.5", "0", "9" * 150, "²"])
def test_versions_that_are_none_are_refused(tmp_path, version):
    path = tmp_path / "odd.h5"
    path.write_bytes(seal(sealed_bytes("thing", 1, fill)[512:], version=version))
    refusal(path)


def test_large_files_are_refused_unread(path, monkeypatch):
    monkeypatch.delattr("builtins.open")
    assert "larger" in refusal(path, largest=path.stat().st_size - 1)


def test_content_that_unpacks_to_too_much_is_refused(tampered):
    def spoil(h5file):
        h5file.create_dataset("zeros", data=np.zeros(10**6), compression="gzip")

    path = tampered(spoil)
    assert path.stat().st_size < 10**5
    assert "unpacks to 8000024 bytes" in refusal(path, largest=5 * 10**6)
    open_sealed(path, "thing", 1, largest=6 * 10**6)[0].close()


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_a_payload_that_is_no_hdf5_is_refused(tmp_path, content):
    path = tmp_path / "other.h5"
    path.write_bytes(seal(content))
    assert "not valid HDF5" in refusal(path)


def test_damaged_hdf5_with_a_valid_seal_is_refused(path):
    """Cut within, as HDF5 itself notices."""
    content = path.read_bytes()[512:]
    path.write_bytes(seal(content[: len(content) // 2]))
    assert "not valid HDF5" in refusal(path)


class Malice:
    """Unpickling it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("where", ["/", "good", "group"])
@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize("name", ["harmless", "TITLE", "FILTERS", "FIELD_0_FILL"])
def test_pickled_attributes_are_refused_and_not_loaded(tampered, tmp_path, where, protocol, name):
    effect = tmp_path / "effect"
    attribute = np.bytes_(pickle.dumps(Malice(effect), protocol))

    def spoil(h5file):
        h5file.create_group("group")
        h5file[where].attrs[name] = attribute

    path = tampered(spoil)
    assert "pickle" in refusal(path)
    assert not effect.exists()


def test_pickled_attributes_would_have_an_effect(tmp_path):
    """What the test above relies on: PyTables loads such an attribute."""
    effect = tmp_path / "effect"
    with h5py.File(tmp_path / "malice.h5", "w") as h5file:
        h5file.attrs["harmless"] = np.bytes_(pickle.dumps(Malice(effect), 0))
    with tables.open_file(tmp_path / "malice.h5") as h5file:
        h5file.root._v_attrs.harmless.close()
    assert effect.exists()


def test_pickled_attributes_of_variable_length_are_refused(tampered, tmp_path):
    text = pickle.dumps(Malice(tmp_path / "effect"), 0).decode()

    def spoil(h5file):
        h5file.attrs.create("harmless", text, dtype=h5py.string_dtype("ascii"))

    assert "pickle" in refusal(tampered(spoil))
    assert not (tmp_path / "effect").exists()


def test_attributes_that_are_text_are_no_trouble(tampered):
    path = tampered(lambda h5file: h5file.attrs.update(title="A sentence.", number=3))
    open_sealed(path, "thing", 1)[0].close()


@pytest.mark.parametrize(
    "link",
    [h5py.SoftLink("/good"), h5py.SoftLink("/nowhere"), h5py.ExternalLink("/etc/passwd", "/")],
)
@pytest.mark.parametrize("name", ["link", "group/link"])
def test_links_are_refused(tampered, link, name):
    def spoil(h5file):
        h5file[name] = link

    assert "link" in refusal(tampered(spoil))


def test_datasets_in_other_files_are_refused(tampered, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(80))

    def spoil(h5file):
        h5file.create_dataset("outside", (10,), "f8", external=[(tmp_path / "secret", 0, 80)])

    assert "in another file" in refusal(tampered(spoil))


def test_virtual_datasets_are_refused(tampered, tmp_path):
    def spoil(h5file):
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "good", (3,))
        h5file.create_virtual_dataset("virtual", layout)

    assert "in another file" in refusal(tampered(spoil))


def test_arrays_of_objects_are_refused(tampered):
    def spoil(h5file):
        h5file.create_dataset("words", data=["a", "b"], dtype=h5py.string_dtype())

    assert "not a plain array" in refusal(tampered(spoil))


def test_datasets_without_a_space_are_refused_or_harmless(tampered):
    def spoil(h5file):
        h5file["nothing"] = h5py.Empty("f8")
        h5file.attrs["nothing"] = h5py.Empty("S10")

    path = tampered(spoil)
    try:
        open_sealed(path, "thing", 1)[0].close()
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["tree", "/"])
def test_groups_in_a_circle_are_refused(tampered, name):
    def spoil(h5file):
        h5file.create_group("tree")
        h5file["tree/again"] = h5file[name]

    refusal(tampered(spoil))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_named(tampered, value):
    path = tampered(lambda h5file: h5file.update({"tree/a": [1.0], "tree/b/c": [1.0, value]}))
    h5file, _ = open_sealed(path, "thing", 1)
    with h5file, pytest.raises(ValueError, match="/tree/b/c has values that are not finite"):
        read_tree(h5file, "/tree")


@pytest.mark.parametrize(
    "value", [np.array([b"text"]), np.zeros(3, "c16"), np.zeros(3, [("x", "f8"), ("y", "i4")])]
)
def test_arrays_that_are_no_numbers_are_named(tampered, value):
    path = tampered(lambda h5file: h5file.update({"tree/odd": value}))
    h5file, _ = open_sealed(path, "thing", 1)
    with h5file, pytest.raises(ValueError, match="/tree/odd is not an array of common numbers"):
        read_tree(h5file, "/tree")


def test_a_missing_group_is_named(path):
    h5file, _ = open_sealed(path, "thing", 1)
    with h5file, pytest.raises(ValueError, match="/other is missing"):
        read_tree(h5file, "/other")


def test_writing_replaces_what_was_there(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("old", [None, b"old"])
def test_a_failing_write_leaves_everything_as_it_was(tmp_path, monkeypatch, function, old):
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    monkeypatch.setattr(os, function, full_disk)
    one_line_refusal(lambda: write_atomically(path, b"new"), "No space left")
    assert os.listdir(tmp_path) == ([] if old is None else ["file"])
    assert old is None or path.read_bytes() == old


def test_an_interrupted_write_leaves_everything_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == []


def unwritable_paths(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    return {
        "missing folder": tmp_path / "missing" / "model.h5",
        "below a file": tmp_path / "file" / "model.h5",
        "a folder": tmp_path / "folder",
        "long name": tmp_path / ("x" * 250),
        "procfs": tmp_path.__class__("/proc/model.h5"),
    }


@pytest.mark.parametrize(
    "where", ["missing folder", "below a file", "a folder", "long name", "procfs"]
)
def test_places_that_cannot_be_written_are_refused(tmp_path, where):
    path = unwritable_paths(tmp_path)[where]
    one_line_refusal(lambda: write_atomically(path, b"new"), "cannot be written")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        write_atomically(tmp_path / "file", b"new")
    tmp_path.chmod(0o700)
