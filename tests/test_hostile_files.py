"""Damaged and hostile files do no harm: our error in one line, or something to go on with.

`hostile_files.py` repeats a mutation by its number.
"""

import json
from dataclasses import replace

import numpy as np
import pytest
import tables
from helpers import one_line_refusal, replace_array, resealed, seal
from hostile_files import campaign
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_production import write_toy_production

from ctapipe_fastsim import training
from ctapipe_fastsim.model_file import FORMAT_VERSION, is_model_file, read_model

SETTINGS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(), part, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def small_production(tmp_path_factory):
    """DL1 file compressed as any HDF5 program can read."""
    folder = tmp_path_factory.mktemp("hostile")
    write_toy_production(folder / "blosc.dl1.h5", n_showers=60)
    with (
        tables.open_file(folder / "blosc.dl1.h5") as blosc,
        tables.open_file(folder / "zlib.dl1.h5", "w") as zlib,
    ):
        blosc.root._f_copy_children(zlib.root, recursive=True, filters=tables.Filters(1, "zlib"))
    return folder / "zlib.dl1.h5"


@pytest.fixture(scope="module")
def small_model(small_production, train_by_tool):
    """Model file of half a megabyte."""
    sizes = training.network_sizes
    few = dict(n_u=8, n_v=5, n_features=8, rank=4, hidden=8, n_latent=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "network_sizes", lambda *args: replace(sizes(*args), **few))
        return train_by_tool([small_production], small_production.with_name("small.fastsim.h5"))


@pytest.mark.parametrize("kind", ["model", "production"])
def test_no_mutation_does_harm(kind, small_model, small_production, pytestconfig):
    """With ``--mutations 10000`` ten thousand model files, and a third as many for training."""
    n_files = pytestconfig.getoption("mutations")
    base = small_model
    if kind == "production":
        n_files, base = n_files // 3, small_production
    outcomes = campaign(kind, base, range(n_files))
    assert sum(outcomes.values()) == n_files
    assert outcomes["refused"] > n_files / 4
    assert outcomes["read"] > n_files / 20


def test_no_damage_does_harm_to_blosc(small_production, pytestconfig):
    """As ctapipe compresses, and h5py does not: only every other mutation, without h5py."""
    numbers = range(0, pytestconfig.getoption("mutations") // 3, 2)
    outcomes = campaign("production", small_production.with_name("blosc.dl1.h5"), numbers)
    assert outcomes["refused"] > len(numbers) / 4


@SETTINGS
@given(st.binary(max_size=2000))
def test_any_bytes_are_refused(tmp_path, content):
    path = tmp_path / "any.fastsim.h5"
    for whole in (content, seal(content, "model", FORMAT_VERSION)):
        path.write_bytes(whole)
        is_model_file(path)
        one_line_refusal(lambda: read_model(path), path)


@SETTINGS
@given(JSON)
def test_any_header_is_refused(tmp_path, small_model, header):
    def spoil(h5file):
        text = json.dumps(header).encode()
        replace_array(h5file, "header", np.frombuffer(text, np.uint8))

    path = tmp_path / "header.fastsim.h5"
    path.write_bytes(resealed(small_model, "model", spoil))
    one_line_refusal(lambda: read_model(path), path)


@SETTINGS
@given(st.data())
def test_any_entry_of_the_header_may_be_anything(tmp_path, small_model, data):
    """It is then refused, or what it says can be read."""

    def spoil(h5file):
        header = json.loads(bytes(h5file["header"][:]))
        place = header
        while isinstance(place, dict | list) and len(place):
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            parent, key = place, data.draw(st.sampled_from(keys))
            place = parent[key]
        parent[key] = data.draw(JSON)
        replace_array(h5file, "header", np.frombuffer(json.dumps(header).encode(), np.uint8))

    path = tmp_path / "entry.fastsim.h5"
    path.write_bytes(resealed(small_model, "model", spoil))
    try:
        read_model(path)
    except Exception as error:
        message = str(error)
        one_line_refusal(lambda: read_model(path), message)
