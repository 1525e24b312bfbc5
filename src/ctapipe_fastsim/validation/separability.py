"""Figures: can a classifier tell generated images from Monte Carlo, and would it if it should?"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from ctapipe.instrument import CameraGeometry
from tqdm.auto import tqdm

from ctapipe_fastsim.array_types import FloatArray, IntArray
from ctapipe_fastsim.random_streams import random_stream

from .bootstrap import Estimate
from .controls import blurred, brighter, moved, wider
from .figures import Figure, Topic, judged, missing
from .goals import Goals
from .hexagonal_grid import hexagonal_grid
from .shower_coordinates import shower_coordinates
from .two_sample import floor, network_auc, tree_auc

if TYPE_CHECKING:
    from .hexagonal_network import HexagonalNetwork
    from .sample import Sample

__all__ = ["separability"]

Pair = tuple["Sample", "Sample"]

_MAX_IMAGES = 10_000
_N_ERRORS = 3


class _Test(NamedTuple):
    """One classifier: what it is called, and shown of each of a pair of samples."""

    name: str
    trained_on: str  # what part of the images
    auc: Callable[..., Estimate]
    rows: "Callable[[Sample], FloatArray]"  # of a Sample, gives an (N, F) array
    goal: float | None
    # what is wrong, and the rows of a Sample made wrong
    controls: "dict[str, Callable[[Sample], FloatArray]]"
    control_auc: Callable[..., Estimate] | None = None  # in place of `auc`


def separability(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """AUC of classifiers told to tell the samples apart; 0.5 means that they cannot.

    Boosted trees see the parameters of the images that survived cleaning, and where the
    conditions tell it also their place relative to the source, see `shower_coordinates`.
    Networks see images: a convolutional one on the hexagonal grid of the camera, dense ones
    on charges, peak times and true photo-electrons. In the controls the same classifier
    gets, in place of generated images, Monte Carlo images made wrong on purpose. A control
    passes if its AUC lies three errors above 0.5.

    Parameters
    ----------
    reference, generated : Sample
        The networks are shown about 10 000 images of each at most, those of random showers.
    camera_geometry : ctapipe.instrument.CameraGeometry
    goals : Goals
    seed : int
    progress : bool

    Returns
    -------
    figures : list of Figure
    arrays : dict
        Empty.

    Raises
    ------
    InputError
        If a sample, or half of the reference, has fewer than 20 showers.
    """
    axial = hexagonal_grid(camera_geometry)
    survivors = reference[reference.survived], generated[generated.survived]
    images = _at_most(_MAX_IMAGES, reference, generated, seed)
    jobs = [(test, survivors) for test in _tree_tests(survivors, goals.auc)]
    jobs += [(test, images) for test in _dense_tests(images)]
    if axial is not None:
        test = _hexagonal_test(camera_geometry, axial, goals.auc)
        jobs.append((test, images))
    bar = tqdm(jobs, "two-sample tests", unit="test", leave=False, disable=not progress)
    figures = [figure for test, pair in bar for figure in _figures(test, pair[0], pair[1], seed)]
    if axial is None:
        reason = "the camera is no connected grid of hexagonal pixels"
        figures.append(missing("AUC of a hexagonal convolution on charges", reason))
    return figures, {}


def _tree_tests(pair: Pair, goal: float) -> list[_Test]:
    names = [name for name in pair[0].conditions if name in pair[1].conditions]

    def told(sample: "Sample") -> FloatArray:
        conditions = [sample.conditions[name] for name in names]
        return np.column_stack([_parameters(sample), *conditions, shower_coordinates(sample)])

    controls = {"images 5 % wider": lambda sample: told(wider(sample))}
    if {"core_lon", "core_lat"} <= set(names):
        what = "images moved towards the core by a fifth of their length"
        controls[what] = lambda sample: told(moved(sample))
    return [
        _Test("boosted trees on parameters", "4/5", tree_auc, _parameters, None, {}),
        _Test("boosted trees on parameters and conditions", "4/5", tree_auc, told, goal, controls),
    ]


def _dense_tests(pair: Pair) -> list[_Test]:
    shown = {
        "charges": lambda sample: np.arcsinh(sample.charge),
        "peak times": lambda sample: sample.peak_time,
    }
    if all(sample.counts is not None for sample in pair):
        shown["true photo-electrons"] = lambda sample: np.arcsinh(sample.counts)
    return [
        _Test(f"a dense network on {what}", "3/5", network_auc, rows, None, {})
        for what, rows in shown.items()
    ]


def _hexagonal_test(camera_geometry: CameraGeometry, axial: IntArray, goal: float) -> _Test:
    from .hexagonal_network import HexagonalNetwork  # imports torch

    def build(n_pixels: int) -> "HexagonalNetwork":
        return HexagonalNetwork(axial)

    def spoiled(sample: "Sample", spoil: Callable[[FloatArray], FloatArray]) -> FloatArray:
        return np.arcsinh(spoil(sample.charge))

    wrong: dict[str, Callable[[FloatArray], FloatArray]] = {
        "charges 5 % larger": brighter,
        "5 % of the charge spilled to neighbours": partial(
            blurred, camera_geometry=camera_geometry
        ),
    }
    controls: dict[str, Callable[[Sample], FloatArray]] = {
        what: partial(spoiled, spoil=spoil) for what, spoil in wrong.items()
    }
    once = partial(network_auc, build=build)
    auc = partial(once, all_folds=True)  # one fifth alone has half as large an error again
    name, rows = "a hexagonal convolution on charges", lambda sample: np.arcsinh(sample.charge)
    return _Test(name, "3/5", auc, rows, goal, controls, once)


def _figures(test: _Test, reference: "Sample", generated: "Sample", seed: int) -> Iterator[Figure]:
    """The test, and its controls: does it find Monte Carlo images that are wrong?"""
    rows, groups = test.rows(reference), (reference.shower, generated.shower)
    value = test.auc(rows, test.rows(generated), groups, seed)
    ground = floor(test.auc, rows, reference.shower, seed)
    note = f"trained on {test.trained_on} of {len(reference)} + {len(generated)} images"
    yield judged(f"AUC of {test.name}", value, ground, test.goal, note)
    control_auc = test.control_auc or test.auc
    for what, wrong_rows in test.controls.items():
        pair = reference.shower, reference.shower
        auc = control_auc(rows, wrong_rows(reference), pair, seed)
        goal = 0.5 + _N_ERRORS * auc.error
        name, note = f"control: AUC of {test.name} for {what}", "must lie above the goal"
        yield Figure(name, *auc, *ground, goal, auc.value > goal, note)


def _parameters(sample: "Sample") -> FloatArray:
    return np.column_stack(list(sample.parameters.values()))


def _at_most(n_images: int, reference: "Sample", generated: "Sample", seed: int) -> Pair:
    """The images of a random share of the showers, about as many as that of the larger sample."""
    numbers = np.unique(np.concatenate([reference.shower, generated.shower]))
    numbers = random_stream("validation images", seed).permutation(numbers)
    share = min(1, n_images / max(len(reference), len(generated)))
    chosen = numbers[: int(share * len(numbers))]
    reference, generated = (s[np.isin(s.shower, chosen)] for s in (reference, generated))
    return reference, generated
