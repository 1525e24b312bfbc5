"""Images of whole events, drawn anew until they go together as those of recorded events do.

Each image is drawn by itself, with what it shares with others of its event. Boosted trees that know
two images of an event tell how likely such an event is; as for single images (`acceptance`) it is
kept with probability r / m, or all its images are drawn anew at the same conditions. Which
telescopes record the event was drawn before and does not change.
"""

from typing import cast

import numpy as np

from .acceptance import ReadyAcceptance, acceptance_probability, ready_acceptance
from .array_types import Columns, FloatArray, IntArray
from .batch_parameters import light_parameters
from .cleaned_statistics import cleaned_pixels
from .conditions import values_at
from .event_features import event_features, in_events_of_several
from .image_generator import DrawnImages, ImageGenerator
from .observing import seen_as
from .shower_frame import ImageGeometry

__all__ = ["EventDrawing"]

MOST_DRAWS = 6  # of one event; the last one is kept


class EventDrawing:
    """Draws the images that telescopes of one type have of events.

    Parameters
    ----------
    images : ImageGenerator
        Of that type.

    Attributes
    ----------
    images : ImageGenerator
    acceptance : ReadyAcceptance or None
        Of events of several images; without one they stay as they are drawn.
    """

    def __init__(self, images: ImageGenerator) -> None:
        self.images = images
        of_events = images.kind.event_acceptance
        self.acceptance = ready_acceptance(of_events) if of_events else None

    def draw(
        self,
        values: Columns,
        geometry: ImageGeometry,
        rng: np.random.Generator,
        size: IntArray | None,
        event: IntArray,
    ) -> DrawnImages:
        """Draw images as likely as recorded ones, of events as likely as recorded ones.

        Parameters and what is returned are those of `ImageGenerator.draw`.
        """
        drawn = self.images.draw(values, geometry, rng, size, event)
        if self.acceptance is None:
            return drawn
        rows = in_events_of_several(event)
        for _ in range(MOST_DRAWS - 1):
            rows = self._of_events_not_kept(rows, values, geometry, event, drawn[2], rng)
            if not len(rows):
                break
            again = values_at(values, rows), geometry[rows], rng
            anew = self.images.draw(*again, None if size is None else size[rows], event[rows])
            for column, new in zip(drawn, anew):
                column[rows] = new
        return drawn

    def features(
        self, values: Columns, geometry: ImageGeometry, event: IntArray, charge: FloatArray
    ) -> FloatArray:
        """What the trees are told of E events.

        Parameters
        ----------
        values : dict of str to (B,) array
            Of `condition_values`.
        geometry : ImageGeometry
            B entries.
        event : (B,) int array
            From 0 to E - 1, each of them twice at least.
        charge : (B, P) float32 array, p.e.

        Returns
        -------
        (E, F) array
            Of `event_features`.
        """
        pixels, kind = self.images.camera_pixels, self.images.kind
        light = light_parameters(
            pixels, charge, cleaned_pixels(pixels, charge, kind.response.noise)
        )
        seen = kind.conditions.transform(seen_as(values, self.images.photon_efficiency))
        return event_features(light, geometry, seen, event)

    def trigger_probability(self, values: Columns, event: IntArray) -> FloatArray:
        """The lowest one among the images of each event, (E,); arguments as of `features`."""
        lowest = np.ones(event.max() + 1)
        np.minimum.at(lowest, event, self.images.trigger_probability(values))
        return lowest

    def _of_events_not_kept(
        self,
        rows: IntArray,
        values: Columns,
        geometry: ImageGeometry,
        event: IntArray,
        charge: FloatArray,
        rng: np.random.Generator,
    ) -> IntArray:
        """Those of ``rows``, all images of some events, whose events are not kept."""
        if not len(rows):
            return rows
        at, number = values_at(values, rows), np.unique(event[rows], return_inverse=True)[1]
        features = self.features(at, geometry[rows], number, charge[rows])
        chance = self.trigger_probability(at, number)
        acceptance = cast(ReadyAcceptance, self.acceptance)
        probability = acceptance_probability(acceptance, features, chance)
        return rows[(rng.random(len(probability)) >= probability)[number]]
