"""CVAEEventSource: generated events in ctapipe's containers. Draws nothing itself."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ctapipe.containers import (
    ArrayEventContainer,
    ObservationBlockContainer,
    SchedulingBlockContainer,
    SimulatedShowerDistribution,
    SimulationConfigContainer,
)
from ctapipe.core import Provenance
from ctapipe.core.traits import Bool, CaselessStrEnum, Float, Int, Path
from ctapipe.instrument import SubarrayDescription
from ctapipe.io import DataLevel, EventSource

from .array_options import requested_array, requested_observing
from .errors import InputError
from .layout import beyond_training
from .model_file import is_model_file, read_model
from .observing import Observing
from .showers import ThrownDistribution
from .simulation_records import (
    observation_block,
    scheduling_block,
    shower_distribution,
    simulation_config,
)
from .source_options import refuse_with_size, requested_changes, requested_pointings
from .source_traits import Angles, ImageSize, PrimaryWeights, quantity_trait
from .thrown_options import check_size, requested_distributions

if TYPE_CHECKING:
    from traitlets.config import Config, Configurable

    from .event_block import EventBlock
    from .generator import EventGenerator

__all__ = ["CVAEEventSource"]


class CVAEEventSource(EventSource):
    """Generate simulated DL1 images with a trained model, ``input_url`` being the model file.

    Showers are thrown from the training production's distribution (or a part of it, see the
    options), the trigger of every telescope is drawn, and recorded events come with image,
    peak time, true image and true shower, as a simulation file would give them.

    The same seed and obs_id give the same events, whichever way they are reached; different
    obs_ids are independent runs.

    Several pointings, and a mixture of primaries, are one run for each: the k-th has
    obs_id + k - 1, with a simulation configuration and shower distribution of its own, because a
    run has one pointing, spectrum, cone and number of showers. With both, obs_id counts the
    primaries of the first pointing, then those of the next. Events of all runs come in random
    order. For instrument response functions make a file of each: ctapipe adds up the runs of a
    file as if they were of one.

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
            "Number of showers to throw (each with one core) in each pointing, all primaries "
            "together. Default: as many as the training production threw. With size: the number "
            "of events."
        ),
    ).tag(config=True)

    primary = PrimaryWeights(
        allow_none=True,
        default_value=None,
        help=(
            "Primary particle, one of those that the model was trained on. Or a mixture, thrown in "
            "these proportions: 'gamma:1,proton:10', or a dictionary of weights; each primary "
            "is then a run of its own, obs_id and those that follow, with its own distribution "
            "thrown. Default: the primary that the training production threw most."
        ),
    ).tag(config=True)

    energy_min = quantity_trait("energy", "Lowest energy thrown.")
    energy_max = quantity_trait("energy", "Highest energy thrown.")
    viewcone_radius = quantity_trait("angle", "Largest angle between shower and pointing.")
    max_scatter_range = quantity_trait("length", "Largest distance of the core.")
    pointing_altitude = quantity_trait(
        "angle",
        "Altitude of the pointing, or a list, each the pointing of a run of its own: obs_id and "
        "those that follow.",
        Angles,
    )
    pointing_azimuth = quantity_trait(
        "angle", "Azimuth of the pointing, or one for each altitude.", Angles
    )

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

    layout = Path(
        default_value=None,
        allow_none=True,
        directory_ok=False,
        help=(
            "File with another array of the same telescope types: a DL1 file, or any from which "
            "ctapipe reads a SubarrayDescription. Default: the array of the training production."
        ),
    ).tag(config=True)

    min_telescopes = Int(
        None,
        min=1,
        allow_none=True,
        help=(
            "Triggered telescopes that an event needs. Default: the fewest in any event of the "
            "training production."
        ),
    ).tag(config=True)

    photon_efficiency = Float(
        1.0,
        help=(
            "Share of the training's photo-electrons that is still seen, as of mirrors that have "
            "aged; their triggers are those of showers of as much less energy."
        ),
    ).tag(config=True)

    night_sky = Float(
        1.0,
        help=(
            "Light of the night sky, in units of the training's, which its noise tells: charges "
            "scatter more, while triggers and peak times stay as they are."
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

    def __init__(
        self,
        input_url: Path | str | None = None,
        config: "Config | None" = None,
        parent: "Configurable | None" = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(input_url=input_url, config=config, parent=parent, **kwargs)
        self._model, digest = read_model(self.input_url)
        self._subarray = requested_array(self._model, self.layout, self.allowed_tels)
        if self.size is not None:
            refuse_with_size(self)
        self._observing = self._requested_observing()
        self._thrown = [
            run
            for pointing in requested_pointings(self)
            for run in requested_distributions(
                self._model,
                self.primary,
                requested_changes(self) | pointing,
                self.extrapolate,
                photon_efficiency=self.photon_efficiency,
            )
        ]
        if warning := beyond_training(self._subarray, self._thrown, self._model):
            self.log.warning(warning)
        self._size = self.size and self._checked_size()
        if self.device == "cuda":
            self._torch_device()
        self._register_provenance(digest)

    @staticmethod
    def is_compatible(file_path: Path | str) -> bool:
        """Whether a file starts like a model file; reads one block, never raises."""
        return is_model_file(file_path)

    @property
    def is_simulation(self) -> bool:
        """Always: all events are simulated."""
        return True

    @property
    def datalevels(self) -> tuple[DataLevel]:
        """DL1 images."""
        return (DataLevel.DL1_IMAGES,)

    @property
    def subarray(self) -> SubarrayDescription:
        """The training production's or that of ``layout``, as far as ``allowed_tels`` leaves it."""
        return self._subarray

    @property
    def scheduling_blocks(self) -> dict[int, SchedulingBlockContainer]:
        """One for each run, with its obs_id."""
        return {obs_id: scheduling_block(obs_id) for obs_id in self._runs}

    @property
    def observation_blocks(self) -> dict[int, ObservationBlockContainer]:
        """One for each run, pointing to its altitude and azimuth."""
        return {obs_id: observation_block(run, obs_id) for obs_id, run in self._runs.items()}

    @property
    def simulation_config(self) -> dict[int, SimulationConfigContainer]:
        """What was thrown in each run; with ``max_events``, up to the last event only."""
        return {
            obs_id: simulation_config(run, obs_id, n_thrown)
            for (obs_id, run), n_thrown in zip(self._runs.items(), self._n_thrown)
        }

    @property
    def simulated_shower_distributions(self) -> dict[int, SimulatedShowerDistribution]:
        """Thrown showers of each run in bins of energy and core distance, to the last event."""
        showers = self._generator_of_events.showers[: sum(self._n_thrown)]
        number = self._generator_of_events.runs(np.arange(len(showers)))
        return {
            obs_id: shower_distribution(run, obs_id, showers[number == i])
            for i, (obs_id, run) in enumerate(self._runs.items())
        }

    def __len__(self) -> int:
        n_recorded = len(self._generator_of_events.recorded)
        return min(n_recorded, self.max_events) if self.max_events else n_recorded

    def _generator(self) -> Iterator[ArrayEventContainer]:
        from .event_block import EVENTS_PER_BLOCK

        for first in range(0, len(self), EVENTS_PER_BLOCK):
            block = self._block(first // EVENTS_PER_BLOCK)
            for index in range(first, min(first + EVENTS_PER_BLOCK, len(self))):
                yield block.event(index)

    def _get_event_by_index(self, index: int) -> ArrayEventContainer:
        from .event_block import EVENTS_PER_BLOCK

        if not 0 <= index < len(self):
            raise IndexError(f"event index {index} is not in 0 to {len(self) - 1}")
        number = index // EVENTS_PER_BLOCK
        last: Any = getattr(self, "_last_block", (None, None))
        last_number, block = last
        if number != last_number:
            block = self._block(number)
            self._last_block = number, block
        return block.event(index)

    def _get_event_by_id(self, event_id: int) -> ArrayEventContainer:
        recorded = self._generator_of_events.recorded[: len(self)]
        index = int(np.searchsorted(recorded, event_id))
        if index == len(recorded) or recorded[index] != event_id:
            raise IndexError(f"shower {event_id} was not recorded")
        return self._get_event_by_index(index)

    @cached_property
    def _generator_of_events(self) -> "EventGenerator":
        """Has drawn all thrown showers and triggers."""
        return self.event_generator(enough=self.max_events or None)

    def event_generator(self, enough: int | None = None) -> "EventGenerator":
        """Make the generator of the events that the options ask for.

        Parameters
        ----------
        enough : int, optional
            Recorded events after which no more showers need be kept.

        Returns
        -------
        ctapipe_fastsim.generator.EventGenerator
        """
        from .generator import EventGenerator

        return EventGenerator(
            self._model,
            self._subarray,
            self._thrown,
            seed=self.seed,
            obs_id=self.obs_id,
            size=self._size,
            observing=self._observing,
            enough=enough,
            device=self._torch_device(),
        )

    def _torch_device(self) -> str:
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
    def _runs(self) -> dict[int, ThrownDistribution]:
        """What is thrown in each run, by obs_id."""
        return dict(enumerate(self._thrown, start=self.obs_id))

    @property
    def _n_thrown(self) -> list[int]:
        """Showers of each run: all, or until the last event that ``max_events`` lets through."""
        if not self.max_events or len(self) < self.max_events:
            return [run.n_thrown for run in self._thrown]
        last = self._generator_of_events.recorded[self.max_events - 1]
        number = self._generator_of_events.runs(np.arange(last + 1))
        return np.bincount(number, minlength=len(self._thrown)).tolist()

    def _block(self, number: int) -> "EventBlock":
        from .event_block import EventBlock

        return EventBlock(self._generator_of_events, number, self.obs_id)

    def _requested_observing(self) -> Observing:
        n = 1 if self.size is not None else self.min_telescopes
        wanted = Observing(n, self.photon_efficiency, self.night_sky)
        return requested_observing(self._model, self._subarray, wanted, self.extrapolate)

    def _checked_size(self) -> tuple[int, int]:
        """Inside the training range of every primary."""
        for run in self._thrown:
            trained = self._model.size_range(run.primary_id)
            size = check_size(self.size, trained, self.extrapolate)
        return size

    def _register_provenance(self, digest: str) -> None:
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
