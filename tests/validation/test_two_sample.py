import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.validation.two_sample import (
    _auc,
    _auc_estimate,
    floor,
    network_auc,
    tree_auc,
)

N_SHOWERS = 150
SHOWERS = np.repeat(np.arange(N_SHOWERS), 2)


def pair_of_samples(seed):
    """Two samples of one law; the rows of a shower share their conditions."""
    rng = np.random.default_rng(seed)
    conditions = rng.normal(size=(N_SHOWERS, 2))[SHOWERS]
    first, second = conditions + rng.normal(0, 0.05, (2, *conditions.shape))
    return first, second


def blobs(width_pixels, rng):
    """Images of 10 x 10 pixels with a round patch of light of the same sum, and noise."""
    row, column = np.divmod(np.arange(100), 10)
    a, b = rng.uniform(3, 6, (2, len(SHOWERS), 1))
    light = np.exp(-((row - a) ** 2 + (column - b) ** 2) / (2 * width_pixels**2))
    return 100 * light / light.sum(axis=1, keepdims=True) + rng.normal(0, 0.5, light.shape)


def test_trees_find_no_difference_in_pairs_of_one_law():
    auc = tree_auc(*pair_of_samples(1), (SHOWERS, SHOWERS), seed=1)
    assert auc.value == pytest.approx(0.5, abs=3 * auc.error)
    assert 0 < auc.error < 0.06


def test_pairs_parted_over_folds_would_mislead_the_trees():
    rows = np.arange(len(SHOWERS))
    auc = tree_auc(*pair_of_samples(1), (rows, rows + len(rows)), seed=1)
    assert auc.value < 0.5 - 3 * auc.error


def test_trees_find_a_shift():
    first, second = np.random.default_rng(2).normal(size=(2, len(SHOWERS), 1))
    groups = SHOWERS, SHOWERS + N_SHOWERS
    auc = tree_auc(first, second + 1.5, groups, seed=1)
    best_auc = norm.cdf(1.5 / np.sqrt(2))
    assert best_auc - 0.1 < auc.value < best_auc + 3 * auc.error
    assert tree_auc(first, second + 1.5, groups, seed=1) == auc


def test_network_finds_no_difference_in_one_law():
    rng = np.random.default_rng(3)
    auc = network_auc(blobs(1, rng), blobs(1, rng), (SHOWERS, SHOWERS), seed=1)
    assert auc.value == pytest.approx(0.5, abs=3 * auc.error)
    assert 0 < auc.error < 0.1


def test_a_network_for_each_fold_is_judged_by_all_showers():
    rng = np.random.default_rng(7)
    first, groups = blobs(1, rng), (SHOWERS, SHOWERS)
    once = network_auc(first, blobs(1, rng), groups, seed=1)
    auc = network_auc(first, blobs(1, rng), groups, seed=1, all_folds=True)
    assert auc.value == pytest.approx(0.5, abs=3 * auc.error)
    assert auc.error < 0.8 * once.error
    blurred = network_auc(first, blobs(1.2, rng), groups, seed=1, all_folds=True)
    assert blurred.value > 0.5 + 5 * blurred.error


def test_network_finds_blurred_images():
    rng = np.random.default_rng(4)
    groups = SHOWERS, SHOWERS
    first, second = blobs(1, rng), blobs(1.2, rng)
    auc = network_auc(first, second, groups, seed=1)
    assert auc.value > 0.5 + 5 * auc.error
    assert network_auc(first, second, groups, seed=1) == auc


def test_floor_compares_halves_of_different_showers():
    def sizes(first, second, groups, seed):
        assert not np.intersect1d(*groups).size
        np.testing.assert_array_equal(first, groups[0])
        np.testing.assert_array_equal(second, groups[1])
        return len(first), len(second)

    half = len(SHOWERS) // 2
    assert floor(sizes, SHOWERS, SHOWERS, seed=1) == (half, half)


def test_auc_agrees_with_sklearn_in_one_fold():
    rng = np.random.default_rng(5)
    score = rng.integers(0, 20, 500) / 20  # many ties
    is_second = rng.random(500) < 0.3 + 0.4 * score
    weight = rng.integers(0, 4, 500)
    assert _auc(score, is_second, np.zeros(500), weight) == pytest.approx(
        roc_auc_score(is_second, score, sample_weight=weight)
    )


def test_an_offset_between_folds_changes_nothing():
    rng = np.random.default_rng(6)
    score, is_second, fold = rng.random(500), rng.random(500) < 0.5, rng.integers(0, 5, 500)
    weight = np.ones(500)
    assert _auc(score + 10 * fold, is_second, fold, weight) == _auc(score, is_second, fold, weight)


def test_repeated_images_of_a_shower_do_not_shrink_the_error():
    rng = np.random.default_rng(7)
    score, is_second, fold = rng.random(200), rng.random(200) < 0.5, np.zeros(200)
    shower = np.arange(200)
    once = _auc_estimate(score, is_second, shower, fold, seed=1)
    four = (np.repeat(column, 4) for column in (score, is_second, shower, fold))
    assert _auc_estimate(*four, seed=1) == pytest.approx(once)


def test_too_few_showers_are_refused():
    few = np.arange(10)
    with pytest.raises(InputError, match=r"at least 20 showers .* one has 10"):
        tree_auc(np.zeros((10, 1)), np.zeros((300, 1)), (few, SHOWERS), seed=1)
