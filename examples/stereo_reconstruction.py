"""
Stereo reconstruction
=====================

Telescopes of an array see the same shower, so that ctapipe's reconstruction works on generated
events as on simulated ones. Four FlashCam-like telescopes, events with at least two images.
"""

# %%
# Reconstruct
# -----------
# Image parameters, then :class:`ctapipe.reco.HillasReconstructor`, on a thousand showers
# of 1 to 10 TeV.

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
from astropy.coordinates import SkyCoord
from ctapipe.image import ImageProcessor
from ctapipe.io import EventSource
from ctapipe.reco import HillasReconstructor

from ctapipe_fastsim.bundled import model_path

energy, off_direction, off_core = [], [], []
options = dict(n_showers=1000, energy_min=1 * u.TeV, energy_max=10 * u.TeV, min_telescopes=2)
with EventSource(model_path("mst-array-gamma"), seed=3, **options) as source:
    process = ImageProcessor(source.subarray)
    reconstruct = HillasReconstructor(source.subarray)
    for event in source:
        process(event)
        reconstruct(event)
        found, true = event.dl2.stereo.geometry["HillasReconstructor"], event.simulation.shower
        if not found.is_valid:
            continue
        direction = SkyCoord(found.az, found.alt, frame="icrs")
        energy.append(true.energy)
        off_direction.append(direction.separation(SkyCoord(true.az, true.alt, frame="icrs")))
        off_core.append(np.hypot(found.core_x - true.core_x, found.core_y - true.core_y))

energy = u.Quantity(energy, "TeV")
off_direction, off_core = u.Quantity(off_direction, "deg"), u.Quantity(off_core, "m")
print(f"{len(energy)} events reconstructed")

# %%
# How well
# --------
# Distances that hold 68 % of the events, in bins of energy. How these compare with Monte Carlo
# is in :doc:`/arrays`.

edges = np.geomspace(1, 10, 5) * u.TeV
for low, high in zip(edges[:-1], edges[1:]):
    chosen = (energy >= low) & (energy < high)
    direction = np.quantile(off_direction[chosen], 0.68)
    core = np.quantile(off_core[chosen], 0.68)
    print(f"{low:.1f} to {high:.1f}: direction within {direction:.3f}, core within {core:.0f}")

# %%

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
axes[0].hist(off_direction.to_value("deg") ** 2, bins=np.linspace(0, 0.1, 51))
axes[0].set(xlabel="squared angle to the true direction (deg²)", ylabel="events")
axes[1].hist(off_core.to_value("m"), bins=np.linspace(0, 100, 51))
axes[1].set(xlabel="distance from the true core (m)", ylabel="events")
plt.show()
