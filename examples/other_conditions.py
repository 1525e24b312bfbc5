"""Compare a model told of less light or a brighter night sky with Monte Carlo made so.

    python examples/other_conditions.py taiga-gamma --showers 200

Showers of the training's distribution are simulated once, and exposed with every photon efficiency
and night sky. Printed for each, Monte Carlo beside the model: telescopes that record over those
that do at the trained conditions, below and above an energy; the change of the mean logarithm of
their size (plus one); and the spread of the charge of pixels without light. Only energies count
that the efficiency leaves above the training's lowest. Errors are statistical.
"""

import argparse
from dataclasses import replace

import numpy as np

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values, values_at
from ctapipe_fastsim.development import draw_development
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.montecarlo.camera import Camera
from ctapipe_fastsim.montecarlo.production import Production
from ctapipe_fastsim.montecarlo.requested_run import read_telescopes
from ctapipe_fastsim.night_sky import add_night_sky
from ctapipe_fastsim.primaries import primary_name
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.shower_frame import image_geometry

CONDITIONS = [(1, 1), (0.9, 1), (0.8, 1), (0.7, 1), (0.6, 1), (0.5, 1)]
CONDITIONS += [(1, 1.25), (1, 1.5), (1, 2), (1, 3), (0.8, 1.5), (0.7, 2)]
N_THROWN = 40_000
N_IMAGES = 1500


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("--showers", type=int, default=200)
    options.add_argument("--reuse", type=int, default=20)
    options.add_argument("--seed", type=int, default=5)
    options = options.parse_args()
    model, _ = read_model(model_path(options.model))
    compare(model, *simulate(model, options.showers, options.reuse, options.seed))


class Cameras:
    """One camera under several conditions, each with a share of the same light."""

    def __init__(self, geometry, response):
        self.cameras = [
            (share, Camera(geometry, replace(response, night_sky=sky * response.night_sky)))
            for share, sky in CONDITIONS
        ]

    def expose(self, photons, rng):
        """What each records: size and spread of dark pixels, or NaN."""
        chance = rng.random(len(photons))
        found = np.full((len(self.cameras), 2), np.nan)
        for row, (share, camera) in zip(found, self.cameras):
            recorded = camera.expose(photons[chance < share], rng)
            if recorded is not None:
                image, _, true_image = recorded
                row[:] = true_image.sum(), image[true_image == 0].std()
        return None if np.isnan(found).all() else (found,)


def simulate(model, n_showers, reuse, seed):
    """Energy and shower (N,) of each telescope with a core in view, and (N, C, 2) results."""
    run = model.thrown[0].replace(n_thrown=n_showers * reuse, shower_reuse=reuse)
    subarray, field, responses = read_telescopes(model.subarray.name)
    production = Production(
        *(subarray, responses, run, primary_name(run.primary_id)),
        field=np.array(field) * 1e-6,
        min_telescopes=1,
        seed=seed,
        obs_id=1,
    )
    production.cameras = {
        i: Cameras(telescope.camera.geometry, responses[i]) for i, telescope in subarray.tel.items()
    }
    rows = [
        (shower.showers.energy[0], number, found)
        for number, shower in enumerate(map(production.shower, range(n_showers)))
        for core in shower.images
        for found, _ in core.values()
    ]
    return tuple(map(np.array, zip(*rows)))


def compare(model, energy, shower, found):
    """Print Monte Carlo beside the model for all conditions."""
    print(f"{np.isfinite(found[:, 0, 0]).sum()} images of {len(np.unique(shower))} showers")
    run = model.thrown[0]
    trained = None
    for (share, sky), results in zip(CONDITIONS, np.moveaxis(found, 1, 0)):
        drawn = model_results(model, run, share, sky)
        trained = trained or drawn
        lowest = run.energy_min / share
        middle = 4 * lowest
        line = f"efficiency {share:.2f} sky {sky:.2f}"
        for low, high in ((lowest, middle), (middle, np.inf)):
            inside = (energy >= low) & (energy < high)
            seen, before = (np.isfinite(r[inside, 0]) for r in (results, found[:, 0]))
            ratio, error = ratio_of(seen, before, shower[inside])
            ours, ours_before = (expected(d, low, high) for d in (drawn, trained))
            line += f" | {ratio:.3f} +- {error:.3f} model {ours[0] / ours_before[0]:.3f}, size"
            change, error = log_size_change(results[inside, 0], found[inside, 0, 0])
            line += f" {change:+.3f} +- {error:.3f} model {ours[1] - ours_before[1]:+.3f}"
        print(f"{line} | noise {np.nanmean(results[:, 1]):.3f} model {drawn[-1]:.3f}", flush=True)


def ratio_of(seen, before, shower):
    """Ratio of two numbers of images, and its error from the scatter of showers."""
    numbers = np.stack([np.bincount(shower, weights=w) for w in (seen, before)])
    ratio = numbers[0].sum() / numbers[1].sum()
    return ratio, np.sqrt(np.sum((numbers[0] - ratio * numbers[1]) ** 2)) / numbers[1].sum()


def log_size_change(size, before):
    """Of the mean logarithm, and its error as if the images were independent."""
    logs = [np.log(values[np.isfinite(values)] + 1) for values in (size, before)]
    error = np.sqrt(sum(values.var() / len(values) for values in logs))
    return logs[0].mean() - logs[1].mean(), error


def model_results(model, run, share, sky):
    """Of many thrown showers: energy, probability, energy and log size of images, dark noise."""
    rng = random_stream("other conditions")
    showers = draw_development(model, run.replace(n_thrown=N_THROWN).throw(rng), run.altitude, rng)
    (kind,) = model.telescope_types.values()
    camera = model.subarray.telescope_types[0].camera.geometry
    generator = ImageGenerator(kind, camera, "cpu", photon_efficiency=share)
    positions = np.stack([p.to_value("m") for p in model.subarray.positions.values()])
    position = positions[rng.integers(len(positions), size=N_THROWN)]
    geometry = image_geometry(showers, run.altitude, run.azimuth, position)
    values = condition_values(showers, geometry, run.altitude, run.azimuth)
    probability = generator.trigger_probability(values)
    bright = probability * (showers.energy * share > run.energy_min)
    rows = rng.choice(N_THROWN, N_IMAGES, p=bright / bright.sum())
    size, counts, charge, _ = generator.draw(values_at(values, rows), geometry[rows], rng)
    charge = add_night_sky(charge, kind.response, sky, rng)
    dark = np.mean([image[true == 0].std() for image, true in zip(charge, counts)])
    return showers.energy, probability, showers.energy[rows], np.log(size + 1), dark


def expected(results, low, high):
    """Sum of probabilities and mean log size in a range of energy."""
    energy, probability, image_energy, log_size, _ = results
    inside = (image_energy >= low) & (image_energy < high)
    return probability[(energy >= low) & (energy < high)].sum(), log_size[inside].mean()


if __name__ == "__main__":
    main()
