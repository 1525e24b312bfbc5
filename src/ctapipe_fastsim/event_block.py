"""One block of generated events becomes ctapipe's containers."""

import astropy.units as u
import numpy as np
from ctapipe.containers import (
    ArrayEventContainer,
    DL1CameraContainer,
    EventIndexContainer,
    EventType,
    SimulatedEventContainer,
    TelescopePointingContainer,
    TelescopeTriggerContainer,
    TriggerContainer,
)

from .generator import EVENTS_PER_BLOCK
from .simulation_records import shower_quantities, simulated_camera, simulated_shower
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
    """

    def __init__(self, generator, number, obs_id):
        self.generator = generator
        self.obs_id = np.uint64(obs_id)
        self.first = number * EVENTS_PER_BLOCK
        recorded = generator.recorded[self.first : self.first + EVENTS_PER_BLOCK]
        self.times = trigger_times(self.first + np.arange(len(recorded)))
        self.showers = shower_quantities(generator.showers[recorded])
        self.pointing = {
            "altitude": generator.thrown.altitude * u.rad,
            "azimuth": generator.thrown.azimuth * u.rad,
        }
        self.images = {
            (int(event), int(tel_id)): (image, peak_time, true_image, distance)
            for part in generator.block(number)
            for event, tel_id, image, peak_time, true_image, distance in zip(
                *(part.event, part.tel_id, part.charge, part.peak_time, part.counts),
                part.impact_distance * u.m,
            )
        }

    def event(self, index):
        """ArrayEventContainer of one recorded event; its arrays are the caller's to change."""
        generator, row = self.generator, index - self.first
        shower_number = generator.recorded[index]
        tel_ids = generator.tel_ids[generator.telescopes[index]]
        time = self.times[row]
        event = ArrayEventContainer(
            count=index,
            index=EventIndexContainer(obs_id=self.obs_id, event_id=np.uint64(shower_number)),
            simulation=SimulatedEventContainer(
                shower=simulated_shower(self.showers, row, generator.thrown.primary_id)
            ),
            trigger=TriggerContainer(
                time=time, tels_with_trigger=tel_ids, event_type=EventType.SUBARRAY
            ),
        )
        event.monitoring.pointing.array_altitude = self.pointing["altitude"]
        event.monitoring.pointing.array_azimuth = self.pointing["azimuth"]
        for tel_id in tel_ids.tolist():
            image, peak_time, true_image, distance = self.images[index, tel_id]
            event.monitoring.tel[tel_id].pointing = TelescopePointingContainer(**self.pointing)
            event.trigger.tel[tel_id] = TelescopeTriggerContainer(
                time=time, event_type=EventType.SUBARRAY, n_trigger_pixels=-1
            )
            event.simulation.tel[tel_id] = simulated_camera(true_image, distance)
            event.dl1.tel[tel_id] = DL1CameraContainer(
                image=image.copy(), peak_time=peak_time.copy(), is_valid=True
            )
        return event
