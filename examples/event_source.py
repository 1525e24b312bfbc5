"""
Generate, clean and draw an event
=================================

A model file is an input file like any other: :class:`ctapipe.io.EventSource` finds the plugin that
reads it, and every event has an image, peak times, the true image and the true shower.
"""

# %%
# Loop over events
# ----------------
# Models that come with the package have names. The same seed gives the same events.

import astropy.units as u
import matplotlib.pyplot as plt
from ctapipe.image import ImageProcessor
from ctapipe.io import EventSource
from ctapipe.visualization import CameraDisplay

from ctapipe_fastsim.bundled import model_path

with EventSource(model_path("mst-array-gamma"), max_events=200, seed=7) as source:
    subarray = source.subarray
    process = ImageProcessor(subarray)
    events = []
    for event in source:
        process(event)
        events.append(event)
    n_thrown = source.simulation_config[1].n_showers

print(f"{len(events)} events of {n_thrown} showers thrown")

# %%
# What an event holds
# -------------------
# Cleaning and image parameters are ctapipe's own. Take an event that all four telescopes see well.


def faintest(event):
    """Size (p.e.) of the faintest of four cleaned images, or nothing if there are fewer."""
    sizes = [telescope.parameters.hillas.intensity for telescope in event.dl1.tel.values()]
    return min(sizes) if len(sizes) == 4 else 0


event = max(events, key=faintest)
shower = event.simulation.shower
print(f"energy {shower.energy:.2f}, core at ({shower.core_x:.0f}, {shower.core_y:.0f})")
for tel_id, telescope in event.dl1.tel.items():
    true_image = event.simulation.tel[tel_id].true_image
    hillas, timing = telescope.parameters.hillas, telescope.parameters.timing
    print(
        f"telescope {tel_id}: {telescope.image.sum():.0f} p.e. in all pixels, "
        f"{true_image.sum()} true, {hillas.intensity:.0f} cleaned; "
        f"width {hillas.width:.3f}, length {hillas.length:.3f}, gradient {timing.slope:.1f}"
    )

# %%
# Draw it
# -------
# Images of the telescope with the most light. Pixels that cleaning keeps are marked.

tel_id = max(event.dl1.tel, key=lambda tel_id: event.dl1.tel[tel_id].image.sum())
telescope = event.dl1.tel[tel_id]
geometry = subarray.tel[tel_id].camera.geometry
panels = {
    "image (p.e.)": telescope.image,
    "peak time (ns)": telescope.peak_time,
    "true image (p.e.)": event.simulation.tel[tel_id].true_image,
}

lit = telescope.image_mask
centre = [position[lit].mean() for position in (geometry.pix_x, geometry.pix_y)]
figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
for axis, (title, values) in zip(axes, panels.items()):
    display = CameraDisplay(geometry, values, ax=axis, title=title, show_frame=False)
    display.add_colorbar(ax=axis, shrink=0.7)
    display.highlight_pixels(lit, color="white", linewidth=0.4)
    axis.set_aspect("equal", adjustable="box")
    for limits, position in zip((axis.set_xlim, axis.set_ylim), centre):
        limits(*(position + [-0.5, 0.5] * u.m).to_value("m"))
plt.show()
