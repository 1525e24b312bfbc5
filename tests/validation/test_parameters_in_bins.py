from dataclasses import replace

import numpy as np
from comparison_helpers import CAMERA, toy_sample

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.parameters_in_bins import parameters_in_bins


def compare(reference, generated):
    return parameters_in_bins(reference, generated, CAMERA, GAMMAS, seed=1, progress=False)


def test_one_law_agrees_in_every_bin():
    figures, arrays = compare(toy_sample(1), toy_sample(2))
    assert len(figures) == 9
    for figure in figures:
        assert figure.value < figure.floor + 3 * np.hypot(figure.error, figure.floor_error)
        assert figure.goal == 1.2 * figure.floor + 0.005
    assert arrays["wasserstein"].shape == arrays["wasserstein_floor"].shape == (3, 3)
    assert [len(arrays[name]) for name in ("log10_energy", "impact_distance")] == [4, 4]


def test_a_fault_is_found_where_it_is():
    reference, generated = toy_sample(1), toy_sample(2)
    edges = compare(reference, generated)[1]
    low = generated.conditions["log10_energy"] < edges["log10_energy"][1]
    far = generated.conditions["impact_distance"] > edges["impact_distance"][2]
    wrong = {
        name: np.where(low & far, 1.5 * values + 1, values)
        for name, values in generated.parameters.items()
    }
    figures, _ = compare(reference, replace(generated, parameters=wrong))
    assert [f.value > 2 * f.goal for f in figures] == [False] * 2 + [True] + [False] * 6


def test_unknown_conditions_leave_it_out():
    sample = replace(toy_sample(1), conditions={})
    (figure,), arrays = compare(sample, sample)
    assert figure.passed is None
    assert "not known" in figure.note
    assert arrays == {}
