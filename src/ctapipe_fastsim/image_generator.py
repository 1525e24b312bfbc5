"""Conditions become images: size, light, photo-electrons, then the camera's answer."""

from dataclasses import fields

import numpy as np
import torch
from scipy.special import expit

from .acceptance import N_ORIENTATION, acceptance_features, acceptance_probability
from .conditions import values_at
from .flows import flow_sample, size_flow
from .image_statistics import image_statistics, neighbour_table
from .light_sharing import share_light
from .network import CVAE, LightMap, NetworkSizes, load_arrays
from .observing import seen_as
from .pixel_cells import pixel_cells
from .shower_frame import pixel_directions, to_shower_frame
from .trigger import trigger_logit, trigger_network
from .trigger_table import trigger_table_logit

__all__ = ["ImageGenerator"]

MOST_DRAWS = 20  # of one image; the last one is kept
BORDER_RINGS = 2


class ImageGenerator:
    """Paints images of one telescope type for given conditions.

    Parameters
    ----------
    kind : TelescopeTypeModel
    camera_geometry : ctapipe.instrument.CameraGeometry
    device : str
        For torch.
    photon_efficiency : float
        Share of the training's photo-electrons that the telescope still sees.

    Raises
    ------
    ValueError
        When weights do not fit the sizes.
    """

    def __init__(self, kind, camera_geometry, device, photon_efficiency=1.0):
        self.kind, self.photon_efficiency = kind, photon_efficiency
        self.device = device
        sizes = NetworkSizes(**kind.network_sizes)
        n_conditions = len(kind.conditions.names)
        self.cvae = load_arrays(CVAE(sizes, *pixel_directions(camera_geometry)), kind.network)
        self.cvae.to(device)
        self.size_flow = load_arrays(size_flow(n_conditions), kind.size_flow).to(device)
        self.trigger = load_arrays(
            trigger_network(len(kind.trigger_conditions.names)), kind.trigger
        )
        self.pixels = pixel_directions(camera_geometry)
        self.neighbours = neighbour_table(camera_geometry)
        self.border = camera_geometry.get_border_pixel_mask(BORDER_RINGS)
        self.spacing = self.cvae.lattice.spacing
        self.cells = pixel_cells(*self.pixels, self.spacing)

    def trigger_probability(self, values):
        """Probability that the telescope records, (N,), for `condition_values`."""
        values = seen_as(values, self.photon_efficiency)
        logit = trigger_logit(self.trigger, self.kind.trigger_conditions.transform(values))
        return expit(logit + trigger_table_logit(self.kind.trigger_table, values))

    def draw(self, values, geometry, rng, size=None):
        """Draw images as likely as recorded ones.

        Parameters
        ----------
        values : dict of str to (B,) array
            Of `condition_values`.
        geometry : ImageGeometry
            B entries.
        rng : numpy.random.Generator
        size : (B,) int array, optional
            Photo-electrons of each image; drawn from the size model when not given.

        Returns
        -------
        size : (B,) int array
            As given or drawn.
        counts : (B, P) int32 array
            Each image sums to its size exactly.
        charge, peak_time : (B, P) float32 arrays, p.e. and ns
        """
        drawn = self.draw_once(values, geometry, rng, size)
        trigger_probability = self.trigger_probability(values)
        seen = seen_as(values, self.photon_efficiency)
        rows, images = np.arange(len(geometry.source_lon)), drawn
        for _ in range(MOST_DRAWS - 1):
            probability = acceptance_probability(
                self.kind.acceptance,
                self.features(values_at(seen, rows), geometry[rows], *images[1:]),
                trigger_probability[rows],
            )
            rows = rows[rng.random(len(rows)) >= probability]
            if not len(rows):
                break
            wanted = None if size is None else size[rows]
            images = self.draw_once(values_at(values, rows), geometry[rows], rng, wanted)
            for column, anew in zip(drawn, images):
                column[rows] = anew
        return drawn

    def draw_once(self, values, geometry, rng, size=None):
        """`draw` without asking whether the camera would have recorded such images.

        Photo-electrons that go missing at random leave clumps smaller in proportion.
        """
        conditions = self.kind.conditions.transform(values)
        share = self.photon_efficiency
        if size is None:
            seen = self.kind.conditions.transform(seen_as(values, share))
            size = self._draw_size(seen, rng)
        light = self._light(conditions, geometry, size / share, rng)
        clump = share * light.clump.numpy()
        counts = share_light(size, light.fraction.numpy(), clump, self.cells, rng)
        with torch.no_grad():
            spread = self.cvae.time_spread(self._tensor(light.time_spread), self._tensor(counts))
        charge, peak_time = self.kind.response.draw(
            counts, light.time.numpy(), spread.cpu().numpy(), rng
        )
        return size, counts, charge, peak_time

    def features(self, values, geometry, counts, charge, peak_time):
        """`acceptance_features` of images of these conditions, (B, F)."""
        source_core, as_seen = geometry.source_core_arrays(), np.ones(len(counts), np.float32)
        along, across = to_shower_frame(*self.pixels, source_core, as_seen)
        orientation = self.cvae.orientation(*map(self._tensor, (source_core, as_seen)))
        statistics = image_statistics(
            *(charge, peak_time, along, across, self.neighbours, self.border),
            *(self.kind.response.noise, self.spacing),
        )
        return acceptance_features(
            statistics,
            counts.sum(axis=1),
            orientation[:, :N_ORIENTATION].cpu().numpy(),
            self.kind.conditions.transform(values),
        )

    def _draw_size(self, conditions, rng):
        noise = self._normal((len(conditions), 1), rng)
        with torch.no_grad():
            scaled = flow_sample(self.size_flow, self._tensor(conditions), noise)
        return self.kind.size.inverse(scaled.cpu().numpy()[:, 0])

    @torch.no_grad()
    def _light(self, conditions, geometry, size, rng):
        """`LightMap` of every image, on the CPU."""
        known = np.column_stack([conditions, self.kind.size.transform(size)])
        known = self._tensor(known.astype(np.float32))
        noise = self._normal((len(size), self.cvae.sizes.n_latent), rng)
        latent = flow_sample(self.cvae.prior, known, noise)
        mirror = self._tensor(np.where(rng.random(len(size)) < 0.5, -1, 1).astype(np.float32))
        view = self.cvae.view(self._tensor(geometry.source_core_arrays()), mirror)
        light = self.cvae.decode(latent, view, known)
        return LightMap(*(getattr(light, f.name).cpu() for f in fields(light)))

    def _normal(self, shape, rng):
        return self._tensor(rng.standard_normal(shape, dtype=np.float32))

    def _tensor(self, array):
        return torch.as_tensor(array, device=self.device)
