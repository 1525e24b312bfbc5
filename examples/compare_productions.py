"""Can a classifier tell two productions of the same configuration apart?

    python examples/compare_productions.py FIRST.dl1.h5 SECOND.dl1.h5

Both are cleaned by ctapipe's default ImageProcessor. Boosted trees look at image parameters, alone
and together with energy, impact distance and offset of the source; a dense network looks at
charges. The floor is the first file against itself, split in halves by shower. Charges and
times are rounded to 1/32 (p.e., ns) first, since some files keep no more.
"""

import argparse

import numpy as np

from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.validation.bootstrap import compared
from ctapipe_fastsim.validation.distances import relative_wasserstein
from ctapipe_fastsim.validation.image_parameters import image_parameters, survives
from ctapipe_fastsim.validation.two_sample import floor, network_auc, tree_auc

CONDITIONS = ("log10_energy", "impact_distance", "offset", "offset_along")
STEP = 1 / 32


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("first")
    options.add_argument("second")
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    productions = [read_production([path]) for path in (options.first, options.second)]
    for name in productions[0].images:
        compare(*(sample(production, name) for production in productions), options.seed)


def sample(production, name):
    """Images, parameters, conditions and shower numbers of one telescope type."""
    images = production.images[name]
    charge, peak_time = (np.round(a / STEP) * STEP for a in (images.charge, images.peak_time))
    tel_id = next(i for i, tel in production.subarray.tel.items() if str(tel) == name)
    parameters = image_parameters(production.subarray, tel_id, charge, peak_time)
    values = condition_values(images.showers, images.geometry, *images.pointing)
    thrown = sum(run.n_thrown for run in production.thrown)
    print(f"{name}: {len(charge)} images of {thrown} thrown, mean size {images.size.mean():.1f}")
    return (
        charge,
        parameters,
        np.column_stack([values[k] for k in CONDITIONS]),
        images.shower_number,
    )


def compare(first, second, seed):
    """Print the figures of two samples."""
    good = [survives(sample[1]) for sample in (first, second)]
    print("survive cleaning:", *(f"{g.mean():.4f}" for g in good))
    plain = [
        np.column_stack(list(sample[1].values()))[g] for sample, g in zip((first, second), good)
    ]
    told = [
        np.column_stack([p, sample[2][g]]) for p, sample, g in zip(plain, (first, second), good)
    ]
    offset = first[3].max() + 1  # other showers, other numbers
    groups = first[3], second[3] + offset
    pair = groups[0][good[0]], groups[1][good[1]]
    for what, parts in (("parameters", plain), ("parameters and conditions", told)):
        auc, reference = tree_auc(*parts, pair, seed), floor(tree_auc, parts[0], pair[0], seed)
        print(f"AUC trees on {what}: {auc}, floor {reference}")
    charge = [np.arcsinh(sample[0]) for sample in (first, second)]
    auc = network_auc(*charge, groups, seed)
    reference = floor(network_auc, charge[0], groups[0], seed)
    print(f"AUC network on charges: {auc}, floor {reference}")
    print("parameter: Wasserstein distance over standard deviation, floor")
    for name, *columns in zip(first[1], *(p.T for p in plain)):
        distance, halves = compared(relative_wasserstein, *columns, pair, seed)
        print(f"  {name:32s} {distance}  {halves}")


if __name__ == "__main__":
    main()
