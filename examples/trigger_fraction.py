"""Compare the recorded fraction of thrown showers with that of a production.

    python examples/trigger_fraction.py MODEL PRODUCTION.dl1.h5 [MORE.dl1.h5]

In bins of energy and core distance: events recorded by any telescope over thrown cores in the
files (telescopes of one type), the same from the model, and the difference over its statistical
error. A production uses each shower with several cores, so its error is larger than the
binomial one; it is the scatter of such productions thrown and triggered by the model.
"""

import argparse
from dataclasses import replace

import numpy as np
from ctapipe.io import TableLoader

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.development import draw_development
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.shower_frame import image_geometry
from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.trigger_ties import tied_triggers

N_PRODUCTIONS = 60


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("production", nargs="+")
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    production = read_production(options.production)
    edges, thrown = thrown_histogram(options.production)
    recorded = histogram(recorded_events(production), edges)
    fraction = recorded / np.maximum(1, thrown)

    run = production.thrown[0]
    rng = random_stream("productions", options.seed)
    replicas = np.array([production_fraction(model, run, edges, rng) for _ in range(N_PRODUCTIONS)])
    expected, error = replicas.mean(axis=0), replicas.std(axis=0)
    error = np.maximum(error, 1 / np.maximum(1, thrown))
    pull = (fraction - expected) / error
    np.set_printoptions(precision=3, suppress=True, linewidth=160)
    print("energy edges (TeV)", edges[0], "\ncore distance edges (m)", edges[1])
    print("recorded fraction of the files\n", fraction)
    print("of the model\n", expected)
    print("difference over its error\n", pull.round(1))
    print(f"mean square {np.mean(pull[thrown > 0] ** 2):.2f}, in all {recorded.sum():.0f} events")
    model_total = (expected * thrown).sum() / thrown.sum()
    print(f"fraction in all: files {recorded.sum() / thrown.sum():.4f}, model {model_total:.4f}")


def thrown_histogram(paths):
    """Edges (coarser by 10 than the files') and thrown cores in all files together."""
    total = 0
    for path in paths:
        with TableLoader(path) as loader:
            table = loader.read_shower_distribution()
        counts = np.asarray(table["histogram"], float).sum(axis=0)
        n_energy, n_distance = counts.shape[0] // 10, counts.shape[1] // 10
        total = total + counts.reshape(n_energy, 10, n_distance, 10).sum(axis=(1, 3))
    energy, distance = table["bins_energy"][0][::10], table["bins_core_dist"][0][::10]
    return (np.asarray(energy), np.asarray(distance)), total


def recorded_events(production):
    """Showers that left images, each core once."""
    (images,) = production.images.values()
    showers = images.showers
    core = np.stack([showers.energy, showers.core_x, showers.core_y], axis=-1)
    return showers[np.unique(core, axis=0, return_index=True)[1]]


def histogram(showers, edges):
    """Showers in bins of energy and core distance."""
    return np.histogram2d(showers.energy, np.hypot(showers.core_x, showers.core_y), edges)[0]


def production_fraction(model, run, edges, rng):
    """Recorded fraction of one production like ``run``, thrown and triggered by the model."""
    (kind,) = model.telescope_types.values()
    camera = model.subarray.telescope_types[0].camera.geometry
    trigger = ImageGenerator(kind, camera, device="cpu").trigger_probability
    showers = run.replace(n_thrown=run.n_thrown // run.shower_reuse).throw(rng)
    showers = draw_development(model, showers, run.altitude, rng)
    showers = showers[np.repeat(np.arange(len(showers)), run.shower_reuse)]
    core_x, core_y = run.cores(rng, len(showers))
    showers = replace(showers, core_x=core_x, core_y=core_y)
    is_recorded, shared = np.zeros(len(showers), dtype=bool), rng.standard_normal(len(showers))
    for position in model.subarray.positions.values():
        geometry = image_geometry(showers, run.altitude, run.azimuth, position.to_value("m"))
        probability = trigger(condition_values(showers, geometry, run.altitude, run.azimuth))
        is_recorded |= tied_triggers(probability, float(kind.ties["trigger"]), shared, rng)
    recorded = showers[is_recorded]
    return histogram(recorded, edges) / np.maximum(1, histogram(showers, edges))


if __name__ == "__main__":
    main()
