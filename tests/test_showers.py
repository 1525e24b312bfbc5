"""Showers are thrown from a power law, a flat cone and a flat disc.

Distributions are compared by Kolmogorov-Smirnov tests of 5000 showers with fixed seeds;
a wrong law would have to come with a probability above 0.01 to pass.
"""

import numpy as np
import pytest
from astropy.coordinates import angular_separation, position_angle
from helpers import TOY_THROWN
from scipy import stats

from ctapipe_fastsim.showers import Showers, ThrownDistribution

LEAST_PROBABILITY = 0.01
THROWN = TOY_THROWN.replace(
    energy_min=0.5,
    energy_max=80.0,
    viewcone_max=3.0,
    scatter_max=400.0,
    azimuth=np.radians(355),
    n_thrown=5000,
)


def throw(seed=1, **changes):
    return THROWN.replace(**changes).throw(np.random.default_rng(seed))


def offset_and_angle(showers, thrown):
    """Distance from the pointing and position angle around it, by astropy, in rad."""
    directions = thrown.azimuth, thrown.altitude, showers.azimuth, showers.altitude
    return angular_separation(*directions), position_angle(*directions).rad


def assert_distributed(sample, cumulative):
    assert stats.kstest(sample, cumulative).pvalue > LEAST_PROBABILITY


@pytest.mark.parametrize("index", [-2.7, -2.0, -1.5, -1.0, 0.0])
def test_energies_follow_the_power_law(index):
    edges = np.geomspace(THROWN.energy_min, THROWN.energy_max, 100_001)
    centres = np.sqrt(edges[1:] * edges[:-1])
    integral = np.append(0, np.cumsum(centres**index * np.diff(edges)))
    energy = throw(spectral_index=index).energy
    assert_distributed(energy, lambda e: np.interp(e, edges, integral / integral[-1]))


def test_energies_stay_in_their_range():
    energy = throw(n_thrown=20_000, spectral_index=-3.0).energy
    assert energy.min() >= THROWN.energy_min * (1 - 1e-9)
    assert energy.max() <= THROWN.energy_max * (1 + 1e-9)


def test_index_minus_one_is_the_limit_of_its_neighbours():
    near, exact = throw(spectral_index=-1 + 1e-7).energy, throw(spectral_index=-1.0).energy
    assert np.allclose(near, exact, rtol=1e-5)


@pytest.mark.parametrize("inner", [0.0, 1.0])
def test_directions_are_uniform_in_solid_angle(inner):
    thrown = THROWN.replace(viewcone_min=inner)
    offset, angle = offset_and_angle(thrown.throw(np.random.default_rng(2)), thrown)
    low, high = np.cos(np.radians([inner, thrown.viewcone_max]))
    assert offset.min() >= np.radians(inner) - 1e-9
    assert offset.max() <= np.radians(thrown.viewcone_max) + 1e-9
    assert_distributed((low - np.cos(offset)) / (low - high), "uniform")
    assert_distributed(angle / (2 * np.pi), "uniform")


def test_cone_around_the_zenith_is_uniform_too():
    thrown = THROWN.replace(altitude=np.pi / 2, azimuth=0.0)
    showers = thrown.throw(np.random.default_rng(3))
    cosine = np.cos(np.pi / 2 - showers.altitude)
    assert_distributed((1 - cosine) / (1 - np.cos(np.radians(3))), "uniform")
    assert_distributed(showers.azimuth / (2 * np.pi), "uniform")


def test_point_source_comes_from_the_pointing():
    offset, _ = offset_and_angle(throw(viewcone_max=0.0), THROWN)
    assert offset.max() < 1e-7


def test_azimuths_lie_between_zero_and_full_circle():
    azimuth = throw().azimuth
    assert azimuth.min() >= 0
    assert azimuth.max() < 2 * np.pi
    assert np.ptp(azimuth) > np.pi  # the cone reaches across north


@pytest.mark.parametrize("inner", [0.0, 150.0])
def test_cores_are_uniform_in_area(inner):
    showers = throw(scatter_min=inner)
    distance = np.hypot(showers.core_x, showers.core_y)
    area = (distance**2 - inner**2) / (THROWN.scatter_max**2 - inner**2)
    assert area.min() >= -1e-9
    assert area.max() <= 1 + 1e-9
    assert_distributed(area, "uniform")
    assert_distributed(np.arctan2(showers.core_y, showers.core_x) / (2 * np.pi) + 0.5, "uniform")


def test_energy_direction_and_core_are_independent():
    """Rank correlations of 5000 showers stay below 4 standard deviations."""
    showers = throw(seed=4)
    offset, angle = offset_and_angle(showers, THROWN)
    columns = [showers.energy, offset, angle, showers.core_x, showers.core_y]
    correlation = stats.spearmanr(np.stack(columns, axis=1)).statistic - np.eye(5)
    assert np.abs(correlation).max() < 4 / np.sqrt(len(showers))


def test_same_seed_gives_the_same_showers():
    first, second, other = throw(seed=5), throw(seed=5), throw(seed=6)
    for name in ("energy", "altitude", "azimuth", "core_x", "core_y"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
        assert not np.isin(getattr(first, name), getattr(other, name)).any()


def test_development_is_unknown_when_thrown():
    showers = throw(n_thrown=7)
    assert len(showers) == 7
    assert np.isnan(showers.x_max).all()
    assert np.isnan(showers.h_first_int).all()


def test_showers_are_indexed_like_arrays():
    showers = throw(n_thrown=9)
    chosen = showers[np.array([8, 2])]
    assert isinstance(chosen, Showers)
    assert len(chosen) == 2
    assert np.array_equal(chosen.energy, showers.energy[[8, 2]])
    assert np.array_equal(chosen.core_y, showers.core_y[[8, 2]])


def test_distribution_survives_a_dictionary():
    assert ThrownDistribution(**THROWN.to_dict()) == THROWN
