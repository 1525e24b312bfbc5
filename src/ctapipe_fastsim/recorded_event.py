"""One recorded event in ctapipe's containers, whoever simulated it."""

import astropy.units as u
import numpy as np
from astropy.time import Time
from ctapipe.containers import (
    ArrayEventContainer,
    DL1CameraContainer,
    EventIndexContainer,
    EventType,
    SimulatedEventContainer,
    SimulatedShowerContainer,
    TelescopePointingContainer,
    TelescopeTriggerContainer,
    TriggerContainer,
)

from .array_types import FloatArray, IntArray
from .simulation_records import simulated_camera

__all__ = ["recorded_event"]


def recorded_event(
    count: int,
    obs_id: np.uint64,
    event_id: np.uint64,
    time: Time,
    shower: SimulatedShowerContainer,
    altitude: u.Quantity,
    azimuth: u.Quantity,
    images: dict[int, tuple[FloatArray, FloatArray, IntArray, u.Quantity]],
) -> ArrayEventContainer:
    """Fill an ArrayEventContainer; its arrays are copies, the caller's to change.

    Parameters
    ----------
    count : int
    obs_id, event_id : numpy.uint64
    time : astropy.time.Time
        Of the trigger.
    shower : SimulatedShowerContainer
    altitude, azimuth : astropy quantities
        Pointing of the array and of every telescope.
    images : dict of int to tuple
        By telescope id: image (p.e.), peak time (ns), true image, impact distance (a quantity).

    Returns
    -------
    ArrayEventContainer
    """
    event = ArrayEventContainer(
        count=count,
        index=EventIndexContainer(obs_id=obs_id, event_id=event_id),
        simulation=SimulatedEventContainer(shower=shower),
        trigger=TriggerContainer(
            time=time, tels_with_trigger=np.array(list(images)), event_type=EventType.SUBARRAY
        ),
    )
    event.monitoring.pointing.array_altitude = altitude
    event.monitoring.pointing.array_azimuth = azimuth
    for tel_id, (image, peak_time, true_image, impact_distance) in images.items():
        event.monitoring.tel[tel_id].pointing = TelescopePointingContainer(
            altitude=altitude, azimuth=azimuth
        )
        event.trigger.tel[tel_id] = TelescopeTriggerContainer(
            time=time, event_type=EventType.SUBARRAY, n_trigger_pixels=-1
        )
        event.simulation.tel[tel_id] = simulated_camera(true_image, impact_distance)
        event.dl1.tel[tel_id] = DL1CameraContainer(
            image=image.copy(), peak_time=peak_time.copy(), is_valid=True
        )
    return event
