from dataclasses import replace

import numpy as np
import pytest
from comparison_helpers import CAMERA, named, toy_sample

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.pixels import pixels


def compare(reference, generated):
    return pixels(reference, generated, CAMERA, GAMMAS, seed=1, progress=False)


@pytest.fixture(scope="module")
def reference():
    return toy_sample(1)


def test_one_law_agrees(reference):
    figures, arrays = compare(reference, toy_sample(2))
    for figure in figures:
        assert figure.value < figure.floor + 3 * np.hypot(figure.error, figure.floor_error)
    np.testing.assert_allclose(arrays["mean_reference"], reference.charge.mean(axis=0))
    np.testing.assert_allclose(arrays["width_reference"], reference.charge.std(axis=0))
    for side in ("reference", "generated"):
        assert arrays[f"spectrum_{side}"].sum() == pytest.approx(1)
    assert len(arrays["charge_edges"]) == len(arrays["spectrum_reference"]) + 1


@pytest.mark.parametrize("what", ["mean charge", "width"])
def test_a_dead_part_of_the_camera_is_found(reference, what):
    generated = toy_sample(2)
    charge = generated.charge.copy()
    charge[:, :20] *= 0.5
    figures, _ = compare(reference, replace(generated, charge=charge))
    figure = named(figures, what)
    assert figure.value > figure.floor + 5 * np.hypot(figure.error, figure.floor_error)


def test_more_noise_is_found(reference):
    generated = toy_sample(2)
    noise = np.random.default_rng(3).normal(0, 0.5, generated.charge.shape).astype(np.float32)
    figures, _ = compare(reference, replace(generated, charge=generated.charge + noise))
    figure = named(figures, "Kolmogorov")
    assert figure.value > figure.floor + 5 * np.hypot(figure.error, figure.floor_error)
