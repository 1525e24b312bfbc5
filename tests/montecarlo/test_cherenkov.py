"""Light: the formula of Frank and Tamm, on the cone, into mirrors, on time."""

import numpy as np
import pytest
from montecarlo_helpers import DOWN, mirrors

from ctapipe_fastsim.montecarlo.atmosphere import depth, refractivity, transmission
from ctapipe_fastsim.montecarlo.cherenkov import YIELD_STEP, emit, photon_yield

AIR = 700.0  # g/cm2, of all steps here, so that the Cherenkov angle is the same everywhere
COS = 1 / (1 + refractivity(AIR))
SIN, TAN = (1 - COS**2) ** 0.5, (1 - COS**2) ** 0.5 / COS
RING = 100e2  # cm, distance of mirrors from the track
FAST = 1.0  # speed over that of light


def shine(light, start, length, direction=DOWN, beta=FAST, seed=0, n=1, air=AIR):
    """Emit the light of the same step n times: mirror and photon of all that is caught."""
    rng = np.random.default_rng(seed)
    light.count[0] = 0
    for _ in range(n):
        emit(rng, light, start, direction, 50.0, length, beta, air, air)
    caught = light.count[0]
    assert caught <= len(light.telescope)
    return light.telescope[:caught].copy(), light.photons[:caught].astype(float)


def test_the_yield_is_that_of_frank_and_tamm():
    """491 photons per cm and sin^2 from 400 to 700 nm where nothing is lost; within 0.2 %."""
    ground = 2200e2
    wavelength = np.linspace(400, 700, 301)
    seen = photon_yield(wavelength, np.ones_like(wavelength), ground, 1.0)
    expected = 2 * np.pi / 137.036 * (1 / 400e-7 - 1 / 700e-7)
    assert expected == pytest.approx(491, rel=2e-3)
    at_ground = int(ground / YIELD_STEP)
    assert seen[at_ground] == pytest.approx(expected, rel=1e-4)
    assert np.all(np.diff(seen[at_ground:]) < 0)


def test_the_yield_knows_efficiency_and_absorption():
    ground, cell = 1000e2, 30
    wavelength = np.linspace(300, 302, 5)
    height = cell * YIELD_STEP
    seen = photon_yield(wavelength, np.full(5, 0.25), ground, 0.8)[cell]
    lost = transmission(np.array([301.0]), height, ground, 0.8)[0]
    expected = 0.25 * lost * 2 * np.pi / 137.036 * (1 / 300e-7 - 1 / 302e-7)
    assert seen == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("yields", "n"), [(2e4, 40), (200, 120)], ids=["much", "faint"])
def test_a_mirror_catches_its_share_of_the_cone(yields, n):
    """All light on its area, at the ring of a long vertical track; 3 standard errors.

    Per length y sin^2 over 2 pi RING of ring and 1 / tan of track for a width of ring, times
    the mirror's area: y sin^2 / tan R^2 / (2 RING).
    """
    light, rng = mirrors([(RING, 0, 0)], radius=300.0, yields=yields), np.random.default_rng(3)
    top, bottom = (RING + 400) / TAN, (RING - 400) / TAN
    step = (top - bottom) / 200
    for start in np.linspace(top, bottom + step, 200):
        for _ in range(n):
            emit(rng, light, (0.0, 0.0, start), DOWN, 0.0, step, FAST, AIR, AIR)
    expected = n * yields * SIN**2 / TAN * 300**2 / (2 * RING)
    assert light.count[0] == pytest.approx(expected, abs=3 * expected**0.5)


@pytest.mark.parametrize("impact", [0.01, 0.5, 0.9])
def test_a_mirror_catches_the_ring_of_a_track_through_it(impact):
    """As many as light rays sent one by one, at impacts within 6 m; 4 standard errors."""
    radius, yields, n = 600.0, 2000.0, 1000
    light = mirrors([(impact * radius, 0, 0)], radius=radius, yields=yields)
    rng = np.random.default_rng(4)
    top = 2.1 * radius / TAN
    for start in np.linspace(top / n, top, n):
        emit(rng, light, (0.0, 0.0, start), DOWN, 0.0, top / n, FAST, AIR, AIR)
    ring, side = rng.uniform(0, 2.1, 400_000), rng.uniform(0, 2 * np.pi, 400_000)
    hit = np.abs(ring * np.exp(1j * side) - impact) < 1
    expected = yields * SIN**2 * top * hit.mean()
    assert light.count[0] == pytest.approx(expected, abs=4 * expected**0.5 + 0.005 * expected)


def test_light_scales_with_the_efficiency_of_each_telescope():
    """Half the efficiency, half the light; 3 standard errors."""
    light = mirrors([(RING, 0, 0), (0, RING, 0)], yields=1e6)
    light.efficiency[1] = 0.5
    telescope, _ = shine(light, (0.0, 0.0, RING / TAN), 10.0, n=500)
    full, half = np.bincount(telescope)
    assert half == pytest.approx(full / 2, abs=3 * (half + full / 4) ** 0.5)
    assert half > 1000


def test_light_follows_the_yield_of_its_height():
    """Between two heights of the table the yield is straight; 3 standard errors."""
    light, height = mirrors([(RING, 0, 0)]), RING / TAN
    cell = int(height / YIELD_STEP)
    light.yields[cell : cell + 2] = 1e5, 2e5
    telescope, _ = shine(light, (0.0, 0.0, height), 1.0, n=8000)
    flat = mirrors([(RING, 0, 0)], yields=1e5 * (1 + height / YIELD_STEP - cell))
    same, _ = shine(flat, (0.0, 0.0, height), 1.0, n=8000, seed=1)
    assert len(telescope) == pytest.approx(len(same), abs=3 * (2 * len(same)) ** 0.5)
    assert len(same) > 5000


def test_only_mirrors_on_the_ring_are_lit():
    distances = np.array([0.0, 0.5, 0.95, 1.0, 1.05, 1.5, 3.0]) * RING
    light = mirrors([(0, -r, 0) for r in distances], radius=300.0, yields=1e5)
    telescope, _ = shine(light, (0.0, 0.0, RING / TAN), 10.0, n=20)
    assert set(telescope) == {3}


@pytest.mark.parametrize("mirror", [(RING, 0, 0), (0, RING, 0), (-0.6 * RING, -0.8 * RING, 0)])
def test_light_arrives_at_the_cherenkov_angle_from_the_side_of_the_track(mirror):
    light = mirrors([mirror], yields=1e5)
    _, photons = shine(light, (0.0, 0.0, RING / TAN), 10.0, n=20)
    assert len(photons) > 50
    assert np.hypot(*photons[:, :2].T) == pytest.approx(TAN, rel=1e-5)
    towards_track = -np.array(mirror[:2]) / RING
    spread = photons[:, :2] @ towards_track / TAN
    assert spread.min() > np.cos(1.1 * 300 / RING)
    assert spread.mean() > 0.999


def test_light_of_a_slanted_track_is_on_its_cone():
    direction = np.array([0.25, -0.15, -1.0])
    direction /= np.linalg.norm(direction)
    across = np.cross(direction, [1.0, 0, 0])
    on_cone = COS * direction + SIN * across / np.linalg.norm(across)
    start = -5e5 * on_cone  # its cone meets the origin
    light = mirrors([(0, 0, 0)], yields=1e5)
    _, photons = shine(light, tuple(start), 10.0, tuple(direction), n=20)
    flight = -np.column_stack([photons[:, :2], np.ones(len(photons))])
    flight /= np.linalg.norm(flight, axis=1)[:, None]
    assert len(photons) > 50
    assert np.arccos(flight @ direction) == pytest.approx(np.arcsin(SIN), rel=1e-3)
    assert flight.mean(axis=0) == pytest.approx(on_cone, abs=1e-4)


def test_directions_are_seen_along_the_axes_of_the_camera():
    tilt = 0.1
    axes = np.array([[0, 1, 0], [np.cos(tilt), 0, -np.sin(tilt)], [np.sin(tilt), 0, np.cos(tilt)]])
    light = mirrors([(RING, 0, 0)], radius=30.0, yields=1e7, axes=axes)
    _, photons = shine(light, (0.0, 0.0, RING / TAN), 10.0, n=20)
    assert len(photons) > 50
    source = np.array([-SIN, 0, COS])
    lon, lat = axes[:2] @ source / (axes[2] @ source)
    assert photons[:, 0].mean() == pytest.approx(lon, abs=1e-5)
    assert photons[:, 1].mean() == pytest.approx(lat, abs=1e-5)


def test_no_camera_sees_light_far_from_its_pointing():
    axes = np.array([[0.0, 1, 0], [0, 0, -1], [1, 0, 0]])  # towards the horizon
    light = mirrors([(RING, 0, 0)], yields=1e5, axes=axes)
    assert len(shine(light, (0.0, 0.0, RING / TAN), 10.0, n=20)[0]) == 0


def test_light_arrives_after_its_way_through_air():
    """Time at the start, then the speed of light over one plus the mean refractivity."""
    height = RING / TAN
    light = mirrors([(RING, 0, 0)], yields=1e5)
    _, photons = shine(light, (0.0, 0.0, height), 10.0, n=20, air=depth(height))
    light.telescopes[0] = height * np.tan(np.arccos(1 / (1 + refractivity(depth(height)))))
    _, photons = shine(light, (0.0, 0.0, height), 10.0, n=20, air=depth(height))
    assert len(photons) > 50
    distance = np.hypot(light.telescopes[0, 0], height)
    slowed = 2.83e-4 * (depth(0.0) - depth(height)) / height / 1.2298e-3
    expected = 50 + distance * (1 + slowed) / 29.9792458
    assert photons[:, 2] == pytest.approx(expected, abs=0.02)


def test_slow_particles_make_no_light():
    light = mirrors([(r, 0, 0) for r in (0, 1e2, 1e3, 1e4)], yields=1e8)
    threshold = 1 / (1 + refractivity(AIR))
    assert len(shine(light, (0.0, 0.0, 5e5), 100.0, beta=threshold - 1e-9, n=50)[0]) == 0
    above = threshold * (1 + refractivity(AIR) / 2)
    light.telescopes[0] = 5e5 * np.tan(np.arccos(threshold / above))
    light.yields[:] = 1e5
    assert len(shine(light, (0.0, 0.0, 5e5), 100.0, beta=above, n=50)[0]) > 0


def test_nothing_shines_below_the_ground():
    """The same step over and under a ground, of which only the first is above its mirror."""
    light = mirrors([(RING, 0, 0)], ground=1000e2, yields=1e5)
    start = 1000e2 + RING / TAN
    assert len(shine(light, (0.0, 0.0, start), 10.0, n=20)[0]) > 50
    up = (0.0, 0.0, 1.0)
    below = 1000e2 - RING / TAN
    assert len(shine(light, (0.0, 0.0, below), 10.0, direction=up, n=20)[0]) == 0


def test_photons_beyond_the_room_are_counted_and_overwrite_nothing():
    whole = mirrors([(RING, 0, 0)], yields=1e5, room=12)
    whole.photons[:] = whole.telescope[:] = -7
    light = whole._replace(photons=whole.photons[:8], telescope=whole.telescope[:8])
    rng = np.random.default_rng(0)
    for _ in range(20):
        emit(rng, light, (0.0, 0.0, RING / TAN), DOWN, 0.0, 10.0, FAST, AIR, AIR)
    kept, _ = shine(mirrors([(RING, 0, 0)], yields=1e5), (0.0, 0.0, RING / TAN), 10.0, n=20)
    assert light.count[0] == len(kept) > 12
    assert np.all(whole.telescope[:8] == 0)
    assert np.all(whole.telescope[8:] == -7) and np.all(whole.photons[8:] == -7)
