"""Compare sizes and shapes of TAIGA-IACT gamma images with those of CORSIKA simulations.

    python examples/montecarlo/taiga_images.py [--showers 50 40]

The reference numbers are medians over 5698 published TAIGA-IACT Monte Carlo images (CORSIKA
showers, zenith angles of 30 to 40 deg, cleaning at 14 and 7 p.e.), in bins of impact distance
and energy: size over energy (p.e. per TeV), width and length (deg).

Gammas of an E^-2 spectrum come from 30 to 40 deg, seen in the centre of the camera; each shower
is seen by as many telescopes in every bin, evenly spread over it. Images of a shower are alike,
so that errors are from showers drawn again and again.
"""

import argparse

import astropy.units as u
import numpy as np
from ctapipe.image import TailcutsImageCleaner, hillas_parameters
from ctapipe.image.hillas import HillasParameterizationError
from tqdm.auto import tqdm

from ctapipe_fastsim.montecarlo.camera import Camera
from ctapipe_fastsim.montecarlo.cherenkov import photon_yield
from ctapipe_fastsim.montecarlo.shower import Sky, simulate_shower
from ctapipe_fastsim.montecarlo.telescope_response import photomultiplier_efficiency
from ctapipe_fastsim.montecarlo.telescope_sets import TELESCOPE_SETS
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.shower_frame import camera_axes, unit_vector

TAIGA = TELESCOPE_SETS["taiga-iact"]
GROUND = TAIGA.site[2]  # m
ZENITH = 30, 40  # deg
PER_BIN = 6  # telescopes
FEWEST_PIXELS = 4
IMPACT = np.array([0, 80, 120, 160, 200, 260, 340, 450])  # m
ENERGY = (20, 60), (60, 200)  # TeV
REFERENCE = {
    "size / E": [
        *((42.9, 52.0), (45.5, 52.8), (43.6, 48.8), (29.4, 30.6)),
        *((15.8, 17.0), (8.5, 9.0), (4.4, 4.2)),
    ],
    "width": [
        *((0.154, 0.186), (0.140, 0.156), (0.124, 0.139), (0.128, 0.146)),
        *((0.131, 0.151), (0.128, 0.148), (0.119, 0.141)),
    ],
    "length": [
        *((0.315, 0.404), (0.342, 0.414), (0.359, 0.468), (0.424, 0.557)),
        *((0.473, 0.580), (0.496, 0.586), (0.465, 0.558)),
    ],
}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--showers", type=int, nargs=2, default=(50, 40))
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    subarray = TAIGA.subarray("taiga-iact")
    camera = Camera(subarray.tel[1].camera.geometry, TAIGA.response)
    print("impact (m)   TeV  " + "".join(f"{name:>28s}" for name in REFERENCE) + "   images")
    for column, (energies, n_showers) in enumerate(zip(ENERGY, options.showers)):
        measured = []
        for number in tqdm(range(n_showers), desc=f"{energies} TeV", leave=False):
            rng = random_stream("taiga images", options.seed, column, number)
            energy, images = simulate(energies, rng)
            rows = [parameters(subarray, camera.expose(image, rng)) for image in images]
            measured.append(np.array(rows) / [energy, 1, 1])
        report(column, np.array(measured).reshape(n_showers, len(IMPACT) - 1, PER_BIN, -1))


def simulate(energies, rng):
    """One gamma: energy (TeV), and photo-electrons in `PER_BIN` telescopes for each bin."""
    low, high = energies
    energy = 1 / (1 / low - rng.random() * (1 / low - 1 / high))
    altitude = np.radians(90 - rng.uniform(*ZENITH))
    direction = unit_vector(altitude, np.pi)
    axes = np.stack([*camera_axes(altitude, np.pi), direction])
    inner, outer = (np.repeat(edges.astype(float), PER_BIN) for edges in (IMPACT[:-1], IMPACT[1:]))
    impact = np.sqrt(inner**2 + rng.random(len(inner)) * (outer**2 - inner**2))
    around = rng.uniform(0, 2 * np.pi, len(impact))
    across = np.stack([impact * np.cos(around), impact * np.sin(around)], axis=-1) @ axes[:2]
    positions = across - np.outer(across[:, 2] / direction[2], direction)  # on the ground
    efficiency = np.full(len(impact), TAIGA.response.photon_efficiency)
    mirrors = positions, np.full(len(impact), TAIGA.mirror_area), efficiency
    yields = photon_yield(*photomultiplier_efficiency(), 100 * GROUND, direction[2])
    sky = Sky(100 * GROUND, tuple(1e-6 * b for b in TAIGA.field), axes, yields)
    seed = int(rng.integers(2**62))
    light = simulate_shower(
        *("gamma", energy, direction, mirrors, sky), lambda: random_stream("shower", seed)
    )
    return energy, np.split(light.photons, np.searchsorted(light.telescope, range(1, len(impact))))


def parameters(subarray, recorded):
    """Size, width and length of an image; NaN without a trigger or anything left by cleaning."""
    if recorded is None:
        return np.full(3, np.nan)
    geometry, image = subarray.tel[1].camera.geometry, recorded[0]
    cleaner = TailcutsImageCleaner(
        subarray=subarray,
        picture_threshold_pe=14,
        boundary_threshold_pe=7,
        min_picture_neighbors=1,
    )
    mask = cleaner(tel_id=1, image=image)
    try:
        hillas = hillas_parameters(geometry[mask], image[mask])
    except HillasParameterizationError:
        return np.full(3, np.nan)
    if mask.sum() < FEWEST_PIXELS:
        return np.full(3, np.nan)
    focal_length = TAIGA.focal_length * u.m
    angles = (np.degrees((x / focal_length).to_value("")) for x in (hillas.width, hillas.length))
    return np.array([hillas.intensity, *angles])


def report(column, measured):
    """Medians and their errors, from (S, bins, telescopes, 3) values."""
    n_showers = len(measured)
    rng = np.random.default_rng(0)
    drawn = rng.integers(n_showers, size=(200, n_showers))
    medians = np.nanmedian(measured, axis=(0, 2))  # (bins, 3)
    errors = np.std([np.nanmedian(measured[d], axis=(0, 2)) for d in drawn], axis=0)
    low, high = ENERGY[column]
    for i, (inner, outer) in enumerate(zip(IMPACT[:-1], IMPACT[1:])):
        line = f"{inner:3d}-{outer:3d}   {low:3d}-{high:3d}  "
        for reference, median, error in zip(REFERENCE.values(), medians[i], errors[i]):
            expected = reference[i][column]
            line += f"  {median:7.3f} {expected:7.3f} {median / expected - 1:+6.1%}"
            line += f" +-{error / expected:5.1%}"
        print(line, f"{np.isfinite(measured[:, i, :, 0]).sum():6d}")


if __name__ == "__main__":
    main()
