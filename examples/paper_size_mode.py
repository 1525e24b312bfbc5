"""
Images of a given size
======================

Polyakov et al. 2022 (arXiv 2211.12553) ask their autoencoder for images of a given size. ``size``
does the same here: every true image sums to it exactly, and the other conditions (energy,
direction, core, X_max) are those of training images of about that size.
"""

# %%
# One size
# --------
# Charges scatter around the true image, as in a camera; its photo-electrons do not.

import matplotlib.pyplot as plt
import numpy as np
from ctapipe.image import ImageProcessor
from ctapipe.io import EventSource

from ctapipe_fastsim.bundled import model_path

MODEL = model_path("taiga-gamma")


def true_and_measured(size, n_images):
    """Sizes in photo-electrons: sum of each true image, and what cleaning leaves of its charge."""
    true, measured = [], []
    with EventSource(MODEL, size=size, n_showers=n_images, seed=1) as source:
        process = ImageProcessor(source.subarray)
        for event in source:
            process(event)
            true.append(event.simulation.tel[1].true_image.sum())
            measured.append(event.dl1.tel[1].parameters.hillas.intensity)
    return np.array(true), np.array(measured)


for size in (100, 300, 1000):
    true, measured = true_and_measured(size, 200)
    print(
        f"size {size}: true images sum to {true.min()} to {true.max()} p.e.; cleaned ones to "
        f"{np.nanmean(measured):.0f}, with a standard deviation of {np.nanstd(measured):.0f} p.e."
    )

# %%
# A range of sizes
# ----------------
# Two numbers are a low and a high size, between which it is drawn log-uniformly. There is no
# effective area then, as nothing was thrown: ``n_showers`` is the number of images.

true, measured = true_and_measured((50, 3000), 1000)
figure, axis = plt.subplots(figsize=(6, 4.5), layout="constrained")
axis.loglog(true, measured, ".", markersize=3, alpha=0.6)
axis.plot([50, 3000], [50, 3000], color="black", linewidth=0.8)
axis.set(xlabel="true image (p.e.)", ylabel="cleaned image (p.e.)")
plt.show()
