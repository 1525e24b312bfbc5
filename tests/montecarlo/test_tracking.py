"""Turns keep lengths and angles, the bending is that of the Lorentz force."""

import numpy as np
import pytest

from ctapipe_fastsim.montecarlo.tracking import along, bend, random_turn, turn

DIRECTIONS = [
    *((0.0, 0.0, -1.0), (0.0, 0.0, 1.0), (0.6, 0.0, -0.8), (0.0, -1.0, 0.0)),
    tuple(np.array([0.3, -0.5, -0.9]) / np.linalg.norm([0.3, -0.5, -0.9])),
    (1e-5, 0.0, -np.sqrt(1 - 1e-10)),
]
directions = pytest.mark.parametrize("direction", DIRECTIONS)
NORTH, WEST, UP = np.eye(3)


def across(direction):
    """Two unit vectors across a direction."""
    first = np.cross(direction, [0.1, 0.9, 0.3])
    first /= np.linalg.norm(first)
    return first, np.cross(direction, first)


def sides(direction, turned):
    """Azimuths of turned vectors around a direction."""
    first, second = across(direction)
    return np.arctan2(turned @ second, turned @ first)


@pytest.mark.parametrize("polar", [1e-4, 0.02, 0.7, 1.5, 3.0])
@directions
def test_a_turn_keeps_the_length_and_makes_the_polar_angle(direction, polar):
    for azimuth in np.linspace(0, 6, 13):
        turned = np.array(turn(direction, polar, azimuth))
        assert np.linalg.norm(turned) == pytest.approx(1, abs=1e-12)
        apart = np.linalg.norm(np.cross(direction, turned))
        angle = np.arctan2(apart, np.dot(direction, turned))
        assert angle == pytest.approx(polar, rel=1e-6)


@directions
def test_the_azimuth_of_a_turn_goes_once_around(direction):
    azimuths = np.linspace(0, 2 * np.pi, 33)
    turned = np.array([turn(direction, 0.3, a) for a in azimuths])
    way = np.unwrap(sides(direction, turned))
    assert np.abs(way - way[0]) == pytest.approx(azimuths, abs=1e-6)


@directions
def test_random_turns_go_to_all_sides_alike(direction):
    """First two harmonics of 20000 azimuths are zero; 4 standard errors."""
    rng, n = np.random.default_rng(1), 20_000
    turned = np.array([random_turn(rng, direction, 0.1) for _ in range(n)])
    assert turned @ np.array(direction) == pytest.approx(np.cos(0.1), abs=1e-9)
    side = sides(direction, turned)
    for order in (1, 2):
        assert abs(np.exp(1j * order * side).mean()) < 4 * n**-0.5


def test_along_goes_straight():
    assert along((1.0, 2.0, 3.0), (0.6, 0.0, -0.8), 10.0) == pytest.approx((7, 2, -5))


@pytest.mark.parametrize("charge", [1.0, -1.0])
def test_a_charge_circles_with_its_radius_of_curvature(charge):
    """Across a field of 40 uT, 1 GeV/c is back after 2 pi 83.4 km; within 0.1 %."""
    momentum, field, n = 1000.0, (0.0, 0.0, 4e-5), 3000
    radius = 1e2 / (0.299792458 * 4e-5)  # cm
    position, direction, places = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), []
    for _ in range(n):
        step = 2 * np.pi * radius / n
        direction = bend(direction, charge, momentum, step, field)
        position = along(position, direction, step)
        places.append(position)
    assert np.linalg.norm(position) < 1e-3 * radius
    assert np.ptp(places, axis=0)[:2] == pytest.approx(2 * radius, rel=1e-3)
    assert np.ptp(places, axis=0)[2] == 0


@pytest.mark.parametrize("charge", [1.0, -1.0])
@directions
def test_the_force_is_charge_times_velocity_cross_field(direction, charge):
    field = (2e-5, -1e-5, -3e-5)
    bent = np.array(bend(direction, charge, 1000.0, 1e3, field))
    expected = charge * np.cross(direction, field) * 0.299792458 * 10.0  # rad, p in GeV/c, m
    assert bent - direction == pytest.approx(expected, abs=1e-7 * np.linalg.norm(expected) + 1e-8)


def test_a_falling_positron_drifts_east_and_an_electron_west():
    down = (0.0, 0.0, -1.0)
    field = (3e-5, 0.0, -2e-5)
    assert np.dot(bend(down, 1.0, 1000.0, 1e4, field), WEST) < -1e-5
    assert np.dot(bend(down, -1.0, 1000.0, 1e4, field), WEST) > 1e-5
    assert bend(down, 1.0, 1000.0, 1e4, tuple(1e-4 * UP)) == down
