"""From thrown showers to recorded events: triggers, then images in blocks.

Nothing here knows ctapipe's containers (eventsource.py fills those). Images are made in blocks
of a fixed number of events, each with random streams of its own, so that an event is the
same whichever way it is reached.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import cast

import numpy as np
from ctapipe.instrument import SubarrayDescription

from .array_types import BoolArray, Columns, FloatArray, IntArray, Rows
from .conditions import condition_values
from .development import draw_development
from .errors import InputError
from .event_drawing import EventDrawing
from .image_generator import ImageGenerator
from .model import Model
from .night_sky import add_night_sky
from .observing import AS_TRAINED, Observing
from .random_streams import random_stream
from .shower_frame import camera_to_sky, image_geometry
from .showers import Showers, ThrownDistribution
from .trigger_ties import tied_triggers

__all__ = ["EVENTS_PER_BLOCK", "EventGenerator", "Images"]

# showers, which telescopes record them, and sizes, see `EventGenerator.chunks`
Chunk = tuple[Showers, BoolArray, IntArray | None]

EVENTS_PER_BLOCK = 512
THROWN_PER_CHUNK = 8192


@dataclass(frozen=True)
class Images:
    """Generated images of one telescope type.

    Attributes
    ----------
    event, tel_id : (B,) int arrays
        Recorded event that each image belongs to, and its telescope.
    impact_distance : (B,) array, m
    counts : (B, P) int32 array
        True photo-electrons.
    charge : (B, P) float32 array, p.e.
    peak_time : (B, P) float32 array, ns
    """

    event: IntArray
    tel_id: IntArray
    impact_distance: FloatArray
    counts: IntArray
    charge: FloatArray
    peak_time: FloatArray

    def __getitem__(self, rows: Rows) -> "Images":
        return Images(*(getattr(self, field.name)[rows] for field in fields(self)))


class EventGenerator:
    """Throws showers, draws which telescopes record them, and paints the images in blocks.

    Parameters
    ----------
    model : Model
    subarray : SubarrayDescription
        Telescopes of types that the model knows.
    thrown : sequence of ThrownDistribution
        What to throw: runs, each with its primary and pointing, of which ``n_thrown`` says how
        many. Their showers come in random order.
    seed, obs_id : int
        Every random number follows from these two.
    size : pair of int, optional
        Draw images of sizes log-uniform in this range (p.e.) instead of thrown showers; each of
        ``n_thrown`` events is then one image, its other conditions drawn from the
        training images of that primary nearest in size.
    observing : Observing
        With sizes given, these are the sizes seen, and every event is one image.
    enough : int, optional
        Recorded events after which no more showers need be kept.
    device : str

    Attributes
    ----------
    showers : Showers
        Thrown showers (in size mode, those of the events) as far as needed.
    recorded : (E,) int array
        Index into ``showers`` of each recorded event.
    telescopes : (E, T) bool array
        Which of ``tel_ids`` record it.
    sizes : (N,) int array or None
        Photo-electrons of each image of ``showers`` where sizes were asked for.
    tel_ids : (T,) int array
    """

    def __init__(
        self,
        model: Model,
        subarray: SubarrayDescription,
        thrown: Sequence[ThrownDistribution],
        *,
        seed: int,
        obs_id: int,
        size: tuple[int, int] | None = None,
        observing: Observing = AS_TRAINED,
        enough: int | None = None,
        device: str = "cpu",
    ) -> None:
        self.subarray, self.thrown, self.keys = subarray, thrown, (seed, obs_id)
        self.pointings = np.array([(run.altitude, run.azimuth) for run in thrown])
        self.n_thrown = sum(run.n_thrown for run in thrown)
        self.model, self.size, self.observing = model, size, observing
        self.tel_ids = np.array(list(subarray.tel), dtype=np.int64)
        self.generators = _image_generators(model, subarray, device, observing)
        self.drawing = {kind: EventDrawing(images) for kind, images in self.generators.items()}
        self._collect(enough)

    def block(self, number: int) -> list[Images]:
        """Images of the events of one block.

        Parameters
        ----------
        number : int
            Event e belongs to block ``e // EVENTS_PER_BLOCK``.

        Returns
        -------
        list of Images
            One for each telescope type with images.
        """
        events = slice(number * EVENTS_PER_BLOCK, (number + 1) * EVENTS_PER_BLOCK)
        recorded = self.recorded[events]
        sizes = None if self.sizes is None else self.sizes[recorded]
        return self.images(number, recorded, self.showers[recorded], self.telescopes[events], sizes)

    def images(
        self,
        number: int,
        thrown: IntArray,
        showers: Showers,
        telescopes: BoolArray,
        sizes: IntArray | None,
    ) -> list[Images]:
        """Images of one block, whose E events are given.

        Parameters
        ----------
        number : int
            Of the block.
        thrown : (E,) int array
            Numbers of the thrown showers.
        showers : Showers
            E entries.
        telescopes : (E, T) bool array
            Which of ``tel_ids`` record them.
        sizes : (E,) int array or None
            As in `chunks`.

        Returns
        -------
        list of Images
            One for each telescope type with images.
        """
        pointing = self.pointings[self.runs(thrown)]
        return [
            self._images(
                *(kind, number * EVENTS_PER_BLOCK, showers, pointing, telescopes, sizes),
                random_stream("images", *self.keys, number, i),
            )
            for i, kind in enumerate(self.generators)
            if telescopes[:, self._columns(kind)].any()
        ]

    def runs(self, thrown: IntArray) -> IntArray:
        """Of which of ``thrown`` each of (N,) numbered showers is, (N,) int array."""
        number, place = np.divmod(thrown, THROWN_PER_CHUNK)
        run = np.zeros(len(thrown), dtype=np.int64)
        for chunk in np.unique(number).tolist() if len(self.thrown) > 1 else ():
            here = number == chunk
            run[here] = self._runs(chunk)[place[here]]
        return run

    def chunks(self, first: int = 0) -> Iterator[Chunk]:
        """Throw showers in chunks, each with random streams of its own.

        Parameters
        ----------
        first : int
            Chunk to begin with; shower s belongs to chunk ``s // THROWN_PER_CHUNK``.

        Yields
        ------
        showers : Showers
            N of them.
        telescopes : (N, T) bool array
            Which of ``tel_ids`` record each.
        sizes : (N,) int array or None
            Photo-electrons of each image where sizes were asked for.
        """
        draw = self._throw_chunk if self.size is None else self._chunk_at_size
        for number in range(first, -(-self.n_thrown // THROWN_PER_CHUNK)):
            yield draw(number)

    def _images(
        self,
        kind: str,
        first: int,
        showers: Showers,
        pointing: FloatArray,
        telescopes: BoolArray,
        sizes: IntArray | None,
        rng: np.random.Generator,
    ) -> Images:
        columns = self._columns(kind)
        event, column = np.nonzero(telescopes[:, columns])
        tel_id = self.tel_ids[columns[column]]
        showers, (altitude, azimuth) = showers[event], pointing[event].T
        geometry = image_geometry(showers, altitude, azimuth, self._positions(tel_id))
        values = condition_values(showers, geometry, altitude, azimuth)
        size = None if sizes is None else sizes[event]
        drawn = self.drawing[kind].draw(values, geometry, rng, size, event)
        _, counts, charge, peak_time = drawn
        if self.observing.night_sky > 1:
            response = self.model.telescope_types[kind].response
            charge = add_night_sky(charge, response, self.observing.night_sky, rng)
        distance = geometry.impact_distance
        return Images(event + first, tel_id, distance, counts, charge, peak_time)

    def _collect(self, enough: int | None) -> None:
        """Keep chunks until whole blocks of enough events are recorded."""
        if enough is not None:
            enough = -(-enough // EVENTS_PER_BLOCK) * EVENTS_PER_BLOCK
        chunks, n_recorded = [], 0
        for chunk in self.chunks():
            chunks.append(chunk)
            n_recorded += chunk[1].any(axis=1).sum()
            if enough is not None and n_recorded >= enough:
                break
        showers, telescopes, sizes = zip(*chunks)
        recording = np.concatenate(telescopes)
        self.showers = Showers.concatenate(showers)
        self.sizes = None if self.size is None else np.concatenate(sizes)
        self.recorded = np.flatnonzero(recording.any(axis=1))
        self.telescopes = recording[self.recorded]

    def _runs(self, number: int) -> IntArray:
        """Of which of ``thrown`` the showers of one chunk are, each with its share."""
        first = number * THROWN_PER_CHUNK
        last = min(first + THROWN_PER_CHUNK, self.n_thrown)
        ends = np.cumsum([0, *(run.n_thrown for run in self.thrown)]).tolist()
        until = [[place * end // ends[-1] for end in ends] for place in (first, last)]
        n_of_each = np.diff(np.diff(until, axis=0)[0])
        rng = random_stream("primaries", *self.keys, number)
        return rng.permutation(np.repeat(np.arange(len(self.thrown)), n_of_each))

    def _throw_chunk(self, number: int) -> Chunk:
        of_run = self._runs(number)
        n_of_each = np.bincount(of_run, minlength=len(self.thrown)).tolist()
        altitude, azimuth = self.pointings[of_run].T
        rng = random_stream("showers", *self.keys, number)
        showers = Showers.concatenate(
            [run.replace(n_thrown=n).throw(rng) for run, n in zip(self.thrown, n_of_each)]
        )
        showers = showers[np.argsort(np.argsort(of_run, kind="stable"))]
        rng = random_stream("development", *self.keys, number)
        showers = draw_development(self.model, showers, altitude, rng)
        rng = random_stream("trigger", *self.keys, number)
        shared = rng.standard_normal(len(showers))
        triggered = np.zeros((len(showers), len(self.tel_ids)), dtype=bool)
        for column, position in enumerate(self._positions(self.tel_ids)):
            kind = str(self.subarray.tel[self.tel_ids[column]])
            geometry = image_geometry(showers, altitude, azimuth, position)
            values = condition_values(showers, geometry, altitude, azimuth)
            probability = self.generators[kind].trigger_probability(values)
            probability[values["impact_distance"] > self._farthest(kind)] = 0
            tie = float(self.model.telescope_types[kind].ties["trigger"])
            triggered[:, column] = tied_triggers(probability, tie, shared, rng)
        triggered[triggered.sum(axis=1) < self.observing.min_telescopes] = False
        return showers, triggered, None

    def _farthest(self, kind: str) -> float:
        """Largest impact distance (m) in training; what happens beyond is not known."""
        conditions = self.model.telescope_types[kind].trigger_conditions
        return dict(zip(conditions.names, conditions.maximum)).get("impact_distance", np.inf)

    def _chunk_at_size(self, number: int) -> Chunk:
        """One image per event, its conditions those of a training image of about that size."""
        of_run = self._runs(number)
        n_events = len(of_run)
        rng = random_stream("sizes", *self.keys, number)
        smallest, largest = cast(tuple[int, int], self.size)
        low, high = np.log(smallest), np.log(largest)
        wanted = np.round(np.exp(low + (high - low) * rng.random(n_events))).astype(np.int64)
        sizes = np.clip(wanted, smallest, largest)
        images, kind_of = _training_images(self.model, self.generators)
        row = np.empty(n_events, dtype=np.int64)
        for i, run in enumerate(self.thrown):
            same = np.flatnonzero(images["primary_id"] == run.primary_id)
            near = _rows_near(images["size"][same], sizes[of_run == i], rng)
            row[of_run == i] = same[near]
        column = np.empty(n_events, dtype=np.int64)
        for i, name in enumerate(self.generators):
            of_kind = np.flatnonzero(kind_of[row] == i)
            column[of_kind] = rng.choice(self._columns(name), len(of_kind))
        showers = self._showers_of_rows(images, row, self.tel_ids[column], self.pointings[of_run].T)
        return showers, column[:, None] == np.arange(len(self.tel_ids)), sizes

    def _showers_of_rows(
        self, images: Columns, row: IntArray, tel_id: IntArray, pointing: FloatArray
    ) -> Showers:
        """Training truth, turned to these pointings and moved to these telescopes."""
        position = self._positions(tel_id)
        unknown = np.full(len(row), np.nan)
        source = images["source_lon"][row], images["source_lat"][row]
        altitude, azimuth = camera_to_sky(*source, *pointing)
        return Showers(
            energy=images["energy"][row],
            altitude=altitude,
            azimuth=azimuth,
            core_x=images["core_x"][row] + position[:, 0],
            core_y=images["core_y"][row] + position[:, 1],
            x_max=images["x_max"][row] if "x_max" in images else unknown,
            h_first_int=images["h_first_int"][row] if "h_first_int" in images else unknown,
            primary_id=images["primary_id"][row],
        )

    def _positions(self, tel_id: IntArray) -> FloatArray:
        table = np.stack([self.subarray.positions[i].to_value("m") for i in self.tel_ids])
        order = np.argsort(self.tel_ids)
        return table[order[np.searchsorted(self.tel_ids, tel_id, sorter=order)]]

    def _columns(self, kind: str) -> IntArray:
        """Columns of ``tel_ids`` that are of one type."""
        return np.flatnonzero([str(self.subarray.tel[i]) == kind for i in self.tel_ids])


def _image_generators(
    model: Model, subarray: SubarrayDescription, device: str, observing: Observing
) -> dict[str, ImageGenerator]:
    """By telescope type, for the types in the subarray."""
    generators = {}
    for description in subarray.telescope_types:
        name = str(description)
        if name not in model.telescope_types:
            known = ", ".join(model.telescope_types)
            raise InputError(f"the model knows no telescope of type {name}, only {known}")
        try:
            generators[name] = ImageGenerator(
                *(model.telescope_types[name], description.camera.geometry, device),
                photon_efficiency=observing.photon_efficiency,
            )
        except (ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"the model's network of {name} is broken: {error}") from error
    return dict(sorted(generators.items()))


def _training_images(model: Model, kinds: Iterable[str]) -> tuple[Columns, IntArray]:
    """Training images of several types in one table, and the type number of each row."""
    tables = [model.telescope_types[kind].training_images for kind in kinds]
    tables = [{**table, "primary_id": model.image_primaries(table)} for table in tables]
    names = set.intersection(*map(set, tables))
    images = {name: np.concatenate([table[name] for table in tables]) for name in names}
    return images, np.repeat(np.arange(len(tables)), [len(table["size"]) for table in tables])


def _rows_near(
    size: IntArray, wanted: IntArray, rng: np.random.Generator, neighbours: int = 50
) -> IntArray:
    """A row for each wanted size, at random among the nearest in size."""
    order = np.argsort(size, kind="stable")
    neighbours = min(neighbours, len(size))
    first = np.searchsorted(size[order], wanted) - neighbours // 2
    first = np.clip(first, 0, len(size) - neighbours)
    return order[first + rng.integers(neighbours, size=len(wanted))]
