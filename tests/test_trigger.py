"""The trigger network recovers a probability that is known here, from recorded showers only."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from ctapipe_fastsim import trigger
from ctapipe_fastsim.trigger import fit_trigger
from ctapipe_fastsim.trigger_reading import trigger_layers, trigger_logit

N_SHOWERS, REUSE, N_CORES = 3000, 10, 48


@pytest.fixture(scope="module", autouse=True)
def small_batches():
    """A known function of two conditions needs fewer showers per step than a production."""
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng():
        patch.setattr(trigger, "BATCH", 512)
        patch.setattr(trigger, "STEPS", 500)
        patch.setattr(trigger, "FIRST_STEPS", 150)
        yield


def true_probability(conditions):
    """Rises with the shower's condition, falls away from the middle of the core's; below 0.9."""
    rise = 1 / (1 + np.exp(-2 * conditions[..., 0]))
    return 0.9 * rise * np.exp(-0.5 * conditions[..., 1] ** 2)


def thrown(n_showers, n_cores, seed):
    """Conditions (n_showers, n_cores, 2), of which the first belongs to the shower."""
    rng = np.random.default_rng(seed)
    shower = np.repeat(rng.standard_normal((n_showers, 1)), n_cores, axis=1)
    return np.stack([shower, rng.standard_normal(shower.shape)], axis=-1).astype(np.float32)


def production(probability, n_showers=N_SHOWERS):
    """Recorded conditions, showers with new cores, and how often each was thrown and lost."""
    conditions = thrown(n_showers, REUSE, seed=1)
    is_recorded = np.random.default_rng(2).random(conditions.shape[:2]) < probability(conditions)
    anew = thrown(n_showers, N_CORES, seed=3)
    anew[..., 0] = conditions[:, :1, 0]
    n_lost = REUSE - is_recorded.sum(axis=1)
    views = conditions[is_recorded][:, None], anew[:, :, None]  # one of each
    return *views, np.full(n_showers, float(REUSE)), n_lost


def probability_of(network, conditions):
    return expit(trigger_logit(network, conditions))


def fitted(probability=true_probability, seed=0):
    torch.manual_seed(seed)
    return fit_trigger(production(probability), torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def network():
    return trigger_layers(fitted(), 2)


def test_the_probability_is_recovered(network):
    """Root mean square difference below 0.04 over thrown showers (the spread of P is 0.25)."""
    conditions = thrown(20_000, 1, seed=4)[:, 0]
    difference = probability_of(network, conditions) - true_probability(conditions)
    assert true_probability(conditions).std() > 0.24
    assert np.sqrt(np.mean(difference**2)) < 0.04


def test_the_total_rate_is_recovered(network):
    """Within 3 %, for 10 000 recorded showers; within 6 % in halves of either condition."""
    conditions = thrown(50_000, 1, seed=5)[:, 0]
    found, expected = probability_of(network, conditions), true_probability(conditions)
    assert found.mean() == pytest.approx(expected.mean(), rel=0.03)
    for column in (0, 1):
        for part in (conditions[:, column] < 0, conditions[:, column] > 0):
            assert found[part].mean() == pytest.approx(expected[part].mean(), rel=0.06)


def test_conditions_of_few_values_may_have_no_waves():
    """Between two pointings the logit is then all but straight."""

    def of_pointing(conditions):
        return true_probability(np.where(np.arange(2) == 0, np.sign(conditions), conditions))

    images, anew, *numbers = production(of_pointing)
    for views in (images, anew):
        views[..., 0] = np.sign(views[..., 0])
    torch.manual_seed(0)
    sample, generator = (images, anew, *numbers), torch.Generator().manual_seed(0)
    arrays = fit_trigger(sample, generator, without_waves=np.array([True, False]))
    assert not arrays["layers.0.weight"][:, [2, 4]].any()
    assert arrays["layers.0.weight"][:, [3, 5]].any()
    between = np.stack([np.linspace(-1, 1, 21), np.zeros(21)], axis=-1).astype(np.float32)
    logit = trigger_logit(trigger_layers(arrays, 2), between)
    assert (np.diff(logit) > 0).all()


def test_a_probability_is_between_zero_and_one(network):
    far = np.array([[-100, 0], [100, 0], [0, 100], [0, 0]], np.float32)
    probability = probability_of(network, far)
    assert probability.shape == (4,)
    assert (probability >= 0).all()
    assert (probability <= 1).all()


def test_showers_may_stand_for_several():
    """Half of the showers, each thrown and lost twice as often, tell the same; within 0.06."""
    recorded, *showers = production(true_probability)
    anew, n_thrown, n_lost = (column[::2] for column in showers)
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    arrays = fit_trigger((recorded, anew, 2 * n_thrown, 2 * n_lost), generator)
    conditions = thrown(20_000, 1, seed=4)[:, 0]
    one = probability_of(trigger_layers(arrays, 2), conditions)
    assert np.sqrt(np.mean((one - true_probability(conditions)) ** 2)) < 0.06


def test_the_same_seeds_give_the_same_weights(monkeypatch):
    monkeypatch.setattr(trigger, "STEPS", 50)
    monkeypatch.setattr(trigger, "FIRST_STEPS", 25)
    one, other, third = fitted(), fitted(), fitted(seed=1)
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert any((one[name] != third[name]).any() for name in one)


def test_a_telescope_that_always_triggers_can_be_fitted(monkeypatch):
    """As many recorded as thrown: nothing is lost, and the probability is one."""
    monkeypatch.setattr(trigger, "STEPS", 100)
    monkeypatch.setattr(trigger, "FIRST_STEPS", 50)
    arrays = fitted(lambda conditions: np.ones(conditions.shape[:2]))
    conditions = thrown(5000, 1, seed=5)[:, 0]
    assert probability_of(trigger_layers(arrays, 2), conditions).mean() > 0.97


def stereo_production(n_views=3):
    """Recorded views of cores that at least two of three telescopes saw, and all cores anew."""
    rng = np.random.default_rng(1)
    shower = rng.standard_normal((N_SHOWERS, 1, 1))

    def cores(n):
        core = rng.standard_normal((N_SHOWERS, n, n_views))
        return np.stack([shower + 0 * core, core], axis=-1).astype(np.float32)

    views = cores(REUSE)
    triggered = rng.random(views.shape[:3]) < true_probability(views)
    triggered[triggered.sum(axis=2) < 2] = False
    recorded = [np.roll(views, -i, axis=2)[triggered[..., i]] for i in range(n_views)]
    n_thrown = np.full(N_SHOWERS, float(REUSE * n_views))
    n_lost = n_thrown - triggered.sum(axis=(1, 2))
    return np.concatenate(recorded), cores(N_CORES // n_views), n_thrown, n_lost


def test_a_telescope_is_known_from_events_that_need_two():
    """Within 0.04 on average, where taking them for all of its events is wrong by over 0.1."""
    sample = stereo_production()
    conditions = thrown(20_000, 1, seed=4)[:, 0]
    expected = true_probability(conditions)

    def found(min_telescopes):
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(0)
        arrays = fit_trigger(sample, generator, min_telescopes=min_telescopes)
        return probability_of(trigger_layers(arrays, 2), conditions)

    assert np.abs(found(2) - expected).mean() < 0.04
    assert (expected - found(1)).mean() > 0.1


def test_showers_that_were_recorded_tell_without_the_others():
    """Within 0.06, as if all were known; the lost ones, if nothing is said, are missed by 0.1.

    Half of the showers are hard to see, and were thrown three times.
    """

    def hard(conditions):
        return 0.25 * true_probability(conditions)

    recorded, anew, n_thrown, n_lost = production(hard)
    seen = n_lost < n_thrown
    assert seen.mean() < 0.8
    conditions = thrown(20_000, 1, seed=4)[:, 0]

    def bias(given_recorded):
        torch.manual_seed(0)
        sample = recorded, anew[seen], n_thrown[seen], n_lost[seen]
        generator = torch.Generator().manual_seed(0)
        arrays = fit_trigger(sample, generator, given_recorded=given_recorded)
        difference = probability_of(trigger_layers(arrays, 2), conditions)
        return (difference - hard(conditions)).mean()

    assert abs(bias(True)) < 0.01
    assert bias(False) > 0.03
