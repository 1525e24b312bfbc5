"""Conditions and sizes are scaled, and come back."""

import numpy as np
import pytest

from ctapipe_fastsim.conditions import (
    INDICATORS,
    NAMES,
    ConditionScaling,
    SizeScaling,
    condition_values,
    indicator_name,
)
from ctapipe_fastsim.shower_frame import image_geometry
from ctapipe_fastsim.showers import Showers

SIZES = np.concatenate([np.arange(2000), np.geomspace(2000, 1e6, 500).astype(int)])


@pytest.fixture
def values():
    """Conditions of 200 gamma images; the zenith angle is constant and x_max unknown."""
    rng = np.random.default_rng(0)
    return {
        "log10_energy": rng.uniform(-1, 2, 200),
        "impact_distance": rng.uniform(0, 300, 200),
        "x_max": np.full(200, np.nan),
        "offset": rng.uniform(0, 1.5, 200),
        "offset_along": rng.uniform(-1.5, 1.5, 200),
        "zenith": np.full(200, 20.0),
        "azimuth_cosine": np.full(200, -1.0),
        "azimuth_sine": np.sin(np.full(200, np.pi)),
        **{name: np.full(200, name == "is_gamma") for name in INDICATORS},
    }


def test_condition_values_are_those_of_the_shower():
    n = 30
    rng = np.random.default_rng(1)
    showers = Showers(
        energy=10 ** rng.uniform(-1, 2, n),
        altitude=np.radians(rng.uniform(68, 72, n)),
        azimuth=np.radians(rng.uniform(170, 190, n)),
        core_x=rng.uniform(-200, 200, n),
        core_y=rng.uniform(-200, 200, n),
        x_max=rng.uniform(200, 500, n),
        h_first_int=np.full(n, np.nan),
        primary_id=np.resize([0, 101, 5626], n),
    )
    geometry = image_geometry(showers, *np.radians([70, 180]), np.zeros(3))
    values = condition_values(showers, geometry, *np.radians([70, 150]))
    assert tuple(values) == NAMES
    assert all(np.shape(column) == (n,) for column in values.values())
    assert np.allclose(10 ** values["log10_energy"], showers.energy)
    assert np.allclose(values["zenith"], 20)
    assert np.allclose(np.arctan2(values["azimuth_sine"], values["azimuth_cosine"]), 5 * np.pi / 6)
    assert np.array_equal(values["x_max"], showers.x_max)
    for name, number in (("gamma", 0), ("proton", 101), ("iron", 5626), ("helium", 402)):
        assert np.array_equal(values[f"is_{name}"], showers.primary_id == number)
    across = geometry.core_lon * geometry.source_lat - geometry.core_lat * geometry.source_lon
    assert np.allclose(values["offset"] ** 2, values["offset_along"] ** 2 + across**2)


def test_conditions_do_not_change_under_reflection():
    """Showers mirrored at the meridian of the pointing are told apart by nothing."""
    rng = np.random.default_rng(2)
    core_y, azimuth = rng.uniform(-200, 200, 20), np.radians(rng.uniform(-3, 3, 20))
    shared = dict(
        energy=np.ones(20),
        altitude=np.radians(rng.uniform(68, 72, 20)),
        core_x=rng.uniform(-200, 200, 20),
        x_max=np.ones(20),
        h_first_int=np.ones(20),
        primary_id=np.zeros(20, int),
    )
    one, other = (
        condition_values(
            showers,
            image_geometry(showers, *np.radians([70, 0]), np.zeros(3)),
            *np.radians([70, 0]),
        )
        for showers in (
            Showers(core_y=core_y, azimuth=azimuth, **shared),
            Showers(core_y=-core_y, azimuth=-azimuth, **shared),
        )
    )
    assert all(np.allclose(one[name], other[name]) for name in NAMES)


def test_constant_and_unknown_conditions_drop_out(values):
    scaling = ConditionScaling.fit(values)
    assert scaling.names == ("log10_energy", "impact_distance", "offset", "offset_along")


def test_the_azimuth_is_a_condition_where_it_varies(values):
    azimuth = np.radians(np.resize([0, 90, 180], 200))
    values |= {"azimuth_cosine": np.cos(azimuth), "azimuth_sine": np.sin(azimuth)}
    assert ConditionScaling.fit(values).names[-2:] == ("azimuth_cosine", "azimuth_sine")


def test_primaries_are_conditions_where_there_are_several(values):
    """One for each: two columns of which one is high, whatever their numbers are."""
    is_iron = np.arange(200) % 4 == 0
    values |= {"is_gamma": ~is_iron, "is_iron": is_iron}
    scaling = ConditionScaling.fit(values)
    assert scaling.names[-2:] == ("is_gamma", "is_iron")
    gamma, iron = scaling.transform(values)[:, -2:].T
    assert len(np.unique(gamma)) == len(np.unique(iron)) == 2
    assert np.array_equal(iron > 0, is_iron)
    assert np.allclose(gamma, -iron)


def test_the_condition_of_a_primary_is_named_after_it():
    assert [indicator_name(number) for number in (0, 101)] == ["is_gamma", "is_proton"]
    assert {indicator_name(number) for number in INDICATORS.values()} == set(INDICATORS)


def test_a_single_unknown_value_drops_the_condition(values):
    values["offset"][7] = np.inf
    assert "offset" not in ConditionScaling.fit(values).names


def test_rounding_noise_is_constant(values):
    values["zenith"] = 20 + 1e-6 * np.random.default_rng(0).standard_normal(200)
    assert "zenith" not in ConditionScaling.fit(values).names


def test_only_candidates_are_kept(values):
    scaling = ConditionScaling.fit(values, ("zenith", "offset", "log10_energy"))
    assert scaling.names == ("offset", "log10_energy")


def test_transform_standardises(values):
    scaled = ConditionScaling.fit(values).transform(values)
    assert scaled.dtype == np.float32
    assert scaled.shape == (200, 4)
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(scaled.std(axis=0), 1, atol=1e-5)


def test_inverse_undoes_transform(values):
    scaling = ConditionScaling.fit(values)
    found = scaling.inverse(scaling.transform(values))
    assert tuple(found) == scaling.names
    for name in scaling.names:
        assert np.allclose(found[name], values[name], rtol=1e-5, atol=1e-5)


def test_range_is_that_of_the_training_set(values):
    scaling = ConditionScaling.fit(values)
    for name, low, high in zip(scaling.names, scaling.minimum, scaling.maximum):
        assert (low, high) == (values[name].min(), values[name].max())


def test_without_conditions_there_are_rows_of_no_columns(values):
    scaling = ConditionScaling.fit(values, ("zenith", "x_max"))
    assert scaling.names == ()
    assert scaling.transform(values).shape == (200, 0)


@pytest.mark.parametrize("within", [0.001, 0.25, 0.5, 0.75, 0.999])
def test_sizes_come_back_from_any_place_within_their_interval(within):
    """For small sizes and up to a thousand; float32 blurs the interval's edges above."""
    sizes = np.arange(1000)
    scaling = SizeScaling.fit(SIZES)
    assert np.array_equal(scaling.inverse(scaling.transform(sizes, within)), sizes)


def test_sizes_come_back_from_the_middle_of_their_interval():
    sizes = np.concatenate([np.arange(2000), np.geomspace(2000, 2e5, 500).astype(int)])
    scaling = SizeScaling.fit(SIZES)
    assert np.array_equal(scaling.inverse(scaling.transform(sizes)), sizes)


def test_size_zero_comes_back():
    scaling = SizeScaling.fit([0, 0, 3, 10])
    assert scaling.inverse(scaling.transform([0, 0], [0.0, 0.9])).tolist() == [0, 0]


def test_sizes_are_never_negative_and_never_infinite():
    scaling = SizeScaling.fit([1, 10, 100])
    sizes = scaling.inverse(np.array([-1e6, 1e6]))
    assert sizes[0] == 0
    assert 1e6 < sizes[1] < 1e9


def test_what_is_no_number_is_no_size():
    assert SizeScaling(3.0, 1.0).inverse(np.array([np.nan])) == 0


def test_equal_sizes_can_be_scaled():
    scaling = SizeScaling.fit([50, 50, 50])
    assert scaling.inverse(scaling.transform([50])).tolist() == [50]
    assert np.isfinite(scaling.transform([0, 50, 5000])).all()


def test_continuous_places_have_no_bias():
    """A uniform place in every interval has the mean of its size: within 3 standard errors."""
    sizes = np.full(20_000, 7)
    within = np.random.default_rng(0).random(len(sizes))
    scaling = SizeScaling.fit(SIZES)
    log_size = scaling.transform(sizes, within) * scaling.standard_deviation + scaling.mean
    error = 3 * np.sqrt(1 / 12 / len(sizes))
    assert abs((np.exp(log_size) - 1).mean() - 7) < error
