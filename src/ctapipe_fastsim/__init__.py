"""Fast simulation of Cherenkov telescope images, as an event source of ctapipe."""

from importlib.metadata import version

from .eventsource import CVAEEventSource

__all__ = ["CVAEEventSource", "__version__"]

__version__ = version("ctapipe-fastsim")
