from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.parameter_distributions import parameter_distributions


def compare(reference, generated):
    return parameter_distributions(reference, generated, CAMERA, GAMMAS, seed=1, progress=False)


@pytest.fixture(scope="module")
def reference():
    return toy_sample(1)


@pytest.fixture(scope="module")
def equal(reference):
    return compare(reference, toy_sample(2))


def test_one_law_passes(reference, equal):
    figures, _ = equal
    judged = [figure for figure in figures if figure.goal is not None]
    assert len(judged) == len(reference.parameters)
    assert all(figure.passed for figure in judged)
    for figure in figures:
        assert figure.value < figure.floor + 3 * np.hypot(figure.error, figure.floor_error)
        assert figure.error > 0


def test_wide_images_are_found(reference):
    figures, _ = compare(reference, toy_sample(2, width=1.1))
    width = named(figures, "hillas_width", "Wasserstein")
    assert width.passed is False
    assert width.value > width.floor + 5 * width.error
    assert named(figures, "hillas_fov_lon", "Wasserstein").passed


def test_a_lost_correlation_is_found(reference, equal):
    rng = np.random.default_rng(1)
    width = rng.permutation(reference.parameters["hillas_width"])
    generated = replace(reference, parameters=reference.parameters | {"hillas_width": width})
    figures, arrays = compare(reference, generated)
    distance = named(figures, "correlations")
    assert distance.value > distance.floor + 5 * distance.error
    found = arrays["correlation_reference"] - arrays["correlation_generated"]
    assert np.abs(found).max() == pytest.approx(distance.value)
    assert named(equal[0], "correlations").value < distance.value / 3


def test_correlations_are_those_of_numpy(reference, equal):
    _, arrays = equal
    columns = [reference.parameters[name][reference.survived] for name in arrays["names"]]
    np.testing.assert_allclose(arrays["correlation_reference"], np.corrcoef(columns))


def test_what_hardly_varies_has_no_goal(reference):
    few, many = np.zeros(len(reference)), np.zeros(len(reference))
    few[:3], many[:100] = 1, 1
    for islands, passed in ((few, None), (many, False)):
        samples = [
            replace(reference, parameters=reference.parameters | {"islands": values})
            for values in (np.zeros(len(reference)), islands)
        ]
        figures, arrays = compare(*samples)
        figure = named(figures, "islands", "Wasserstein")
        assert figure.value > 0
        assert figure.passed is passed
        assert ("islands" in arrays["names"]) is (passed is False)
