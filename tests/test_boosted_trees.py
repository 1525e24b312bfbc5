"""Trees as arrays say what scikit-learn's say, and broken ones are refused."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from ctapipe_fastsim.boosted_trees import check_trees, fit_trees, log_odds

N_FEATURES = 3


def two_samples(n, seed):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, N_FEATURES))
    second = rng.normal(size=(n, N_FEATURES)) + [1, 0, 0]
    return first, second


HELD_OUT = np.arange(4000) >= 3000


@pytest.fixture(scope="module")
def trees():
    return fit_trees(*two_samples(4000, seed=1), HELD_OUT, seed=5)


def test_log_odds_are_those_of_the_classifier(trees):
    first, second = (sample[~HELD_OUT] for sample in two_samples(4000, seed=1))
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=len(trees["root"]),
        min_samples_leaf=100,
        l2_regularization=10,
        early_stopping=False,
        random_state=5,
    ).fit(np.concatenate([first, second]), np.repeat([0, 1], 3000))
    features = two_samples(500, seed=2)[0]
    expected = classifier.decision_function(features)
    np.testing.assert_allclose(log_odds(trees, features), expected, atol=1e-5)


def test_log_odds_estimate_the_density_ratio(trees):
    """Of two normal distributions one apart it is x - 1/2; within 0.25 in the mean of |error|."""
    features = np.column_stack([np.linspace(-1, 2, 50), np.zeros((50, 2))])
    error = log_odds(trees, features) - (features[:, 0] - 0.5)
    assert np.abs(error).mean() < 0.25
    assert abs(error.mean()) < 0.15


def test_samples_that_are_alike_leave_few_trees():
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 4000, N_FEATURES))
    alike = fit_trees(first, second, HELD_OUT, seed=5)
    assert len(alike["root"]) < 20
    assert np.abs(log_odds(alike, first)).mean() < 0.2


def test_good_trees_pass(trees):
    check_trees(trees, N_FEATURES)


@pytest.mark.parametrize(
    "name, value, match",
    [
        ("left", 0, "not there"),  # a child before its parent would never end
        ("right", 10**6, "not there"),
        ("feature", N_FEATURES, "not there"),
        ("feature", -7, "not there"),
        ("root", 10**6, "not there"),
    ],
)
def test_trees_that_lead_astray_are_refused(trees, name, value, match):
    inner = int(trees["root"][1])  # the first node of a tree is no leaf
    broken = {key: column.copy() for key, column in trees.items()}
    broken[name][1 if name == "root" else inner] = value
    with pytest.raises(ValueError, match=match):
        check_trees(broken, N_FEATURES)


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
