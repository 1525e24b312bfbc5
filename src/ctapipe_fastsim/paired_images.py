"""One generated image for each Monte Carlo image, at the same conditions."""

from collections.abc import Callable

import numpy as np

from .conditions import condition_values
from .image_generator import DrawnImages, ImageGenerator
from .model import TelescopeTypeModel
from .random_streams import random_stream
from .training_data import TelescopeImages

__all__ = ["paired_images"]

BLOCK = 256  # images


def paired_images(
    kind: TelescopeTypeModel, images: TelescopeImages, seed: int, progress: Callable[[int], object]
) -> DrawnImages:
    """Generate an image of the same energy, direction, core and X_max as each given one.

    The size is drawn by the model.

    Parameters
    ----------
    kind : TelescopeTypeModel
    images : TelescopeImages
        Monte Carlo of that telescope type.
    seed : int
    progress : callable
        Called with the number of images done since the last call.

    Returns
    -------
    size : (N,) int array
        Photo-electrons that the model was asked for.
    counts : (N, P) int32 array
        Photo-electrons.
    charge, peak_time : (N, P) float32 arrays, p.e. and ns
    """
    values = condition_values(images.showers, images.geometry, *images.pointing)
    generator = ImageGenerator(kind, images.telescope.camera.geometry, device="cpu")
    drawn = []
    for start in range(0, len(images.counts), BLOCK):
        part = slice(start, start + BLOCK)
        rng = random_stream("paired images", seed, start)
        conditions = {name: column[part] for name, column in values.items()}
        drawn.append(generator.draw(conditions, images.geometry[part], rng))
        progress(len(drawn[-1][0]))
    size, counts, charge, peak_time = (np.concatenate(arrays) for arrays in zip(*drawn))
    return size, counts, charge, peak_time
