"""Figures: does the generator reach all Monte Carlo images, and only such images?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from ctapipe_fastsim.array_types import Array, BoolArray, FloatArray, IntArray
from ctapipe_fastsim.random_streams import random_stream

from .bootstrap import Estimate, bootstrap_weights, half_weights
from .figures import Topic, judged, missing
from .goals import Goals

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["coverage"]

_N_NEIGHBORS = 5
_MIN_IMAGES = 100
_MAX_IMAGES = 10_000
_TITLES = "density", "coverage", "recall"


def coverage(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Density, coverage and recall in the space of the standardised image parameters.

    The ball of an image reaches to its fifth neighbour in its own sample. Density: in how
    many balls of Monte Carlo images a generated image lies, over 5; 1 on average for equal
    laws, larger if rare images are missing. Coverage: share of Monte Carlo images whose ball
    holds a generated one (Naeem et al. 2020, arXiv 2002.09797). Recall: share of Monte Carlo
    images in the ball of a generated one (Kynkaanniemi et al. 2019, arXiv 1904.06991).

    Parameters
    ----------
    reference, generated : Sample
        At most 10 000 images of each are taken, and as many of both.
    camera_geometry : ctapipe.instrument.CameraGeometry
    goals : Goals
    seed : int
    progress : bool

    Returns
    -------
    figures : list of Figure
        The errors leave out that other images have other neighbours. The floor has half the
        images, of other showers; those of the same showers lie nearer, so that all three
        come out a little higher.
    arrays : dict
        Empty.
    """
    points, groups = zip(*map(_points, (reference, generated)))
    if min(map(len, points)) < _MIN_IMAGES:
        return [missing(title, f"fewer than {_MIN_IMAGES} images") for title in _TITLES], {}
    half = half_weights(groups[0], seed, n_splits=1)[0] == 1
    with threadpool_limits(1):
        values = _estimates(points, groups, seed)
        floors = _estimates(
            (points[0][half], points[0][~half]), (groups[0][half], groups[0][~half]), seed
        )
    return [judged(*row) for row in zip(_TITLES, values, floors)], {}


def _points(sample: "Sample") -> tuple[FloatArray, IntArray]:
    """Parameters of the images that have all, (N, F) array, and their shower numbers."""
    points = np.column_stack(list(sample.parameters.values()))
    known = np.isfinite(points).all(axis=1)
    return points[known], sample.shower[known]


def _estimates(
    points: Sequence[FloatArray], groups: Sequence[IntArray], seed: int
) -> list[Estimate]:
    """Density, coverage and recall of a pair of samples."""
    n_images = min(_MAX_IMAGES, *map(len, points))
    rng = random_stream("validation coverage", seed)
    chosen = [np.sort(rng.permutation(len(p))[:n_images]) for p in points]
    first, second = _standardised(*(p[c] for p, c in zip(points, chosen)))
    of_first, of_second = bootstrap_weights([g[c] for g, c in zip(groups, chosen)], seed)
    density, covered, recalled = _memberships(first, second)
    return [
        _mean(density, of_second),
        _mean(covered, of_first),
        _mean(recalled, of_first),
    ]


def _standardised(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both in units of the deviation of the first; a constant parameter is left as it is."""
    deviation = first.std(axis=0)
    deviation[deviation == 0] = 1
    return first / deviation, second / deviation


def _memberships(first: FloatArray, second: FloatArray) -> tuple[FloatArray, BoolArray, BoolArray]:
    """Density of each second point; whether each first one is covered, and recalled."""
    radius, second_radius = _radius(first), _radius(second)
    n_balls = np.zeros(len(second))
    covered, recalled = np.zeros(len(first), bool), np.zeros(len(first), bool)
    start = 0
    for distance in pairwise_distances_chunked(first, second):  # (rows, M)
        rows = slice(start, start := start + len(distance))
        inside = distance <= radius[rows, np.newaxis]
        n_balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (distance <= second_radius).any(axis=1)
    return n_balls / _N_NEIGHBORS, covered, recalled


def _radius(points: FloatArray) -> FloatArray:
    """Distance to the fifth neighbour."""
    return NearestNeighbors(n_neighbors=_N_NEIGHBORS).fit(points).kneighbors()[0][:, -1]


def _mean(values: Array, weight: FloatArray) -> Estimate:
    replicates = weight @ values / weight.sum(axis=1)
    return Estimate(float(values.mean()), float(replicates.std()))
