"""Hadrons and muons: how far they go, and what becomes of their energy."""

import numpy as np
import pytest
from montecarlo_helpers import DOWN, NO_FIELD, mirrors, pushed, standard_error

from ctapipe_fastsim.montecarlo.atmosphere import TOP, depth
from ctapipe_fastsim.montecarlo.constants import MUON_DECAY_LENGTH, MUON_MASS, PION_MASS
from ctapipe_fastsim.montecarlo.hadrons import follow_hadron, follow_muon
from ctapipe_fastsim.montecarlo.stack import (
    MUON_MINUS,
    MUON_PLUS,
    NEUTRON,
    PHOTON,
    PION_MINUS,
    PION_PLUS,
    PROTON,
)
from ctapipe_fastsim.random_streams import random_stream

FROM_TOP = (0.0, 0.0, TOP)
LEAST_SHARE = (MUON_MASS / PION_MASS) ** 2
hadrons = pytest.mark.parametrize("kind", [PROTON, NEUTRON, PION_PLUS, PION_MINUS])


def follow(kind, energy, n, name, position=FROM_TOP):
    return pushed(follow_hadron, kind, energy, position, DOWN, 0.0, n=n, name=name)


@hadrons
@pytest.mark.parametrize("energy", [2e4, 1e5, 1e8])
def test_no_more_energy_comes_out_than_went_in(kind, energy):
    n_pushed = 0
    for kinds, energies, directions, _ in follow(kind, energy, 200, "conserved"):
        n_pushed += len(kinds)
        assert energies.sum() <= energy * (1 + 1e-9)
        assert np.linalg.norm(directions, axis=1) == pytest.approx(1, abs=1e-9)
    assert n_pushed > 100


@pytest.mark.parametrize(
    ("kind", "share"), [(PION_PLUS, 1 / 3), (PION_MINUS, 1 / 3), (PROTON, 1 / 6), (NEUTRON, 1 / 6)]
)
def test_a_third_of_what_becomes_pions_goes_to_photons(kind, share):
    """At 100 TeV, a nucleon's leading half left out; mean of 1500, 3 standard errors and 1 %."""
    results = follow(kind, 1e8, 1500, f"photons {kind}")
    seen = np.array([r[1][r[0] == PHOTON].sum() / 1e8 for r in results if r[-1] > 0])
    assert len(seen) > 1450  # some pions decay
    assert seen.mean() == pytest.approx(share, abs=3 * standard_error(seen) + 0.01 * share)


@pytest.mark.parametrize("kind", [PROTON, NEUTRON])
def test_nucleons_keep_half_of_their_energy(kind):
    """Leading share, uniform; protons in three of five; 1500 at 100 TeV, 3 standard errors."""
    results = follow(kind, 1e8, 1500, f"leading {kind}")
    leading = [r[1][(r[0] == PROTON) | (r[0] == NEUTRON)].sum() / 1e8 for r in results]
    assert np.mean(leading) == pytest.approx(0.5, abs=3 * standard_error(leading))
    assert np.std(leading) == pytest.approx(12**-0.5, rel=0.05)
    protons = np.concatenate([r[0][(r[0] == PROTON) | (r[0] == NEUTRON)] for r in results])
    charged = protons == PROTON
    assert charged.mean() == pytest.approx(0.6, abs=3 * standard_error(charged))


def test_pions_have_their_transverse_momentum():
    """350 MeV/c on average, of charged pions above 10 GeV; 3 standard errors."""
    results = follow(PROTON, 1e7, 300, "transverse")
    transverse = []
    for kinds, energies, directions, _ in results:
        pions = ((kinds == PION_PLUS) | (kinds == PION_MINUS)) & (energies > 1e4)
        momentum = (energies[pions] ** 2 - PION_MASS**2) ** 0.5
        transverse.append(momentum * np.hypot(*directions[pions, :2].T))
    transverse = np.concatenate(transverse)
    assert transverse.mean() == pytest.approx(350, abs=3 * standard_error(transverse))


@pytest.mark.parametrize(
    ("kind", "energy", "length"),
    [
        *((PROTON, 1e5, 90.0), (NEUTRON, 1e5, 90.0), (PROTON, 1e7, 90 / (1 + 0.05 * np.log(100)))),
        (PION_PLUS, 1e9, 120 / (1 + 0.05 * np.log(1e4))),
    ],
)
def test_hadrons_interact_after_their_interaction_length(kind, energy, length):
    """Mean depth of 3000, in g/cm2; 3 standard errors."""
    heights = [r[-1] for r in follow(kind, energy, 3000, f"length {kind} {energy}")]
    depths = np.array([depth(h) for h in heights if h > 0])
    assert len(depths) > 2990
    assert depths.mean() == pytest.approx(length, abs=3 * standard_error(depths))


@pytest.mark.parametrize(("pion", "muon"), [(PION_PLUS, MUON_PLUS), (PION_MINUS, MUON_MINUS)])
def test_pions_of_low_energy_decay_to_muons_of_their_charge(pion, muon):
    """Muons of 10 GeV pions: all shares of the kinematics alike; mean with 3 standard errors."""
    results = follow(pion, 1e4, 1500, f"decay {pion}")
    decayed = [r for r in results if r[-1] < 0]
    assert len(decayed) > 1400  # the air is thin up there
    assert all(list(r[0]) == [muon] for r in decayed)
    share = np.array([r[1][0] for r in decayed]) / 1e4
    assert LEAST_SHARE <= share.min() < LEAST_SHARE + 0.01
    assert 0.99 < share.max() <= 1
    assert share.mean() == pytest.approx((1 + LEAST_SHARE) / 2, abs=3 * standard_error(share))


def test_muons_too_slow_for_light_are_not_followed():
    for kinds, energies, _, _ in follow(PION_PLUS, 5e3, 500, "slow"):
        assert np.all(energies[kinds == MUON_PLUS] > 4000)


def test_pions_near_the_ground_land_decay_or_interact():
    """500 m above ground, 10 GeV pions decay with a mean of 557 m; 3 standard errors and 0.02.

    Interactions add 500 m in 120 g/cm2 and their fall with energy: 0.55 interaction lengths.
    """
    results = follow(PION_PLUS, 1e4, 3000, "near", position=(0.0, 0.0, 5e4))
    decay = 780.45 * 1e4 / PION_MASS
    air = (depth(0.0) - depth(5e4)) / 120 * (1 + 0.05 * np.log(1e4 / 1e5))
    survived = np.array([len(r[0]) == 0 for r in results])
    expected = np.exp(-5e4 / decay - air)
    assert survived.mean() == pytest.approx(expected, abs=3 * standard_error(survived) + 0.02)


def test_muons_survive_with_the_probability_of_their_decay():
    """10 GeV from 30 km, seen by their light in the lowest 500 m; 4 standard errors of 600."""
    start, energy, n = 30e5, 1e4, 600
    light = mirrors([(0, 0, 0)], radius=3e5, room=10)
    light.yields[0] = 100.0
    rng, survived = random_stream("survival", 0), []
    for _ in range(n):
        light.count[0] = 0
        position = (0.0, 0.0, start)
        follow_muon(rng, light, NO_FIELD, MUON_MINUS, energy, position, DOWN, 0.0)
        survived.append(light.count[0] > 0)
    heights = np.linspace(0, start, 20_001)
    left = energy - 2.3 * np.array([depth(h) - depth(start) for h in heights])
    expected = np.exp(-np.trapezoid(MUON_MASS / left / MUON_DECAY_LENGTH, heights))
    assert 0.5 < expected < 0.7
    assert np.mean(survived) == pytest.approx(expected, abs=4 * (0.25 / n) ** 0.5)


def test_muons_of_opposite_charge_bend_to_opposite_sides():
    """Light of 20 GeV muons from 10 km in a northern field: seen in the west and in the east."""
    seen = []
    for kind in (MUON_PLUS, MUON_MINUS):
        light, rng = mirrors([(0, 0, 0)], radius=1e5, yields=0.1), random_stream("bend", 0)
        for _ in range(30):
            follow_muon(rng, light, (1e-4, 0.0, 0.0), kind, 2e4, (0.0, 0.0, 10e5), DOWN, 0.0)
        assert light.count[0] > 500
        seen.append(light.photons[: light.count[0], 1].mean())
    assert seen[0] > 1e-3
    assert seen[1] < -1e-3
