"""The camera puts light into the right pixels, with the noise and the trigger it was given."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import AltAz, SkyCoord
from ctapipe.coordinates import CameraFrame, TelescopeFrame
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.montecarlo.camera import SIGNAL_TIME, WINDOW, Camera
from ctapipe_fastsim.montecarlo.telescope_response import TelescopeResponse
from ctapipe_fastsim.montecarlo.telescope_sets import TELESCOPE_SETS, hexagonal_camera
from ctapipe_fastsim.shower_frame import camera_axes, unit_vector

MST = TELESCOPE_SETS["mst-array"]
EXACT = TelescopeResponse(
    optical_spread=0,
    night_sky=0,
    single_photoelectron_width=0,
    electronics_noise=0,
    trigger_threshold=10,
    trigger_multiplicity=2,
)
ALWAYS = replace(EXACT, trigger_threshold=-1e6)
NOISY = replace(ALWAYS, night_sky=3, single_photoelectron_width=0.5, electronics_noise=0.7)
ELSEWHERE = np.array([[0.8, 0.8, 0.0]])  # a photo-electron that no pixel sees
ROTATION = 25 * u.deg
ALTITUDE, AZIMUTH = 65 * u.deg, 140 * u.deg


def make_camera(response):
    return Camera(MST.subarray("mst").tel[1].camera.geometry, response)


def make_rng():
    return np.random.default_rng(3)


def light(camera, counts, times=None):
    """Photo-electrons at pixel centres: a dictionary of pixel to number."""
    sky = camera.sky_geometry
    tangents = np.radians([sky.pix_x.to_value("deg"), sky.pix_y.to_value("deg")]).T
    times = times or {}
    parts = [
        np.tile([*tangents[pixel], times.get(pixel, 0.0)], (n, 1)) for pixel, n in counts.items()
    ]
    return np.concatenate(parts).astype(np.float32)


def neighbours_of(camera, pixel):
    return np.flatnonzero(camera.neighbours.toarray()[pixel]).tolist()


def some_pixel_with_neighbours(camera):
    """A pixel in the middle, one next to it, and one far away."""
    middle = int(np.argmin(np.hypot(camera.sky_geometry.pix_x, camera.sky_geometry.pix_y)))
    return middle, neighbours_of(camera, middle)[0], 0


def test_without_light_the_charge_has_mean_zero_and_the_variance_of_the_noise():
    """20 images of 1764 pixels: four standard errors, 0.05 of the variance (rms error 0.01)."""
    camera, rng = make_camera(NOISY), make_rng()
    charge = np.concatenate([camera.expose(ELSEWHERE, rng)[0] for _ in range(20)])
    variance = 3 * (1 + 0.5**2) + 0.7**2
    assert abs(charge.mean()) < 4 * np.sqrt(variance / len(charge))
    assert charge.var() == pytest.approx(variance, rel=0.05)


def test_light_adds_its_photoelectrons_and_their_spread():
    """400 photo-electrons, 200 times: four standard errors of the mean, 0.4 of the variance."""
    camera, rng = make_camera(NOISY), make_rng()
    photons = light(camera, {700: 400})
    charge = np.array([camera.expose(photons, rng)[0][700] for _ in range(200)])
    variance = 400 * 0.5**2 + 3 * (1 + 0.5**2) + 0.7**2
    assert abs(charge.mean() - 400) < 4 * np.sqrt(variance / 200)
    assert charge.var() == pytest.approx(variance, rel=0.4)


def plain():
    return hexagonal_camera("plain", 595, 0.03, 4.75)


def turned(**how):
    """Pixels of `plain` in a frame or a camera that is turned."""
    geometry = plain()
    return CameraGeometry(
        name="turned",
        pix_id=geometry.pix_id,
        pix_x=geometry.pix_x,
        pix_y=geometry.pix_y,
        pix_area=geometry.pix_area,
        pix_type=geometry.pix_type,
        pix_rotation=geometry.pix_rotation,
        **how,
    )


def turned_frame():
    return turned(frame=CameraFrame(focal_length=4.75 * u.m, rotation=ROTATION))


def turned_camera():
    frame = CameraFrame(focal_length=4.75 * u.m)
    return turned(frame=frame, cam_rotation=ROTATION, apply_derotation=False)


def derotated(geometry):
    """Pixel centres in a camera frame that is not turned."""
    if geometry.cam_rotation != 0:
        geometry = geometry.__class__(**{**vars_of(geometry), "apply_derotation": True})
    return SkyCoord(geometry.pix_x, geometry.pix_y, frame=geometry.frame)


def vars_of(geometry):
    names = "name pix_id pix_x pix_y pix_area pix_type pix_rotation cam_rotation frame"
    return {name: getattr(geometry, name) for name in names.split()}


@pytest.mark.parametrize("make_geometry", [plain, turned_frame, turned_camera])
def test_light_lands_in_the_pixel_that_the_frames_of_ctapipe_say(make_geometry):
    """Another number of photo-electrons from the direction of each pixel's centre."""
    geometry = make_geometry()
    pointing = SkyCoord(alt=ALTITUDE, az=AZIMUTH, frame=AltAz())
    pixels = derotated(geometry)
    sky = SkyCoord(
        pixels.x, pixels.y, frame=pixels.frame.replicate_without_data(telescope_pointing=pointing)
    )
    sky = sky.transform_to(TelescopeFrame(telescope_pointing=pointing)).transform_to(AltAz())
    directions = unit_vector(sky.alt.rad, sky.az.rad)
    lon, lat = camera_axes(ALTITUDE.to_value("rad"), AZIMUTH.to_value("rad"))
    forward = directions @ unit_vector(ALTITUDE.to_value("rad"), AZIMUTH.to_value("rad"))
    tangents = np.stack([directions @ lon / forward, directions @ lat / forward, 0 * forward], 1)
    counts = make_rng().integers(0, 9, len(tangents))
    _, _, true_image = Camera(geometry, ALWAYS).expose(
        np.repeat(tangents, counts, axis=0), make_rng()
    )
    assert true_image.tolist() == counts.tolist()


def test_a_turned_camera_sees_another_image():
    """So that the test above would notice a camera whose rotation is ignored."""
    photons = light(Camera(plain(), ALWAYS), {500: 30, 501: 30})
    for make_geometry in (turned_frame, turned_camera):
        _, _, image = Camera(make_geometry(), ALWAYS).expose(photons, make_rng())
        assert image[500] == image[501] == 0


def test_true_image_holds_the_light_inside_the_camera():
    """1000 photo-electrons within 3 deg, 500 beyond 6 deg; the camera ends in between."""
    rng = make_rng()
    radius = np.radians(np.concatenate([rng.uniform(0, 3, 1000), rng.uniform(6, 9, 500)]))
    angle = rng.uniform(0, 2 * np.pi, 1500)
    photons = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * radius], axis=1)
    image, peak_time, true_image = make_camera(NOISY).expose(photons, rng)
    assert true_image.sum() == 1000
    assert (image.dtype, peak_time.dtype, true_image.dtype) == (np.float32, np.float32, np.int32)
    assert np.abs(image.sum() - 1000) < 5 * np.sqrt(1764 * 4.3 + 1000)


def test_points_are_blurred_by_the_optical_spread():
    """Width of 20000 photo-electrons of a star: the pixel's own added, 0.05 of it allowed."""
    camera = make_camera(replace(ALWAYS, optical_spread=0.2))
    photons = light(camera, {some_pixel_with_neighbours(camera)[0]: 20_000})
    _, _, true_image = camera.expose(photons, make_rng())
    x = camera.sky_geometry.pix_x.to_value("deg")
    width = np.sqrt(np.average((x - np.average(x, weights=true_image)) ** 2, weights=true_image))
    pixel = 5 / (36 * np.sqrt(3)) * camera.sky_geometry.pix_area[0].to_value("deg2")
    assert width == pytest.approx(np.sqrt(0.2**2 + pixel), rel=0.05)


def test_a_bright_pixel_alone_is_no_trigger():
    camera = make_camera(EXACT)
    middle, _, _ = some_pixel_with_neighbours(camera)
    assert camera.expose(light(camera, {middle: 100}), make_rng()) is None


def test_two_neighbours_are_a_trigger():
    camera = make_camera(EXACT)
    middle, neighbour, _ = some_pixel_with_neighbours(camera)
    image, _, _ = camera.expose(light(camera, {middle: 11, neighbour: 11}), make_rng())
    assert np.flatnonzero(image).tolist() == sorted([middle, neighbour])


def test_two_pixels_far_apart_are_no_trigger():
    camera = make_camera(EXACT)
    middle, _, far = some_pixel_with_neighbours(camera)
    assert camera.expose(light(camera, {middle: 100, far: 100}), make_rng()) is None


def test_a_neighbour_at_the_threshold_is_not_above_it():
    camera = make_camera(EXACT)
    middle, neighbour, _ = some_pixel_with_neighbours(camera)
    assert camera.expose(light(camera, {middle: 100, neighbour: 10}), make_rng()) is None


def test_a_multiplicity_of_three_needs_two_neighbours_of_one_pixel():
    camera = make_camera(replace(EXACT, trigger_multiplicity=3))
    middle, neighbour, far = some_pixel_with_neighbours(camera)
    opposite = neighbours_of(camera, middle)[-1]
    assert camera.expose(light(camera, {middle: 99, neighbour: 99, far: 9}), make_rng()) is None
    recorded = camera.expose(light(camera, {middle: 99, neighbour: 99, opposite: 99}), make_rng())
    assert recorded is not None


def test_a_multiplicity_of_one_needs_no_neighbour():
    camera = make_camera(replace(EXACT, trigger_multiplicity=1))
    assert camera.expose(light(camera, {700: 11}), make_rng()) is not None


def test_too_little_light_is_no_trigger_whatever_the_noise():
    """The night sky alone would trigger always."""
    camera = make_camera(replace(EXACT, night_sky=100))
    photons = light(camera, {700: 20})
    assert camera.expose(photons, make_rng()) is not None
    assert camera.expose(photons[:19], make_rng()) is None


def test_bright_pixels_peak_when_their_light_comes():
    """Relative to the median of all light; 400 photo-electrons have a jitter of 0.05 ns."""
    camera = make_camera(EXACT)
    middle, neighbour, far = some_pixel_with_neighbours(camera)
    times = {middle: 100.0, neighbour: 103.0, far: 109.0}
    photons = light(camera, dict.fromkeys(times, 400), times)
    _, peak_time, _ = camera.expose(photons, make_rng())
    for pixel, time in times.items():
        assert abs(peak_time[pixel] - (time - 103 + SIGNAL_TIME)) < 0.25


def test_dark_pixels_peak_anywhere_in_the_window():
    """Uniform: mean within four standard errors, nothing outside."""
    camera = make_camera(replace(NOISY, trigger_multiplicity=1))
    _, peak_time, _ = camera.expose(ELSEWHERE, make_rng())
    assert abs(peak_time.mean() - WINDOW / 2) < 4 * WINDOW / np.sqrt(12 * len(peak_time))
    assert 0 <= peak_time.min() < 0.05 * WINDOW
    assert 0.95 * WINDOW < peak_time.max() <= WINDOW
