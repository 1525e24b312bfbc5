from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.separability import _at_most, separability


@pytest.fixture(scope="module")
def reference():
    return toy_sample(1)


@pytest.fixture(scope="module")
def equal(reference):
    return separability(reference, toy_sample(2), CAMERA, GAMMAS, seed=1, progress=False)[0]


def test_one_law_is_not_told_apart(equal):
    figures = [figure for figure in equal if "control" not in figure.name]
    assert len(figures) == 6
    for figure in figures:
        assert figure.value == pytest.approx(0.5, abs=3.5 * figure.error)
        assert figure.floor == pytest.approx(0.5, abs=3.5 * figure.floor_error)
    goals = [figure.goal for figure in figures]
    assert goals == [None, 0.51, None, None, None, 0.51]


def test_the_controls_are_found(equal):
    for what in ("wider", "larger", "spilled"):
        control = named(equal, "control", what)
        assert control.value > control.goal > 0.5
        assert control.passed


def test_the_training_size_is_told(reference, equal):
    assert named(equal, "dense network on charges").note == "trained on 3/5 of 750 + 750 images"
    assert equal[0].note.startswith("trained on 4/5 of 7")


def test_wrong_images_of_another_camera_are_told_apart_by_trees(reference):
    squares = CameraGeometry.make_rectangular(7, 13)
    parts = [replace(s, counts=None)[::3] for s in (reference, toy_sample(2, width=1.3))]
    figures, _ = separability(*parts, squares, replace(GAMMAS, auc=0.52), seed=1, progress=False)
    trees = figures[1]
    assert trees.name == "AUC of boosted trees on parameters and conditions"
    assert trees.goal == 0.52
    assert trees.passed is False
    assert trees.value > 0.5 + 4 * trees.error
    assert "hexagonal" in figures[-1].note
    assert np.isnan(figures[-1].value)
    assert not any("true photo-electrons" in figure.name for figure in figures)
    assert not any("hexagonal" in figure.name for figure in figures[:-1])


def test_networks_see_whole_showers_that_are_the_same_in_both_samples(reference):
    parts = _at_most(300, reference, reference[::2], seed=1)
    assert 200 < len(parts[0]) <= 300
    numbers = [np.unique(part.shower) for part in parts]
    assert len(parts[0]) == 3 * len(numbers[0])
    assert set(numbers[1]) <= set(numbers[0])
    assert len(_at_most(10_000, reference, reference, seed=1)[0]) == len(reference)
