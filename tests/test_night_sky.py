"""The night sky is found in the noise, and made brighter."""

from dataclasses import replace

import numpy as np
import pytest

from ctapipe_fastsim.night_sky import add_night_sky, night_sky_light
from ctapipe_fastsim.response import fit_response

LIGHT, WIDTH, ELECTRONICS = 3.0, 0.4, 0.6  # p.e.


def charges(counts, light, rng):
    """Of an ideal camera, the mean night sky subtracted."""
    n = counts + rng.poisson(light, counts.shape)
    width = np.sqrt(n * WIDTH**2 + ELECTRONICS**2)
    return n - light + width * rng.standard_normal(counts.shape)


def camera(light, seed=1):
    """Response learned from 2000 images of 200 pixels, of which a quarter has light."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(8, (2000, 200)) * (rng.random((2000, 200)) < 0.25)
    time, spread = np.full(counts.shape, 15.0), np.ones(counts.shape)
    peak_time = time + rng.standard_normal(counts.shape)
    return fit_response(counts, charges(counts, light, rng), peak_time, time, spread, 1000.0)


@pytest.fixture(scope="module")
def response():
    return camera(LIGHT)


def test_the_light_of_the_sky_is_found(response):
    """Within 8 % (statistical error 2 %); none, to a tenth of a photo-electron, in a dark night."""
    assert night_sky_light(response) == pytest.approx(LIGHT, rel=0.08)
    assert night_sky_light(camera(0.0)) < 0.1


@pytest.mark.parametrize("n", [0, 20])
def test_a_brighter_sky_is_like_a_camera_under_one(response, n):
    """Mean, spread and third moment of the charges of pixels with and without light."""
    rng = np.random.default_rng(2)
    counts = np.full((100, 2000), n)
    before = charges(counts, LIGHT, rng).astype(np.float32)
    found = add_night_sky(before, response, 2.0, rng)
    expected = charges(counts, 2 * LIGHT, rng)
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(expected.mean(), abs=0.03)
    assert found.std() == pytest.approx(expected.std(), rel=0.02)
    moments = [np.mean((charge - charge.mean()) ** 3) for charge in (found, expected)]
    assert moments[0] == pytest.approx(moments[1], rel=0.15)


def test_the_trained_sky_adds_nothing(response):
    charge = np.random.default_rng(3).standard_normal((5, 20)).astype(np.float32)
    assert np.array_equal(add_night_sky(charge, response, 1.0, np.random.default_rng(0)), charge)


def test_charges_stay_on_the_grid_of_the_file(response):
    rounded = replace(response, charge_step=0.25)
    charge = np.zeros((5, 20), np.float32)
    found = add_night_sky(charge, rounded, 1.5, np.random.default_rng(0))
    assert (found % 0.25 == 0).all()
    assert found.std() > 0.5
