"""A very small shower and telescope model for tests, written as standard ctapipe DL1 files.

Nothing here is meant to be realistic.  What is exact is the geometry: every image lies on
the line from the source position in the camera towards the shower core, in the frames and
with the signs of ctapipe.  Vectors are in ctapipe's ground frame (x north, y west, z up),
camera positions are tangent-plane coordinates (lat, lon) in degrees.
"""

from dataclasses import dataclass
from functools import cached_property

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation
from astropy.time import Time
from ctapipe import containers, instrument
from ctapipe.coordinates import CameraFrame
from ctapipe.core import Provenance, traits
from ctapipe.io import DataLevel, DataWriter, EventSource
from scipy.special import erf

FOCAL_LENGTH = 5.0  # m
PIXEL_PITCH = 0.3  # deg
MIRROR_AREA = 10.0  # m2
SPECTRAL_INDEX = -2.0
NSB_MEAN = 2.0  # p.e. per pixel
SINGLE_PE_SPREAD = 0.4  # p.e.
ELECTRONICS_NOISE = 0.5  # p.e.
TRIGGER_THRESHOLD = 8.0  # p.e., for at least two neighbouring pixels
READOUT_WINDOW = 30.0  # ns


@dataclass(frozen=True)
class ToySettings:
    """What is thrown and written.

    ``energy_range`` (TeV), ``scatter_radius`` (m) and ``viewcone`` (deg) may be plain
    numbers in these units or Quantities; ``light_yield`` is in p.e. per TeV, and grows by a
    factor e for every ``depth_of_light`` (g/cm2) that a shower develops deeper than 400 g/cm2.
    """

    n_showers: int = 300
    reuse: int = 5
    seed: int = 1
    obs_id: int = 1
    zenith_deg: float = 20.0
    azimuth_deg: float = 180.0
    energy_range: tuple = (1.0, 50.0)
    scatter_radius: float = 250.0
    viewcone: float = 1.5
    true_images: bool = True
    light_yield: float = 60.0
    primary_id: int = 0
    min_telescopes: int = 1
    depth_of_light: float = np.inf

    def __post_init__(self):
        """Bring quantities to plain numbers and check what event numbers can hold."""
        if not 1 <= self.reuse <= 100:
            raise ValueError("event_id = shower * 100 + core needs 1 <= reuse <= 100")
        for name, unit in (("energy_range", u.TeV), ("scatter_radius", u.m), ("viewcone", u.deg)):
            object.__setattr__(self, name, u.Quantity(getattr(self, name), unit).value)

    @property
    def pointing(self):
        """Altitude and azimuth of the array pointing in radians."""
        return np.radians([90.0 - self.zenith_deg, self.azimuth_deg])


def hexagonal_geometry(name, n_pixels):
    """Camera of the ``n_pixels`` sites of a hexagonal lattice nearest to its centre."""
    pitch = np.radians(PIXEL_PITCH) * FOCAL_LENGTH
    column, row = np.mgrid[-30:31, -30:31].reshape(2, -1)
    x, y = pitch * (column + row / 2), pitch * row * np.sqrt(3) / 2
    nearest = np.lexsort((np.arctan2(y, x).round(6), np.hypot(x, y).round(6)))[:n_pixels]
    return instrument.CameraGeometry(
        name=name,
        pix_id=np.arange(n_pixels),
        pix_x=x[nearest] * u.m,
        pix_y=y[nearest] * u.m,
        pix_area=np.full(n_pixels, pitch**2 * np.sqrt(3) / 2) * u.m**2,
        pix_type=instrument.PixelShape.HEXAGON,
        pix_rotation=0 * u.deg,
        cam_rotation=0 * u.deg,
        frame=CameraFrame(focal_length=FOCAL_LENGTH * u.m),
    )


def toy_telescope(name, n_pixels, mirror_area=MIRROR_AREA):
    """Telescope with a hexagonal camera and a mirror of ``mirror_area`` m2."""
    pulse = np.exp(-0.5 * ((np.arange(0, 40, 0.25) - 12) / 2.5) ** 2)[np.newaxis]
    readout = instrument.CameraReadout(name, 1 * u.GHz, pulse, 0.25 * u.ns, 1, n_pixels, 40)
    focal_length = FOCAL_LENGTH * u.m
    shape, size = instrument.ReflectorShape.DAVIES_COTTON, instrument.SizeType.SST
    optics = instrument.OpticsDescription(
        name, size, 1, focal_length, focal_length, mirror_area * u.m**2, 30, shape
    )
    camera = instrument.CameraDescription(name, hexagonal_geometry(name, n_pixels), readout)
    return instrument.TelescopeDescription(name=name, optics=optics, camera=camera)


def toy_subarray(n_telescopes=1, n_pixels=169, second_type=False):
    """Subarray of one telescope at the origin or several on a circle of 70 m radius.

    With ``second_type`` every second telescope (even tel_id) has a camera of 127 pixels and
    a mirror 1.5 times larger.
    """
    first = toy_telescope("ToyCam", n_pixels)
    second = toy_telescope("OtherCam", 127, 1.5 * MIRROR_AREA) if second_type else first
    radius = 70.0 if n_telescopes > 1 else 0.0
    angles = 0.3 + 2 * np.pi * np.arange(n_telescopes) / n_telescopes
    positions = radius * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1) * u.m
    return instrument.SubarrayDescription(
        "toy",
        dict(enumerate(positions, start=1)),
        {tel_id: (second, first)[tel_id % 2] for tel_id in range(1, n_telescopes + 1)},
        reference_location=EarthLocation(lon=103 * u.deg, lat=52 * u.deg, height=700 * u.m),
    )


def pointing_axes(alt, az):
    """Give the unit vectors towards higher altitude, higher azimuth and the pointing, as rows."""
    latitude = [-np.sin(alt) * np.cos(az), np.sin(alt) * np.sin(az), np.cos(alt)]
    longitude = [-np.sin(az), -np.cos(az), 0.0]
    pointing = [np.cos(alt) * np.cos(az), -np.cos(alt) * np.sin(az), np.sin(alt)]
    return np.array([latitude, longitude, pointing])


def project(axes, vectors):
    """Tangent-plane coordinates (lat, lon) in degrees of vectors of any length."""
    latitude, longitude, depth = (vectors @ axes.T).T
    return np.degrees(np.stack([latitude / depth, longitude / depth], axis=1))


def draw_showers(settings, axes, rng):
    """Energy (TeV), direction and X_max (g/cm2) of every shower, as a dict of arrays."""
    n_showers = settings.n_showers
    low, high = settings.energy_range
    energy = 1 / (1 / low - rng.random(n_showers) * (1 / low - 1 / high))
    cosine = 1 - rng.random(n_showers) * (1 - np.cos(np.radians(settings.viewcone)))
    sine, angle = np.sqrt(1 - cosine**2), rng.uniform(0, 2 * np.pi, n_showers)
    direction = np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], axis=1) @ axes
    x_max = 300 + 80 * np.log10(energy) + rng.normal(0, 60, n_showers)
    return {
        "energy": np.clip(energy, low, high),
        "direction": direction,
        "alt": np.arcsin(direction[:, 2]),
        "az": np.arctan2(-direction[:, 1], direction[:, 0]) % (2 * np.pi),
        "x_max": np.clip(x_max, 50, 900),
        "h_first_int": rng.normal(22e3, 2e3, n_showers),
    }


def draw_thrown(settings, axes, rng):
    """All thrown cores: each shower ``reuse`` times, with its core position in m."""
    thrown = {
        name: np.repeat(values, settings.reuse, axis=0)
        for name, values in draw_showers(settings, axes, rng).items()
    }
    shower, core = np.divmod(np.arange(settings.n_showers * settings.reuse), settings.reuse)
    radius = settings.scatter_radius * np.sqrt(rng.random(len(core)))
    angle = rng.uniform(0, 2 * np.pi, len(core))
    thrown["event_id"] = shower * 100 + core
    thrown["core_distance"] = radius
    thrown["core"] = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * radius], axis=1)
    return thrown


def image_axis(thrown, position, axes):
    """Image centre and unit direction towards the core (deg), and impact distance (m).

    The centre is the projection of the shower maximum, a point on the shower axis seen from
    the telescope, hence displaced from the source in proportion to the impact distance.
    """
    direction, lever = thrown["direction"], thrown["core"] - position
    upward = direction[:, 2]
    distance = 8000 * np.log(970 / (thrown["x_max"] * upward)) / upward
    centre = project(axes, lever + distance[:, np.newaxis] * direction)
    offset = centre - project(axes, direction)
    impact = np.linalg.norm(np.cross(lever, direction), axis=1)
    return centre, offset / np.linalg.norm(offset, axis=1, keepdims=True), impact


def contained_fraction(coordinate, sigma):
    """Part of a Gaussian inside one pixel, for the pixel's coordinate from its centre."""
    half = PIXEL_PITCH * np.sqrt(np.sqrt(3) / 2) / 2
    scale = np.sqrt(2) * sigma
    return (erf((coordinate + half) / scale) - erf((coordinate - half) / scale)) / 2


def image_size(settings, thrown, telescope, impact, rng):
    """Mean number of photo-electrons of each image, with 20 % fluctuations."""
    area = telescope.optics.mirror_area.to_value(u.m**2) / MIRROR_AREA
    fluctuation = np.exp(rng.normal(0, 0.2, len(impact)) - 0.02)
    light = settings.light_yield * np.exp((thrown["x_max"] - 400) / settings.depth_of_light)
    return light * area * thrown["energy"] * np.exp(-impact / 120) * fluctuation


def measure(true_image, arrival_time, rng):
    """Images (p.e.) and peak times (ns) with night-sky light and electronics noise."""
    counts = true_image + rng.poisson(NSB_MEAN, true_image.shape)
    spread = np.sqrt(counts * SINGLE_PE_SPREAD**2 + ELECTRONICS_NOISE**2)
    image = counts + spread * rng.standard_normal(counts.shape) - NSB_MEAN
    jitter = rng.standard_normal(counts.shape) / np.sqrt(np.maximum(true_image, 1))
    empty = rng.uniform(0, READOUT_WINDOW, counts.shape)
    peak_time = np.where(true_image > 0, arrival_time + jitter, empty)
    return image.astype(np.float32), np.clip(peak_time, 0, READOUT_WINDOW).astype(np.float32)


def has_triggered(image, neighbor_matrix):
    """Whether two neighbouring pixels are above the threshold, per image."""
    above = image > TRIGGER_THRESHOLD
    neighbours_above = above.astype(np.float32) @ neighbor_matrix.astype(np.float32)
    return (above & (neighbours_above > 0)).any(axis=1)


def expose(settings, thrown, telescope, position, axes, rng):
    """Images of all thrown cores in one telescope, as a dict of arrays."""
    geometry = telescope.camera.geometry
    pixels = np.degrees(np.stack([geometry.pix_x.value, geometry.pix_y.value]) / FOCAL_LENGTH)
    centre, towards, impact = image_axis(thrown, position, axes)
    lat, lon = pixels[:, np.newaxis] - centre.T[..., np.newaxis]
    cosine, sine = towards.T[..., np.newaxis]
    along, across = cosine * lat + sine * lon, cosine * lon - sine * lat
    length = 0.1 + 0.1 * impact[:, np.newaxis] / 100
    size = image_size(settings, thrown, telescope, impact, rng)[:, np.newaxis]
    mean = size * contained_fraction(along, length) * contained_fraction(across, 0.1)
    true_image = rng.poisson(mean).astype(np.int32)
    arrival_time = READOUT_WINDOW / 2 + along * impact[:, np.newaxis] / 100
    image, peak_time = measure(true_image, arrival_time, rng)
    triggered = has_triggered(image, geometry.neighbor_matrix)
    return dict(true=true_image, image=image, time=peak_time, impact=impact, triggered=triggered)


class ToyProductionSource(EventSource):
    """Simulate everything at construction, then give the recorded events one by one."""

    input_url = traits.Path(allow_none=True, default_value=None).tag(config=True)
    is_simulation = True
    datalevels = (DataLevel.DL1_IMAGES,)
    subarray = None

    def __init__(self, subarray, settings, **kwargs):
        super().__init__(**kwargs)
        self.subarray, self.settings = subarray, settings
        axes, rng = pointing_axes(*settings.pointing), np.random.default_rng(settings.seed)
        self.thrown = draw_thrown(settings, axes, rng)
        positions = subarray.tel_coords.cartesian.xyz.to_value(u.m).T
        self.exposures = {
            tel_id: expose(settings, self.thrown, subarray.tel[tel_id], position, axes, rng)
            for tel_id, position in zip(subarray.tel, positions, strict=True)
        }

    @staticmethod
    def is_compatible(file_path):
        """No file is ever read by this source."""
        return False

    @cached_property
    def recorded(self):
        """Indices of the thrown cores that triggered enough telescopes."""
        triggered = [exposure["triggered"] for exposure in self.exposures.values()]
        return np.flatnonzero(np.sum(triggered, axis=0) >= self.settings.min_telescopes)

    @property
    def scheduling_blocks(self):
        """One scheduling block, numbered as the observation."""
        obs_id = np.uint64(self.settings.obs_id)
        block = containers.SchedulingBlockContainer(sb_id=obs_id, producer_id="toy")
        return {self.settings.obs_id: block}

    @property
    def observation_blocks(self):
        """One observation block, with the fixed pointing."""
        obs_id = np.uint64(self.settings.obs_id)
        block = containers.ObservationBlockContainer(obs_id=obs_id, sb_id=obs_id)
        block.producer_id = "toy"
        block.subarray_pointing_frame = containers.CoordinateFrameType.ALTAZ
        block.subarray_pointing_lat, block.subarray_pointing_lon = self.settings.pointing * u.rad
        return {self.settings.obs_id: block}

    @property
    def simulation_config(self):
        """What was thrown, in the form that instrument response tools read."""
        settings, config = self.settings, containers.SimulationConfigContainer()
        config.run_number = settings.obs_id
        config.n_showers, config.shower_reuse = settings.n_showers, settings.reuse
        config.energy_range_min, config.energy_range_max = settings.energy_range * u.TeV
        config.spectral_index = SPECTRAL_INDEX
        config.min_alt, config.min_az = settings.pointing * u.rad
        config.max_alt, config.max_az = settings.pointing * u.rad
        config.diffuse = bool(settings.viewcone > 0)
        config.min_viewcone_radius, config.max_viewcone_radius = [0, settings.viewcone] * u.deg
        config.min_scatter_range, config.max_scatter_range = [0, settings.scatter_radius] * u.m
        config.prod_site_alt = self.subarray.reference_location.height
        return {settings.obs_id: config}

    @property
    def simulated_shower_distributions(self):
        """Histogram of all thrown cores in energy and core distance."""
        radius = self.settings.scatter_radius
        edges = np.geomspace(*self.settings.energy_range, 31), np.linspace(0, radius, 26)
        histogram, *_ = np.histogram2d(self.thrown["energy"], self.thrown["core_distance"], edges)
        distribution = containers.SimulatedShowerDistribution(hist_id=1, histogram=histogram)
        distribution.obs_id, distribution.n_entries = self.settings.obs_id, int(histogram.sum())
        distribution.bins_energy, distribution.bins_core_dist = edges[0] * u.TeV, edges[1] * u.m
        return {self.settings.obs_id: distribution}

    def _generator(self):
        times = Time(59000 + np.arange(len(self.recorded)) / 86400, format="mjd", scale="tai")
        for count, (index, time) in enumerate(zip(self.recorded, times, strict=True)):
            yield self._event(count, index, time)

    def _event(self, count, index, time):
        event = containers.ArrayEventContainer(count=count)
        event.index.obs_id = np.uint64(self.settings.obs_id)
        event.index.event_id = np.uint64(self.thrown["event_id"][index])
        pointing = event.monitoring.pointing
        pointing.array_altitude, pointing.array_azimuth = self.settings.pointing * u.rad
        event.trigger.time = time
        event.trigger.event_type = containers.EventType.SUBARRAY
        event.simulation = containers.SimulatedEventContainer(shower=self._shower(index))
        triggered = [t for t, exposure in self.exposures.items() if exposure["triggered"][index]]
        event.trigger.tels_with_trigger = np.array(triggered)
        for tel_id in triggered:
            self._fill_telescope(event, tel_id, self.exposures[tel_id], index)
        return event

    def _shower(self, index):
        thrown, shower = self.thrown, containers.SimulatedShowerContainer()
        shower.energy = thrown["energy"][index] * u.TeV
        shower.alt, shower.az = thrown["alt"][index] * u.rad, thrown["az"][index] * u.rad
        shower.core_x, shower.core_y, _ = thrown["core"][index] * u.m
        shower.h_first_int = thrown["h_first_int"][index] * u.m
        shower.x_max = thrown["x_max"][index] * u.g / u.cm**2
        shower.starting_grammage = 0 * u.g / u.cm**2
        shower.shower_primary_id = self.settings.primary_id
        return shower

    def _fill_telescope(self, event, tel_id, exposure, index):
        event.trigger.tel[tel_id].time = event.trigger.time
        event.trigger.tel[tel_id].event_type = containers.EventType.SUBARRAY
        pointing = event.monitoring.tel[tel_id].pointing
        pointing.altitude, pointing.azimuth = self.settings.pointing * u.rad
        dl1, simulated = containers.DL1CameraContainer(), containers.SimulatedCameraContainer()
        dl1.image, dl1.peak_time = exposure["image"][index], exposure["time"][index]
        dl1.is_valid = True
        simulated.impact = containers.TelescopeImpactParameterContainer(prefix="true_impact")
        simulated.impact.distance = exposure["impact"][index] * u.m
        simulated.impact.distance_uncert = 0 * u.m
        if self.settings.true_images:
            simulated.true_image = exposure["true"][index]
            simulated.true_image_sum = int(simulated.true_image.sum())
        event.dl1.tel[tel_id], event.simulation.tel[tel_id] = dl1, simulated


def write_toy_production(path, subarray=None, **settings):
    """Simulate a toy production and write it as a DL1 file with images.

    Parameters
    ----------
    path : path-like
        Output file, overwritten if it exists.
    subarray : ctapipe.instrument.SubarrayDescription, optional
        By default that of ``toy_subarray()``.
    **settings
        Fields of `ToySettings`.

    Returns
    -------
    ToyProductionSource
        With what was thrown and recorded, including cores that did not trigger.
    """
    subarray = toy_subarray() if subarray is None else subarray
    source = ToyProductionSource(subarray, ToySettings(**settings))
    options = dict(overwrite=True, write_dl1_images=True, write_dl1_parameters=False)
    Provenance().start_activity("toy-production")
    with DataWriter(event_source=source, output_path=path, **options) as writer:
        for event in source:
            writer(event)
        writer.write_simulated_shower_distributions(source.simulated_shower_distributions)
    Provenance().finish_activity()
    return source
