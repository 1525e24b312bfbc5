"""Figures of electromagnetic showers: profile and light pool of vertical gammas.

    python examples/montecarlo/cascade_figures.py [--showers 1000 300 30]

No magnetic field, charged particles above 20 MeV, photons of 300 to 600 nm at 2200 m with
atmospheric absorption and no other loss. The maximum belongs between X0 (ln(E/Ec) - 0.5) and
X0 (ln(E/Ec) + 0.5), the number of particles at about 57 % of Greisen's, and the Cherenkov ring
near 120 m.

Most of what showers differ in is how deep they begin. That is known, so that all figures are
brought to the mean depth of the first interaction, 9/7 X0, by a straight line. Errors are
statistical, of what is left.
"""

import argparse

import numpy as np
from tqdm.auto import tqdm

from ctapipe_fastsim.montecarlo.atmosphere import depth
from ctapipe_fastsim.montecarlo.cherenkov import photon_yield
from ctapipe_fastsim.montecarlo.constants import RADIATION_LENGTH
from ctapipe_fastsim.montecarlo.shower import Sky, simulate_shower
from ctapipe_fastsim.random_streams import random_stream

ENERGIES = (0.1, 1.0, 10.0)  # TeV
DISTANCES = np.array([40, 80, 120, 140, 200, 300])  # m
MIRRORS_PER_RING, MIRROR_RADIUS = 8, 3.0  # m
GROUND = 2200e2  # cm
CRITICAL_ENERGY = 86e-6  # TeV
FREE_PATH = 9 / 7 * RADIATION_LENGTH


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--showers", type=int, nargs=3, default=(1000, 300, 30))
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    wavelength = np.arange(300.0, 601.0, 10.0)
    yields = photon_yield(wavelength, np.ones_like(wavelength), GROUND, 1.0)
    sky = Sky(GROUND, (0.0, 0.0, 0.0), np.eye(3), yields)
    for energy, n_showers in zip(ENERGIES, options.showers):
        profiles, light, first = [], [], []
        for number in tqdm(range(n_showers), desc=f"{energy} TeV", leave=False):
            shower = simulate(energy, sky, options.seed, number)
            profiles.append(shower.profile)
            rings = shower.telescope // MIRRORS_PER_RING
            light.append(np.bincount(rings, minlength=len(DISTANCES)))
            first.append(depth(shower.first_interaction))
        report(energy, np.array(profiles), np.array(light), np.array(first))


def simulate(energy, sky, seed, number):
    """One vertical gamma over rings of mirrors."""
    angle = 2 * np.pi * np.arange(MIRRORS_PER_RING) / MIRRORS_PER_RING
    x, y = (np.outer(DISTANCES, f(angle)).ravel() for f in (np.cos, np.sin))
    mirrors = (
        np.stack([x, y, 0 * x], axis=-1),
        np.full(len(x), np.pi * MIRROR_RADIUS**2),
        np.ones(len(x)),
    )
    zenith = np.array([0.0, 0.0, 1.0])
    return simulate_shower(
        *("gamma", energy, zenith, mirrors, sky),
        lambda: random_stream("cascade figures", seed, number),
    )


def report(energy, profiles, light, first):
    """Means over showers, at the mean depth of the first interaction."""
    n = len(profiles)
    density = light / (MIRRORS_PER_RING * np.pi * MIRROR_RADIUS**2)
    line = np.stack([np.ones(n), first - FREE_PATH], axis=-1)
    (mean, _), squares, *_ = np.linalg.lstsq(line, np.hstack([profile_figures(profiles), density]))
    error = np.sqrt(squares / (n - 2) / n)
    logarithm = np.log(energy / CRITICAL_ENERGY)
    low, high = (RADIATION_LENGTH * (logarithm + shift) for shift in (-0.5, 0.5))
    greisen = 0.31 / np.sqrt(logarithm) * energy / CRITICAL_ENERGY
    print(f"{energy:g} TeV, {n} showers, first interaction at {first.mean():.1f} g/cm2")
    print(f"  maximum at {mean[0]:.0f} +- {error[0]:.1f} g/cm2, expected {low:.0f} to {high:.0f}")
    print(f"  particles {mean[1]:.1f} +- {error[1]:.1f}, of Greisen's {mean[1] / greisen:.2f}")
    print(f"  track length {mean[2]:.4g} g/cm2 +- {error[2] / mean[2]:.2%}")
    for distance, photons, sigma in zip(DISTANCES, mean[3:], error[3:]):
        print(f"  photons per m2 at {distance} m: {photons:.4g} +- {sigma / photons:.1%}")


def profile_figures(profiles):
    """Depth of maximum (parabola over 110 g/cm2, jackknifed), particles there, track length."""
    n, total = len(profiles), profiles.sum(axis=0)
    top = total.argmax()
    near = np.arange(top - 5, top + 6)

    def maximum(profile):
        a, b, _ = np.polyfit(10.0 * near, profile[near], 2)
        return -b / 2 / a

    without_one = np.array([maximum(total - profile) for profile in profiles])
    jackknifed = n * maximum(total) - (n - 1) * without_one
    return np.stack([jackknifed, profiles[:, top], 10 * profiles.sum(axis=1)], axis=-1)


if __name__ == "__main__":
    main()
