"""Maps painted with torch: on a GPU, and wherever latents of places change them."""

import numpy as np
import torch

from .array_types import Array, Columns, FloatArray
from .map_painting import MapPainter, paint_maps
from .module_arrays import load_arrays
from .network import CVAE, local_context
from .network_sizes import NetworkSizes

__all__ = ["DevicePainting"]


class DevicePainting:
    """A network on a device, which paints.

    Parameters
    ----------
    network : dict of str to array
        Weights of a `CVAE`.
    sizes : NetworkSizes
    pixels : tuple of two (P,) arrays, deg
    device : str
        For torch.

    Raises
    ------
    ValueError
        When weights do not fit the sizes.
    """

    def __init__(
        self,
        network: Columns,
        sizes: NetworkSizes,
        pixels: tuple[FloatArray, FloatArray],
        device: str,
    ) -> None:
        self._cvae, self._device = load_arrays(CVAE(sizes, *pixels), network).to(device), device

    @torch.no_grad()
    def maps(
        self,
        painter: MapPainter,
        told: tuple[FloatArray, FloatArray, FloatArray],
        across: FloatArray,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, ...]:
        """Light, coarse maps and displacement, as in `network.Painting`.

        Parameters
        ----------
        painter : MapPainter
            Of the same weights, for the CPU.
        told : tuple of three float32 arrays
            As `paint_maps` takes them.
        across : (B, 1) float32 array, deg
            As in `PixelView`.
        rng : numpy.random.Generator
        """
        cvae = self._cvae
        if self._device == "cpu":
            painting = cvae.painting(*map(torch.from_numpy, paint_maps(painter, *told)))
        else:
            painting = cvae.paint(*map(self._tensor, told))
        if cvae.sizes.n_local:
            shape = len(across), *cvae.local.shape
            noise = self._tensor(rng.standard_normal(shape, dtype=np.float32))
            context = local_context(painting, self._tensor(across))
            painting = cvae.retouch(painting, cvae.local_prior.draw(noise, *context))
        return tuple(part.cpu().numpy() for part in painting[1:])

    def _tensor(self, array: Array) -> torch.Tensor:
        return torch.as_tensor(array, device=self._device)
