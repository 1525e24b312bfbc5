from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import named, toy_sample

from ctapipe_fastsim.validation.peak_times import peak_times


@pytest.fixture(scope="module")
def reference():
    return toy_sample(1)


def test_one_law_agrees(reference):
    figures, arrays = peak_times(reference, toy_sample(2), seed=1)
    for figure in figures:
        assert figure.value < figure.floor + 3 * np.hypot(figure.error, figure.floor_error)
    for name in ("dark_reference", "dark_generated", "bright_reference", "bright_generated"):
        assert arrays[name].sum() == pytest.approx(1)
    assert np.ptp(arrays["dark_reference"]) < 0.004  # the toy's noise comes at any time


def test_late_light_is_found_in_bright_pixels_only(reference):
    figures, _ = peak_times(reference, toy_sample(2, delay=1.0), seed=1)
    bright, dark = (named(figures, what) for what in ("bright", "dark"))
    assert bright.value > bright.floor + 5 * bright.error
    assert dark.value < dark.floor + 3 * np.hypot(dark.error, dark.floor_error)


def test_without_counts_the_charge_tells_what_is_bright(reference):
    generated = replace(toy_sample(2, delay=1.0), counts=None)
    bright = named(peak_times(reference, generated, seed=1)[0], "bright")
    assert bright.value > bright.floor + 5 * bright.error
