"""
A production and its effective area
===================================

Large productions are many runs of ``ctapipe-fastsim-generate``, independent because their
``obs_id`` differ, and joined by ``ctapipe-merge``. What was thrown is in the files, so that
effective areas follow as they do from simulations.
"""

# %%
# Generate and merge
# ------------------
# Two runs of 30 000 thrown gammas, with image parameters and without images. ::
#
#     model=$(ctapipe-fastsim-info --path mst-array-gamma)
#     ctapipe-fastsim-generate -i "$model" -o run1.dl1.h5 --obs-id 1 --n-showers 30000 \
#         --no-images --parameters
#     ctapipe-fastsim-generate -i "$model" -o run2.dl1.h5 --obs-id 2 --n-showers 30000 \
#         --no-images --parameters
#     ctapipe-merge run1.dl1.h5 run2.dl1.h5 -o merged.dl1.h5
#
# ``examples/production`` has the same for hundreds of runs, on one machine or on a cluster.

import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ctapipe.io import TableLoader

from ctapipe_fastsim.bundled import model_path

folder = Path(tempfile.mkdtemp())


def run(*command):
    """Run a command of the shell in the folder."""
    subprocess.run([*map(str, command)], cwd=folder, check=True)


files = [folder / f"run{obs_id}.dl1.h5" for obs_id in (1, 2)]
for obs_id, path in enumerate(files, start=1):
    run(
        *("ctapipe-fastsim-generate", "-i", model_path("mst-array-gamma"), "-o", path),
        *("--obs-id", obs_id, "--n-showers", 30000, "--no-images", "--parameters", "--no-progress"),
    )
merged = folder / "merged.dl1.h5"
run("ctapipe-merge", *files, "-o", merged)

# %%
# Effective area
# --------------
# Recorded over thrown showers, times the area over which their cores were thrown: here of all
# events that trigger, before any cut.

with TableLoader(merged) as loader:
    events = loader.read_subarray_events(simulated=True)
    thrown = loader.read_shower_distribution()
    configuration = loader.read_simulation_configuration()

print(f"{len(events)} events of {thrown['n_entries'].sum()} showers thrown")
edges = thrown["bins_energy"].quantity[0]
n_thrown = thrown["histogram"].sum(axis=(0, 2))
n_recorded = np.histogram(events["true_energy"].quantity, edges)[0]
radius = configuration["max_scatter_range"].quantity[0]

used = n_thrown > 0
share = n_recorded[used] / n_thrown[used]
error = np.sqrt(share * (1 - share) / n_thrown[used])
area = np.pi * radius**2
figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
axis.errorbar(
    np.sqrt(edges[:-1] * edges[1:])[used].to_value("TeV"),
    (share * area).to_value("km2"),
    (error * area).to_value("km2"),
    fmt="o",
    markersize=3,
)
axis.set(xscale="log", xlabel="energy (TeV)", ylabel="effective area (km²)")
plt.show()
