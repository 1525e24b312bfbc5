"""The info tool: a list, a card, a path, or one line on stderr and exit code 2."""

import hashlib
from dataclasses import replace

import pytest

from ctapipe_fastsim import bundled
from ctapipe_fastsim.model_file import read_model, write_model
from ctapipe_fastsim.tools.info import main


@pytest.fixture
def with_model(toy_model, resources):
    """The toy model as the only bundled one."""
    path = resources / "toy.fastsim.h5"
    path.write_bytes(toy_model.read_bytes())
    return path


def refused(capsys, *arguments):
    """The line on stderr with which the tool ends with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("ctapipe-fastsim-info: ")
    return captured.err


def test_bundled_models_are_listed_in_one_line_each(with_model, capsys):
    main([])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("toy ")
    assert "gamma 1-50 TeV" in line
    assert "ToyCam" in line


def test_the_list_may_be_empty(resources, capsys):
    main([])
    assert capsys.readouterr().out == "no bundled models\n"


def test_the_models_that_come_with_the_package_are_listed(capsys):
    main([])
    n_models = len(bundled.bundled_models())
    assert len(capsys.readouterr().out.splitlines()) == max(1, n_models)


@pytest.mark.parametrize("by_name", [True, False])
def test_the_card_tells_what_a_model_is(with_model, toy_file, capsys, by_name):
    main(["toy" if by_name else str(with_model)])
    text = capsys.readouterr().out
    model, digest = read_model(with_model)
    (kind,) = model.telescope_types.values()
    for expected in (
        f"toy.fastsim.h5, {with_model.stat().st_size / 1e6:.1f} MB, sha256 {digest}",
        model.provenance["created"],
        "seed 0",
        hashlib.sha256(toy_file.read_bytes()).hexdigest(),
        "1500 gamma showers, 1 to 50 TeV, index -2, altitude 70.00 deg, azimuth 180.00 deg",
        "viewcone 0 to 1.5 deg, cores 0 to 250 m",
        "ToyCam: 169 pixels",
        "mirror 10.0 m2, focal length 5.00 m",
        f"{kind.figures['images']} images, {kind.figures['held_out_images']} of them held out",
        "3 epochs",
        "0.00 of the trigger, 0.00 of the size",  # one telescope has nobody to share with
        f"{kind.figures['held_out_loss']:.3f}",
    ):
        assert expected in text
    for name in kind.conditions.names:
        assert f"  {name} " in text
    assert "zenith" not in text  # constant in the toy


def test_every_primary_is_told(gamma_proton_model, resources, capsys):
    """In the list and in the card, most thrown first."""
    (resources / "both.fastsim.h5").write_bytes(gamma_proton_model.read_bytes())
    main([])
    assert "both " in (line := capsys.readouterr().out)
    assert "proton 3-100 TeV, gamma 1-50 TeV, " in line
    main(["both"])
    text = capsys.readouterr().out
    assert "900 proton showers, 3 to 100 TeV" in text
    assert "600 gamma showers, 1 to 50 TeV" in text
    assert "  is_proton " in text


def test_the_card_has_a_part_for_every_telescope_type(toy_array_model, capsys):
    main([str(toy_array_model)])
    text = capsys.readouterr().out
    assert text.count("telescope     ") == 2
    assert "ToyCam: 169 pixels" in text
    assert "OtherCam: 127 pixels" in text
    assert "3 telescope(s)" in text


def test_a_terminal_does_not_obey_the_file(toy_model, resources, capsys):
    model, _ = read_model(toy_model)
    provenance = model.provenance | {"command": "train\n\x1b[2J"}
    write_model(resources / "odd.fastsim.h5", replace(model, provenance=provenance))
    main(["odd"])
    assert "command       train\\n\\x1b[2J\n" in capsys.readouterr().out


def test_the_path_is_printed(with_model, capsys):
    main(["--path", "toy"])
    assert capsys.readouterr().out == f"{with_model}\n"


def test_an_unknown_name_is_refused(with_model, capsys):
    assert "nowhere" in refused(capsys, "nowhere")
    assert "bundled model (toy)" in refused(capsys, "--path", "nowhere")


def test_a_broken_model_is_refused(with_model, capsys):
    with_model.write_bytes(with_model.read_bytes()[:-1])
    assert "damaged" in refused(capsys, "toy")
    assert "damaged" in refused(capsys)


def test_other_files_are_refused(toy_file, tmp_path, capsys):
    assert "not a fastsim model" in refused(capsys, str(toy_file))
    assert "cannot be read" in refused(capsys, str(tmp_path))


def test_the_entry_point_reads_the_command_line(with_model, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["ctapipe-fastsim-info", "--path", "toy"])
    main()
    assert capsys.readouterr().out == f"{with_model}\n"


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "--path" in capsys.readouterr().out
