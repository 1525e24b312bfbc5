"""The report: one page that needs nothing else, and all numbers in JSON."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from toy_production import hexagonal_geometry

from ctapipe_fastsim.validation.comparison import Comparison
from ctapipe_fastsim.validation.figures import Figure
from ctapipe_fastsim.validation.report import report_html, report_json
from ctapipe_fastsim.validation.report_gallery import gallery
from ctapipe_fastsim.validation.sample import Sample

N_IMAGES, N_PIXELS = 40, 37
EVIL = '<script>alert("&")</script>'
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Elements of a page with their attributes, and whether every one is closed."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def sample(seed):
    """Bright images, of which a tenth did not survive."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(3, (N_IMAGES, N_PIXELS)).astype(np.int32)
    charge = (counts + rng.normal(0, 0.5, counts.shape)).astype(np.float32)
    intensity = np.log10(charge.sum(axis=1)).astype(float)
    intensity[::10] = np.nan
    names = ("hillas_width", "timing_slope", "timing_deviation")
    parameters = {
        name: np.where(np.isnan(intensity), np.nan, rng.random(N_IMAGES)) for name in names
    }
    parameters |= {"morphology_n_islands": np.where(np.isnan(intensity), np.nan, 1.0)}
    conditions = {
        "log10_energy": rng.random(N_IMAGES),
        "impact_distance": 200 * rng.random(N_IMAGES),
        "x_max": rng.normal(300, 30, N_IMAGES),
        "offset": rng.random(N_IMAGES),
    }
    return Sample(
        *(charge, rng.normal(20, 2, charge.shape).astype(np.float32), counts),
        {"hillas_log10_intensity": intensity, **parameters},
        conditions,
        np.arange(N_IMAGES) // 2,
    )


def figure(name="a figure", value=0.5, error=0.01, goal=0.6, passed=True, note=""):
    return Figure(name, value, error, 0.45, 0.02, goal, passed, note)


def comparison(telescope="SST_toy", name="AUC of trees", note="too few"):
    edges = np.linspace(0, 1, 5)
    quantiles = np.array([[1.0, 2, 3]] * 4)
    arrays = {"impact_edges": edges, "time_edges": edges}
    for side in ("reference", "generated"):
        arrays |= {f"gradient_{side}": quantiles, f"spread_{side}": quantiles}
        arrays |= {f"dark_{side}": np.full(4, 0.25), f"bright_{side}": np.full(4, 0.25)}
    missing = figure("a bias", np.nan, np.nan, 0.01, None, note)
    return Comparison(
        telescope,
        hexagonal_geometry("toy", N_PIXELS),
        {"reference": sample(1), "generated": sample(2)},
        {"charge": 1 / 32, "peak_time": 0.0},
        {
            "separability": ([figure(name, 0.5183, 0.0112), missing], {}),
            "sizes": ([figure(f"number {i}", passed=i > 2) for i in range(12)], {}),
            "timing": ([figure("a spread", 0.7, goal=0.2, passed=False)], arrays),
        },
    )


def run(command="ctapipe-fastsim-validate --model m", file="mc.dl1.h5", **options):
    return {
        "command": command,
        "created": "2026-01-01T00:00:00+00:00",
        "seed": 3,
        "paired": True,
        "inputs": [{"role": "reference", "file": file, "sha256": "12ab"}],
        "versions": {"ctapipe": "0.28.0"},
        **options,
    }


@pytest.fixture(scope="module")
def text():
    return report_html(run(), [comparison()])


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


@pytest.fixture(scope="module")
def other_text():
    """Two telescope types, events that are not paired, and names that want to be HTML."""
    wicked = comparison(telescope=f"SST {EVIL}", name=f"AUC {EVIL}", note=f"few {EVIL}")
    told = run(command=f"run {EVIL}", file=f"file {EVIL}", paired=False)
    return report_html(told, [wicked, comparison("MST_toy")])


@pytest.fixture(scope="module")
def other(other_text):
    return Page(other_text)


def test_every_element_is_closed(page, other):
    assert page.open == other.open == []


def test_the_page_needs_nothing_else(text, page):
    assert not page.all("script")
    assert not page.all("link")
    assert all(image["src"].startswith("data:image/png;base64,iVBOR") for image in page.all("img"))
    assert not re.search(r"(src|href)=\"(?!data:|#)|url\(|@import", text)


def test_every_picture_says_what_it_shows(page):
    assert len(page.all("img")) > 20
    assert all(len(image["alt"]) > 10 for image in page.all("img"))


def test_it_fits_a_phone(page):
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    scrolled = [d for d in page.all("div") if d.get("class") == "scroll"]
    assert len(scrolled) == len(page.all("table"))


def test_links_lead_somewhere(page, other):
    for shown in (page, other):
        places = [attributes["id"] for _, attributes in shown.found if "id" in attributes]
        links = {link["href"].removeprefix("#") for link in shown.all("a")}
        assert links <= set(places)
        assert len(places) == len(set(places))
    assert len(page.all("a")) == 9


def test_the_summary_says_what_passes(text):
    summary = text.split("<nav")[0]
    cells = re.findall(r"<td.*?>(.*?)</td>", summary)
    assert cells[:5] == ["AUC of trees", "0.518 ± 0.011", "0.450 ± 0.020", "≤ 0.6", "yes"]
    assert cells[5:10] == ["a bias<small>too few</small>", "–", "0.450 ± 0.020", "≤ 0.01", ""]
    assert cells[-5:] == ["a spread", "0.700 ± 0.010", "0.450 ± 0.020", "≤ 0.2", "no"]
    assert "10 of 14 figures with a goal pass" in summary


def test_many_figures_are_counted_in_the_summary(text):
    summary, rest = text.split("<nav")
    assert "9 of 12" in summary
    assert "number 7" not in summary
    assert "number 7" in rest


@pytest.mark.parametrize("before", ["SST", "AUC", "few", "run", "file"])
def test_what_comes_from_files_is_escaped(other, before):
    assert f"{before} {EVIL}" in other.text
    assert not other.all("script")


def test_paired_and_unpaired_images_are_told_apart(text, other_text):
    assert "same energy" in text
    assert "same energy" not in other_text
    assert "come from files" in other_text


def test_the_grid_of_the_charges_is_told(page):
    assert "charges to 0.03125 p.e." in page.text
    assert "peak times to" not in page.text


def test_the_answer_shows_the_images_of_the_riddle(page):
    sources = [image["src"] for image in page.all("img")]
    riddle, answer = sources[-32:-16], sources[-16:]
    assert len(set(riddle)) == 16
    assert sorted(riddle) == sorted(answer)
    captions = page.text.split("Show the answer")
    assert "Monte Carlo" not in captions[0].split("Which is which?")[1]
    assert captions[1].count("Monte Carlo") == captions[1].count("generated") == 8


def test_the_order_of_the_riddle_depends_on_the_seed(page):
    texts = [page.text, *(Page("".join(gallery(comparison(), seed))).text for seed in (3, 4))]
    answers = [re.findall(r"\d([AB]): Monte Carlo", text) for text in texts]
    assert answers[0] == answers[1] != answers[2]
    assert set(answers[0]) == {"A", "B"}


def test_json_holds_every_number():
    content = json.loads(report_json(run(), [comparison()]))
    assert content["run"] == run()
    telescope = content["telescopes"]["SST_toy"]
    assert telescope["images"] == {"reference": N_IMAGES, "generated": N_IMAGES}
    assert telescope["grid"] == {"charge": 0.03125, "peak_time": 0.0}
    first, second, *others = telescope["figures"]
    assert len(others) == 13
    assert first["topic"] == "separability"
    assert first["value"] == 0.5183
    assert second["value"] is None
    assert telescope["arrays"]["timing"]["impact_edges"] == [0, 0.25, 0.5, 0.75, 1]


def test_the_same_input_gives_the_same_bytes(text):
    assert report_html(run(), [comparison()]) == text
