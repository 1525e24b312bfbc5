"""Compare generated images with Monte Carlo that training never saw, at the same conditions.

    python examples/fidelity.py MODEL REFERENCE.dl1.h5 [--seed 0]

MODEL is a model file or the name of a bundled model. Every Monte Carlo image gets one generated
image of the same energy, direction, core and X_max; its size is drawn by the model. Both are
cleaned by ctapipe's default ImageProcessor, after rounding to 1/32 (p.e., ns), since some files
keep no more. The floor is Monte Carlo against Monte Carlo: the reference split in halves by shower
(half the statistics, so its error is larger).
"""

import argparse

import numpy as np

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.validation.bootstrap import compared
from ctapipe_fastsim.validation.distances import relative_wasserstein
from ctapipe_fastsim.validation.image_parameters import image_parameters, survives
from ctapipe_fastsim.validation.two_sample import floor, network_auc, tree_auc

STEP = 1 / 32


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("reference")
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    production = read_production([options.reference])
    for name, images in production.images.items():
        print(f"{name}: {len(images.counts)} Monte Carlo images and as many generated")
        compare(model, production.subarray, name, images, options.seed)


def compare(model, subarray, name, images, seed):
    """Print the figures of one telescope type."""
    values = condition_values(images.showers, images.geometry, images.pointing_altitude)
    generator = ImageGenerator(
        model.telescope_types[name], images.telescope.camera.geometry, device="cpu"
    )
    blocks = np.array_split(np.arange(len(images.counts)), len(images.counts) // 256 + 1)
    rng = random_stream("fidelity", seed)
    drawn = [
        generator.draw({k: v[b] for k, v in values.items()}, images.geometry[b], rng)
        for b in blocks
    ]
    counts, charge, peak_time = (np.concatenate(part) for part in zip(*drawn))
    true_charge, true_time, charge, peak_time = (
        np.round(values / STEP) * STEP
        for values in (images.charge, images.peak_time, charge, peak_time)
    )

    tel_id = next(i for i, tel in subarray.tel.items() if str(tel) == name)
    monte_carlo = image_parameters(subarray, tel_id, true_charge, true_time)
    generated = image_parameters(subarray, tel_id, charge, peak_time)
    good, generated_good = survives(monte_carlo), survives(generated)
    print(f"survive cleaning: Monte Carlo {good.mean():.4f}, generated {generated_good.mean():.4f}")
    print(f"mean size: Monte Carlo {images.size.mean():.2f}, generated {counts.sum(1).mean():.2f}")

    groups = images.shower_number
    conditions = np.column_stack([values[k] for k in model.telescope_types[name].conditions.names])
    plain = [np.column_stack(list(p.values())) for p in (monte_carlo, generated)]
    told = [np.column_stack([p, conditions]) for p in plain]
    pair = groups[good], groups[generated_good]
    for what, (first, second) in (("parameters", plain), ("parameters and conditions", told)):
        auc = tree_auc(first[good], second[generated_good], pair, seed)
        reference = floor(tree_auc, first[good], groups[good], seed)
        print(f"AUC trees on {what}: {auc}, floor {reference}")
    true_charge, charge = np.arcsinh(true_charge), np.arcsinh(charge)
    auc = network_auc(true_charge, charge, (groups, groups), seed)
    reference = floor(network_auc, true_charge, groups, seed)
    print(f"AUC network on charges: {auc}, floor {reference}")
    print("parameter: Wasserstein distance over standard deviation, floor")
    for key in monte_carlo:
        columns = monte_carlo[key][good], generated[key][generated_good]
        distance, halves = compared(relative_wasserstein, *columns, pair, seed)
        print(f"  {key:32s} {distance}  {halves}")


if __name__ == "__main__":
    main()
