"""A trained model in memory: arrays and numbers only, so that torch is not needed to hold it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ctapipe.instrument import SubarrayDescription

from .array_types import Columns, IntArray, Tree
from .conditions import ConditionScaling, SizeScaling
from .response import CameraResponse
from .showers import ThrownDistribution

__all__ = ["Model", "TelescopeTypeModel"]


@dataclass(frozen=True)
class TelescopeTypeModel:
    """What was learned of one telescope type.

    Attributes
    ----------
    name : str
        ``str(TelescopeDescription)``.
    conditions, trigger_conditions : ConditionScaling
    size : SizeScaling
    network_sizes : dict
        Arguments of `network.NetworkSizes`.
    network, size_flow, trigger : dict of str to array
        Trained weights.
    trigger_table : dict of str to array
        Of `fit_trigger_table`; with several primaries one for each, by the name
        of the condition that tells it.
    response : CameraResponse
    ties : dict of str to array
        Of `fit_ties`, for size and latents; ``trigger`` of `fit_trigger_tie`.
    acceptance, event_acceptance : dict of str to array
        Of `fit_acceptance`, for images and for how those of one event go together; empty while
        it is learned, the latter also where too few events have several images.
    training_images : dict of str to (N,) array
        Truth of the training images, for drawing conditions at a given size: the fields of
        `Showers` (the primary where there are several), core relative to the telescope;
        pointing; size in p.e.
    history : dict of str to (E,) array
        Learning curve, one entry per epoch.
    figures : dict of str to float
        Measured on held-out showers.
    """

    name: str
    conditions: ConditionScaling
    trigger_conditions: ConditionScaling
    size: SizeScaling
    network_sizes: dict[str, Any]
    network: Columns
    size_flow: Columns
    trigger: Columns
    trigger_table: Tree
    response: CameraResponse
    ties: Columns
    acceptance: Columns
    event_acceptance: Columns
    training_images: Columns
    history: Columns
    figures: dict[str, float]


@dataclass(frozen=True)
class Model:
    """Everything that a model file holds.

    Attributes
    ----------
    subarray : SubarrayDescription
    thrown : tuple of ThrownDistribution
        What the training production threw, most thrown first.
    development : dict of str to array
        Weights of the flow of X_max and height of first interaction.
    development_features, development_conditions : ConditionScaling
    telescope_types : dict of str to TelescopeTypeModel
    provenance : dict
        Command, input files with hashes, versions, seed, date.
    min_telescopes : int
        Triggered telescopes that an event of the training production had at least.
    """

    subarray: SubarrayDescription
    thrown: tuple[ThrownDistribution, ...]
    development: Columns
    development_features: ConditionScaling
    development_conditions: ConditionScaling
    telescope_types: dict[str, TelescopeTypeModel]
    provenance: dict[str, Any]
    min_telescopes: int = 1

    @property
    def primary_ids(self) -> tuple[int, ...]:
        """Primaries that the training production threw, tuple of int, most thrown first."""
        return tuple(dict.fromkeys(run.primary_id for run in self.thrown))

    def size_range(self, primary_id: int) -> tuple[int, int]:
        """Smallest and largest image size (p.e.) of the training images of one primary."""
        tables = [kind.training_images for kind in self.telescope_types.values()]
        sizes = np.concatenate(
            [images["size"][self.image_primaries(images) == primary_id] for images in tables]
        )
        return int(sizes.min()), int(sizes.max())

    def image_primaries(self, images: Columns) -> IntArray:
        """Primary of each row of ``training_images``, (N,) int array."""
        only = np.full(len(images["size"]), self.primary_ids[0])
        return images.get("primary_id", only)
