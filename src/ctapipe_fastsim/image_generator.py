"""Conditions become images: size, light, photo-electrons, then the camera's answer."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from ctapipe.instrument import CameraGeometry
from scipy.special import expit

from .acceptance import (
    N_COSINES,
    acceptance_features,
    acceptance_probability,
    ranks,
    ready_acceptance,
)
from .array_types import Array, BoolArray, Columns, FloatArray, IntArray
from .batch_parameters import CameraPixels
from .cleaned_statistics import cleaned_statistics
from .flow_sampling import flow_arrays, flow_sample
from .image_statistics import image_statistics
from .light_reading import map_reader, read_light, read_times
from .light_sharing import ClumpsOfLight, clumps_of_light, share_light, sharing_cells
from .map_painting import map_painter, paint_maps, split_maps
from .model import TelescopeTypeModel
from .network_sizes import NetworkSizes
from .observing import seen_as
from .painted import Painted, Told
from .pixel_cells import pixel_cells
from .pixel_lattice import pixel_lattice
from .shower_frame import ImageGeometry, centre_across, orientation
from .shower_ties import own_noise, shared_noise
from .trigger_reading import trigger_layers, trigger_logit
from .trigger_table import trigger_table_logit

__all__ = ["ImageGenerator"]

# size, counts, charges and peak times, see `ImageGenerator.draw`
DrawnImages = tuple[IntArray, IntArray, FloatArray, FloatArray]

LIGHT_DRAWS = 6  # from what is painted once
MOST_PAINTINGS = 4  # of one image; a draw from the last one is kept
FEWEST_TOGETHER = 32  # images that cost little more than one
MOST_TOGETHER = 128  # images whose maps fit into fast memory
BORDER_RINGS = 2
LARGEST_FREED = 31 * 2**20  # bytes; glibc learns from blocks of less than 32 MiB


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

    def __init__(
        self,
        kind: TelescopeTypeModel,
        camera_geometry: CameraGeometry,
        device: str,
        photon_efficiency: float = 1.0,
    ) -> None:
        self.kind, self.photon_efficiency = kind, photon_efficiency
        self.sizes = sizes = NetworkSizes(**kind.network_sizes)
        self.camera_pixels = CameraPixels.of(camera_geometry)
        self.pixels = self.camera_pixels.x, self.camera_pixels.y
        self.lattice = pixel_lattice(*self.pixels)
        n_known = sizes.n_conditions + 1
        self.prior = flow_arrays(kind.network, sizes.n_latent, n_known + 1, "prior.")
        self.painter = map_painter(kind.network, sizes)
        self.reader = map_reader(kind.network, sizes, *self.pixels, self.lattice.spacing)
        self.device_painting = None
        if sizes.n_local or device != "cpu":
            from .device_painting import DevicePainting  # needs torch, which takes long to import

            self.device_painting = DevicePainting(kind.network, sizes, self.pixels, device)
        self.size_flow = flow_arrays(kind.size_flow, 1, len(kind.conditions.names))
        if kind.acceptance:  # there is none yet while one is learned
            self.acceptance = ready_acceptance(kind.acceptance)
        self.trigger = trigger_layers(kind.trigger, len(kind.trigger_conditions.names))
        self.border = self.camera_pixels.border[BORDER_RINGS - 1]
        self.cells = sharing_cells(pixel_cells(*self.pixels, self.lattice.spacing))
        _keep_freed_memory()

    def trigger_probability(self, values: Columns) -> FloatArray:
        """Probability that the telescope records, (N,), for `condition_values`."""
        values = seen_as(values, self.photon_efficiency)
        logit = trigger_logit(self.trigger, self.kind.trigger_conditions.transform(values))
        return expit(logit + trigger_table_logit(self.kind.trigger_table, values))

    def draw(
        self,
        values: Columns,
        geometry: ImageGeometry,
        rng: np.random.Generator,
        size: IntArray | None = None,
        event: IntArray | None = None,
    ) -> DrawnImages:
        """Draw images as likely as recorded ones.

        What is painted costs most and tells little of how likely an image is: its light is drawn
        anew a few times before another image is painted.

        Parameters
        ----------
        values : dict of str to (B,) array
            Of `condition_values`.
        geometry : ImageGeometry
            B entries.
        rng : numpy.random.Generator
        size : (B,) int array, optional
            Photo-electrons of each image; drawn from the size model when not given.
        event : (B,) int array, optional
            Images of one number are of one event; by default each is of its own.

        Returns
        -------
        size : (B,) int array
            As given or drawn.
        counts : (B, P) int32 array
            Each image sums to its size exactly.
        charge, peak_time : (B, P) float32 arrays, p.e. and ns
        """
        told = self._told(values, geometry, size, *self._shared(geometry, event, rng))
        trigger_probability = self.trigger_probability(values)
        drawn, rows = None, np.arange(len(told.source_core))
        for _ in range(MOST_PAINTINGS):
            painted = self._paint(told.at(rows), rng)
            images, is_kept = self._draw_until_kept(painted, trigger_probability[rows], rng)
            drawn = drawn or images  # all of them, at first
            for column, new in zip(drawn, images):
                column[rows] = new
            rows = rows[~is_kept]
            if not len(rows):
                break
        return cast(DrawnImages, drawn)

    def draw_once(
        self,
        values: Columns,
        geometry: ImageGeometry,
        rng: np.random.Generator,
        size: IntArray | None = None,
    ) -> DrawnImages:
        """`draw` without asking whether the camera would have recorded such images.

        Photo-electrons that go missing at random leave clumps smaller in proportion.
        """
        told = self._told(values, geometry, size, *self._shared(geometry, None, rng))
        return self._draw(self._paint(told, rng), rng)

    def features(
        self,
        values: Columns,
        geometry: ImageGeometry,
        counts: IntArray,
        charge: FloatArray,
        peak_time: FloatArray,
    ) -> FloatArray:
        """`acceptance_features` of images of these conditions, (B, F)."""
        told = self._told(values, geometry)
        return self._features(told, counts, charge, peak_time)

    def _shared(
        self, geometry: ImageGeometry, event: IntArray | None, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray]:
        """Mirror and shared noise of `Told`."""
        n_images = len(geometry.impact_distance)
        event = np.arange(n_images) if event is None else event
        mirror = np.where(rng.random(n_images) < 0.5, -1, 1).astype(np.float32)
        return mirror, shared_noise(self.kind.ties, geometry, mirror, event, rng)

    def _told(
        self,
        values: Columns,
        geometry: ImageGeometry,
        size: IntArray | None = None,
        mirror: FloatArray | None = None,
        shared: FloatArray | None = None,
    ) -> Told:
        conditions = self.kind.conditions
        seen = conditions.transform(seen_as(values, self.photon_efficiency))
        source_core = geometry.source_core_arrays()
        drawn = cast(FloatArray, mirror), cast(FloatArray, shared)  # None where nothing is drawn
        return Told(conditions.transform(values), seen, source_core, *drawn, size)

    def _paint(self, told: Told, rng: np.random.Generator) -> Painted:
        noise = told.shared + own_noise(self.kind.ties, len(told.shared), rng)
        size = self._draw_size(told.seen, noise[:, :1]) if told.size is None else told.size
        told = told._replace(size=size)
        parts = [
            self._paint_some(told.at(rows), noise[rows, 1:], rng) for rows in _together(len(size))
        ]
        displacement, coarse, *light = map(_joined, zip(*parts))
        return Painted(told, displacement, coarse, ClumpsOfLight(*light))

    def _paint_some(
        self, told: Told, noise: FloatArray, rng: np.random.Generator
    ) -> tuple[FloatArray, ...]:
        """All that `Painted` has beside what is told; arrays of its light are the last."""
        share, size = self.photon_efficiency, cast(IntArray, told.size)
        known = np.column_stack([told.conditions, self.kind.size.transform(size / share)])
        known = known.astype(np.float32)
        view = told.source_core, told.mirror
        across = centre_across(*view)[:, None]
        latent = flow_sample(self.prior, np.hstack([known, across]), noise)
        angles = np.stack(orientation(*view, self.lattice), axis=1)
        light, coarse, displacement = self._maps((latent, angles, known), across, rng)
        fraction, clump = read_light(self.reader, *view, displacement, light, coarse)
        clump *= np.float32(share)
        return displacement, coarse, *clumps_of_light(size, fraction, clump, self.cells)

    def _draw_until_kept(
        self, painted: Painted, trigger_probability: FloatArray, rng: np.random.Generator
    ) -> tuple[DrawnImages, BoolArray]:
        """Of each image the draw that `ranks` first, and whether it is to be kept, (B,)."""
        size = cast(IntArray, painted.told.size)
        shape = len(size), len(self.pixels[0])
        drawn = size, np.empty(shape, np.int32), *np.empty((2, *shape), np.float32)
        best, rows, draws = np.full(len(size), np.inf), np.arange(len(size)), 0
        while len(rows) and draws < LIGHT_DRAWS:
            n = min(LIGHT_DRAWS - draws, max(1, FEWEST_TOGETHER // len(rows)))
            anew = np.repeat(rows, n)
            again = painted.at(anew) if draws or n > 1 else painted  # all at first, not copied
            images = self._draw(again, rng)
            draws += n
            features = self._features(again.told, *images[1:])
            probability = acceptance_probability(
                self.acceptance, features, trigger_probability[anew]
            )
            rank = ranks(probability, rng).reshape(-1, n)
            is_best = ~(rank.min(axis=1) > best[rows])
            chosen = np.arange(len(rows)) * n + rank.argmin(axis=1)
            for column, new in zip(drawn[1:], images[1:]):
                column[rows[is_best]] = new[chosen[is_best]]
            best[rows] = np.minimum(best[rows], rank.min(axis=1))
            rows = rows[best[rows] > 0]
        return drawn, best == 0

    def _draw(self, painted: Painted, rng: np.random.Generator) -> DrawnImages:
        size = cast(IntArray, painted.told.size)
        parts = [self._draw_some(painted.at(rows), rng) for rows in _together(len(size))]
        return cast(DrawnImages, (size, *map(_joined, zip(*parts))))

    def _draw_some(
        self, painted: Painted, rng: np.random.Generator
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        """Counts, charges and peak times."""
        told, displacement, coarse, light = painted
        counts = share_light(cast(IntArray, told.size), light, self.cells, rng)
        seen = self.reader, told.source_core, told.mirror, displacement
        return counts, *self.kind.response.draw(counts, read_times(*seen, coarse, counts), rng)

    def _maps(
        self,
        told: tuple[FloatArray, FloatArray, FloatArray],
        across: FloatArray,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, ...]:
        """Light, coarse maps and displacement."""
        if self.device_painting:
            return self.device_painting.maps(self.painter, told, across, rng)
        return split_maps(paint_maps(self.painter, *told)[1], self.sizes)

    def _features(
        self, told: Told, counts: IntArray, charge: FloatArray, peak_time: FloatArray
    ) -> FloatArray:
        camera, noise = (self.reader.neighbours, self.border), self.kind.response.noise
        image, source_core = (charge, peak_time), told.source_core
        statistics, structure = image_statistics(
            *image, *self.pixels, source_core, *camera, noise, self.lattice.spacing
        )
        cleaned = cleaned_statistics(self.camera_pixels, *image, source_core, noise)
        as_seen = np.ones(len(source_core), np.float32)
        cosines = orientation(source_core, as_seen, self.lattice)[:N_COSINES]
        known = counts.sum(axis=1), np.stack(cosines, axis=1), told.seen
        return acceptance_features(statistics, structure, cleaned, *known)

    def _draw_size(self, conditions: FloatArray, noise: FloatArray) -> IntArray:
        return self.kind.size.inverse(flow_sample(self.size_flow, conditions, noise)[:, 0])


def _together(n_images: int) -> list[slice]:
    """Images that are made at once; one empty part if there are none."""
    starts = range(0, max(1, n_images), MOST_TOGETHER)
    return [slice(start, start + MOST_TOGETHER) for start in starts]


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _keep_freed_memory() -> None:
    """Have arrays take the memory of those before, not the system's anew for each batch.

    glibc keeps of what is freed twice as much as the largest block that ever was.
    """
    np.empty(LARGEST_FREED, np.uint8)
