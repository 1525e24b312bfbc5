"""Air is that of ctapipe's density profiles and of the U.S. standard atmosphere."""

import astropy.units as u
import numpy as np
import pytest

from ctapipe_fastsim.montecarlo.atmosphere import (
    REFRACTIVITY,
    TOP,
    density,
    density_profile,
    depth,
    height,
    mean_refractivity,
    refractivity,
    tabulated_profile,
    transmission,
)

HEIGHTS = np.linspace(0.013e5, 112e5, 700)  # cm; none where layers meet
GRAMMAGE, DENSITY = u.Unit("g/cm2"), u.Unit("g/cm3")
WAVELENGTHS = np.linspace(250, 700, 46)  # nm


def test_depth_density_and_height_are_those_of_ctapipe():
    profile = density_profile()
    depths = np.array([depth(h) for h in HEIGHTS])
    expected = profile.integral(HEIGHTS * u.cm).to_value(GRAMMAGE)
    assert depths == pytest.approx(expected, rel=1e-6)
    densities = [density(d) for d in depths]
    assert densities == pytest.approx(profile(HEIGHTS * u.cm).to_value(DENSITY), rel=1e-6)
    back = profile.height_from_overburden(depths * GRAMMAGE).to_value(u.cm)
    assert [height(d) for d in depths] == pytest.approx(back, rel=1e-6)


def test_height_is_the_inverse_of_depth():
    assert [height(depth(h)) for h in HEIGHTS] == pytest.approx(HEIGHTS, rel=1e-9, abs=1e-3)


def test_density_is_the_slope_of_depth():
    for h in HEIGHTS[HEIGHTS < 1e7]:
        slope = (depth(h - 100) - depth(h + 100)) / 200
        assert density(depth(h)) == pytest.approx(slope, rel=1e-4)


def test_depth_density_and_height_are_those_of_the_standard_atmosphere():
    """U.S. standard atmosphere 1976: density, and pressure over gravity; within 2 %."""
    assert depth(0.0) == pytest.approx(1036.1, abs=0.1)
    for h, rho, pressure in ((0, 1.225, 1013.25), (5, 0.7364, 540.5), (11, 0.3648, 227.0)):
        assert 1e3 * density(depth(h * 1e5)) == pytest.approx(rho, rel=0.02)
        assert depth(h * 1e5) == pytest.approx(pressure / 0.979, rel=0.02)


def test_there_is_no_air_above_the_top():
    assert depth(TOP) == depth(2 * TOP) == 0
    assert height(0.0) == height(-1.0) == TOP
    assert depth(TOP - 1e4) > 0


def test_the_tabulated_profile_is_the_same_air():
    """Between the lines of the table: 0.3 % of depth and density, 20 m of height."""
    table, profile = tabulated_profile(), density_profile()
    between = (np.linspace(0, 60, 121)[:-1] + 0.123) * u.km
    depths = profile.integral(between)
    assert table.integral(between).to_value(GRAMMAGE) == pytest.approx(
        depths.to_value(GRAMMAGE), rel=3e-3
    )
    assert table(between).to_value(DENSITY) == pytest.approx(
        profile(between).to_value(DENSITY), rel=3e-3
    )
    back = table.height_from_overburden(depths)
    assert back.to_value(u.m) == pytest.approx(between.to_value(u.m), abs=20)


def test_refractivity_is_that_of_air_at_sea_level_and_falls_with_density():
    """2.828e-4 at 400 nm and 15 degrees (Ciddor 1996); within 1 %."""
    ground = refractivity(depth(0.0))
    assert ground == pytest.approx(2.828e-4, rel=0.01)
    for h in HEIGHTS[:300:10]:
        expected = ground * density(depth(h)) / density(depth(0.0))
        assert refractivity(depth(h)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("start", [0.5e5, 5e5, 15e5, 40e5])
def test_mean_refractivity_is_the_mean_of_refractivity_along_the_way(start):
    ground = 0.2e5
    way = np.linspace(ground, start, 4001)
    middle = 0.5 * (way[1:] + way[:-1])
    expected = np.mean([refractivity(depth(h)) for h in middle])
    mean = mean_refractivity(depth(start), start, depth(ground), ground)
    assert mean == pytest.approx(expected, rel=1e-4)
    assert mean < REFRACTIVITY


@pytest.mark.parametrize("ground", [0.0, 2.2e5])
def test_less_light_arrives_from_higher_up_and_of_shorter_wavelength(ground):
    heights = np.linspace(ground, 40e5, 80)
    seen = np.array([transmission(WAVELENGTHS, h, ground, 1.0) for h in heights])
    assert np.all(seen[0] == 1)
    assert np.all((seen[1:] > 0) & (seen[1:] < 1))
    assert np.all(np.diff(seen, axis=0) < 0)
    assert np.all(np.diff(seen[1:], axis=1) > 0)


def test_light_loses_what_rayleigh_scattering_and_aerosol_take():
    """Rayleigh optical depth of the whole air: 0.360 at 400 nm (Bodhaine 1999); within 1 %."""
    from_top = transmission(np.array([400.0]), TOP, 0.0, 1.0)[0]
    assert -np.log(from_top) == pytest.approx(0.360 + 0.08 * 550 / 400, rel=0.01)


def test_slanted_light_crosses_more_air():
    vertical = transmission(WAVELENGTHS, 10e5, 2e5, 1.0)
    assert transmission(WAVELENGTHS, 10e5, 2e5, 0.5) == pytest.approx(vertical**2, rel=1e-9)
