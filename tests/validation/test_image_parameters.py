import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation
from ctapipe.coordinates import CameraFrame, TelescopeFrame
from ctapipe.image import (
    ImageProcessor,
    concentration_parameters,
    hillas_parameters,
    leakage_parameters,
    morphology_parameters,
    tailcuts_clean,
    timing_parameters,
)
from ctapipe.instrument import (
    CameraDescription,
    CameraGeometry,
    CameraReadout,
    OpticsDescription,
    PixelShape,
    ReflectorShape,
    SizeType,
    SubarrayDescription,
    TelescopeDescription,
)

from ctapipe_fastsim.validation.image_parameters import image_parameters, survives

PITCH_M, FOCAL_LENGTH_M = 0.03, 5.0


@pytest.fixture(scope="module")
def geometry():
    """About 160 hexagonal pixels in a round camera."""
    i, j = np.meshgrid(np.arange(-10, 11), np.arange(-10, 11))
    x, y = PITCH_M * (i + j / 2).ravel(), PITCH_M * np.sqrt(3) / 2 * j.ravel()
    inside = np.hypot(x, y) < 6.7 * PITCH_M
    n_pixels = np.count_nonzero(inside)
    return CameraGeometry(
        name="hexagons",
        pix_id=np.arange(n_pixels),
        pix_x=x[inside] * u.m,
        pix_y=y[inside] * u.m,
        pix_area=np.full(n_pixels, np.sqrt(3) / 2 * PITCH_M**2) * u.m**2,
        pix_type=PixelShape.HEXAGON,
        frame=CameraFrame(focal_length=FOCAL_LENGTH_M * u.m),
    )


@pytest.fixture(scope="module")
def subarray(geometry):
    name = geometry.name
    readout = CameraReadout(
        name, 1 * u.GHz, np.ones((1, 10)), 1 * u.ns, 1, geometry.n_pixels, n_samples=10
    )
    optics = OpticsDescription(
        name=name,
        size_type=SizeType.SST,
        reflector_shape=ReflectorShape.DAVIES_COTTON,
        n_mirrors=1,
        n_mirror_tiles=30,
        mirror_area=10 * u.m**2,
        equivalent_focal_length=FOCAL_LENGTH_M * u.m,
        effective_focal_length=FOCAL_LENGTH_M * u.m,
    )
    telescope = TelescopeDescription(name, optics, CameraDescription(name, geometry, readout))
    site = EarthLocation(lon=100 * u.deg, lat=50 * u.deg, height=1000 * u.m)
    return SubarrayDescription("one", {7: [0, 0, 0] * u.m}, {7: telescope}, site)


@pytest.fixture(scope="module")
def images(geometry):
    """A shower, a shower at the edge of the camera, and an empty image; with their times."""
    rng = np.random.default_rng(3)
    x, y = geometry.pix_x.to_value(u.m), geometry.pix_y.to_value(u.m)
    centres = [(0.03, 0.02), (0.16, 0.05)]
    light = [100 * np.exp(-(((x - a) / 0.06) ** 2) - ((y - b) / 0.025) ** 2) for a, b in centres]
    charges = np.array([*light, np.zeros(len(x))]) + rng.normal(0, 0.5, (3, len(x)))
    times = 15 + 40 * x + rng.normal(0, 0.3, charges.shape)
    return charges.astype(np.float32), times.astype(np.float32)


@pytest.fixture(scope="module")
def parameters(subarray, images):
    return image_parameters(subarray, 7, *images)


def test_equal_to_ctapipe_called_by_hand(geometry, images, parameters):
    image, peak_time = images[0][1], images[1][1]
    sky = geometry.transform_to(TelescopeFrame())
    mask = tailcuts_clean(sky, image, 10, 5, min_number_picture_neighbors=2)
    hillas = hillas_parameters(sky[mask], image[mask])
    leakage = leakage_parameters(sky, image, mask)
    concentration = concentration_parameters(sky[mask], image[mask], hillas)
    morphology = morphology_parameters(sky, mask)
    timing = timing_parameters(sky[mask], image[mask], peak_time[mask], hillas)
    expected = {
        "hillas_log10_intensity": np.log10(hillas.intensity),
        "hillas_length": hillas.length.to_value(u.deg),
        "hillas_width": hillas.width.to_value(u.deg),
        "hillas_r": hillas.r.to_value(u.deg),
        "hillas_phi": hillas.phi.to_value(u.deg),
        "hillas_psi": hillas.psi.to_value(u.deg),
        "hillas_fov_lon": hillas.fov_lon.to_value(u.deg),
        "hillas_fov_lat": hillas.fov_lat.to_value(u.deg),
        "hillas_skewness": hillas.skewness,
        "hillas_kurtosis": hillas.kurtosis,
        **{f"leakage_{name}": value for name, value in leakage.items()},
        **{f"concentration_{name}": value for name, value in concentration.items()},
        **{f"morphology_{name}": value for name, value in morphology.items()},
    }
    found = {name: column[1] for name, column in parameters.items()}
    # The robust fit starts from pixels drawn at random, so it agrees only nearly.
    slope, deviation = found.pop("timing_slope"), found.pop("timing_deviation")
    assert slope == pytest.approx(timing.slope.to_value(1 / u.deg), rel=0.1)
    assert deviation == pytest.approx(timing.deviation, rel=0.1)
    assert found == pytest.approx(expected)
    assert found["leakage_pixels_width_1"] > 0


def test_the_empty_image_does_not_survive(parameters):
    assert survives(parameters).tolist() == [True, True, False]
    assert all(np.isnan(column[2]) for column in parameters.values())
    assert all(np.isfinite(column[:2]).all() for column in parameters.values())


def test_a_processor_brings_its_own_cleaning(subarray, images, parameters):
    processor = ImageProcessor(subarray=subarray)
    processor.clean.picture_threshold_pe = 40
    processor.clean.boundary_threshold_pe = 20
    strict = image_parameters(subarray, 7, *images, processor=processor)
    assert np.all(strict["morphology_n_pixels"][:2] < parameters["morphology_n_pixels"][:2])


def test_no_image_gives_empty_columns(subarray, geometry, parameters):
    nothing = np.zeros((0, geometry.n_pixels))
    empty = image_parameters(subarray, 7, nothing, nothing)
    assert list(empty) == list(parameters)
    assert all(column.shape == (0,) for column in empty.values())
