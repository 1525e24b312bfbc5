"""What a new user does wrong: each answer says what is wrong and what to do, in one line."""

import pytest
from ctapipe.core import Provenance, run_tool

from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.tools import info
from ctapipe_fastsim.tools.generate import GenerateTool
from ctapipe_fastsim.tools.simulate import SimulateTool
from ctapipe_fastsim.tools.train import TrainTool
from ctapipe_fastsim.tools.validate import ValidateTool

TOOLS = dict(generate=GenerateTool, simulate=SimulateTool, train=TrainTool, validate=ValidateTool)
MISTAKES = [
    ("generate", "", "give the DL1 file to write with -o"),
    ("generate", "-o new.dl1.h5", "give a model file with -i"),
    ("generate", "--sede 4 -o new.dl1.h5", "--sede: there is no such option; --help lists them"),
    ("generate", "-i MODEL -o nowhere/new.dl1.h5", "no such folder"),
    ("generate", "-i MODEL -o MODEL", "exists; continue it with --resume, or give --overwrite"),
    ("generate", "-i DATA -o new.dl1.h5", "make one with ctapipe-fastsim-train"),
    ("generate", "-i TEXT -o new.dl1.h5", "make one with ctapipe-fastsim-train"),
    ("generate", "-i EMPTY -o new.dl1.h5", "make one with ctapipe-fastsim-train"),
    ("generate", "-i CHECKPOINT -o new.dl1.h5", "make one with ctapipe-fastsim-train"),
    ("simulate", "", "give the DL1 file to write with -o"),
    ("simulate", "-o new.dl1.h5 --showers 3", "--showers: there is no such option"),
    ("simulate", "-o new.dl1.h5 --telescopes unknown", "unknown"),
    ("simulate", "-o new.dl1.h5 --telescopes TEXT", "no subarray can be read from it"),
    ("simulate", "-o nowhere/new.dl1.h5", "choose another place with -o"),
    ("simulate", "-o DATA", "exists; give --overwrite"),
    ("train", "", "give one or more DL1 files with -i"),
    ("train", "-i DATA", "give the model file to write with -o"),
    ("train", "-i DATA -o new.h5 --epoch 3", "--epoch: there is no such option"),
    ("train", "-i MODEL -o new.h5", "give simulated DL1 files"),
    ("train", "-i TEXT -o new.h5", "cannot be read as a ctapipe DL1 file"),
    ("train", "-i missing.h5 -o new.h5", "no such file"),
    ("train", "-i DATA -o nowhere/new.h5", "no such folder"),
    ("train", "-i DATA -o new.h5 --resume", "no checkpoint to resume; leave out --resume"),
    ("validate", "", "give Monte Carlo DL1 files with --reference"),
    ("validate", "--reference DATA -o new.html", "give one model with --model"),
    ("validate", "--reference DATA --model MODEL", "give the HTML report to write with -o"),
    ("validate", "--reference DATA --model MODEL -o new.pdf", "let its name end in .html"),
    ("validate", "--reference DATA --model unknown -o new.html", "nor a bundled model"),
    ("validate", "--reference DATA --model DATA -o new.html", "make one with"),
    ("validate", "--reference MODEL --model MODEL -o new.html", "give simulated DL1 files"),
]


@pytest.fixture(autouse=True)
def forget():
    """Runs that end early stay in ctapipe's provenance, which later tools write down."""
    yield
    Provenance().clear()


@pytest.fixture
def names(toy_model, toy_file, tmp_path):
    """Files of each kind."""
    files = dict(MODEL=toy_model, DATA=toy_file)
    for name, content in dict(TEXT=b"some text\n", EMPTY=b"").items():
        files[name] = tmp_path / name.lower()
        files[name].write_bytes(content)
    files["CHECKPOINT"] = tmp_path / "some.checkpoint"
    content = toy_model.read_bytes()
    files["CHECKPOINT"].write_bytes(content.replace(b"fastsim model", b"fastsim check", 1))
    return files


@pytest.mark.parametrize(("tool", "line", "answer"), MISTAKES)
def test_the_answer_helps(tool, line, answer, names, tmp_path):
    words = [str(names.get(word, word)) for word in line.split()]
    before = {path.name: path.stat().st_mtime for path in tmp_path.iterdir()}
    with pytest.raises(InputError) as caught:
        run_tool(TOOLS[tool](), words, cwd=tmp_path, raises=True)
    message = str(caught.value)
    assert answer in message
    assert "\n" not in message
    after = {p.name: p.stat().st_mtime for p in tmp_path.iterdir() if p.suffix != ".log"}
    assert after == before


@pytest.mark.parametrize("tool", TOOLS)
def test_help_shows_how_to_begin(tool, capsys):
    with pytest.raises(SystemExit) as ending:
        TOOLS[tool]().run(["--help"])
    assert not ending.value.code
    text = capsys.readouterr().out
    assert "Examples" in text
    assert f"ctapipe-fastsim-{tool} " in text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("unknown", "nor a bundled model"),
        ("--path unknown", "nor a bundled model"),
        ("DATA", "make one with ctapipe-fastsim-train"),
        ("--wrong", "unrecognized arguments"),
    ],
)
def test_the_card_of_what_is_no_model(line, answer, names, capsys):
    with pytest.raises(SystemExit) as ending:
        info.main([str(names.get(word, word)) for word in line.split()])
    assert ending.value.code == 2
    assert answer in capsys.readouterr().err.splitlines()[-1]


def test_a_misspelt_trait_is_an_error(toy_model, tmp_path):
    """Not only a warning: numbers would be of other options than those that were given."""
    options = ["-i", str(toy_model), "-o", "new.dl1.h5", "--CVAEEventSource.sede=4", "-n", "5"]
    assert run_tool(GenerateTool(), options, cwd=tmp_path, raises=False) == 2
    assert not (tmp_path / "new.dl1.h5").exists()
