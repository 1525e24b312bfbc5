import numpy as np
import pytest
from toy_production import toy_subarray
from traitlets.config import Config

from ctapipe_fastsim.validation import parallel_parameters as module
from ctapipe_fastsim.validation.image_parameters import image_parameters
from ctapipe_fastsim.validation.parallel_parameters import parallel_image_parameters


@pytest.fixture(scope="module")
def subarray():
    return toy_subarray(n_pixels=61)


@pytest.fixture(scope="module")
def images(subarray):
    """Seven bright spots with random times."""
    geometry = subarray.tel[1].camera.geometry
    x, y = geometry.pix_x.value, geometry.pix_y.value
    rng = np.random.default_rng(2)
    centre = rng.uniform(-0.05, 0.05, (7, 2))
    spread = (x - centre[:, :1]) ** 2 / 0.004 + (y - centre[:, 1:]) ** 2 / 0.001
    charge = 200 * np.exp(-spread) + rng.normal(0, 0.5, spread.shape)
    return charge.astype(np.float32), rng.normal(20, 3, spread.shape).astype(np.float32)


def compute(subarray, images, config=None, progress=lambda n: None):
    return parallel_image_parameters(subarray, 1, *images, config or Config(), progress)


def test_the_same_as_one_image_after_another(subarray, images):
    done = []
    found = compute(subarray, images, progress=done.append)
    expected = image_parameters(subarray, 1, *images)
    assert sum(done) == len(images[0])
    assert list(found) == list(expected)
    for name, column in expected.items():
        np.testing.assert_array_equal(found[name], column)
    assert np.isfinite(found["timing_slope"]).all()


def test_two_processes_give_the_same_numbers(subarray, images, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 3)
    alone = compute(subarray, images)
    monkeypatch.setattr(module, "_WORTH_A_PROCESS", 1)
    for name, column in compute(subarray, images).items():
        np.testing.assert_array_equal(column, alone[name])


def test_the_cleaning_is_configured(subarray, images):
    high = {"TailcutsImageCleaner": {"picture_threshold_pe": 80, "boundary_threshold_pe": 40}}
    strict = compute(subarray, images, Config({"ImageProcessor": high}))
    default = compute(subarray, images)
    assert np.all(strict["morphology_n_pixels"] < default["morphology_n_pixels"])


def test_no_image_gives_empty_columns(subarray, images):
    empty = compute(subarray, [values[:0] for values in images])
    assert all(column.shape == (0,) for column in empty.values())
