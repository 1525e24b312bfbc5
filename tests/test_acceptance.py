"""Redrawing by the learned ratio turns generated distributions into recorded ones."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm

from ctapipe_fastsim.acceptance import (
    acceptance_features,
    acceptance_probability,
    check_acceptance,
    fit_acceptance,
    ranks,
    ready_acceptance,
)
from ctapipe_fastsim.cleaned_statistics import n_cleaned_statistics
from ctapipe_fastsim.image_statistics import n_statistics, n_structure

N = 20_000


def generated(n, condition, rng):
    """Wider and lower than what is recorded near threshold (condition 0)."""
    return rng.normal(size=n) * (1.3 - 0.3 * condition)


def recorded(n, condition, rng):
    return rng.normal(size=n) + 0.5 * (1 - condition)


def features(values, condition):
    return np.column_stack([values, condition])


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(1)
    condition = rng.random(N)
    return fit_acceptance(
        features(recorded(N, condition, rng), condition),
        [features(generated(N, condition, rng), condition)],
        condition,
        np.arange(N) % 10 == 0,
        seed=1,
    )


def redrawn(acceptance, condition, rng):
    values = np.empty(len(condition))
    rows = np.arange(len(condition))
    while len(rows):
        values[rows] = generated(len(rows), condition[rows], rng)
        probability = acceptance_probability(
            ready_acceptance(acceptance), features(values[rows], condition[rows]), condition[rows]
        )
        rows = rows[rng.random(len(rows)) >= probability]
    return values


def test_what_is_kept_is_distributed_as_recorded(learned):
    """Kolmogorov-Smirnov distance, 0.02 by chance, of 5000 values; what is learned is not exact."""
    rng = np.random.default_rng(2)
    condition = rng.random(5000)
    wanted = recorded(5000, condition, rng)
    assert ks_2samp(generated(5000, condition, rng), wanted).statistic > 0.1
    assert ks_2samp(redrawn(learned, condition, rng), wanted).statistic < 0.05


def test_where_samples_agree_more_are_kept(learned):
    rng = np.random.default_rng(3)
    kept = []
    for value in (0.01, 0.99):
        condition = np.full(2000, value)
        values = features(generated(2000, condition, rng), condition)
        kept.append(acceptance_probability(ready_acceptance(learned), values, condition))
    assert kept[1].mean() > kept[0].mean() + 0.15
    assert (np.concatenate(kept) <= 1).all()


def test_draws_are_kept_as_often_as_their_probability_says():
    """Within 4 standard errors."""
    probability = np.repeat([0.02, 0.3, 1.0], 20_000)
    kept = (ranks(probability, np.random.default_rng(0)) == 0).reshape(3, -1).mean(axis=1)
    assert kept[2] == 1
    assert kept[:2] == pytest.approx([0.02, 0.3], abs=4 * np.sqrt(0.3 * 0.7 / 20_000))


def test_of_draws_that_are_not_kept_each_comes_first_as_often_as_its_odds_say():
    """Within 4 standard errors."""
    probability = np.array([0.1, 0.2, 0.4])
    rank = ranks(np.tile(probability, 40_000), np.random.default_rng(1)).reshape(-1, 3)
    none_kept = rank[(rank > 0).all(axis=1)]
    share = np.bincount(none_kept.argmin(axis=1), minlength=3) / len(none_kept)
    odds = probability / (1 - probability)
    assert share == pytest.approx(odds / odds.sum(), abs=4 * np.sqrt(0.25 / len(none_kept)))


def test_the_envelope_is_as_high_as_it_must_be():
    """Hardly different samples take few draws, very different ones more."""
    rng = np.random.default_rng(5)
    n, condition = 5000, rng.random(5000)
    envelopes = []
    for shift in (0.1, 1.0):
        acceptance = fit_acceptance(
            features(rng.normal(size=n) + shift, condition),
            [features(rng.normal(size=n), condition)],
            condition,
            np.arange(n) % 4 == 0,
            seed=1,
        )
        envelopes.append(acceptance["envelope"].mean())
    assert envelopes[0] < 1.4
    # the quantile of the ratio, were it known exactly
    assert envelopes[1] > np.exp(norm.ppf(0.975) - 0.5)


def test_samples_that_have_nothing_in_common_are_left_alone():
    rng = np.random.default_rng(4)
    condition = rng.random(4000)
    values = generated(4000, condition, rng)
    apart = fit_acceptance(
        *(features(values + 100, condition), [features(values, condition)], condition),
        np.arange(4000) % 10 == 0,
        seed=1,
    )
    kept = acceptance_probability(ready_acceptance(apart), features(values, condition), condition)
    assert kept.mean() > 0.99


def test_features_hold_statistics_size_conditions_structure_and_the_cleaned_image():
    statistics, structure = np.zeros((4, n_statistics())), np.ones((4, n_structure()))
    cleaned = np.full((4, n_cleaned_statistics()), 2)
    known = np.array([0, 1, 2, 3]), np.ones((4, 3)), np.ones((4, 2))
    found = acceptance_features(statistics, structure, cleaned, *known)
    assert found.shape == (4, n_statistics() + 6 + n_structure() + n_cleaned_statistics() + 1)
    assert (found[:, -n_cleaned_statistics() - 1 : -1] == 2).all()
    np.testing.assert_allclose(found[:, -1], [2, 2, 1, 2 / 3])  # of the light
    np.testing.assert_allclose(found[:, n_statistics()], np.log([1, 2, 3, 4]))


def test_an_acceptance_for_so_many_features_passes(learned):
    check_acceptance(learned, n_features=2)


@pytest.mark.parametrize(
    "changes",
    [{"envelope": np.ones(3)}, {"envelope": np.zeros(20)}, {"envelope_edges": np.zeros(20)}],
)
def test_a_broken_envelope_is_refused(learned, changes):
    with pytest.raises(ValueError, match="envelope"):
        check_acceptance({**learned, **changes}, n_features=2)


def test_a_missing_envelope_is_refused(learned):
    rest = {name: column for name, column in learned.items() if name != "envelope"}
    with pytest.raises(ValueError, match="envelope"):
        check_acceptance(rest, n_features=2)
