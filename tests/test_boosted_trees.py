"""Trees are as many as help, and broken ones are refused."""

import numpy as np
import pytest

from ctapipe_fastsim.boosted_trees import check_trees, fit_trees
from ctapipe_fastsim.tree_reading import MOST_LEAVES, log_odds, ready_trees

N_FEATURES = 3


def two_samples(n, seed):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, N_FEATURES))
    second = rng.normal(size=(n, N_FEATURES)) + [1, 0, 0]
    return first, second


HELD_OUT = np.arange(4000) >= 3000


@pytest.fixture(scope="module")
def trees():
    first, second = two_samples(4000, seed=1)
    return fit_trees([first], second, HELD_OUT, seed=5)


def test_samples_that_are_alike_leave_few_trees():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 4000, N_FEATURES))
    alike = fit_trees([first], second, HELD_OUT, seed=5)
    assert len(alike["root"]) < 20
    assert np.abs(log_odds(ready_trees(alike), first)).mean() < 0.2


def test_more_draws_of_one_sample_tell_more_and_weigh_no_more():
    """Of two normal distributions a width apart the log odds are known."""
    rng = np.random.default_rng(8)
    first = rng.normal(size=(4, 4000, 1))
    second, x = rng.normal(size=(4000, 1)) + 1, np.linspace(-1, 2, 50)[:, None]
    misses = []
    for draws in (first[:1], first):
        found = log_odds(ready_trees(fit_trees(draws, second, HELD_OUT, seed=5)), x)
        misses.append(np.sqrt(np.mean((found - (x[:, 0] - 0.5)) ** 2)))
    assert misses[1] < misses[0] < 0.3


def test_good_trees_pass(trees):
    check_trees(trees, N_FEATURES)


@pytest.mark.parametrize(
    "name, value, match",
    [
        ("left", 0, "not there"),  # a child before its parent would never end
        ("right", 10**6, "not there"),
        ("feature", N_FEATURES, "not there"),
        ("feature", -7, "not there"),
        ("root", 10**6, "share nodes"),
    ],
)
def test_trees_that_lead_astray_are_refused(trees, name, value, match):
    inner = int(trees["root"][1])  # the first node of a tree is no leaf
    broken = {key: column.copy() for key, column in trees.items()}
    broken[name][1 if name == "root" else inner] = value
    with pytest.raises(ValueError, match=match):
        check_trees(broken, N_FEATURES)


def test_trees_that_share_nodes_are_refused(trees):
    """Two parents of one node, or one that belongs to another tree."""
    first, second = trees["root"][1], trees["root"][2]
    for node in (trees["right"][first], second + 1):
        broken = {**trees, "left": trees["left"].copy()}
        broken["left"][first] = node
        with pytest.raises(ValueError, match="share nodes"):
            check_trees(broken, N_FEATURES)


def test_trees_with_too_many_leaves_are_refused():
    n_inner = MOST_LEAVES  # in a chain, each with a leaf on its left
    inner = np.arange(2 * n_inner + 1) % 2 == 0
    inner[-1] = False
    left = np.where(inner, np.arange(len(inner)) + 1, 0)
    chain = dict(
        root=np.array([0]),
        feature=np.where(inner, 0, -1),
        threshold=np.zeros(len(inner)),
        left=left,
        right=np.where(inner, left + 1, 0),
        value=np.zeros(len(inner)),
        offset=np.array(0.0),
    )
    with pytest.raises(ValueError, match="larger"):
        check_trees(chain, N_FEATURES)


@pytest.mark.parametrize(
    "changes, match",
    [
        ({"value": np.zeros(3)}, "different lengths"),
        ({"left": np.zeros(3)}, "different lengths"),
        ({"offset": np.zeros(2)}, "names or shapes"),
        ({"other": np.zeros(2)}, "names or shapes"),
    ],
)
def test_trees_of_other_shapes_are_refused(trees, changes, match):
    with pytest.raises(ValueError, match=match):
        check_trees({**trees, **changes}, N_FEATURES)


def test_places_that_are_no_integers_are_refused(trees):
    with pytest.raises(ValueError, match="no integers"):
        check_trees({**trees, "left": trees["left"].astype(float)}, N_FEATURES)
