import numpy as np
import pytest

from ctapipe_fastsim.validation.bootstrap import Estimate
from ctapipe_fastsim.validation.distances import mean_difference
from ctapipe_fastsim.validation.figures import compared_figure, judged, missing


@pytest.mark.parametrize(
    "value, goal, passed", [(0.1, 0.1, True), (-0.2, 0.1, False), (0.1, None, None)]
)
def test_the_goal_judges_either_sign(value, goal, passed):
    figure = judged("bias", Estimate(value, 0.01), Estimate(0.05, 0.02), goal)
    assert figure.passed is passed
    assert (figure.value, figure.error, figure.floor, figure.floor_error) == (
        value,
        0.01,
        0.05,
        0.02,
    )


def test_a_missing_figure_neither_passes_nor_fails():
    figure = missing("bias", "no images")
    assert np.isnan(figure.value)
    assert figure.passed is None
    assert figure.note == "no images"


def test_rows_with_nan_are_left_out():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 100, 2))
    statistic, shower = lambda a, b, *w: mean_difference(a[:, 0], b[:, 0], *w), np.arange(100)
    expected = compared_figure("x", statistic, first, second, (shower, shower), seed=1)
    with_nan = np.concatenate([first, np.full((9, 2), np.nan)])
    longer = np.append(shower, np.zeros(9, int))
    found = compared_figure("x", statistic, with_nan, second, (longer, shower), seed=1)
    assert found == expected


def test_a_goal_may_depend_on_the_floor():
    values, shower = np.random.default_rng(1).normal(size=(2, 100)), np.arange(100)
    figure = compared_figure(
        "x", mean_difference, *values, (shower, shower), 1, lambda floor: 7 * floor.value
    )
    assert figure.goal == 7 * figure.floor


def test_few_showers_give_no_figure():
    values = np.random.default_rng(1).normal(size=(2, 1000))
    figure = compared_figure("x", mean_difference, *values, (np.arange(1000) % 30,) * 2, 1, 0.1)
    assert figure.passed is None
    assert figure.note == "fewer than 40 showers"
    nothing = np.empty(0)
    empty = compared_figure("x", mean_difference, nothing, nothing, (nothing, nothing), 1)
    assert empty.note == figure.note
