import numpy as np
import pytest

from ctapipe_fastsim.validation.common_grid import grid_step, on_grid


@pytest.fixture
def charges():
    """Images of 20 pixels with large and small charges, as float32."""
    rng = np.random.default_rng(5)
    return rng.exponential(30, (500, 20)).astype(np.float32) - 2


@pytest.mark.parametrize("step", [1 / 32, 1 / 100, 0.1, 0.5, 1.0])
def test_the_step_of_rounded_values_is_found(charges, step):
    rounded = (np.round(charges / step) * step).astype(np.float32)
    assert grid_step(rounded) == pytest.approx(step, rel=1e-9)


def test_unrounded_values_stand_on_no_grid(charges):
    assert grid_step(charges) == 0
    assert on_grid(charges, 0) is charges


def test_missing_values_do_not_hide_the_grid(charges):
    rounded = np.round(charges)
    rounded[::7, 3] = np.nan
    assert grid_step(rounded) == 1


def test_rounding_moves_by_half_a_step_at_most_and_only_once(charges):
    rounded = on_grid(charges, 1 / 32)
    assert rounded.dtype == np.float32
    assert np.abs(rounded - charges).max() <= 1 / 64
    assert grid_step(rounded) == 1 / 32
    np.testing.assert_array_equal(on_grid(rounded, 1 / 32), rounded)


@pytest.mark.parametrize("values", [np.zeros(5), np.full(3, 2.5), np.zeros(0)])
def test_a_constant_tells_no_step(values):
    assert grid_step(values.astype(np.float32)) == 0
