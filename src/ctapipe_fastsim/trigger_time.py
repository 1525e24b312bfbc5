"""When events are recorded: simulations have no clock, so at a steady rate."""

from astropy.time import Time

from .array_types import IntArray

__all__ = ["trigger_times"]

FIRST_TRIGGER_MJD = 59000.0
EVENTS_PER_SECOND = 1000.0


def trigger_times(index: int | IntArray) -> Time:
    """Time of the events with these indices, a number or an array."""
    return Time(FIRST_TRIGGER_MJD, index / EVENTS_PER_SECOND / 86400, format="mjd", scale="tai")
