"""Photons and electrons: how far they go, and what becomes of their energy."""

import numpy as np
import pytest
from montecarlo_helpers import DOWN, NO_FIELD, pushed, standard_error

from ctapipe_fastsim.montecarlo.atmosphere import TOP, depth, height
from ctapipe_fastsim.montecarlo.constants import ELECTRON_CUT, ELECTRON_MASS, RADIATION_LENGTH
from ctapipe_fastsim.montecarlo.electromagnetic import (
    PROFILE_STEP,
    compton_rate,
    follow_electron,
    follow_photon,
    pair_share,
    scattering_angle,
)
from ctapipe_fastsim.montecarlo.stack import ELECTRON, PHOTON, POSITRON
from ctapipe_fastsim.random_streams import random_stream

FROM_TOP = (0.0, 0.0, TOP)
BARNS = 0.30062 * RADIATION_LENGTH  # electrons of a radiation length of air, per barn
PER_GRAM = 1 / RADIATION_LENGTH


def photons(energy, n, name, position=FROM_TOP, direction=DOWN):
    return pushed(follow_photon, energy, position, direction, 0.0, n=n, name=name)


def electrons(energy, n, name, position=FROM_TOP, ground=0.0, kind=ELECTRON, field=NO_FIELD):
    """What is pushed, and the profile that they add up to."""
    profile = np.zeros(110)

    def follow(rng, stack, light, *particle):
        return follow_electron(rng, stack, light, field, profile, *particle)

    particle = (kind, energy, position, DOWN, 0.0)
    return pushed(follow, *particle, n=n, name=name, ground=ground), profile


def test_pair_production_reaches_its_high_energy_limit():
    energies = np.geomspace(20, 1e9, 60)
    shares = np.array([pair_share(e) for e in energies])
    assert np.all(np.diff(shares) > 0) and shares[0] > 0
    assert shares[-1] == pytest.approx(1, abs=2e-3)
    assert shares[-1] < 1


def test_compton_scattering_has_the_cross_section_of_klein_and_nishina():
    """Barn per electron in the tables of Hubbell (1969); within 0.1 %."""
    for energy, barn in ((1.0, 0.2112), (1.25, 0.1888), (10.0, 0.05099), (100.0, 0.008199)):
        assert compton_rate(energy) / BARNS == pytest.approx(barn, rel=1e-3)


def test_attenuation_is_that_of_photons_in_air():
    """Mass attenuation in the tables of NIST at 20 MeV, 0.01705 cm2/g; within 5 %."""
    rate = (7 / 9 * pair_share(20.0) + compton_rate(20.0)) * PER_GRAM
    assert rate == pytest.approx(0.01705, rel=0.05)


@pytest.mark.parametrize("cos_zenith", [1.0, 0.5])
def test_photons_of_high_energy_interact_after_nine_sevenths_radiation_lengths(cos_zenith):
    """Mean of 4000, at 10 TeV; 3 standard errors and 0.3 % for pairs below their limit."""
    direction = ((1 - cos_zenith**2) ** 0.5, 0.0, -cos_zenith)
    heights = [r[-1] for r in photons(1e7, 4000, "first", direction=direction)]
    depths = np.array([depth(h) for h in heights if h > 0])
    assert len(depths) > 3990
    expected = 9 / 7 * RADIATION_LENGTH * cos_zenith
    error = 3 * standard_error(depths) + 0.003 * expected
    assert depths.mean() == pytest.approx(expected, abs=error)
    assert depths.std() == pytest.approx(expected, rel=0.08)  # exponential


def test_photons_that_reach_the_ground_push_nothing():
    """A tenth of the mean free path above the ground: exp(-0.1) land; 3 standard errors."""
    ground_depth = depth(0.0)
    start = (0.0, 0.0, height(ground_depth - 0.1 * 9 / 7 * RADIATION_LENGTH))
    results = photons(1e8, 2000, "land", position=start)
    landed = np.array([r[-1] < 0 for r in results])
    assert all((len(r[0]) == 0) == land for r, land in zip(results, landed))
    assert landed.mean() == pytest.approx(np.exp(-0.1), abs=3 * standard_error(landed) + 1e-3)


def test_pairs_share_the_energy_of_their_photon():
    """Squared distance from the even share, mean 0.0929, and pushed energy; 3 std. errors."""
    pairs = [r for r in photons(1e6, 4000, "pair") if PHOTON not in r[0]]
    for kinds, energies, directions, _ in pairs:
        assert set(kinds) <= {ELECTRON, POSITRON}
        assert energies.sum() <= 1e6 * (1 + 1e-12)
        assert np.linalg.norm(directions, axis=1) == pytest.approx(1, abs=1e-9)
    whole = [r for r in pairs if len(r[0]) == 2]
    assert len(whole) > 3950
    assert all(r[1].sum() == pytest.approx(1e6) for r in whole)
    share = np.array([r[1][list(r[0]).index(ELECTRON)] for r in whole]) / 1e6
    assert share.mean() == pytest.approx(0.5, abs=3 * standard_error(share))
    squared = (share - 0.5) ** 2
    assert squared.mean() == pytest.approx(0.09286, abs=3 * standard_error(squared))


def test_compton_scattering_shares_the_energy():
    """At 60 MeV, shares e with e + 1/e: mean against the integral; 3 standard errors."""
    energy, seen = 60.0, []
    for kinds, energies, _, _ in photons(energy, 12_000, "compton"):
        assert energies.sum() <= energy * (1 + 1e-12)
        assert np.all(energies > ELECTRON_CUT)
        if PHOTON in kinds:
            seen.append(energies[list(kinds).index(PHOTON)] / energy)
            assert ELECTRON not in kinds or energies.sum() == pytest.approx(energy)
            assert POSITRON not in kinds
    share = np.linspace(ELECTRON_CUT / energy, 1, 2001)
    weight = share + 1 / share
    assert np.mean(seen) == pytest.approx(
        np.sum(share * weight) / weight.sum(), abs=3 * standard_error(seen)
    )


def test_scattered_photons_leave_at_the_angle_of_compton():
    for kinds, energies, directions, _ in photons(60.0, 2000, "angle"):
        for kind, energy, direction in zip(kinds, energies, directions):
            if kind == PHOTON:
                cosine = 1 - ELECTRON_MASS * (1 / energy - 1 / 60.0)
                assert -direction[2] == pytest.approx(cosine, abs=1e-9)


def test_pairs_and_scatterings_happen_at_their_rates():
    """Share of scatterings at 100 MeV, with the electron above the cut or the photon; 3 s.e."""
    results = [r for r in photons(100.0, 6000, "rates") if r[-1] > 0]
    scattered = np.array([POSITRON not in r[0] and len(r[0]) != 1 for r in results])
    pairs, compton = 7 / 9 * pair_share(100.0), compton_rate(100.0)
    share = np.linspace(1 / (1 + 2 * 100 / ELECTRON_MASS), 1, 40_001)
    weight = share + 1 / share
    both = np.sum(weight[(share > 0.2) & (share < 0.8)]) / weight.sum()
    expected = compton / (pairs + compton) * both
    assert scattered.mean() == pytest.approx(expected, abs=3 * standard_error(scattered))


@pytest.mark.parametrize("depth_crossed", [0.5, 1.0])
def test_electrons_radiate_their_energy_in_a_radiation_length(depth_crossed):
    """What 2000 electrons of 100 GeV radiate, 1 - exp(-t); 3 standard errors and 0.3 %.

    The 0.3 % are for ionisation and for photons below the cut.
    """
    start = (0.0, 0.0, height(depth(0.0) - depth_crossed * RADIATION_LENGTH))
    name = f"radiate {depth_crossed}"
    results, _ = electrons(1e5, 2000, name, position=start)
    radiated = np.array([r[1].sum() / 1e5 for r in results])
    assert all(set(r[0]) <= {PHOTON} for r in results)
    assert np.all(radiated < 1)
    error = 3 * standard_error(radiated) + 3e-3
    assert radiated.mean() == pytest.approx(1 - np.exp(-depth_crossed), abs=error)


def test_photons_are_radiated_with_the_spectrum_of_rossi():
    """Above half of 100 GeV in 0.02 radiation lengths, a thousandth and more; 3 std. errors."""
    start = (0.0, 0.0, height(depth(0.0) - 0.02 * RADIATION_LENGTH))
    results, _ = electrons(1e5, 20_000, "spectrum", position=start)
    share = np.concatenate([r[1] for r in results]) / 1e5

    def expected(low, high):
        terms = 4 / 3 * np.log(high / low) - 4 / 3 * (high - low) + (high**2 - low**2) / 2
        return 20_000 * 0.02 * terms

    for low, high in ((1e-3, 1e-2), (1e-2, 0.1), (0.1, 0.5), (0.5, 1.0)):
        n = np.sum((share > low) & (share < high))
        # up to half as much energy is left when a second photon comes: 1 %
        assert n == pytest.approx(
            expected(low, high), abs=3 * expected(low, high) ** 0.5 + 0.01 * expected(low, high)
        )


def test_electrons_are_counted_where_they_cross_the_profile():
    n = 50
    start = (0.0, 0.0, height(154.0))
    _, profile = electrons(1e8, n, "profile", position=start, ground=height(187.0))
    assert list(np.flatnonzero(profile)) == [16, 17, 18]
    assert np.all(profile[16:19] == n)
    assert PROFILE_STEP == 10


def test_scattering_is_that_of_rossi_and_greisen():
    """Mean squared angle (21 MeV / E)^2 t, of 20000; 3 standard errors and 2 % of the 21."""
    rng = random_stream("scattering", 0)
    squared = np.array([scattering_angle(rng, 1000.0, 0.1) for _ in range(20_000)]) ** 2
    expected = (21 / 1000) ** 2 * 0.1
    error = 3 * standard_error(squared) + 0.04 * expected
    assert squared.mean() == pytest.approx(expected, abs=error)


def test_angles_of_scattering_are_bounded():
    rng = random_stream("bounded", 0)
    angles = [scattering_angle(rng, 20.0, 1.0) for _ in range(1000)]
    assert max(angles) == 1.5


@pytest.mark.parametrize(("kind", "side"), [(POSITRON, -1), (ELECTRON, 1)])
def test_a_field_moves_photons_of_electrons_east_or_west(kind, side):
    """Photons of electrons that fall across a northern field go along with them."""
    results, _ = electrons(1e4, 300, "field", kind=kind, field=(1e-4, 0.0, 0.0))
    west = np.concatenate([r[2][:, 1] for r in results])
    assert side * west.mean() > 5 * standard_error(west)
