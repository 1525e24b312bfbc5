from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.sizes import sizes


def compare(reference, generated):
    return sizes(reference, generated, CAMERA, GAMMAS, seed=1, progress=False)


@pytest.fixture(scope="module")
def reference():
    return toy_sample(1)


def test_one_law_agrees(reference):
    figures, arrays = compare(reference, toy_sample(2))
    for figure in figures:
        assert np.isnan(figure.value) or abs(figure.value) <= 3 * figure.error
    assert named(figures, "100 to 1000").passed
    assert arrays["decades"].tolist() == [[1, 10], [10, 100], [100, 1000], [1000, 10000]]
    assert arrays["ratio_reference"][2] == pytest.approx(0.93, abs=0.05)


def test_lost_light_is_found(reference):
    generated = toy_sample(2)
    parameters = dict(generated.parameters)
    parameters["hillas_log10_intensity"] = parameters["hillas_log10_intensity"] + np.log10(0.97)
    figures, arrays = compare(reference, replace(generated, parameters=parameters))
    bias = named(figures, "100 to 1000")
    assert bias.passed is False
    assert bias.value == pytest.approx(-0.03, abs=4 * bias.error)
    ratio = arrays["ratio_generated"][2] / arrays["ratio_reference"][2]
    assert ratio - 1 == pytest.approx(bias.value)


def test_lost_images_are_found(reference):
    generated = toy_sample(2)
    lost = np.arange(len(generated)) % 20 == 0
    cleaned = {n: np.where(lost, np.nan, v) for n, v in generated.parameters.items()}
    figures, _ = compare(reference, replace(generated, parameters=cleaned))
    survival = named(figures, "images that survive")
    assert survival.passed is False
    assert survival.value == pytest.approx(-0.05, abs=4 * survival.error)
    pixels = named(figures, "pixels that survive")
    assert pixels.passed is False
    assert pixels.value == pytest.approx(-0.05 * 22.3 / 91, abs=4 * pixels.error)


@pytest.mark.parametrize("too_many, passed", [(0, True), (1, False)])
def test_the_requested_size_is_exact(reference, too_many, passed):
    generated = toy_sample(2)
    size = generated.counts.sum(axis=1)
    size[7] -= too_many
    figures, _ = compare(reference, replace(generated, conditions={"size": size}))
    requested = named(figures, "requested")
    assert requested.value == too_many
    assert requested.passed is passed


def test_unknown_counts_leave_figures_out(reference):
    figures, arrays = compare(reference, replace(reference, counts=None))
    assert named(figures, "reconstructed size").passed is None
    assert named(figures, "requested").passed is None
    assert arrays == {}
