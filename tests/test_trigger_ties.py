"""Triggers of one event go together as much as in training, each by itself as before."""

import numpy as np
import pytest
from scipy.special import ndtr

from ctapipe_fastsim.trigger_ties import fit_trigger_tie, tied_triggers

N_SHOWERS = 40_000


def array_triggers(tie, seed=0):
    """Probabilities of four telescopes, and which trigger, of showers near and far."""
    rng = np.random.default_rng(seed)
    probability = ndtr(rng.normal(-0.5, 1, (N_SHOWERS, 1)) + rng.normal(0, 0.7, (N_SHOWERS, 4)))
    shared = rng.standard_normal(N_SHOWERS)
    columns = [tied_triggers(p, tie, shared, rng) for p in probability.T]
    return probability, np.stack(columns, axis=1)


@pytest.mark.parametrize("min_telescopes", [1, 2])
@pytest.mark.parametrize("tie", [0.0, 0.3, 0.7])
def test_the_tie_is_found_from_recorded_events_alone(tie, min_telescopes):
    """Within 0.03."""
    probability, triggered = array_triggers(tie)
    recorded = triggered.sum(axis=1) >= min_telescopes
    found = fit_trigger_tie(probability[recorded], triggered[recorded], min_telescopes)
    assert found == pytest.approx(tie, abs=0.03)


def test_each_telescope_triggers_as_often_as_before():
    """Within 0.01, four standard errors, in classes of its probability."""
    probability, triggered = array_triggers(0.7, seed=1)
    for low in (0, 0.2, 0.6, 0.9):
        near = (probability >= low) & (probability < low + 0.1)
        assert triggered[near].mean() == pytest.approx(probability[near].mean(), abs=0.015)


def test_ties_make_fewer_events_of_more_telescopes():
    numbers = [array_triggers(tie)[1].sum(axis=1) for tie in (0.0, 0.7)]
    free, tied = (number[number > 0] for number in numbers)
    assert len(tied) < 0.95 * len(free)
    assert tied.mean() > 1.05 * free.mean()


def test_certain_triggers_stay_certain():
    rng = np.random.default_rng(2)
    shared = rng.standard_normal(1000)
    assert tied_triggers(np.ones(1000), 0.5, shared, rng).all()
    assert not tied_triggers(np.zeros(1000), 0.5, shared, rng).any()


def test_a_single_telescope_has_no_tie():
    assert fit_trigger_tie(np.full((9, 1), 0.5), np.ones((9, 1), bool), 1) == 0
