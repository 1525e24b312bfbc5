"""Figures of electromagnetic showers: profile and light pool of vertical gammas.

    python examples/montecarlo/cascade_figures.py [--showers 1000 300 30]

No magnetic field, charged particles above 20 MeV, photons of 300 to 600 nm at 2200 m with
atmospheric absorption and no other loss. The maximum belongs between X0 (ln(E/Ec) - 0.5) and
X0 (ln(E/Ec) + 0.5), the number of particles at about 57 % of Greisen's, and the Cherenkov ring
near 120 m. Errors are statistical.
"""

import argparse

import numpy as np
from tqdm.auto import tqdm

from ctapipe_fastsim.montecarlo.cherenkov import photon_yield
from ctapipe_fastsim.montecarlo.constants import RADIATION_LENGTH
from ctapipe_fastsim.montecarlo.shower import Sky, simulate_shower
from ctapipe_fastsim.random_streams import random_stream

ENERGIES = (0.1, 1.0, 10.0)  # TeV
DISTANCES = np.array([40, 80, 120, 140, 200, 300])  # m
MIRRORS_PER_RING, MIRROR_RADIUS = 8, 3.0  # m
GROUND = 2200e2  # cm
CRITICAL_ENERGY = 86e-6  # TeV


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--showers", type=int, nargs=3, default=(1000, 300, 30))
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    wavelength = np.arange(300.0, 601.0, 10.0)
    yields = photon_yield(wavelength, np.ones_like(wavelength), GROUND, 1.0)
    sky = Sky(GROUND, (0.0, 0.0, 0.0), np.eye(3), yields)
    for energy, n_showers in zip(ENERGIES, options.showers):
        profiles, light = [], []
        for number in tqdm(range(n_showers), desc=f"{energy} TeV", leave=False):
            shower = simulate(energy, sky, options.seed, number)
            profiles.append(shower.profile)
            rings = shower.telescope // MIRRORS_PER_RING
            light.append(np.bincount(rings, minlength=len(DISTANCES)))
        report(energy, np.array(profiles), np.array(light))


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


def report(energy, profiles, light):
    """Means over showers; errors from halves of them drawn again and again."""
    rng = np.random.default_rng(0)
    n = len(profiles)
    again = [profile_figures(profiles[rng.integers(n, size=n)].mean(axis=0)) for _ in range(200)]
    error = np.std(again, axis=0)
    maximum, number, track = profile_figures(profiles.mean(axis=0))
    logarithm = np.log(energy / CRITICAL_ENERGY)
    low, high = (RADIATION_LENGTH * (logarithm + shift) for shift in (-0.5, 0.5))
    greisen = 0.31 / np.sqrt(logarithm) * energy / CRITICAL_ENERGY
    print(f"{energy:g} TeV, {n} showers")
    print(f"  maximum at {maximum:.0f} +- {error[0]:.0f} g/cm2, expected {low:.0f} to {high:.0f}")
    print(f"  particles {number:.0f} +- {error[1]:.0f}, of Greisen's number {number / greisen:.2f}")
    print(f"  track length {track:.3g} +- {error[2]:.1g} g/cm2")
    area = MIRRORS_PER_RING * np.pi * MIRROR_RADIUS**2
    density, spread = light.mean(axis=0) / area, light.std(axis=0) / area / np.sqrt(n)
    for distance, mean, sigma in zip(DISTANCES, density, spread):
        print(f"  photons per m2 at {distance} m: {mean:.1f} +- {sigma:.1f}")


def profile_figures(profile):
    """Depth of the maximum (parabola over 110 g/cm2), its height, and the track length."""
    top = profile.argmax()
    near = np.arange(top - 5, top + 6)
    a, b, _ = np.polyfit(10.0 * near, profile[near], 2)
    return -b / 2 / a, profile.max(), 10 * profile.sum()


if __name__ == "__main__":
    main()
