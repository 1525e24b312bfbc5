"""One block of generated events becomes ctapipe's containers."""

import astropy.units as u
import numpy as np
from ctapipe.containers import ArrayEventContainer

from .generator import EVENTS_PER_BLOCK, EventGenerator
from .recorded_event import recorded_event
from .simulation_records import shower_quantities, simulated_shower
from .trigger_time import trigger_times

__all__ = ["EVENTS_PER_BLOCK", "EventBlock"]


class EventBlock:
    """Images of a block and all that its events need, made once for all of them.

    Parameters
    ----------
    generator : EventGenerator
    number : int
        Of the block.
    obs_id : int
        Of the first of ``generator.thrown``; those of the others follow.
    """

    def __init__(self, generator: EventGenerator, number: int, obs_id: int) -> None:
        self.generator = generator
        self.first = number * EVENTS_PER_BLOCK
        recorded = generator.recorded[self.first : self.first + EVENTS_PER_BLOCK]
        self.times = trigger_times(self.first + np.arange(len(recorded)))
        self.showers = shower_quantities(generator.showers[recorded])
        self.run = generator.runs(recorded)
        self.obs_id = (obs_id + self.run).astype(np.uint64)
        self.pointings = [(run.altitude * u.rad, run.azimuth * u.rad) for run in generator.thrown]
        self.images = {
            (int(event), int(tel_id)): (image, peak_time, true_image, distance)
            for part in generator.block(number)
            for event, tel_id, image, peak_time, true_image, distance in zip(
                *(part.event, part.tel_id, part.charge, part.peak_time, part.counts),
                part.impact_distance * u.m,
            )
        }

    def event(self, index: int) -> ArrayEventContainer:
        """ArrayEventContainer of one recorded event; its arrays are the caller's to change."""
        generator, row = self.generator, index - self.first
        run = self.run[row]
        altitude, azimuth = self.pointings[run]
        tel_ids = generator.tel_ids[generator.telescopes[index]]
        return recorded_event(
            index,
            self.obs_id[row],
            np.uint64(generator.recorded[index]),
            self.times[row],
            simulated_shower(self.showers, row, generator.thrown[run].primary_id),
            *(altitude, azimuth),
            {tel_id: self.images[index, tel_id] for tel_id in tel_ids.tolist()},
        )
