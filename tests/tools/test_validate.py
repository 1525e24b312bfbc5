"""The validation tool: a report and its numbers, or an error in one line and nothing."""

import json
import os

import numpy as np
import pytest
from ctapipe.core import run_tool
from toy_production import toy_subarray, write_toy_production

from ctapipe_fastsim.tools.validate import ValidateTool
from ctapipe_fastsim.validation import comparison, network_classifier
from ctapipe_fastsim.validation.sizes import sizes

N_IMAGES = 150


@pytest.fixture(scope="module", autouse=True)
def quick_networks():
    """How well the tests learn is tested elsewhere; here one epoch is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_classifier, "_MAX_EPOCHS", 1)
        yield


@pytest.fixture
def sizes_only(monkeypatch):
    """Of all figures those of the sizes."""
    monkeypatch.setattr(comparison, "_TOPICS", (sizes,))


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return write_bright(tmp_path_factory.mktemp("reference") / "mc.dl1.h5", seed=3)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The same telescope, other showers."""
    return write_bright(tmp_path_factory.mktemp("other") / "events.dl1.h5", seed=4)


@pytest.fixture(scope="module")
def protons(tmp_path_factory):
    path = tmp_path_factory.mktemp("protons") / "protons.dl1.h5"
    return write_bright(path, seed=5, primary_id=101)


@pytest.fixture(scope="module")
def report(reference, other, protons, tmp_path_factory):
    """Folder of a report on generated events."""
    folder = tmp_path_factory.mktemp("report")
    files = [f"--reference={reference}", f"--generated={other}", f"--protons={protons}"]
    assert validate(folder, *files) == 0
    return folder


def write_bright(path, **settings):
    """A small production of which most images survive cleaning."""
    subarray = toy_subarray(n_pixels=61)
    write_toy_production(path, subarray=subarray, n_showers=80, light_yield=200, **settings)
    return path


def validate(folder, *options):
    """Run the tool in a folder and return its exit code."""
    given = {option.split("=")[0] for option in options}
    output = [] if "-o" in given else ["-o", str(folder / "report.html")]
    defaults = [f"-n={N_IMAGES}", "--no-progress", *output]
    return run_tool(ValidateTool(), [*options, *defaults], cwd=folder, raises=False)


def written(folder):
    return sorted(set(os.listdir(folder)) - {"ctapipe-fastsim-validate.provenance.log"})


def content(folder):
    return json.loads((folder / "report.json").read_text())


def assert_refused(capsys, folder, *options, message):
    """Exit code, one line of error with the message, and nothing written."""
    before = written(folder)
    assert validate(folder, *options) == 2
    text = capsys.readouterr().err
    errors = [line for line in text.splitlines() if "ERROR" in line or "CRITICAL" in line]
    assert "Traceback" not in text
    assert message in errors[0]
    assert len(errors) <= 2
    assert written(folder) == before


def test_a_report_and_its_numbers(report):
    assert written(report) == ["report.html", "report.json"]
    found = content(report)
    assert [entry["role"] for entry in found["run"]["inputs"]] == [
        "reference",
        "generated",
        "protons",
    ]
    assert not found["run"]["paired"]
    (telescope,) = found["telescopes"].values()
    assert all(N_IMAGES / 2 < n <= N_IMAGES for n in telescope["images"].values())
    topics = {figure["topic"] for figure in telescope["figures"]}
    assert {"separability", "sizes", "gamma_hadron", "coverage"} <= topics
    assert "latents" not in topics
    assert "gamma score" in (report / "report.html").read_text()


def test_provenance_knows_inputs_and_outputs(report):
    log = json.loads((report / "ctapipe-fastsim-validate.provenance.log").read_text())
    (activity,) = [a for a in log if a["activity_name"] == "ctapipe-fastsim-validate"]
    roles = [entry["role"] for entry in activity["input"]]
    assert {"reference", "generated", "protons"} <= set(roles)
    assert len(activity["output"]) == 2


def test_a_model_generates_at_the_conditions_of_the_reference(
    toy_model, toy_file, sizes_only, tmp_path
):
    assert validate(tmp_path, f"--reference={toy_file}", f"--model={toy_model}") == 0
    found = content(tmp_path)
    assert found["run"]["paired"]
    (telescope,) = found["telescopes"].values()
    assert telescope["images"]["reference"] == telescope["images"]["generated"]
    figures = {figure["name"]: figure for figure in telescope["figures"]}
    (exact,) = [f for name, f in figures.items() if "requested size" in name]
    assert exact["value"] == 0
    assert exact["passed"]
    assert "latents" in telescope["arrays"]


def test_several_files_follow_one_option():
    tool = ValidateTool()
    files = ["--reference", "a", "b", "--reference=c", "d", "--generated", "e", "--protons=f"]
    tool.initialize([*files, "-o", "r.html", "-n", "5"])
    assert [path.name for path in tool.reference] == ["a", "b", "c", "d"]
    assert [path.name for path in tool.generated] == ["e"]
    assert [path.name for path in tool.protons] == ["f"]
    assert tool.extra_args == []


def test_the_cleaning_is_configured(tmp_path):
    path = tmp_path / "cleaning.json"
    cleaner = {"TailcutsImageCleaner": {"picture_threshold_pe": 30}}
    path.write_text(json.dumps({"ImageProcessor": cleaner, "ValidateTool": {"seed": 4}}))
    tool = ValidateTool()
    tool.initialize([f"--config={path}"])
    assert tool._cleaning()["ImageProcessor"]["TailcutsImageCleaner"]["picture_threshold_pe"] == 30
    assert tool.seed == 4


def test_the_answer_stays_until_overwrite(report, reference, other, capsys):
    files = [f"--reference={reference}", f"--generated={other}"]
    before = (report / "report.html").read_bytes()
    assert validate(report, *files) != 0
    assert "overwrite" in capsys.readouterr().err
    assert (report / "report.html").read_bytes() == before


def test_bad_options_are_refused(tmp_path, capsys):
    mc = "--reference=mc.dl1.h5"
    for options, message in (
        ([], "no reference"),
        ([mc], "neither of model and generated"),
        ([mc, "--model=taiga-gamma", "--generated=x.dl1.h5"], "both of model and generated"),
        (["mc2.dl1.h5", mc], "mc2.dl1.h5"),
        ([mc, "--model=taiga-gamma", "-o", "report.pdf"], ".html"),
        ([mc, "--model=taiga-gamma", "-o", "nowhere/report.html"], "no such folder"),
        ([mc, "--model=no-such-model"], "no-such-model"),
        ([mc, "--model=taiga-gamma"], "no such file"),
    ):
        assert_refused(capsys, tmp_path, *options, message=message)


def test_files_that_do_not_belong_together_are_refused(
    reference, toy_array_file, protons, other, tmp_path, capsys
):
    few = tmp_path / "few.dl1.h5"
    write_toy_production(few, subarray=toy_subarray(n_pixels=61), n_showers=25, seed=3)
    turned = tmp_path / "turned.dl1.h5"
    subarray = toy_subarray(n_pixels=61)
    subarray.tel[1].camera.geometry.rotate("30d")
    write_toy_production(turned, subarray=subarray, n_showers=60, seed=3)
    for generated, message in (
        (turned, "differs"),
        (protons, "primary"),
        (few, "showers"),
    ):
        files = [f"--reference={reference}", f"--generated={generated}"]
        assert_refused(capsys, tmp_path, *files, message=message)
    files = [f"--reference={reference}", "--model=taiga-gamma"]
    assert_refused(capsys, tmp_path, *files, message="no common telescope type")


def test_two_runs_give_the_same_figures(report, reference, other, protons, sizes_only, tmp_path):
    files = [f"--reference={reference}", f"--generated={other}", f"--protons={protons}"]
    assert validate(tmp_path, *files) == 0
    (again,), (first,) = (content(f)["telescopes"].values() for f in (tmp_path, report))
    assert again["figures"] == [f for f in first["figures"] if f["topic"] == "sizes"]
    assert again["arrays"]["sizes"] == first["arrays"]["sizes"]


def test_shower_numbers_of_files_are_kept_apart(reference, other):
    tool = ValidateTool()
    tool.initialize(
        ["--reference", str(reference), "--generated", str(other), "-o", "r.html", "--no-progress"]
    )
    tool.setup()
    (name,) = tool._names
    samples, *_ = tool._samples(name)
    assert not np.isin(samples["generated"].shower, samples["reference"].shower).any()
