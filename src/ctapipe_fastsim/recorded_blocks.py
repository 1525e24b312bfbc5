"""Thrown showers as a stream of blocks of recorded events, without keeping what has gone by."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .array_types import BoolArray, IntArray
from .generator import EVENTS_PER_BLOCK, THROWN_PER_CHUNK, Chunk, EventGenerator
from .showers import Showers

__all__ = ["RecordedBlock", "recorded_blocks"]


@dataclass(frozen=True)
class RecordedBlock:
    """E recorded events, for which `EventGenerator.images` paints the images.

    Attributes
    ----------
    number : int
    event_id : (E,) int array
        Number of each thrown shower.
    showers : Showers
        E entries.
    telescopes : (E, T) bool array
        Which telescopes record each.
    sizes : (E,) int array or None
        Photo-electrons of each image where sizes were asked for.
    thrown : Showers
        All that were thrown after the block before, up to the last event of this one; in
        the last block, up to the end.
    first_thrown : int
        Number of the first of ``thrown``.
    """

    number: int
    event_id: IntArray
    showers: Showers
    telescopes: BoolArray
    sizes: IntArray | None
    thrown: Showers
    first_thrown: int

    def of_events(self, start: int, stop: int | None) -> "RecordedBlock":
        """Some of the events, with what was thrown after the one before, up to the last.

        Without ``stop``, all events from ``start`` on, and all that was thrown since.
        """
        first = self.event_id[start - 1] + 1 if start else self.first_thrown
        end = self.first_thrown + len(self.thrown) if stop is None else self.event_id[stop - 1] + 1
        return RecordedBlock(
            self.number,
            self.event_id[start:stop],
            self.showers[start:stop],
            self.telescopes[start:stop],
            None if self.sizes is None else self.sizes[start:stop],
            self.thrown[first - self.first_thrown : end - self.first_thrown],
            first,
        )


def recorded_blocks(
    generator: EventGenerator, n_events: int = 0, n_thrown: int = 0
) -> Iterator[RecordedBlock]:
    """Blocks of the events of an `EventGenerator`, after those that are already there.

    Parameters
    ----------
    generator : EventGenerator
    n_events, n_thrown : int
        Events already there, whole blocks of them, and showers thrown for them.

    Yields
    ------
    RecordedBlock
        The last one may have fewer events than `EVENTS_PER_BLOCK`, or none.
    """
    number = n_events // EVENTS_PER_BLOCK
    first_chunk = n_thrown // THROWN_PER_CHUNK
    first_id = first_chunk * THROWN_PER_CHUNK  # of the showers in hand
    skipped = n_thrown - first_id
    waiting = None
    for chunk in generator.chunks(first_chunk):
        if waiting is None:
            waiting, first_id = _after(chunk, skipped), n_thrown
        else:
            waiting = _joined(waiting, chunk)
        while True:
            recorded = np.flatnonzero(waiting[1].any(axis=1))[:EVENTS_PER_BLOCK]
            if len(recorded) < EVENTS_PER_BLOCK:
                break
            n = recorded[-1] + 1
            yield _block(number, first_id, recorded, waiting, n)
            number, first_id, waiting = number + 1, first_id + n, _after(waiting, n)
    if waiting is not None and len(waiting[0]):
        recorded = np.flatnonzero(waiting[1].any(axis=1))
        yield _block(number, first_id, recorded, waiting, len(waiting[0]))


def _block(number: int, first_id: int, recorded: IntArray, waiting: Chunk, n: int) -> RecordedBlock:
    showers, telescopes, sizes = waiting
    return RecordedBlock(
        number,
        first_id + recorded,
        showers[recorded],
        telescopes[recorded],
        None if sizes is None else sizes[recorded],
        showers[:n],
        first_id,
    )


def _after(chunk: Chunk, n: int) -> Chunk:
    """What is left of a chunk without its first n showers."""
    showers, telescopes, sizes = chunk
    return showers[n:], telescopes[n:], None if sizes is None else sizes[n:]


def _joined(first: Chunk, second: Chunk) -> Chunk:
    showers = Showers.concatenate([first[0], second[0]])
    telescopes = np.concatenate([first[1], second[1]])
    if first[2] is None or second[2] is None:
        return showers, telescopes, None
    return showers, telescopes, np.concatenate([first[2], second[2]])
