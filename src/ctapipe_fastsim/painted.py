"""What images are painted from, and what their light and times are drawn from."""

from typing import NamedTuple

from .array_types import FloatArray, IntArray, Rows
from .light_sharing import ClumpsOfLight

__all__ = ["Painted", "Told"]


class Told(NamedTuple):
    """What the networks are told of B images.

    Attributes
    ----------
    conditions : (B, C) float32 array
        Standardised.
    seen : (B, C) float32 array
        Those of the training's showers that look alike, see `seen_as`.
    source_core : (B, 4) float32 array
        Of `ImageGeometry.source_core_arrays`.
    mirror : (B,) float32 array
        As in `CVAE.view`.
    shared : (B, 1 + Z) float32 array
        What the noise of size and latents has in common with other images of the event.
    size : (B,) int array or None
        Photo-electrons, where they are given.
    """

    conditions: FloatArray
    seen: FloatArray
    source_core: FloatArray
    mirror: FloatArray
    shared: FloatArray
    size: IntArray | None

    def at(self, rows: Rows) -> "Told":
        """Some of them."""
        return Told._make(None if column is None else column[rows] for column in self)


class Painted(NamedTuple):
    """What B images are drawn from.

    Attributes
    ----------
    told : Told
        With sizes.
    displacement : (B, 3) float32 array
    coarse_maps : (B, 5, m_v, m_u) float32 array
        As in `read_light`.
    light : ClumpsOfLight
    """

    told: Told
    displacement: FloatArray
    coarse_maps: FloatArray
    light: ClumpsOfLight

    def at(self, rows: Rows) -> "Painted":
        """Some of them."""
        maps = self.displacement[rows], self.coarse_maps[rows]
        return Painted(self.told.at(rows), *maps, self.light.at(rows))
