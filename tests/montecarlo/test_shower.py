"""Whole showers: gammas against reference figures, hadrons against gammas."""

from functools import cache

import numpy as np
import pytest
from montecarlo_helpers import photo_electrons, rings, sky_above, standard_error, vertical_showers

from ctapipe_fastsim.montecarlo import shower
from ctapipe_fastsim.montecarlo.atmosphere import TOP, depth
from ctapipe_fastsim.montecarlo.constants import RADIATION_LENGTH
from ctapipe_fastsim.montecarlo.shower import PRIMARIES, ShowerLight
from ctapipe_fastsim.random_streams import random_stream

CRITICAL_ENERGY = 86e-6  # TeV
FREE_PATH = 9 / 7 * RADIATION_LENGTH  # mean depth of the first interaction, g/cm2
DISTANCES = (40, 80, 120, 140, 200, 300)  # m
MIRROR = np.pi * 3.0**2  # m2
N_SHOWERS = {0.1: 300, 1.0: 50, 10.0: 6}
MIRRORS_PER_RING = {0.1: 8, 1.0: 8, 10.0: 2}
energies = pytest.mark.parametrize("energy", list(N_SHOWERS))
# Of an independent program, means of 2000, 600 and 74 showers at the mean depth of the first
# interaction: depth of maximum of the mean profile (g/cm2), particles there, track length
# (g/cm2), photons/m2 at DISTANCES.
REFERENCE = {
    0.1: (250.1, 75.9, 2.353e4, 14.0, 14.8, 16.94, 10.26, 4.93, 2.393),
    1.0: (335.7, 660.0, 2.333e5, 263.8, 233.1, 205.2, 117.2, 56.6, 26.12),
    10.0: (419.3, 6136.0, 2.278e6, 4503.0, 3210.0, 2032.0, 1242.0, 600.0, 263.4),
}


@cache
def gammas(energy):
    """Gammas without a field: showers, and photons/m2 by shower, distance and azimuth."""
    telescopes = rings(*DISTANCES, n=MIRRORS_PER_RING[energy])
    showers = vertical_showers("gamma", energy, N_SHOWERS[energy], telescopes)
    counts = photo_electrons(showers, len(telescopes[0])) / MIRROR
    return showers, counts.reshape(len(showers), len(DISTANCES), -1)


def profile_figures(profiles):
    """Maximum (g/cm2; of a parabola, jackknifed), particles there and track length by shower."""
    n, total = len(profiles), profiles.sum(axis=0)
    top = total.argmax()
    near = np.arange(top - 5, top + 6)

    def maximum(profile):
        a, b, _ = np.polyfit(10.0 * near, profile[near], 2)
        return -b / (2 * a)

    without_one = np.array([maximum(total - profile) for profile in profiles])
    jackknifed = n * maximum(total) - (n - 1) * without_one
    return np.stack([jackknifed, profiles[:, top], 10.0 * profiles.sum(axis=1)], axis=-1)


@cache
def figures(energy):
    """Means and standard errors of what REFERENCE holds.

    Most of what showers differ in is how deep they begin. That is known, so that all are
    brought to the mean depth by a straight line.
    """
    showers, light = gammas(energy)
    profiles, n = np.array([s.profile for s in showers]), len(showers)
    values = np.hstack([profile_figures(profiles), light.mean(axis=2)])
    late = np.array([depth(s.first_interaction) for s in showers]) - FREE_PATH
    line = np.stack([np.ones(n), late], axis=-1)
    (mean, _), squares, *_ = np.linalg.lstsq(line, values)
    return mean, np.sqrt(squares / (n - 2) / n)


def assert_reference(energy, chosen, *, absolute=0.0, relative=0.0):
    """Within what is given and 3 standard errors, in quadrature."""
    for mean, error, expected in zip(*(x[chosen] for x in (*figures(energy), REFERENCE[energy]))):
        tolerance = np.hypot(absolute + relative * expected, 3 * error)
        assert mean == pytest.approx(expected, abs=tolerance)


@energies
def test_gammas_have_the_reference_s_shower_maximum(energy):
    """8 g/cm2 and 5 % of the particles."""
    assert_reference(energy, slice(0, 1), absolute=8.0)
    assert_reference(energy, slice(1, 2), relative=0.05)


@energies
def test_gammas_have_the_reference_s_track_length(energy):
    """3 %."""
    assert_reference(energy, slice(2, 3), relative=0.03)


@energies
def test_gammas_have_the_reference_s_light(energy):
    """8 % at six distances."""
    assert_reference(energy, slice(3, None), relative=0.08)


@energies
def test_the_maximum_is_deeper_by_a_radiation_length_per_factor_e(energy):
    """X0 (ln(E / Ec) - 0.5 ... + 0.5), with 3 standard errors."""
    mean, error = (values[0] for values in figures(energy))
    middle = RADIATION_LENGTH * np.log(energy / CRITICAL_ENERGY)
    assert abs(mean - middle) < 0.5 * RADIATION_LENGTH + 3 * error


@energies
def test_greisen_s_number_is_reached_above_the_cut_by_57_percent(energy):
    """0.31 / sqrt(ln(E / Ec)) E / Ec particles; 3 % of it, with 3 standard errors."""
    ratio = energy / CRITICAL_ENERGY
    greisen = 0.31 / np.log(ratio) ** 0.5 * ratio
    mean, error = (values[1] / greisen for values in figures(energy))
    assert mean == pytest.approx(0.57, abs=np.hypot(0.03, 3 * error))


def test_light_without_a_field_is_the_same_on_all_sides():
    """First two harmonics of the azimuth, by distance, of 300 showers; 4 standard errors."""
    light = gammas(0.1)[1]
    azimuth = np.arange(8) * np.pi / 4
    for wave in (np.cos(azimuth), np.sin(azimuth), np.cos(2 * azimuth), np.sin(2 * azimuth)):
        moment = light @ wave
        assert np.all(np.abs(moment.mean(axis=0)) < 4 * standard_error(moment))


def test_a_northern_field_widens_showers_east_west():
    """Light beyond 150 m, east and west against north and south; 4 standard errors."""
    telescopes = rings(150, 200, 250, n=4, radius=6.0)
    showers = vertical_showers("gamma", 0.1, 80, telescopes, sky_above(field=(1e-4, 0.0, 0.0)))
    light = photo_electrons(showers, 12).reshape(80, 3, 4).sum(axis=1)
    more = light @ [-1, 1, -1, 1]
    assert more.mean() > 4 * standard_error(more)


def test_light_comes_with_the_front():
    """At 120 m a few ns after a front at the speed of light has reached the ground."""
    showers, _ = gammas(0.1)
    on_ring = [s.photons[(s.telescope // 8) == 2, 2] for s in showers]
    assert 0 < np.median(np.concatenate(on_ring)) < 20


def test_photons_come_sorted_by_telescope():
    showers, _ = gammas(0.1)
    assert all(np.all(np.diff(s.telescope) >= 0) for s in showers)
    assert all(len(s.photons) == len(s.telescope) for s in showers)


def test_gammas_first_interact_after_nine_sevenths_radiation_lengths():
    """Mean depth of 300; 3 standard errors, and 2 % for pairs below their limit."""
    depths = np.array([depth(s.first_interaction) for s in gammas(0.1)[0]])
    expected = 9 / 7 * RADIATION_LENGTH
    error = 3 * standard_error(depths) + 0.02 * expected
    assert depths.mean() == pytest.approx(expected, abs=error)


@cache
def electrons():
    return vertical_showers("electron", 0.1, 200, rings(100))


def test_electrons_first_interact_at_the_top():
    assert all(s.first_interaction == TOP for s in electrons())


def test_electrons_develop_half_a_radiation_length_earlier_than_gammas():
    """Rossi's approximation B: mean depth of maximum of 200 and 300; 3 standard errors."""
    of_electrons = np.array([s.x_max for s in electrons()])
    of_gammas = np.array([s.x_max for s in gammas(0.1)[0]])
    error = np.hypot(standard_error(of_electrons), standard_error(of_gammas))
    earlier = of_gammas.mean() - of_electrons.mean()
    assert earlier == pytest.approx(0.5 * RADIATION_LENGTH, abs=3 * error)


@cache
def hadrons(primary):
    return vertical_showers(primary, 1.0, 60, rings(80, 120, radius=6.0))


def test_protons_fluctuate_more_and_make_less_light_than_gammas():
    """60 protons and 50 gammas of 1 TeV: 3 standard errors of the light."""
    protons, (of_gammas, _) = hadrons("proton"), gammas(1.0)
    assert np.std([s.x_max for s in protons]) > 1.2 * np.std([s.x_max for s in of_gammas])
    light = photo_electrons(protons, 16).sum(axis=1) / (np.pi * 6.0**2)
    of_gamma = gammas(1.0)[1][:, 1:3].sum(axis=(1, 2))
    error = np.hypot(standard_error(light), standard_error(of_gamma))
    assert light.mean() < 0.7 * of_gamma.mean() - 3 * error
    assert light.mean() > 0.1 * of_gamma.mean()


def test_protons_first_interact_after_their_interaction_length():
    """Mean depth of 60, 90 g/cm2 falling by 5 % per factor e from 0.1 TeV; 3 std. errors."""
    depths = np.array([depth(s.first_interaction) for s in hadrons("proton")])
    expected = 90 / (1 + 0.05 * np.log(10))
    assert depths.mean() == pytest.approx(expected, abs=3 * standard_error(depths))


def test_iron_develops_higher_and_fluctuates_less_than_protons():
    """Depth of maximum of 60 each at 1 TeV; 3 standard errors."""
    protons = np.array([s.x_max for s in hadrons("proton")])
    iron = np.array([s.x_max for s in hadrons("iron")])
    error = np.hypot(standard_error(protons), standard_error(iron))
    assert iron.mean() < protons.mean() - 3 * error
    assert iron.std() < protons.std()


def test_iron_first_interacts_higher_than_protons():
    """Mean depth of 60 each at 1 TeV; 3 standard errors."""
    protons = np.array([depth(s.first_interaction) for s in hadrons("proton")])
    iron = np.array([depth(s.first_interaction) for s in hadrons("iron")])
    error = np.hypot(standard_error(protons), standard_error(iron))
    assert iron.mean() < protons.mean() - 3 * error


@pytest.mark.parametrize("top", [205.0, 333.0, 418.0, 650.0])
def test_x_max_is_the_top_of_a_parabola(top):
    depths = 10.0 * np.arange(110)
    profile = np.maximum(1000 - 0.05 * (depths - top) ** 2, 0)
    light = ShowerLight(np.empty(0, int), np.empty((0, 3)), 0.0, profile, 0)
    assert light.x_max == pytest.approx(top, abs=1e-6)


@pytest.mark.parametrize("profile", [np.zeros(110), np.arange(110.0), np.arange(110.0)[::-1]])
def test_x_max_of_a_profile_without_top_is_within_the_profile(profile):
    light = ShowerLight(np.empty(0, int), np.empty((0, 3)), 0.0, profile, 0)
    assert 0 <= light.x_max <= 1100


def same(one, other):
    return (
        np.array_equal(one.telescope, other.telescope)
        and np.array_equal(one.photons, other.photons)
        and np.array_equal(one.profile, other.profile)
        and one.first_interaction == other.first_interaction
        and one.n_steps == other.n_steps
    )


@pytest.mark.parametrize("primary", ["gamma", "proton"])
def test_the_same_random_stream_gives_the_same_shower(primary):
    telescopes = rings(50, 100)
    one, other = (vertical_showers(primary, 0.3, 2, telescopes) for _ in range(2))
    assert same(one[0], other[0]) and same(one[1], other[1])
    assert not same(one[0], one[1])
    assert len(one[0].photons) > 0


@pytest.mark.parametrize(
    "rooms",
    [dict(FEWEST_PHOTONS=10, PHOTONS_PER_TEV=0), dict(STACK_SIZE=2)],
    ids=["photons", "particles"],
)
@pytest.mark.parametrize("primary", ["gamma", "helium"])
def test_too_little_room_at_first_changes_nothing(primary, rooms, monkeypatch):
    up, asked = np.array([0.0, 0.0, 1.0]), []

    def make_rng():
        asked.append(primary)
        return random_stream("room", 0)

    particle = (primary, 0.3, up, rings(50, 100), sky_above(), make_rng)
    expected = shower.simulate_shower(*particle)
    assert len(asked) == 1
    for name, room in rooms.items():
        monkeypatch.setattr(shower, name, room)
    assert same(shower.simulate_shower(*particle), expected)
    assert len(asked) > 2
    assert len(expected.photons) > 10


def test_slanted_showers_come_from_their_direction_and_end_at_the_origin():
    """Light of 0.3 TeV gammas from 20 degrees in the south: seen there, around the core."""
    zenith = np.radians(20)
    direction = np.array([-np.sin(zenith), 0, np.cos(zenith)])
    telescopes = rings(60, n=8, radius=6.0)
    light = [
        shower.simulate_shower(
            "gamma", 0.3, direction, telescopes, sky_above(), lambda k=k: random_stream("slant", k)
        )
        for k in range(30)
    ]
    seen = np.concatenate([s.photons for s in light])
    # axes point up: lon is north
    assert np.median(seen[:, 0]) == pytest.approx(-np.tan(zenith), abs=0.01)
    assert np.median(seen[:, 1]) == pytest.approx(0, abs=0.005)
    counts = photo_electrons(light, 8)
    assert counts.mean(axis=0) == pytest.approx(counts.mean(), rel=0.35)


def test_nuclei_have_the_nucleons_of_their_number():
    for number, protons, neutrons in PRIMARIES.values():
        if number > 200:
            assert number == 100 * (protons + neutrons) + protons
