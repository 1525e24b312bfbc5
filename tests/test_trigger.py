"""The trigger network recovers a probability that is known here, from recorded showers only."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim import trigger
from ctapipe_fastsim.network import load_arrays
from ctapipe_fastsim.trigger import fit_trigger, trigger_network, trigger_probability

N_THROWN = 30_000


@pytest.fixture(scope="module", autouse=True)
def small_batches():
    """A known function of two conditions needs fewer showers per step than a production."""
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        patch.setattr(trigger, "BATCH", 512)
        patch.setattr(trigger, "STEPS", 500)
        yield


def true_probability(conditions):
    """Rises with the first condition, falls away from the middle of the second; below 0.9."""
    rise = 1 / (1 + np.exp(-2 * conditions[:, 0]))
    return 0.9 * rise * np.exp(-0.5 * conditions[:, 1] ** 2)


def conditions_thrown(n, seed):
    return np.random.default_rng(seed).standard_normal((n, 2)).astype(np.float32)


def fitted(seed=0):
    """Arrays of the network, fitted to recorded showers of one production."""
    production = conditions_thrown(N_THROWN, seed=1)
    drawn = np.random.default_rng(2).random(N_THROWN)
    recorded = production[drawn < true_probability(production)]
    tenth = len(recorded) // 10
    torch.manual_seed(seed)
    return fit_trigger(
        recorded[tenth:],
        recorded[:tenth],
        conditions_thrown(50_000, seed=3),
        N_THROWN / len(recorded),
        torch.Generator().manual_seed(seed),
    )


@pytest.fixture(scope="module")
def network():
    return load_arrays(trigger_network(2), fitted())


def test_the_probability_is_recovered(network):
    """Root mean square difference below 0.04 over thrown showers (the spread of P is 0.25)."""
    conditions = conditions_thrown(20_000, seed=4)
    difference = trigger_probability(network, conditions) - true_probability(conditions)
    assert true_probability(conditions).std() > 0.24
    assert np.sqrt(np.mean(difference**2)) < 0.04


def test_the_total_rate_is_recovered(network):
    """Within 3 %, for 10 000 recorded showers (1 % by chance), also in halves of a condition."""
    conditions = conditions_thrown(50_000, seed=5)
    found, expected = trigger_probability(network, conditions), true_probability(conditions)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.03)
    for part in (conditions[:, 0] < 0, conditions[:, 0] > 0):
        assert found[part].mean() == pytest.approx(expected[part].mean(), rel=0.06)


def test_a_probability_is_between_zero_and_one(network):
    far = np.array([[-100, 0], [100, 0], [0, 100], [0, 0]], np.float32)
    probability = trigger_probability(network, far)
    assert probability.shape == (4,)
    assert (probability >= 0).all()
    assert (probability <= 1).all()


def test_the_same_seeds_give_the_same_weights(monkeypatch):
    monkeypatch.setattr(trigger, "STEPS", 50)
    one, other, third = fitted(), fitted(), fitted(seed=1)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert any((one[name] != third[name]).any() for name in one)


def test_a_telescope_that_always_triggers_can_be_fitted(monkeypatch):
    """As many recorded as thrown: the probability is one, and does not exceed it."""
    monkeypatch.setattr(trigger, "STEPS", 100)
    conditions = conditions_thrown(5000, seed=1)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    arrays = fit_trigger(conditions, conditions, conditions, 1.0, generator)
    probability = trigger_probability(load_arrays(trigger_network(2), arrays), conditions)
    assert probability.mean() > 0.97
