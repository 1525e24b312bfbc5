from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.timing import timing


def compare(reference, generated):
    return timing(reference, generated, CAMERA, GAMMAS, seed=1, progress=False)


@pytest.fixture(scope="module")
def reference():
    return toy_sample(1)


def test_one_law_agrees(reference):
    figures, arrays = compare(reference, toy_sample(2))
    assert len(figures) == 10
    for figure in figures:
        assert figure.value < figure.floor + 3 * np.hypot(figure.error, figure.floor_error)
    gradient = arrays["gradient_reference"]
    assert gradient.shape == (4, 3)
    assert np.all(np.diff(gradient) > 0)
    assert np.all(np.diff(gradient[:, 1]) > 0)  # the toy's gradient grows with the distance
    np.testing.assert_allclose(arrays["gradient_generated"], gradient, rtol=0.15, atol=0.1)


def test_the_sign_of_the_gradient_tells_nothing(reference):
    generated = toy_sample(2)
    flipped = generated.parameters | {"timing_slope": -generated.parameters["timing_slope"]}
    one, other = (
        compare(reference, g)[0] for g in (generated, replace(generated, parameters=flipped))
    )
    assert one == other


def test_a_wrong_spread_is_found_where_it_is(reference):
    generated = toy_sample(2)
    far = generated.conditions["impact_distance"] > 155
    spread = generated.parameters["timing_deviation"] * np.where(far, 1.5, 1)
    wrong = replace(generated, parameters=generated.parameters | {"timing_deviation": spread})
    figures = [figure for figure in compare(reference, wrong)[0] if "spread" in figure.name]
    assert [figure.value > 2 * figure.goal for figure in figures] == [False] * 3 + [True]


def test_unknown_distance_leaves_the_pixels(reference):
    without = replace(reference, conditions={})
    figures, arrays = compare(without, without)
    assert "not known" in named(figures, "impact distance").note
    assert named(figures, "dark pixels").value == pytest.approx(0, abs=1e-12)
    assert "dark_reference" in arrays
