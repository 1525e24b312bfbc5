"""Can boosted trees tell generated light from simulated, without the camera's noise?

    python examples/light_comparison.py taiga-gamma gamma_test.dl1.h5

Photo-electrons are generated at the conditions and the true size of each simulated image, and
not redrawn. Trees are told moments of the photo-electrons, how much of them neighbouring pixels
share, numbers of lit pixels, and the conditions. The showers must be unknown to the training.
"""

import argparse

import numpy as np

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values, values_at
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.pixel_lattice import lattice_neighbours, pixel_lattice
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.shower_frame import pixel_directions, to_shower_frame
from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.validation.two_sample import floor, tree_auc
from ctapipe_fastsim.validation_samples import chosen_images

BLOCK = 512  # images
LIT = (0, 1, 3, 9)  # photo-electrons that a counted pixel has more than


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model", help="model file, or name of a bundled model")
    options.add_argument("test", nargs="+", help="DL1 files of other showers")
    options.add_argument("--images", type=int, default=10_000)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    production = read_production(options.test)
    for name, images in production.images.items():
        images = chosen_images(images, options.images, 0, "test")
        report(model.telescope_types[name], images)


def report(kind, images):
    """AUC and its floor, and means and spreads of what the trees are told."""
    values = condition_values(images.showers, images.geometry, *images.pointing)
    generated = generate(kind, images, values)
    told = [features(counts, images, kind, values) for counts in (images.counts, generated)]
    columns = [np.column_stack(list(table.values())) for table in told]
    shower = images.shower_number
    auc, ground = tree_auc(*columns, (shower, shower), 0), floor(tree_auc, columns[0], shower, 0)
    print(f"{kind.name}: {len(shower)} images")
    print(f"  AUC {auc.value:.3f} +- {auc.error:.3f}, floor {ground.value:.3f}")
    for name in told[0]:
        simulated, drawn = (table[name] for table in told)
        print(f"  {name:22s} mean {simulated.mean():9.4g} {drawn.mean():9.4g}", end="")
        print(f"  spread {simulated.std():9.4g} {drawn.std():9.4g}")


def generate(kind, images, values):
    """Photo-electrons, (N, P), for the conditions and sizes of given images."""
    generator = ImageGenerator(kind, images.telescope.camera.geometry, "cpu")
    drawn = []
    for start in range(0, len(images.counts), BLOCK):
        rows = slice(start, start + BLOCK)
        rng = random_stream("light comparison", start)
        at, geometry = values_at(values, rows), images.geometry[rows]
        drawn.append(generator.draw_once(at, geometry, rng, images.size[rows])[1])
    return np.concatenate(drawn)


def features(counts, images, kind, values):
    """Numbers of each image by name, (N,) each; angles in deg."""
    geometry = images.telescope.camera.geometry
    pixels = pixel_directions(geometry)
    mirror = np.ones(len(counts))
    u, v = to_shower_frame(*pixels, images.geometry.source_core_arrays(), mirror)
    size = np.maximum(counts.sum(axis=1), 1)
    weight = counts / size[:, None]  # (N, P)

    def mean(x):
        return (weight * x).sum(axis=1)

    du, dv = u - mean(u)[:, None], v - mean(v)[:, None]
    variance_u, variance_v = mean(du**2) + 1e-4, mean(dv**2) + 1e-4
    neighbours = lattice_neighbours(*pixels, pixel_lattice(*pixels).spacing)
    # -1 stands for the pixel of zeros at the end
    around = np.pad(weight, ((0, 0), (0, 1)))[:, neighbours].sum(axis=2)
    return {
        "centre along": mean(u),
        "centre across": mean(v),
        "variance along": variance_u,
        "variance across": variance_v,
        "correlation": mean(du * dv) / np.sqrt(variance_u * variance_v),
        "skewness along": mean(du**3) / variance_u**1.5,
        "kurtosis along": mean(du**4) / variance_u**2,
        "kurtosis across": mean(dv**4) / variance_v**2,
        "shared by neighbours": mean(around),
        "share squared": mean(weight),
        "largest share": weight.max(axis=1),
        **{f"pixels above {n}": (counts > n).sum(axis=1) for n in LIT},
        **{name: values[name] for name in kind.conditions.names},
    }


if __name__ == "__main__":
    main()
