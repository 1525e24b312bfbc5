"""Conditions become images: size, light, photo-electrons, then the camera's answer."""

from dataclasses import fields

import numpy as np
import torch
from scipy.special import expit

from .flows import flow_sample, size_flow
from .light_sharing import share_light
from .network import CVAE, LightMap, NetworkSizes, load_arrays
from .shower_frame import pixel_directions
from .trigger import trigger_logit, trigger_network
from .trigger_table import trigger_table_logit

__all__ = ["ImageGenerator"]


class ImageGenerator:
    """Paints images of one telescope type for given conditions.

    Parameters
    ----------
    kind : TelescopeTypeModel
    camera_geometry : ctapipe.instrument.CameraGeometry
    device : str
        For torch.

    Raises
    ------
    ValueError
        When weights do not fit the sizes.
    """

    def __init__(self, kind, camera_geometry, device):
        self.kind = kind
        self.device = device
        sizes = NetworkSizes(**kind.network_sizes)
        n_conditions = len(kind.conditions.names)
        self.cvae = load_arrays(CVAE(sizes, *pixel_directions(camera_geometry)), kind.network)
        self.cvae.to(device)
        self.size_flow = load_arrays(size_flow(n_conditions), kind.size_flow).to(device)
        self.trigger = load_arrays(
            trigger_network(len(kind.trigger_conditions.names)), kind.trigger
        )

    def trigger_probability(self, values):
        """Probability that the telescope records, (N,), for `condition_values`."""
        logit = trigger_logit(self.trigger, self.kind.trigger_conditions.transform(values))
        return expit(logit + trigger_table_logit(self.kind.trigger_table, values))

    def draw(self, values, geometry, rng, size=None):
        """Draw images.

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
        counts : (B, P) int32 array
            Each image sums to its size exactly.
        charge, peak_time : (B, P) float32 arrays, p.e. and ns
        """
        conditions = self.kind.conditions.transform(values)
        if size is None:
            size = self._draw_size(conditions, rng)
        light = self._light(conditions, geometry, size, rng)
        counts = share_light(size, light.fraction.numpy(), light.clump.numpy(), rng)
        with torch.no_grad():
            spread = self.cvae.time_spread(self._tensor(light.time_spread), self._tensor(counts))
        charge, peak_time = self.kind.response.draw(
            counts, light.time.numpy(), spread.cpu().numpy(), rng
        )
        return counts, charge, peak_time

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
        position = self.cvae.grid_position(self._tensor(geometry.source_core_arrays()), mirror)
        light = self.cvae.decode(latent, position, known)
        return LightMap(*(getattr(light, f.name).cpu() for f in fields(light)))

    def _normal(self, shape, rng):
        return self._tensor(rng.standard_normal(shape, dtype=np.float32))

    def _tensor(self, array):
        return torch.as_tensor(array, device=self.device)
