from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample

from ctapipe_fastsim.validation.gamma_hadron import gamma_hadron
from ctapipe_fastsim.validation.goals import GAMMAS


@pytest.fixture(scope="module")
def protons():
    sample = toy_sample(3, width=1.3)
    return replace(sample, shower=sample.shower + 10_000)


def compare(generated, protons):
    return gamma_hadron(toy_sample(1), generated, CAMERA, GAMMAS, 1, False, protons=protons)


@pytest.fixture(scope="module")
def equal(protons):
    return compare(toy_sample(2), protons)


def test_one_law_agrees(equal):
    figures, arrays = equal
    for figure in figures[:3]:
        assert abs(figure.value) <= 3 * figure.error
    assert named(figures, "below 0.5").goal == 2 * named(figures, "below 0.5").error
    for side in ("reference", "generated", "protons"):
        assert arrays[side].sum() == pytest.approx(1)
    centre = arrays["score_edges"][:-1] + 0.005
    assert centre @ arrays["reference"] > 0.75 > 0.4 > centre @ arrays["protons"]


def test_wide_gammas_look_like_protons(protons):
    figures, _ = compare(toy_sample(2, width=1.1), protons)
    mean, low = named(figures, "mean"), named(figures, "below 0.5")
    assert mean.passed is False
    assert mean.value < -5 * mean.error
    assert low.passed is False
    assert low.value > 5 * low.error
    assert named(figures, "quantile 0.1").value < 0


def test_the_note_tells_the_means(equal):
    figures, arrays = equal
    words = named(figures, "mean").note.split()
    means = [float(word) for word in words if word[0].isdigit()]
    assert means[1] - means[0] == pytest.approx(named(figures, "mean").value, abs=1e-4)
    centre = arrays["score_edges"][:-1] + 0.005
    np.testing.assert_allclose(
        means, [centre @ arrays[s] for s in ("reference", "generated", "protons")], atol=0.006
    )


def test_without_protons_it_is_left_out():
    (figure,), arrays = compare(toy_sample(2), None)
    assert figure.passed is None
    assert "no protons" in figure.note
    assert arrays == {}
