"""What the trees are told of cleaned images is what ctapipe finds, and has no handedness."""

from dataclasses import replace

import numpy as np
import pytest
from ctapipe.coordinates import TelescopeFrame
from ctapipe.image import (
    concentration_parameters,
    descriptive_statistics,
    hillas_parameters,
    tailcuts_clean,
)
from toy_production import toy_subarray

from ctapipe_fastsim.batch_parameters import CameraPixels
from ctapipe_fastsim.cleaned_statistics import (
    N_PLACE,
    NOTHING_LEFT,
    OF_LIGHT,
    cleaned_statistics,
    n_cleaned_statistics,
)

NOISE = 2.0
MIRROR = np.array([1, -1, 1, -1])
SOURCE_CORE = np.array([[0.3, -0.2, np.cos(0.4), np.sin(0.4)]])


@pytest.fixture(scope="module")
def camera():
    return toy_subarray(n_pixels=1764).tel[1].camera.geometry


@pytest.fixture(scope="module")
def image(camera):
    """Charge, peak times and the camera in the telescope frame."""
    rng = np.random.default_rng(1)
    sky = camera.transform_to(TelescopeFrame())
    x, y = sky.pix_x.to_value("deg") - 1, sky.pix_y.to_value("deg") - 0.5  # pixels 0.3 apart
    light = 60 * np.exp(-0.5 * ((x / 1.2) ** 2 + ((y - 0.3 * x) / 0.3) ** 2))
    charge = rng.poisson(light) + rng.normal(0, NOISE, len(x))
    return charge.astype(np.float32), rng.normal(10, 2, len(x)).astype(np.float32), sky


def found_in(camera, charge, time, source_core=SOURCE_CORE):
    rows = cleaned_statistics(CameraPixels.of(camera), charge[None], time[None], source_core, NOISE)
    assert rows.shape == (1, n_cleaned_statistics())
    return rows[0]


def test_parameters_are_ctapipes(camera, image):
    charge, time, sky = image
    mask = tailcuts_clean(sky, charge, 4.8 * NOISE, 2.4 * NOISE, False, 2)
    hillas = hillas_parameters(sky[mask], charge[mask])
    concentration = concentration_parameters(sky[mask], charge[mask], hillas)
    times = descriptive_statistics(time[mask])
    expected = {
        "hillas_intensity": hillas.intensity,
        "hillas_length": hillas.length.to_value("deg"),
        "hillas_width": hillas.width.to_value("deg"),
        "hillas_kurtosis": hillas.kurtosis,
        "concentration_core": concentration.core,
        "morphology_n_pixels": mask.sum(),
    }
    found = found_in(camera, charge, time)
    for name, value in expected.items():
        assert found[OF_LIGHT.index(name)] == pytest.approx(value, rel=1e-5), name
    lon = hillas.fov_lon.to_value("deg") - SOURCE_CORE[0, 0]
    lat = hillas.fov_lat.to_value("deg") - SOURCE_CORE[0, 1]
    along, across = np.cos(0.4) * lon + np.sin(0.4) * lat, np.cos(0.4) * lat - np.sin(0.4) * lon
    angle = abs(hillas.psi.to_value("rad") - 0.4)
    place = found[len(OF_LIGHT) : len(OF_LIGHT) + N_PLACE]
    assert place == pytest.approx([along, abs(across), np.degrees(angle)], rel=1e-5)
    assert found[-3] == pytest.approx(times.kurtosis, rel=1e-5)
    psi = hillas.psi.to_value("rad")
    assert found[-2] == pytest.approx(np.sign(across) * np.degrees(psi - 0.4), rel=1e-5)
    assert found[-1] == pytest.approx(abs(lon * np.sin(psi) - lat * np.cos(psi)), rel=1e-5)


def test_an_image_and_its_reflection_have_equal_statistics(camera, image):
    charge, time, _ = image
    pixels = CameraPixels.of(camera)
    reflected = replace(pixels, y=-pixels.y)
    here, there = (
        cleaned_statistics(camera, charge[None], time[None], source_core, NOISE)
        for camera, source_core in ((pixels, SOURCE_CORE), (reflected, SOURCE_CORE * MIRROR))
    )
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-9)


def test_what_is_not_defined_is_a_number(camera, image):
    charge, time, _ = image
    found = found_in(camera, np.zeros_like(charge), time)
    defined = np.array(["morphology" in name for name in OF_LIGHT])
    assert (found[: len(OF_LIGHT)][~defined] == NOTHING_LEFT).all()
    assert (found[len(OF_LIGHT) :] == NOTHING_LEFT).all()
    assert np.isfinite(found).all()
