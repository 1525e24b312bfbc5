"""Draw simulated images and generated ones of the same conditions and size.

    python examples/image_pairs.py mst-array-gamma gamma_test.dl1.h5 -o images.png

The showers should be unknown to the training.
"""

import argparse

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from ctapipe.coordinates import TelescopeFrame
from ctapipe.visualization import CameraDisplay

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values, values_at
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.training_data import read_production


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model", help="model file, or name of a bundled model")
    options.add_argument("test", help="DL1 file of other showers")
    options.add_argument("-o", "--output", default="images.png")
    options.add_argument("--sizes", type=int, nargs="+", default=(300, 1000, 4000), help="p.e.")
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    (name, images), *_ = read_production([options.test]).images.items()
    rng = random_stream("image pairs", options.seed)
    rows = np.array([nearest(images.size, size, rng) for size in options.sizes])
    geometry = images.telescope.camera.geometry
    values = values_at(condition_values(images.showers, images.geometry, *images.pointing), rows)
    generator = ImageGenerator(model.telescope_types[name], geometry, "cpu")
    _, _, generated, _ = generator.draw(values, images.geometry[rows], rng, images.size[rows])
    draw(geometry.transform_to(TelescopeFrame()), images, rows, generated, options.output)


def nearest(sizes, wanted, rng):
    """One of the 50 images nearest in size."""
    return rng.choice(np.argsort(np.abs(sizes - wanted))[:50])


def draw(geometry, images, rows, generated, output):
    """Pairs of images, simulated above, around the light."""
    pairs = np.stack([images.charge[rows], generated], axis=1)  # (N, 2, P)
    lon, lat = geometry.pix_x.to_value("deg"), geometry.pix_y.to_value("deg")
    figure, axes = plt.subplots(2, len(rows), figsize=(3.4 * len(rows), 6), squeeze=False)
    for column, row, pair in zip(axes.T, rows, pairs):
        weight = images.counts[row] / images.counts[row].sum()
        centre = weight @ lon, weight @ lat
        reach = max(0.8, 3.5 * np.sqrt(weight @ ((lon - centre[0]) ** 2 + (lat - centre[1]) ** 2)))
        for axis, charge, who in zip(column, pair, ("Monte Carlo", "ctapipe-fastsim")):
            display = CameraDisplay(geometry, charge, ax=axis, show_frame=False)
            display.set_limits_minmax(min(0, pair.min()), pair.max())
            display.add_colorbar(label="p.e.", ax=axis, shrink=0.8)
            energy, impact = images.showers.energy[row], images.geometry.impact_distance[row]
            axis.set_title(f"{who}\n{energy:.1f} TeV, impact {impact:.0f} m", fontsize=9)
            axis.set_aspect("equal", adjustable="box")
            axis.set(xlim=centre[0] + np.array([-reach, reach]), xticks=[], xlabel="")
            axis.set(ylim=centre[1] + np.array([-reach, reach]), yticks=[], ylabel="")
    figure.tight_layout()
    figure.savefig(output, dpi=95)


if __name__ == "__main__":
    main()
