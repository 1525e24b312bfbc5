"""Primaries may be given as a name, a text with weights or a dictionary."""

import numpy as np
import pytest
from ctapipe.core import Component
from traitlets import TraitError
from traitlets.config import Config

from ctapipe_fastsim.source_traits import PrimaryWeights


class WithPrimary(Component):
    """Nothing but the trait."""

    primary = PrimaryWeights(allow_none=True, default_value=None).tag(config=True)


def weights(value):
    return WithPrimary(primary=value).primary


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("gamma", {"gamma": 1}),
        (" Gamma ", {"gamma": 1}),
        ("gamma:1,proton:10", {"gamma": 1, "proton": 10}),
        ("gamma : 0.5, proton : 2.5", {"gamma": 0.5, "proton": 2.5}),
        ("gamma,proton", {"gamma": 1, "proton": 1}),
        ({"gamma": 1, "proton": 10}, {"gamma": 1, "proton": 10}),
        ("-1", {"-1": 1}),
    ],
)
def test_names_and_weights_become_a_dictionary(value, expected):
    found = weights(value)
    assert found == expected
    assert list(found) == list(expected)
    assert all(type(weight) is float for weight in found.values())


def test_nothing_stays_nothing():
    assert weights(None) is None


@pytest.mark.parametrize(
    "value",
    [
        *("", ",", "gamma:", "gamma:much", "gamma:0", "gamma:-1", "gamma:nan", "gamma:inf"),
        *("gamma:1,", ":1", "gamma,gamma", "gamma:1:2", "gamma:1,GAMMA:2"),
        *({}, {"gamma": None}, {"gamma": 0}, {"gamma": np.nan}, 7, ["gamma", "proton"]),
    ],
)
def test_what_makes_no_sense_is_refused(value):
    with pytest.raises(TraitError, match="gamma:1,proton:10"):
        weights(value)


@pytest.mark.parametrize("value", ["gamma:1,proton:10", {"gamma": 1, "proton": 10}])
def test_a_configuration_may_hold_either(value):
    config = Config({"WithPrimary": {"primary": value}})
    assert WithPrimary(config=config).primary == {"gamma": 1, "proton": 10}
