import json

import numpy as np
import pytest

from ctapipe_fastsim.validation.figures import Figure
from ctapipe_fastsim.validation.report_numbers import figure_rows, json_text, with_error


@pytest.mark.parametrize(
    "value, error, text",
    [
        (0.5183, 0.0112, "0.518 ± 0.011"),
        (-0.7, 1.84, "-0.7 ± 1.8"),
        (123.4, 12.3, "123 ± 12"),
        (123.4, 123.4, "123 ± 123"),
        (0.00002, 0.00001, "2e-05 ± 1e-05"),
        (1234567.0, 1000.0, "1.2e+06 ± 1e+03"),
        (0.00025, 0.00005, "0.00025 ± 5e-05"),
        (-0.00002, 0.014, "0.000 ± 0.014"),
        (0.25, np.nan, "0.25"),
        (0.25, 0.0, "0.25"),
        (0.7071067811865, 1e-15, "0.7071"),
        (2e-15, 5e-15, "0"),
        (np.nan, np.nan, "–"),
        (np.inf, np.nan, "infinite"),
    ],
)
def test_a_number_ends_with_the_second_digit_of_its_error(value, error, text):
    assert with_error(value, error) == text


def test_json_of_arrays_and_missing_numbers():
    content = {
        "array": np.array([[1.5, np.nan], [np.inf, -2]]),
        "names": np.array(["a", "b"]),
        "flags": np.array([True, False]),
        3: (np.int64(4), np.float32(0.5), None, "text"),
    }
    assert json.loads(json_text(content)) == {
        "array": [[1.5, None], [None, -2]],
        "names": ["a", "b"],
        "flags": [True, False],
        "3": [4, 0.5, None, "text"],
    }


@pytest.mark.parametrize(
    "value, passed, goal",
    [(0.3, True, "≤ 0.5"), (-0.7, False, "≤ 0.5"), (0.7, True, "> 0.5"), (0.3, False, "> 0.5")],
)
def test_a_goal_says_which_side_passes(value, passed, goal):
    (row,) = figure_rows([Figure("x", value, 0.1, 0.0, 0.1, 0.5, passed)])
    assert row[3:] == (goal, passed)
