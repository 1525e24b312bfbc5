"""Every parameter is the one that ctapipe's ImageProcessor computes for the same image.

Float32 precision: relative to the value, to the size of the camera's pixels for positions, and to
the rounding of ctapipe's own single precision sums for moments of charges and times.
"""

import ctapipe.fitting
import numpy as np
import pytest
from ctapipe.containers import (
    ArrayEventContainer,
    DL1CameraContainer,
    SimulatedCameraContainer,
    SimulatedEventContainer,
)
from ctapipe.image import ImageProcessor
from toy_production import toy_subarray

from ctapipe_fastsim.batch_parameters import (
    CameraPixels,
    clean_images,
    image_checks,
    image_parameters,
    true_image_parameters,
)

N_IMAGES = 250
N_PIXELS = [595, 1764]
DEFAULT_CLEANING = dict(
    picture_threshold=10, boundary_threshold=5, min_picture_neighbours=2, keep_isolated=False
)


def camera_images(geometry, seed):
    """Images, peak times and true images of showers of all sizes, some at the edge, some dark."""
    rng = np.random.default_rng(seed)
    x, y = geometry.pix_x.value, geometry.pix_y.value
    pitch = np.sqrt(geometry.pix_area.value[0])
    true, times = [], []
    for _ in range(N_IMAGES):
        centre = rng.uniform(-0.9, 0.9, 2) * x.max()
        angle = rng.uniform(0, np.pi)
        length, width = pitch * rng.uniform(0.8, 4), pitch * rng.uniform(0.3, 1.5)
        along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
        across = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)
        density = np.exp(-0.5 * ((along / length) ** 2 + (across / width) ** 2))
        size = np.exp(rng.uniform(np.log(3), np.log(5000)))
        density += np.roll(density, len(x) // 2) * (rng.random() < 0.3)  # a second island
        true.append(rng.poisson(size * density / max(density.sum(), 1e-3)))
        times.append(15 + 3 * along / pitch * rng.normal() + rng.normal(0, 1, len(x)))
    true = np.array(true)
    image = true * rng.normal(1, 0.1, true.shape) + rng.normal(0, 1.5, true.shape)
    return image.astype(np.float32), np.float32(times), true.astype(np.int32)


@pytest.fixture(scope="module", params=N_PIXELS)
def both(request):
    """Ours and ctapipe's: masks, parameters, true parameters and counts of checks."""
    subarray = toy_subarray(n_pixels=request.param)
    geometry = subarray.tel[1].camera.geometry
    images, times, true = camera_images(geometry, seed=request.param)
    pixels = CameraPixels.of(geometry)
    masks = clean_images(pixels, images, **DEFAULT_CLEANING)
    parameters = image_parameters(pixels, images, times, masks, np.random.default_rng(0))
    checks = np.concatenate([image_checks(images, masks), image_checks(true, true > 0)])
    ours = masks, parameters, true_image_parameters(pixels, true), checks.sum(axis=0)
    return ours, by_ctapipe(subarray, images, times, true)


def by_ctapipe(subarray, images, times, true):
    process = ImageProcessor(subarray=subarray)
    start = np.random.default_rng(0).bit_generator.state
    ctapipe.fitting.FIT_RNG.bit_generator.state = start  # as in a new process
    masks, parameters, true_parameters = [], [], []
    for image, time, true_image in zip(images, times, true):
        event = ArrayEventContainer(simulation=SimulatedEventContainer())
        event.dl1.tel[1] = DL1CameraContainer(image=image, peak_time=time)
        event.simulation.tel[1] = SimulatedCameraContainer(true_image=true_image)
        process(event)
        masks.append(event.dl1.tel[1].image_mask)
        parameters.append(plain(event.dl1.tel[1].parameters))
        true_parameters.append(plain(event.simulation.tel[1].true_parameters))
    columns = [
        {name: np.array([row[name] for row in rows]) for name in rows[0]}
        for rows in (parameters, true_parameters)
    ]
    counts = process.check_image.to_table()["counts"]
    return np.array(masks), *columns, counts


def plain(parameters):
    """Numbers of all containers in the units of their fields, by column name."""
    numbers = {}
    for container in parameters.values():
        for name, field in container.fields.items():
            value = container[name]
            column = f"{container.prefix}_{name}"
            numbers[column] = value if field.unit is None else value.to_value(field.unit)
    return numbers


def compared(both, which, names):
    """Our and ctapipe's values where there are any; NaN in the same places."""
    (_, *ours, _), (_, *theirs, _) = both
    for name in names:
        value, expected = ours[which][name], theirs[which][name].astype(float)
        known = np.isfinite(expected)
        assert np.array_equal(np.isfinite(value), known)
        assert known.sum() > N_IMAGES / 4
        yield name, value[known], expected[known]


def alike(name, value, expected, atol):
    """To single precision; but a pixel right at the edge of a circle is in or out by rounding."""
    differ = ~np.isclose(value, expected, rtol=2e-6, atol=atol)
    return differ.mean() <= (0.01 if "concentration" in name else 0)


def named(both, which, *starts):
    names = [name for name in both[0][1 + which] if name.removeprefix("true_").startswith(starts)]
    assert names
    return names


def test_there_is_something_to_compare(both):
    """Bright and faint images, with one island and several, at the edge and inside."""
    parameters = both[1][1]
    n_pixels = parameters["morphology_n_pixels"]
    assert (n_pixels < 0).sum() > 10  # did not survive
    assert (n_pixels == 3).any()
    assert n_pixels.max() > 40
    assert (parameters["morphology_n_islands"] > 1).any()
    assert (parameters["leakage_pixels_width_1"] > 0).any()


def test_masks_are_the_same(both):
    assert np.array_equal(both[0][0], both[1][0])


def test_checks_are_counted_alike(both):
    assert np.array_equal(both[0][3], both[1][3])


def test_all_parameters_are_there(both):
    """Of true images, those that ctapipe writes: times and core are not among them."""
    for ours, theirs in zip(both[0][1:3], both[1][1:3]):
        not_written = "true_timing", "true_peak_time", "true_core"
        assert ours.keys() == {name for name in theirs if not name.startswith(not_written)}


@pytest.mark.parametrize("which", [0, 1], ids=["image", "true image"])
def test_whole_numbers_are_the_same(both, which):
    names = named(both, which, "morphology", "leakage_pixels")
    for _, value, expected in compared(both, which, names):
        assert np.array_equal(value, expected)


@pytest.mark.parametrize("which", [0, 1], ids=["image", "true image"])
def test_light_is_the_same(both, which):
    names = named(both, which, "hillas", "leakage_intensity", "concentration")
    not_here = "psi", "psi_uncertainty", "hillas_skewness", "core"  # see below
    for name, value, expected in compared(both, which, names):
        if not name.endswith(not_here):
            assert alike(name, value, expected, atol=1e-6), name


@pytest.mark.parametrize("which", [0, 1], ids=["image", "true image"])
def test_axes_are_the_same(both, which):
    """Where there is one: all directions are alike to a few equal pixels in a ring.

    A vertical axis is up or down, and the skewness has the sign that goes with it.
    """
    names = "psi", "psi_uncertainty", "skewness", "length", "width"
    names = named(both, which, *(f"hillas_{name}" for name in names)) + named(
        both, which, "concentration_core"
    )
    found = {name.removeprefix("true_"): pair for name, *pair in compared(both, which, names)}
    length, width = found["hillas_length"][1], found["hillas_width"][1]
    long = length - width > 1e-6 * length
    assert long.mean() > 0.9
    ours, theirs = (np.radians(psi[long]) for psi in found["hillas_psi"])
    assert np.abs(np.sin(ours - theirs)).max() < 1e-6
    skewness, expected = (value[long] for value in found["hillas_skewness"])
    assert skewness * np.sign(np.cos(ours - theirs)) == pytest.approx(expected, abs=1e-6)
    for name in ("hillas_psi_uncertainty", "concentration_core"):
        value, expected = found[name]
        assert alike(name, value[long], expected[long], atol=0), name


@pytest.mark.parametrize("group", ["intensity", "peak_time"])
def test_statistics_are_the_same(both, group):
    """Within the rounding of ctapipe's mean, which is in single precision."""
    moments = {name: pair for name, *pair in compared(both, 0, named(both, 0, f"{group}_"))}
    for name in ("max", "min"):
        assert np.array_equal(*moments[f"{group}_{name}"])
    for name in ("mean", "std"):
        value, expected = moments[f"{group}_{name}"]
        assert value == pytest.approx(expected, rel=2e-6)
    rounding = 2e-6 * (1 + np.abs(moments[f"{group}_mean"][1]) / moments[f"{group}_std"][1])
    for name in ("skewness", "kurtosis"):
        value, expected = moments[f"{group}_{name}"]
        assert (np.abs(value - expected) < rounding * (5 + np.abs(expected) * 5)).all()


def test_statistics_of_true_images_are_the_same(both):
    for _, value, expected in compared(both, 1, named(both, 1, "intensity_")):
        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_times_are_the_same_from_the_same_random_pairs(both):
    """But for three pixels, where ctapipe's choice is in the rounding of the last digit."""
    n_pixels = both[1][1]["morphology_n_pixels"]
    known = n_pixels > 0
    differ = np.zeros(known.sum(), dtype=bool)
    for _, value, expected in compared(both, 0, named(both, 0, "timing")):
        differ |= ~np.isclose(value, expected, rtol=1e-5, atol=1e-7)
    assert not differ[n_pixels[known] > 3].any()
    assert not differ.all()


def test_images_without_light_have_no_parameters():
    subarray = toy_subarray()
    pixels = CameraPixels.of(subarray.tel[1].camera.geometry)
    dark = np.zeros((2, len(pixels.x)), dtype=np.float32)
    found = image_parameters(pixels, dark, dark, dark > 0, np.random.default_rng(0))
    for name, value in found.items():
        assert (value == -1).all() if "morphology" in name else np.isnan(value).all()
