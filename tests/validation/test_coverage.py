from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, toy_sample

from ctapipe_fastsim.validation.coverage import _memberships, coverage
from ctapipe_fastsim.validation.goals import GAMMAS


def compare(generated):
    figures, _ = coverage(toy_sample(1), generated, CAMERA, GAMMAS, seed=1, progress=False)
    return {figure.name: figure for figure in figures}


@pytest.fixture(scope="module")
def equal():
    return compare(toy_sample(2))


def test_one_law_has_density_one_and_full_coverage(equal):
    assert equal["density"].value == pytest.approx(1, abs=4 * equal["density"].error)
    # a ball holds none of as many images of one law with probability 1 / 2^5
    assert equal["coverage"].value == pytest.approx(1 - 2**-5, abs=4 * equal["coverage"].error)
    for figure in equal.values():
        error = np.hypot(figure.error, figure.floor_error)
        assert figure.value == pytest.approx(figure.floor, abs=4 * error)


def test_images_that_are_never_made_lower_coverage_and_recall(equal):
    generated = toy_sample(2)
    few = compare(generated[generated.conditions["log10_energy"] < 0.6])
    for name in ("coverage", "recall"):
        assert few[name].value < equal[name].value - 5 * few[name].error


def test_images_that_do_not_exist_lower_the_density(equal):
    generated = toy_sample(2)
    noise = np.random.default_rng(1)
    wild = {n: v + noise.normal(0, np.nanstd(v), len(v)) for n, v in generated.parameters.items()}
    wrong = compare(replace(generated, parameters=wild))
    assert wrong["density"].value < equal["density"].value - 5 * equal["density"].error


def test_definitions_on_a_line():
    first = np.arange(8.0)[:, np.newaxis]  # the fifth neighbour is 3 to 5 away
    second = np.array([-4.5, 3.5, 100, 101, 102, 103, 104])[:, np.newaxis]
    density, covered, recalled = _memberships(first, second)
    radius = np.sort(np.abs(first - first.T), axis=1)[:, 5]
    inside = np.abs(first - second.T) <= radius[:, np.newaxis]
    np.testing.assert_allclose(density, inside.sum(axis=0) / 5)
    assert density[0] == 1 / 5
    assert covered.all()
    assert recalled.all()  # in the ball of 3.5, whose fifth neighbour is 99.5 away


def test_few_images_give_no_figure():
    few = toy_sample(2)[:60]
    assert all("fewer than 100" in figure.note for figure in compare(few).values())
