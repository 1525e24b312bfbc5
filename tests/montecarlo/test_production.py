"""A production is the same on any machine, and throws what it was told to."""

import os
from functools import cache
from multiprocessing import active_children

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import angular_separation
from astropy.time import Time
from ctapipe.containers import SimulatedShowerContainer
from ctapipe.coordinates import shower_impact_distance
from helpers import TOY_THROWN

from ctapipe_fastsim.montecarlo import production
from ctapipe_fastsim.montecarlo.production import Production
from ctapipe_fastsim.montecarlo.requested_run import read_telescopes
from ctapipe_fastsim.montecarlo.shower import PRIMARIES
from ctapipe_fastsim.recorded_event import recorded_event
from ctapipe_fastsim.showers import Showers

REUSE = 4
THROWN = TOY_THROWN.replace(
    energy_max=2.0, scatter_max=300.0, n_thrown=6 * REUSE, shower_reuse=REUSE
)


def make_production(
    name="taiga-iact", thrown=THROWN, primary="gamma", min_telescopes=1, seed=0, obs_id=1
):
    subarray, field, responses = read_telescopes(name)
    return Production(
        *(subarray, responses, thrown, primary),
        field=np.array(field) * 1e-6,
        min_telescopes=min_telescopes,
        seed=seed,
        obs_id=obs_id,
    )


@cache
def alone():
    """Showers simulated one after the other."""
    production = make_production()
    return [production.shower(number) for number in range(production.n_showers)]


@cache
def array_showers(min_telescopes):
    """Showers of four telescopes, some of which see only some of the showers."""
    thrown = THROWN.replace(energy_max=1.2, n_thrown=12, scatter_max=400.0)
    production = make_production("mst-array", thrown, min_telescopes=min_telescopes)
    return list(production.run())


def same_images(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(a, b) for i in one for a, b in zip(one[i], other[i])
    )


def same_showers(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in Showers.__dataclass_fields__
    )


def same(one, other):
    return (
        one.number == other.number
        and same_showers(one.showers, other.showers)
        and all(same_images(a, b) for a, b in zip(one.images, other.images))
    )


def some_light(showers):
    return [images for shower in showers for images in shower.images if images]


def test_some_cores_have_images_and_some_have_not():
    """Otherwise the comparisons below would say little."""
    found = [bool(images) for shower in alone() for images in shower.images]
    assert len(found) == 24
    assert 3 < sum(found) < 24


@pytest.mark.parametrize("n_workers", [1, 3])
def test_showers_do_not_depend_on_the_number_of_workers(monkeypatch, n_workers):
    monkeypatch.setattr(os, "cpu_count", lambda: n_workers)
    monkeypatch.setattr(production, "FEWEST_PER_WORKER", 2)
    found = list(make_production().run())
    assert [shower.number for shower in found] == list(range(6))
    assert all(same(one, other) for one, other in zip(found, alone(), strict=True))


@pytest.mark.parametrize("keys", [dict(seed=1), dict(obs_id=2)])
def test_another_seed_or_observation_gives_other_showers(keys):
    other = make_production(**keys).shower(0)
    for name in ("energy", "altitude", "azimuth", "core_x", "core_y", "h_first_int"):
        assert (getattr(other.showers, name) != getattr(alone()[0].showers, name)).all()


def test_showers_differ_from_each_other():
    assert len({shower.showers.energy[0] for shower in alone()}) == 6
    assert len({shower.showers.h_first_int[0] for shower in alone()}) == 6
    images = [tuple(image) for images in some_light(alone()) for image, *_ in images.values()]
    assert len(set(images)) == len(images)


def test_all_cores_of_a_shower_share_all_but_the_core():
    for shower in alone():
        for name in ("energy", "altitude", "azimuth", "x_max", "h_first_int"):
            assert len(set(getattr(shower.showers, name))) == 1
        assert len(set(shower.showers.core_x)) == len(shower.images) == REUSE


def test_workers_end_when_no_more_showers_are_asked_for(monkeypatch):
    """Of a run that would take hours."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    run = make_production(thrown=THROWN.replace(n_thrown=10**6 * REUSE)).run()
    next(run)
    workers = active_children()
    assert len(workers) == 2
    run.close()
    for worker in workers:
        worker.join(timeout=60)
    assert not any(worker.is_alive() for worker in workers)


def test_an_event_needs_enough_telescopes():
    """Events of all four telescopes are those among all events that have four."""
    loose, strict = array_showers(1), array_showers(4)
    n_images = [len(images) for shower in loose for images in shower.images]
    assert 3 in n_images
    assert 4 in n_images
    for one, other in zip(loose, strict, strict=True):
        for images, kept in zip(one.images, other.images, strict=True):
            assert same_images(kept, images if len(images) == 4 else {})


def test_impact_distances_are_those_of_ctapipe():
    subarray, _, _ = read_telescopes("mst-array")
    n_compared = 0
    for shower in array_showers(1):
        for core, images in enumerate(shower.images):
            truth = SimulatedShowerContainer(
                alt=shower.showers.altitude[core] * u.rad,
                az=shower.showers.azimuth[core] * u.rad,
                core_x=shower.showers.core_x[core] * u.m,
                core_y=shower.showers.core_y[core] * u.m,
            )
            expected = shower_impact_distance(truth, subarray).to_value(u.m)
            for tel_id, (*_, distance) in images.items():
                assert distance == pytest.approx(expected[tel_id - 1], abs=1e-3)
                n_compared += 1
    assert n_compared > 5


def test_near_telescopes_see_more_light():
    """Of telescopes that see one core, within 200 m or beyond 250 m of it: on average twice."""
    near, far = [], []
    for images in some_light(array_showers(1)):
        for _, _, true_image, distance in images.values():
            (near if distance < 200 else far if distance > 250 else []).append(true_image.sum())
    assert len(near) > 1 < len(far)
    assert np.mean(near) > 2 * np.mean(far)


def test_thrown_energies_follow_the_spectrum():
    """Mean logarithm of 3000 energies within four standard errors of that of E^-2.5, 1 to 50."""
    energy = thrown_showers(3000).energy
    edges = np.geomspace(1, 50, 100_001)
    weight = edges**-1.5
    mean = np.average(np.log(edges), weights=weight)
    width = np.sqrt(np.average((np.log(edges) - mean) ** 2, weights=weight))
    assert abs(np.log(energy).mean() - mean) < 4 * width / np.sqrt(len(energy))
    assert 1 <= energy.min() < energy.max() <= 50


def test_thrown_directions_fill_the_viewcone():
    """Uniform in solid angle: cosine in the middle within four standard errors (0.02 of it)."""
    showers = thrown_showers(3000)
    altitude, azimuth = TOY_THROWN.altitude, TOY_THROWN.azimuth
    offset = angular_separation(azimuth, altitude, showers.azimuth, showers.altitude)
    assert np.degrees(offset).max() <= 1.5 + 1e-9
    share = (1 - np.cos(offset)) / (1 - np.cos(np.radians(1.5)))
    assert abs(share.mean() - 0.5) < 4 / np.sqrt(12 * 3000)


def test_thrown_cores_fill_the_disc():
    """Uniform in area: squared radius in the middle within four standard errors."""
    showers = thrown_showers(3000)
    share = (showers.core_x**2 + showers.core_y**2) / 250**2
    assert share.max() <= 1
    assert abs(share.mean() - 0.5) < 4 / np.sqrt(12 * 3000)
    for core in (showers.core_x, showers.core_y):
        assert abs(core.mean()) < 4 * 125 / np.sqrt(3000)


def thrown_showers(n):
    thrown = TOY_THROWN.replace(spectral_index=-2.5, n_thrown=n)
    production = make_production(thrown=thrown)
    return Showers.concatenate([production._throw(number) for number in range(n)])


@pytest.mark.parametrize("primary", PRIMARIES)
def test_every_primary_makes_showers(primary):
    """Of 0.5 TeV: first interaction in the air, maximum before the ground (930 g/cm2, slant)."""
    thrown = THROWN.replace(energy_min=0.5, energy_max=0.5, n_thrown=3, shower_reuse=1)
    for shower in make_production(thrown=thrown, primary=primary).run():
        assert 1000 < shower.showers.h_first_int[0] <= 120_000
        assert 20 < shower.showers.x_max[0] < 1100


def test_nuclei_have_their_nucleons_and_the_numbers_of_corsika():
    """CORSIKA's A * 100 + Z, but 1 for an electron; ctapipe has 101 for a proton."""
    assert PRIMARIES["gamma"] == (0, 0, 0)
    assert PRIMARIES["electron"] == (1, 0, 0)
    for name, protons, nucleons in (("proton", 1, 1), ("helium", 2, 4), ("iron", 26, 56)):
        assert PRIMARIES[name] == (100 * nucleons + protons, protons, nucleons - protons)


def test_nuclei_start_higher_than_protons():
    """Iron's first of 56 nucleons interacts far above a proton, on average of eight showers."""
    thrown = THROWN.replace(energy_min=0.5, energy_max=0.5, n_thrown=8, shower_reuse=1)
    heights = {
        primary: np.mean(
            [s.showers.h_first_int[0] for s in make_production("taiga-iact", thrown, primary).run()]
        )
        for primary in ("proton", "iron")
    }
    assert heights["iron"] > 1.3 * heights["proton"]


def test_recorded_events_hold_copies():
    """So that whoever changes an event changes nothing else."""
    image, peak_time = np.ones(5, np.float32), np.full(5, 2, np.float32)
    true_image = np.full(5, 3, np.int32)
    event = recorded_event(
        *(7, np.uint64(1), np.uint64(304), Time(59000, format="mjd", scale="tai")),
        SimulatedShowerContainer(energy=1 * u.TeV),
        *(1 * u.rad, 2 * u.rad, {4: (image, peak_time, true_image, 30 * u.m)}),
    )
    event.dl1.tel[4].image[:] = 9
    event.dl1.tel[4].peak_time[:] = 9
    event.simulation.tel[4].true_image[:] = 9
    assert (image == 1).all()
    assert (peak_time == 2).all()
    assert (true_image == 3).all()
    assert event.simulation.tel[4].true_image_sum == 15
    assert event.simulation.tel[4].impact.distance == 30 * u.m
    assert (event.count, event.index.obs_id, event.index.event_id) == (7, 1, 304)
    assert list(event.trigger.tels_with_trigger) == list(event.trigger.tel) == [4]
    assert event.monitoring.tel[4].pointing.altitude == 1 * u.rad
    assert event.monitoring.pointing.array_azimuth == 2 * u.rad
