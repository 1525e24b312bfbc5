"""CVAEEventSource: generated events in ctapipe's containers. Draws nothing itself."""

from functools import cached_property

import astropy.units as u
import numpy as np
from astropy.time import Time
from ctapipe.containers import (
    ArrayEventContainer,
    CoordinateFrameType,
    DL1CameraContainer,
    EventIndexContainer,
    EventType,
    ObservationBlockContainer,
    SchedulingBlockContainer,
    SimulatedEventContainer,
    TelescopePointingContainer,
    TelescopeTriggerContainer,
    TriggerContainer,
)
from ctapipe.core import Provenance
from ctapipe.core.traits import AstroQuantity, Bool, CaselessStrEnum, Float, Int
from ctapipe.io import DataLevel, EventSource
from traitlets import TraitType

from .errors import InputError
from .model_file import is_model_file, read_model
from .simulation_records import (
    shower_distribution,
    simulated_camera,
    simulated_shower,
    simulation_config,
)
from .thrown_options import check_size, requested_distribution

__all__ = ["CVAEEventSource"]

FIRST_TRIGGER_MJD = 59000.0
EVENTS_PER_SECOND = 1000.0


def quantity_trait(physical_type, help):
    """An optional quantity, by default what the training production had."""
    trait = AstroQuantity(
        physical_type=u.get_physical_type(physical_type),
        allow_none=True,
        help=f"{help} Default: as in the training production.",
    )
    trait.default_value = None  # AstroQuantity refuses it as an argument
    return trait.tag(config=True)


class ImageSize(TraitType):
    """One image size (p.e.), or a low and a high one; always kept as a pair."""

    info_text = "a number of photo-electrons, or a low and a high one"

    def validate(self, obj, value):
        """A pair of floats."""
        try:
            pair = tuple(float(number) for number in np.atleast_1d(value))
        except (TypeError, ValueError):
            self.error(obj, value)
        if len(pair) not in (1, 2):
            self.error(obj, value)
        return pair if len(pair) == 2 else pair * 2

    def from_string(self, text):
        """From the command line: ``500`` or ``100,500``, in brackets or not."""
        return self.validate(None, text.strip("()[] ").split(","))


class CVAEEventSource(EventSource):
    """Generate simulated DL1 images with a trained model, ``input_url`` being the model file.

    Showers are thrown from the training production's distribution (or a part of it, see the
    options), the trigger of every telescope is drawn, and recorded events come with image,
    peak time, true image and true shower, as a simulation file would give them.

    The same seed and obs_id give the same events, whichever way they are reached; different
    obs_ids are independent runs.

    With ``size`` given, images of that many photo-electrons are made instead, the other
    conditions being those of training images of about that size. There is no effective area
    then: n_showers is the number of events.

    Parameters
    ----------
    input_url : path
        Model file.
    **kwargs
        Any of the traits.

    Raises
    ------
    InputError
        When the model file cannot be used or an option lies outside its training range.
    """

    seed = Int(0, min=0, help="Seed of all random numbers.").tag(config=True)

    obs_id = Int(
        1, min=1, max=2**63 - 1, help="Observation id; runs with different ids are independent."
    ).tag(config=True)

    n_showers = Int(
        None,
        min=1,
        allow_none=True,
        help=(
            "Number of showers to throw (each with one core). Default: as many as the training "
            "production threw. With size: the number of events."
        ),
    ).tag(config=True)

    energy_min = quantity_trait("energy", "Lowest energy thrown.")
    energy_max = quantity_trait("energy", "Highest energy thrown.")
    viewcone_radius = quantity_trait("angle", "Largest angle between shower and pointing.")
    max_scatter_range = quantity_trait("length", "Largest distance of the core.")
    pointing_altitude = quantity_trait("angle", "Altitude of the pointing.")
    pointing_azimuth = quantity_trait("angle", "Azimuth of the pointing.")

    spectral_index = Float(
        None,
        allow_none=True,
        help="Index of the thrown power law, negative. Default: as in the training production.",
    ).tag(config=True)

    size = ImageSize(
        allow_none=True,
        default_value=None,
        help=(
            "Image size in photo-electrons: one number, or a low and a high one between which "
            "it is drawn log-uniformly. Every image then sums to its size exactly."
        ),
    ).tag(config=True)

    extrapolate = Bool(False, help="Warn, rather than refuse, outside the training range.").tag(
        config=True
    )

    device = CaselessStrEnum(
        ["auto", "cpu", "cuda"],
        default_value="cpu",
        help="Where the network runs; 'auto' takes a GPU when there is one.",
    ).tag(config=True)

    def __init__(self, input_url=None, config=None, parent=None, **kwargs):
        super().__init__(input_url=input_url, config=config, parent=parent, **kwargs)
        self._model, digest = read_model(self.input_url)
        self._subarray = self._model.subarray
        if self.allowed_tels:
            self._subarray = self._allowed_telescopes()
        self._size = None
        if self.size is not None:
            self._refuse_with_size()
            self._size = check_size(self.size, self._model, self.extrapolate)
        self._thrown = requested_distribution(
            self._model, self._requested_changes(), self.extrapolate
        )
        if self.device == "cuda":
            self._torch_device()
        self._register_provenance(digest)

    @staticmethod
    def is_compatible(file_path):
        """Whether a file starts like a model file; reads one block, never raises."""
        return is_model_file(file_path)

    @property
    def is_simulation(self):
        """Always: all events are simulated."""
        return True

    @property
    def datalevels(self):
        """DL1 images."""
        return (DataLevel.DL1_IMAGES,)

    @property
    def subarray(self):
        """The training production's, or the part of it that ``allowed_tels`` leaves."""
        return self._subarray

    @property
    def scheduling_blocks(self):
        """One, with the id of the observation."""
        block = SchedulingBlockContainer(
            sb_id=np.uint64(self.obs_id), producer_id="ctapipe-fastsim"
        )
        return {self.obs_id: block}

    @property
    def observation_blocks(self):
        """One, pointing to a fixed altitude and azimuth."""
        start = Time(FIRST_TRIGGER_MJD, format="mjd", scale="tai")
        block = ObservationBlockContainer(
            obs_id=np.uint64(self.obs_id),
            sb_id=np.uint64(self.obs_id),
            producer_id="ctapipe-fastsim",
            scheduled_start_time=start,
            actual_start_time=start,
            subarray_pointing_lat=(self._thrown.altitude * u.rad).to(u.deg),
            subarray_pointing_lon=(self._thrown.azimuth * u.rad).to(u.deg),
            subarray_pointing_frame=CoordinateFrameType.ALTAZ,
        )
        return {self.obs_id: block}

    @property
    def simulation_config(self):
        """What was thrown; with ``max_events``, up to the last event only."""
        config = simulation_config(self._thrown, self.obs_id, self._n_thrown)
        return {self.obs_id: config}

    @property
    def simulated_shower_distributions(self):
        """Thrown showers in bins of energy and core distance, to the last event."""
        showers = self._generator_of_events.showers[: self._n_thrown]
        return {self.obs_id: shower_distribution(self._thrown, self.obs_id, showers)}

    def __len__(self):
        n_recorded = len(self._generator_of_events.recorded)
        return min(n_recorded, self.max_events) if self.max_events else n_recorded

    def _generator(self):
        from .generator import EVENTS_PER_BLOCK

        for first in range(0, len(self), EVENTS_PER_BLOCK):
            images = self._images_of_block(first // EVENTS_PER_BLOCK)
            for count in range(first, min(first + EVENTS_PER_BLOCK, len(self))):
                yield self._event(count, images)

    def _get_event_by_index(self, index):
        from .generator import EVENTS_PER_BLOCK

        if not 0 <= index < len(self):
            raise IndexError(f"event index {index} is not in 0 to {len(self) - 1}")
        block, images = getattr(self, "_last_block", (None, None))
        if block != index // EVENTS_PER_BLOCK:
            block = index // EVENTS_PER_BLOCK
            images = self._images_of_block(block)
            self._last_block = block, images
        return self._event(index, images)

    def _get_event_by_id(self, event_id):
        recorded = self._generator_of_events.recorded[: len(self)]
        index = int(np.searchsorted(recorded, event_id))
        if index == len(recorded) or recorded[index] != event_id:
            raise IndexError(f"shower {event_id} was not recorded")
        return self._get_event_by_index(index)

    @cached_property
    def _generator_of_events(self):
        """Draws all thrown showers and triggers; torch is first needed here."""
        from .generator import EventGenerator

        return EventGenerator(
            self._model,
            self._subarray,
            self._thrown,
            seed=self.seed,
            obs_id=self.obs_id,
            size=self._size,
            enough=self.max_events or None,
            device=self._torch_device(),
        )

    def _torch_device(self):
        """What torch calls the device; a GPU that is not there is refused."""
        if self.device == "cpu":
            return "cpu"
        import torch

        if torch.cuda.is_available():
            return "cuda"
        if self.device == "cuda":
            raise InputError("device cuda: torch finds no GPU here; use device cpu")
        return "cpu"

    @property
    def _n_thrown(self):
        """All showers, or those until the last event that ``max_events`` lets through."""
        if not self.max_events or len(self) < self.max_events:
            return self._thrown.n_thrown
        return int(self._generator_of_events.recorded[self.max_events - 1]) + 1

    @cached_property
    def _pointing(self):
        """Altitude and azimuth of the array."""
        return self._thrown.altitude * u.rad, self._thrown.azimuth * u.rad

    def _images_of_block(self, block):
        """Every image of a block by event number and telescope id."""
        return {
            (int(event), int(tel_id)): (images, row)
            for images in self._generator_of_events.block(block)
            for row, (event, tel_id) in enumerate(zip(images.event, images.tel_id))
        }

    def _event(self, count, images):
        """Fill the containers of one event."""
        generator = self._generator_of_events
        shower_number = int(generator.recorded[count])
        tel_ids = generator.tel_ids[generator.telescopes[count]]
        time = Time(FIRST_TRIGGER_MJD, count / EVENTS_PER_SECOND / 86400, format="mjd", scale="tai")
        event = ArrayEventContainer(
            count=count,
            index=EventIndexContainer(
                obs_id=np.uint64(self.obs_id), event_id=np.uint64(shower_number)
            ),
            simulation=SimulatedEventContainer(
                shower=simulated_shower(generator.showers[shower_number], self._thrown.primary_id)
            ),
            trigger=TriggerContainer(
                time=time, tels_with_trigger=tel_ids, event_type=EventType.SUBARRAY
            ),
        )
        altitude, azimuth = self._pointing
        event.monitoring.pointing.array_altitude = altitude
        event.monitoring.pointing.array_azimuth = azimuth
        for tel_id in tel_ids.tolist():
            drawn, row = images[count, tel_id]
            event.monitoring.tel[tel_id].pointing = TelescopePointingContainer(
                altitude=altitude, azimuth=azimuth
            )
            event.trigger.tel[tel_id] = TelescopeTriggerContainer(
                time=time, event_type=EventType.SUBARRAY, n_trigger_pixels=-1
            )
            event.simulation.tel[tel_id] = simulated_camera(drawn, row)
            event.dl1.tel[tel_id] = DL1CameraContainer(
                image=drawn.charge[row].copy(), peak_time=drawn.peak_time[row].copy(), is_valid=True
            )
        return event

    def _allowed_telescopes(self):
        unknown = sorted(self.allowed_tels - set(self._subarray.tel))
        if unknown:
            known = ", ".join(map(str, self._subarray.tel))
            raise InputError(f"allowed_tels {unknown}: the model's telescopes are {known}")
        return self._subarray.select_subarray(sorted(self.allowed_tels))

    def _refuse_with_size(self):
        """In size mode the training images say what is thrown."""
        for name in (
            *("energy_min", "energy_max", "spectral_index", "viewcone_radius"),
            "max_scatter_range",
        ):
            if getattr(self, name) is not None:
                raise InputError(
                    f"{name} and size exclude each other: with size, the other conditions are "
                    "those of training images; leave one out"
                )

    def _requested_changes(self):
        """Fields of `ThrownDistribution` that options change, in its units."""

        def value(quantity, unit):
            return None if quantity is None else quantity.to_value(unit)

        azimuth = value(self.pointing_azimuth, u.rad)
        return dict(
            n_thrown=self.n_showers,
            energy_min=value(self.energy_min, u.TeV),
            energy_max=value(self.energy_max, u.TeV),
            spectral_index=self.spectral_index,
            viewcone_max=value(self.viewcone_radius, u.deg),
            scatter_max=value(self.max_scatter_range, u.m),
            altitude=value(self.pointing_altitude, u.rad),
            azimuth=None if azimuth is None else azimuth % (2 * np.pi),
        )

    def _register_provenance(self, digest):
        from . import __version__

        Provenance().add_input_file(
            str(self.input_url),
            role="ctapipe-fastsim model",
            add_meta=False,
            reference_meta={
                "sha256": digest,
                "seed": self.seed,
                "obs_id": self.obs_id,
                "ctapipe_fastsim_version": __version__,
            },
        )
