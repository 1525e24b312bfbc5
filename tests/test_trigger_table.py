"""The table makes recorded numbers agree where the network was wrong."""

import numpy as np
import pytest
from scipy.special import expit

from ctapipe_fastsim.trigger_table import MOST_ZENITHS, fit_trigger_table, trigger_table_logit


def cores(n, seed):
    rng = np.random.default_rng(seed)
    return {
        "log10_energy": rng.uniform(0, 2, n),
        "impact_distance": 400 * np.sqrt(rng.random(n)),
        "zenith": np.full(n, 20.0),
    }


def true_logit(values):
    """A sharp edge that moves outwards with energy."""
    return (150 + 100 * values["log10_energy"] - values["impact_distance"]) / 10


def network_logit(values):
    """What a network that smooths too much would say."""
    return true_logit(values) / 3


@pytest.fixture(scope="module")
def table():
    thrown = cores(60_000, seed=1)
    is_recorded = np.random.default_rng(2).random(60_000) < expit(true_logit(thrown))
    recorded = {name: column[is_recorded] for name, column in thrown.items()}
    spread = cores(100_000, seed=3)
    return fit_trigger_table(recorded, spread, network_logit(spread), n_thrown=60_000)


def test_recorded_numbers_agree_in_bins(table):
    """Within 0.02 in bins of distance (0.01 is four standard errors; nodes are 27 m apart)."""
    values = cores(200_000, seed=4)
    expected = expit(true_logit(values))
    uncorrected = expit(network_logit(values))
    found = expit(network_logit(values) + trigger_table_logit(table, values))
    assert found.mean() == pytest.approx(expected.mean(), abs=0.005)
    worst = 0
    for near in range(0, 400, 40):
        ring = (values["impact_distance"] > near) & (values["impact_distance"] < near + 40)
        assert found[ring].mean() == pytest.approx(expected[ring].mean(), abs=0.02)
        worst = max(worst, abs(uncorrected[ring].mean() - expected[ring].mean()))
    assert worst > 0.05  # there was something to correct


def test_numbers_agree_at_each_pointing_and_lie_between_them_in_between():
    """An edge that moves outwards with the zenith angle, of which the network knows nothing."""
    thrown, spread = cores(60_000, seed=12), cores(100_000, seed=13)
    for values in (thrown, spread):
        values["zenith"] = np.where(np.arange(len(values["zenith"])) % 2, 20.0, 40.0)

    def logit(values):
        return true_logit(values) + 3 * (values["zenith"] - 30) / 10

    is_recorded = np.random.default_rng(14).random(60_000) < expit(logit(thrown))
    recorded = {name: column[is_recorded] for name, column in thrown.items()}
    table = fit_trigger_table(recorded, spread, true_logit(spread), 60_000)
    values, shares = cores(100_000, seed=15), []
    for zenith in (20.0, 30.0, 40.0):
        values["zenith"][:] = zenith
        found = expit(true_logit(values) + trigger_table_logit(table, values))
        shares.append((found.mean(), expit(logit(values)).mean()))
    for found, expected in shares:
        assert found == pytest.approx(expected, abs=0.02)
    assert shares[2][1] > shares[0][1] + 0.1  # there was something to correct


def test_many_pointings_share_layers():
    thrown, spread = cores(5000, seed=16), cores(5000, seed=17)
    for values in (thrown, spread):
        values["zenith"] = np.linspace(10, 50, 5000)
    table = fit_trigger_table(thrown, spread, np.zeros(5000), 10_000)
    assert len(table["zenith"]) == MOST_ZENITHS
    assert table["zenith"][[0, -1]] == pytest.approx([10, 50])


def test_a_network_that_is_right_is_left_alone():
    thrown, spread = cores(20_000, seed=5), cores(50_000, seed=6)
    is_recorded = np.random.default_rng(7).random(20_000) < expit(true_logit(thrown))
    recorded = {name: column[is_recorded] for name, column in thrown.items()}
    table = fit_trigger_table(recorded, spread, true_logit(spread), 20_000)
    values = cores(10_000, seed=8)
    change = expit(true_logit(values) + trigger_table_logit(table, values))
    assert np.abs(change - expit(true_logit(values))).mean() < 0.01


def test_beyond_the_table_its_edge_holds(table):
    inside = {"log10_energy": np.array([2.0]), "impact_distance": np.array([0.0])}
    outside = {"log10_energy": np.array([9.0]), "impact_distance": np.array([-50.0])}
    assert trigger_table_logit(table, outside) == pytest.approx(
        trigger_table_logit(table, inside), abs=0.2
    )


def test_one_energy_only_can_be_fitted():
    thrown, spread = cores(5000, seed=9), cores(5000, seed=10)
    for values in (thrown, spread):
        values["log10_energy"][:] = 1.0
    table = fit_trigger_table(thrown, spread, np.zeros(5000), 10_000)
    assert np.isfinite(table["logit"]).all()


def test_each_primary_has_its_own_table(table):
    """Tables under the names of the conditions that tell the primaries apart."""
    values = cores(1000, seed=11)
    other = {**table, "logit": -2 * table["logit"]}
    values["is_proton"] = np.arange(1000) % 3 == 0
    values["is_gamma"] = ~values["is_proton"]
    found = trigger_table_logit({"is_gamma": table, "is_proton": other}, values)
    alone = trigger_table_logit(table, values)
    assert np.abs(alone).max() > 1
    assert np.allclose(found, np.where(values["is_proton"], -2 * alone, alone))
