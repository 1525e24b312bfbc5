"""A trained model in memory: arrays and numbers only, so that torch is not needed to hold it."""

from dataclasses import dataclass

from ctapipe.instrument import SubarrayDescription

from .conditions import ConditionScaling, SizeScaling
from .response import CameraResponse

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
        Of `fit_trigger_table`.
    response : CameraResponse
    acceptance : dict of str to array
        Of `fit_acceptance`; empty while it is learned.
    training_images : dict of str to (N,) array
        Truth of the training images, for drawing conditions at a given size: the fields of
        `Showers`, core relative to the telescope; pointing; size in p.e.
    history : dict of str to (E,) array
        Learning curve, one entry per epoch.
    figures : dict of str to float
        Measured on held-out showers.
    """

    name: str
    conditions: ConditionScaling
    trigger_conditions: ConditionScaling
    size: SizeScaling
    network_sizes: dict
    network: dict
    size_flow: dict
    trigger: dict
    trigger_table: dict
    response: CameraResponse
    acceptance: dict
    training_images: dict
    history: dict
    figures: dict


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
    """

    subarray: SubarrayDescription
    thrown: tuple
    development: dict
    development_features: ConditionScaling
    development_conditions: ConditionScaling
    telescope_types: dict
    provenance: dict

    @property
    def size_range(self):
        """Smallest and largest image size (p.e.) of the training images."""
        sizes = [kind.training_images["size"] for kind in self.telescope_types.values()]
        return int(min(s.min() for s in sizes)), int(max(s.max() for s in sizes))
