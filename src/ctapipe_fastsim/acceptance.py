"""Acceptance: generated images are redrawn until they are as likely as recorded ones.

The camera's noise is drawn independently in every pixel, but an image near the trigger threshold
was recorded because its noise, light and time came together favourably. Boosted trees
learn the ratio r of the densities of recorded and generated images at the same conditions; an image
is kept with probability r / m and otherwise drawn anew at the same conditions (discriminator
rejection sampling, Azadi et al. 2019, arXiv 1810.06758). The envelope m is a high quantile of r
among images of about the same trigger probability: near threshold r varies much, elsewhere little.
Images above it are kept less often than they should be, and a higher one takes more draws: it is as
high as it must be for r to tell kept images hardly better than with none.
The trigger of each telescope is drawn before and does not change.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .array_types import BoolArray, Columns, FloatArray, IntArray
from .boosted_trees import check_trees, fit_trees
from .cleaned_statistics import n_cleaned_statistics
from .image_statistics import n_statistics, n_structure
from .tree_reading import ReadyTrees, log_odds, ready_trees

__all__ = [
    "ReadyAcceptance",
    "acceptance_features",
    "acceptance_probability",
    "check_acceptance",
    "fit_acceptance",
    "n_acceptance_features",
    "ranks",
    "ready_acceptance",
]

N_COSINES = 3
N_SIZE = 2  # columns: size, share of it that cleaning leaves
N_CLASSES = 10
ENVELOPE_LEVELS = 0.95, 0.98, 0.99, 0.995, 0.998  # quantiles of r
HARDLY = 0.01  # of the area under the ROC curve of r


class ReadyAcceptance(NamedTuple):
    """What `acceptance_probability` looks up.

    Attributes
    ----------
    trees : ReadyTrees
    envelope_edges : (`N_CLASSES` - 1,) array
        Trigger probabilities between the classes.
    envelope : (`N_CLASSES`,) array
        m of each class.
    """

    trees: ReadyTrees
    envelope_edges: FloatArray
    envelope: FloatArray


def ready_acceptance(arrays: Columns) -> ReadyAcceptance:
    """`ReadyAcceptance` of the arrays of `fit_acceptance`."""
    trees = ready_trees(_trees_of(arrays))
    return ReadyAcceptance(trees, arrays["envelope_edges"], arrays["envelope"])


def acceptance_features(
    statistics: FloatArray,
    structure: FloatArray,
    cleaned: FloatArray,
    size: IntArray,
    orientation: FloatArray,
    conditions: FloatArray,
) -> FloatArray:
    """What the trees are told.

    Parameters
    ----------
    statistics, structure : (B, S) and (B, T) arrays
        Of `image_statistics`.
    cleaned : (B, K) array
        Of `cleaned_statistics`, the charge that is left first.
    size : (B,) int array
        True photo-electrons.
    orientation : (B, `N_COSINES`) array
        The first of `shower_frame.orientation`.
    conditions : (B, C) array
        Standardised.

    Returns
    -------
    (B, S + 1 + `N_COSINES` + C + T + K + 1) array
        Structure, what cleaning leaves and its share of the light are last: trees of older models
        know the columns before.
    """
    known = np.log1p(size), orientation, conditions
    share = cleaned[:, 0] / np.maximum(size, 1)
    return np.column_stack([statistics, *known, structure, cleaned, share])


def n_acceptance_features(n_conditions: int) -> int:
    """How many numbers `acceptance_features` gives."""
    n_seen = n_statistics() + n_structure() + n_cleaned_statistics() + N_SIZE
    return n_seen + N_COSINES + n_conditions


def fit_acceptance(
    recorded: FloatArray,
    generated: Sequence[FloatArray],
    trigger_probability: FloatArray,
    held_out: BoolArray,
    seed: int,
) -> Columns:
    """Learn the ratio of recorded to generated images.

    Parameters
    ----------
    recorded : (N, F) array
        `acceptance_features` of recorded images.
    generated : sequence of (N, F) arrays
        Of images generated at the same conditions, once or several times.
    trigger_probability : (N,) array
        Of these conditions.
    held_out : (N,) bool array
        Images of showers that are not learned from, but tell when to stop.
    seed : int

    Returns
    -------
    dict of str to array
        Of `fit_trees`, and the envelope in classes of trigger probability.
    """
    trees = fit_trees(generated, recorded, held_out, seed)
    edges = np.quantile(trigger_probability, np.arange(1, N_CLASSES) / N_CLASSES)
    # of images that the trees did not learn by heart
    ready = ready_trees(trees)
    ratio_of_recorded, *ratios = (
        np.exp(log_odds(ready, images[held_out])) for images in (recorded, *generated)
    )
    ratio = np.concatenate(ratios)
    number = np.tile(np.searchsorted(edges, trigger_probability[held_out]), len(generated))
    envelope = _envelope(ratio_of_recorded, ratio, number)
    return {**trees, "envelope_edges": edges, "envelope": envelope}


def _envelope(recorded: FloatArray, generated: FloatArray, number: IntArray) -> FloatArray:
    """Envelope of each class, (`N_CLASSES`,), from r of held-out images.

    ``number`` is the class of each generated one.
    """
    highest = np.full(N_CLASSES, generated.max())
    unlimited = _auc_of_kept(recorded, generated, number, highest)
    for level in ENVELOPE_LEVELS:
        envelope = np.array([_quantile(generated[number == i], level) for i in range(N_CLASSES)])
        if _auc_of_kept(recorded, generated, number, envelope) - unlimited < HARDLY:
            break
    return envelope


def _quantile(ratio: FloatArray, level: float) -> float:
    """High quantile of r; its lowest value, so that all are kept, where r is no density ratio.

    A density ratio is 1 on average over generated images. Trees that tell the samples apart
    for certain, as those of a hardly trained network, do not know it: everything is far below 1.
    """
    if len(ratio) == 0 or not 0.5 < ratio.mean() < 2:
        return ratio.min(initial=1)
    return max(1, float(np.quantile(ratio, level)))


def _auc_of_kept(
    recorded: FloatArray, generated: FloatArray, number: IntArray, envelope: FloatArray
) -> float:
    """How well r tells recorded images from those that are kept; every class has its share."""
    from sklearn.metrics import roc_auc_score

    kept = np.minimum(1, generated / envelope[number])
    n_images = np.bincount(number, minlength=N_CLASSES)
    share = np.bincount(number, kept, N_CLASSES) / np.maximum(1, n_images)
    weight = np.append(np.ones(len(recorded)), kept / share[number])
    is_recorded = np.repeat([1, 0], [len(recorded), len(generated)])
    return roc_auc_score(is_recorded, np.append(recorded, generated), sample_weight=weight)


def acceptance_probability(
    acceptance: ReadyAcceptance, features: FloatArray, trigger_probability: FloatArray
) -> FloatArray:
    """Probability to keep each of B images, (B,), for a `ReadyAcceptance`."""
    number = np.searchsorted(acceptance.envelope_edges, trigger_probability)
    ratio = np.exp(log_odds(acceptance.trees, features))
    return np.minimum(1, ratio / acceptance.envelope[number])


def ranks(probability: FloatArray, rng: np.random.Generator) -> FloatArray:
    """In which order to choose among draws of an image, the lowest first, (B,).

    Parameters
    ----------
    probability : (B,) array
        Of `acceptance_probability`.
    rng : numpy.random.Generator

    Returns
    -------
    (B,) array
        0 for those that are kept. Where none is, each comes first as often as its odds say,
        which makes up for those that were kept (Efraimidis and Spirakis 2006, Inf. Process. Lett.
        97, 181).
    """
    with np.errstate(divide="ignore"):
        odds_against = (1 - probability) / probability
    rank = rng.standard_exponential(len(probability)) * odds_against
    rank[rng.random(len(probability)) < probability] = 0
    return rank


def check_acceptance(acceptance: Columns, n_features: int) -> None:
    """Raise ValueError unless these arrays are of `fit_acceptance` for that many features."""
    check_trees(_trees_of(acceptance), n_features)
    shapes = [np.shape(acceptance.get(name, ())) for name in ("envelope", "envelope_edges")]
    if shapes != [(N_CLASSES,), (N_CLASSES - 1,)] or not (acceptance["envelope"] > 0).all():
        raise ValueError("the acceptance has no envelope, or one of another shape")


def _trees_of(acceptance: Columns) -> Columns:
    return {name: a for name, a in acceptance.items() if not name.startswith("envelope")}
