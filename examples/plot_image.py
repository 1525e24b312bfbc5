"""Draw Monte Carlo images beside generated ones of the same conditions.

    python examples/plot_image.py MODEL REFERENCE.dl1.h5 FIGURE.png [--events 3]

The top row is Monte Carlo, the bottom row what the model makes of the same showers and sizes.
"""

import argparse

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from ctapipe.visualization import CameraDisplay

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.training_data import read_production


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("reference")
    options.add_argument("figure")
    options.add_argument("--events", type=int, default=3)
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    name, images = next(iter(read_production([options.reference]).images.items()))
    rng = random_stream("figure", options.seed)
    rows = rng.choice(np.flatnonzero(images.size > 1200), options.events, replace=False)
    showers, geometry = images.showers[rows], images.geometry[rows]
    camera = images.telescope.camera.geometry
    values = condition_values(showers, geometry, *(angle[rows] for angle in images.pointing))
    generator = ImageGenerator(model.telescope_types[name], camera, device="cpu")
    *_, charge, _ = generator.draw(values, geometry, rng, size=images.size[rows])

    figure, axes = plt.subplots(2, len(rows), figsize=(3.6 * len(rows), 6.6), squeeze=False)
    for column, row in enumerate(rows):
        highest = max(images.charge[row].max(), charge[column].max())
        for axis, title, image in (
            (axes[0, column], "Monte Carlo", images.charge[row]),
            (axes[1, column], "ctapipe-fastsim", charge[column]),
        ):
            display = CameraDisplay(camera, image, ax=axis, cmap="viridis", show_frame=False)
            display.set_limits_minmax(-5, highest)
            display.add_colorbar(ax=axis, shrink=0.75, label="p.e.")
            energy, impact = showers.energy[column], geometry.impact_distance[column]
            axis.set_title(f"{title}\n{energy:.1f} TeV, impact {impact:.0f} m", fontsize=10)
            axis.set_aspect("equal", adjustable="box")
            x, y = centre(camera, images.counts[row])
            axis.set(xlim=(x - 0.14, x + 0.14), ylim=(y - 0.14, y + 0.14))
            axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(options.figure, dpi=90)


def centre(camera, counts):
    """Centre of the light in the camera, m."""
    return [np.average(p.to_value("m"), weights=counts) for p in (camera.pix_x, camera.pix_y)]


if __name__ == "__main__":
    main()
