"""
Train on your own DL1 files
===========================

Any simulated DL1 files serve that hold images and true images; ``ctapipe-process --write-images``
writes them. Here a small production of the package's own Monte Carlo stands in for yours. The shell
commands of this page are in ``examples/train_your_own.sh``.
"""

# %%
# Training data
# -------------
# Two hundred showers, each seen with its core at twenty places: far fewer than a good model
# takes. ::
#
#     ctapipe-fastsim-simulate -o gamma.dl1.h5 --n-showers 200 --reuse 20

import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ctapipe.io import read_table

from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.tools.info import card

folder = Path(tempfile.mkdtemp())
production, model_file = folder / "gamma.dl1.h5", folder / "own.fastsim.h5"


def run(*command):
    """Run a command of the shell in the folder."""
    subprocess.run([*map(str, command)], cwd=folder, check=True)


run(
    "ctapipe-fastsim-simulate", "-o", production, "--n-showers", 200, "--reuse", 20, "--no-progress"
)

# %%
# Train
# -----
# A tenth of the showers is held out. Training stops when these no longer gain, after 40 epochs at
# most; eight are enough here to see that it works. ::
#
#     ctapipe-fastsim-train -i gamma.dl1.h5 -o own.fastsim.h5 --epochs 8

run("ctapipe-fastsim-train", "-i", production, "-o", model_file, "--epochs", 8, "--no-progress")
print(card(model_file))

# %%
# The evidence lower bound (ELBO) of held-out images should grow and then settle. If it falls while
# that of training images grows, there are too few showers.

model, _ = read_model(model_file)
(telescope_type,) = model.telescope_types.values()
history = telescope_type.history
epoch = 1 + np.arange(len(history["loss"]))
figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
axis.plot(epoch, -history["training_loss"], label="training")
axis.plot(epoch, -history["loss"], label="held out")
axis.set(xlabel="epoch", ylabel="ELBO of an image (bright ones weighted down)")
axis.legend()
plt.show()

# %%
# Use it
# ------
# A model of yours is used like a bundled one. ::
#
#     ctapipe-process -i own.fastsim.h5 -o generated.dl1.h5

generated = folder / "generated.dl1.h5"
run("ctapipe-process", "-i", model_file, "-o", generated)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for path, label in ((production, "simulated"), (generated, "generated")):
    parameters = read_table(path, "/dl1/event/telescope/parameters/tel_001")
    parameters = parameters[np.isfinite(parameters["hillas_width"])]
    for axis, values, bins in (
        (axes[0], parameters["hillas_width"], np.linspace(0, 0.3, 31)),
        (axes[1], np.log10(parameters["hillas_intensity"]), np.linspace(1, 4, 31)),
    ):
        axis.hist(values, bins, density=True, histtype="step", label=label)
axes[0].set(xlabel="width (deg)", ylabel="density of images")
axes[1].set(xlabel="log10 of size (p.e.)")
axes[1].legend()
plt.show()

# %%
# Distributions of single parameters are a weak test. Whether a classifier that sees all of them can
# tell your model from your Monte Carlo is what ``ctapipe-fastsim-validate`` answers:
# :doc:`validation`.
