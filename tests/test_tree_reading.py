"""Trees read for many rows at once say what their nodes say one by one."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from ctapipe_fastsim.boosted_trees import LEAF, LEARNING_RATE, fit_trees
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


def test_log_odds_are_those_of_the_classifier(trees):
    first, second = (sample[~HELD_OUT] for sample in two_samples(4000, seed=1))
    classifier = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=len(trees["root"]),
        min_samples_leaf=100,
        l2_regularization=10,
        early_stopping=False,
        random_state=5,
    ).fit(np.concatenate([first, second]), np.repeat([0, 1], 3000))
    features = two_samples(500, seed=2)[0]
    expected = classifier.decision_function(features)
    np.testing.assert_allclose(log_odds(ready_trees(trees), features), expected, atol=1e-5)


def test_log_odds_estimate_the_density_ratio(trees):
    """Of two normal distributions one apart it is x - 1/2; within 0.25 in the mean of |error|."""
    features = np.column_stack([np.linspace(-1, 2, 50), np.zeros((50, 2))])
    error = log_odds(ready_trees(trees), features) - (features[:, 0] - 0.5)
    assert np.abs(error).mean() < 0.25
    assert abs(error.mean()) < 0.15


def test_a_row_ends_in_the_leaf_that_its_nodes_lead_to(trees):
    features = two_samples(50, seed=3)[0].astype(np.float32)
    found = log_odds(ready_trees(trees), features)
    for row, expected in zip(features, found):
        total = float(trees["offset"])
        for node in trees["root"]:
            while trees["feature"][node] != LEAF:
                above = row[trees["feature"][node]] > np.float32(trees["threshold"][node])
                node = trees["right" if above else "left"][node]
            total += float(trees["value"][node])
        assert total == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("to_the_left", [True, False])
def test_the_largest_tree_has_a_bit_for_each_leaf(to_the_left):
    """A chain of nodes x > 0, x > 1, ... each with a leaf on the other side."""
    n_inner = MOST_LEAVES - 1
    inner = np.arange(2 * n_inner + 1) % 2 == 0
    inner[-1] = False
    leaf, other = np.arange(len(inner)) + 1, np.arange(len(inner)) + 2
    order = np.arange(n_inner)[::-1] if to_the_left else np.arange(n_inner)
    threshold = np.zeros(len(inner))
    threshold[inner] = order
    children = (other, leaf) if to_the_left else (leaf, other)
    chain = dict(
        root=np.array([0]),
        feature=np.where(inner, 0, LEAF).astype(np.int16),
        threshold=threshold,
        left=np.where(inner, children[0], 0),
        right=np.where(inner, children[1], 0),
        value=np.where(inner, 0.0, np.arange(len(inner))).astype(np.float32),
        offset=np.array(0.5),
    )
    x = np.arange(MOST_LEAVES) - 0.5
    leaves = np.append(np.flatnonzero(~inner)[:-1], len(inner) - 1)
    expected = leaves[::-1] if to_the_left else leaves
    assert np.array_equal(log_odds(ready_trees(chain), x[:, None]), expected + 0.5)
