"""Models that come with the package are found by name."""

import pytest
from helpers import one_line_refusal

from ctapipe_fastsim.bundled import bundled_models, model_path
from ctapipe_fastsim.model_file import is_model_file, read_model


@pytest.fixture
def with_models(resources):
    """Two bundled models, and a file that is none."""
    for name in ("zeta.fastsim.h5", "alpha.fastsim.h5", "notes.txt"):
        (resources / name).write_bytes(b"")
    return resources


def test_every_bundled_model_can_be_read():
    made = {
        f"{array}-{primary}" for array in ("taiga", "mst-array") for primary in ("gamma", "proton")
    }
    assert made <= set(bundled_models())
    for name, path in bundled_models().items():
        assert is_model_file(path), name
        model, _ = read_model(path)
        assert model.telescope_types


def test_bundled_models_are_listed_by_name(with_models):
    assert list(bundled_models()) == ["alpha", "zeta"]
    assert bundled_models()["zeta"] == with_models / "zeta.fastsim.h5"


def test_a_name_gives_the_path_of_a_bundled_model(with_models):
    assert model_path("alpha") == with_models / "alpha.fastsim.h5"


def test_a_path_gives_itself(with_models, tmp_path):
    path = tmp_path / "own.fastsim.h5"
    path.write_bytes(b"")
    assert model_path(path) == path
    assert model_path(str(path)) == path


def test_a_bundled_name_goes_before_a_file_in_the_working_directory(
    with_models, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alpha").write_bytes(b"")
    assert model_path("alpha") == with_models / "alpha.fastsim.h5"


def test_an_unknown_name_is_refused_with_those_there_are(with_models):
    one_line_refusal(lambda: model_path("nowhere"), "nowhere", "alpha, zeta")
