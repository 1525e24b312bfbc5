"""All figures of one telescope type."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry
from tqdm.auto import tqdm

from ctapipe_fastsim.array_types import FloatArray

from .condition_response import condition_response
from .coverage import coverage
from .figures import Figure, Topic
from .gamma_hadron import gamma_hadron
from .goals import Goals
from .latents import latents
from .parameter_distributions import parameter_distributions
from .parameters_in_bins import parameters_in_bins
from .pixels import pixels
from .separability import separability
from .sizes import sizes
from .timing import timing

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["Comparison", "compare"]

_TOPICS = (
    separability,
    parameter_distributions,
    parameters_in_bins,
    sizes,
    pixels,
    timing,
    gamma_hadron,
    condition_response,
    coverage,
)


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what came out.

    Attributes
    ----------
    telescope : str
        The telescope type.
    geometry : CameraGeometry
    samples : dict of str to Sample
        ``reference``, ``generated``, and ``protons`` if there are any.
    steps : dict of str to float
        Grid that ``charge`` (p.e.) and ``peak_time`` (ns) of all samples stand on, 0 for none.
    topics : dict of str to pair
        Each topic's list of `Figure` and its arrays.
    """

    telescope: str
    geometry: CameraGeometry
    samples: "dict[str, Sample]"
    steps: dict[str, float]
    topics: dict[str, Topic]

    @property
    def figures(self) -> list[tuple[str, Figure]]:
        """Figures of all topics in order, with the topic of each."""
        return [(topic, f) for topic, (figures, _) in self.topics.items() for f in figures]

    def n_showers(self, role: str) -> int:
        """Showers of one of the samples."""
        return len(np.unique(self.samples[role].shower))


def compare(
    telescope: str,
    geometry: CameraGeometry,
    samples: "dict[str, Sample]",
    steps: dict[str, float],
    latent_arrays: tuple[FloatArray, FloatArray, FloatArray] | None,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Comparison:
    """Compute all figures.

    Parameters
    ----------
    telescope, geometry, samples, steps
        Of `Comparison`.
    latent_arrays : tuple of arrays or None
        Posterior mean and log variance and the prior, if there is a model.
    goals : Goals
    seed : int
    progress : bool
        Show progress bars.

    Returns
    -------
    Comparison
    """
    arguments = samples["reference"], samples["generated"], geometry, goals, seed, progress
    more = {gamma_hadron: {"protons": samples.get("protons")}}
    topics = {}
    with tqdm(_TOPICS, desc="figures", unit="topic", disable=not progress) as bar:
        for topic in bar:
            bar.set_postfix_str(topic.__name__)
            topics[topic.__name__] = topic(*arguments, **more.get(topic, {}))
    if latent_arrays is not None:
        topics["latents"] = latents(*latent_arrays, goals, seed)
    return Comparison(telescope, geometry, samples, steps, topics)
