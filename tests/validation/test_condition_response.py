from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample

from ctapipe_fastsim.validation.condition_response import condition_response
from ctapipe_fastsim.validation.goals import GAMMAS


def compare(generated):
    return condition_response(toy_sample(1), generated, CAMERA, GAMMAS, seed=1, progress=False)


def test_one_law_agrees():
    figures, arrays = compare(toy_sample(2))
    assert len(figures) == 4
    for figure in figures:
        assert abs(figure.value) <= 3 * figure.error
    for name in ("log10_energy", "impact_distance"):
        assert arrays[f"{name}_edges"].shape == (7,)
        for side in ("reference", "generated"):
            assert arrays[f"{name}_bias_{side}"].shape == (6,)
            assert np.all(arrays[f"{name}_resolution_{side}"] > 0)


def test_bright_images_are_taken_for_higher_energies():
    figures, _ = compare(toy_sample(2, light=1.2))
    bias = named(figures, "energy", "bias")
    assert bias.value > 5 * bias.error
    assert bias.value == pytest.approx(np.log10(1.2), abs=0.04)


def test_unknown_conditions_leave_it_out():
    figures, arrays = compare(replace(toy_sample(2), conditions={}))
    assert [figure.passed for figure in figures] == [None, None]
    assert arrays == {}
