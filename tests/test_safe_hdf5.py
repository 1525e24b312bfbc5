"""Nothing that is read from a file runs."""

import pickle
import shutil

import h5py
import numpy as np
import pytest
from helpers import one_line_refusal

from ctapipe_fastsim.safe_hdf5 import refuse_hostile_input
from ctapipe_fastsim.subarray_file import read_subarray
from ctapipe_fastsim.training_data import read_production


class Malice:
    """Unpickled, it writes a file."""

    def __init__(self, effect):
        self.effect = effect

    def __reduce__(self):
        return open, (str(self.effect), "w")


@pytest.fixture
def copy(toy_file, tmp_path):
    return shutil.copy(toy_file, tmp_path / "copy.dl1.h5")


def add_attribute(path, value, node="/dl1/event/subarray/trigger"):
    with h5py.File(path, "r+") as h5file:
        h5file[node].attrs["CTAFIELD_9_DESC"] = np.bytes_(value)


@pytest.mark.parametrize("read", [lambda path: read_production([path]), read_subarray])
@pytest.mark.parametrize("node", ["/", "/dl1/event/subarray/trigger"])
def test_a_pickle_that_runs_code_is_refused(copy, tmp_path, read, node):
    effect = tmp_path / "effect"
    add_attribute(copy, pickle.dumps(Malice(effect), 0), node)
    one_line_refusal(lambda: read(copy), "would run code")
    assert not effect.exists()


def test_a_pickle_cut_short_after_its_call_is_refused(copy, tmp_path):
    add_attribute(copy, pickle.dumps(Malice(tmp_path / "effect"), 0)[:-1] + b"\xff.")
    one_line_refusal(lambda: refuse_hostile_input(copy), "would run code")


@pytest.mark.parametrize(
    "value",
    [b"Not a pickle.", pickle.dumps((1, "two", [3.0]), 0), b"cctapipe.containers\nX\np0\n."],
)
def test_texts_numbers_and_classes_of_ctapipe_are_left_alone(copy, value):
    add_attribute(copy, value)
    refuse_hostile_input(copy)


def test_a_class_of_another_package_is_refused(copy):
    add_attribute(copy, b"cos\nsystem\np0\n.")
    one_line_refusal(lambda: refuse_hostile_input(copy), "would run code")


def spoil(path, change):
    with h5py.File(path, "r+") as h5file:
        change(h5file)


def test_tables_that_unpack_to_more_than_is_likely_are_refused(copy):
    """A file of ten megabytes may so take a gigabyte, one of ten gigabytes a thousand."""
    zeros = dict(shape=(1000, 2**17), dtype="f8", chunks=(1, 2**17), compression="gzip")
    spoil(copy, lambda h5file: h5file.create_dataset("zeros", **zeros))
    with pytest.raises(ValueError, match="unpacks to"):
        refuse_hostile_input(copy)
    one_line_refusal(lambda: read_production([copy]), copy, "unpacks to")


def test_what_is_not_stored_is_refused(copy):
    spoil(copy, lambda h5file: h5file.create_dataset("nothing", (10,), "f8"))
    one_line_refusal(lambda: read_production([copy]), copy, "'/nothing' is not stored whole")


@pytest.mark.parametrize("name", ["CLASS", "VERSION", "PYTABLES_FORMAT_VERSION"])
@pytest.mark.parametrize("value", [np.nan, np.full(7, np.nan), h5py.Empty("S3")])
def test_numbers_that_pytables_takes_for_text_are_refused(copy, name, value):
    """It reads them where there is room for less, and ends the interpreter."""
    spoil(copy, lambda h5file: h5file.attrs.__setitem__(name, value))
    one_line_refusal(lambda: read_production([copy]), copy, f"{name!r} of '/' is not a text")


@pytest.mark.parametrize("shape", [(), (3,)])
def test_texts_without_a_place_are_refused(copy, shape):
    """PyTables looks for their end, and ends the interpreter."""

    def never_written(h5file):
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(h5py.h5t.VARIABLE)
        space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
        h5py.h5a.create(h5file.id, b"new", kind, space)

    spoil(copy, never_written)
    one_line_refusal(lambda: read_production([copy]), copy, "'new' of '/' is a text of no length")


def test_texts_that_h5py_wrote_are_left_alone(copy):
    spoil(copy, lambda h5file: h5file.attrs.update(title="A sentence."))
    assert read_production([copy]).images
    spoil(copy, lambda h5file: h5file.attrs.update(names=["one", "two"]))
    refuse_hostile_input(copy)


@pytest.mark.parametrize("other", ["/", "/dl1", "/dl1/event/subarray/trigger"])
def test_what_has_two_names_is_refused(copy, other):
    """Groups in a circle have no end."""
    spoil(copy, lambda h5file: h5file["dl1/event"].__setitem__("other", h5file[other]))
    one_line_refusal(lambda: read_production([copy]), copy, "under two names")


def test_links_to_other_files_are_refused(copy):
    with h5py.File(copy, "r+") as h5file:
        h5file["elsewhere"] = h5py.ExternalLink("/etc/other.h5", "/")
    one_line_refusal(lambda: refuse_hostile_input(copy), "link to another file")
