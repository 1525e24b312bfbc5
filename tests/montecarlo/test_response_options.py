"""Users change the response of telescopes by type or number, the rest stays."""

from dataclasses import fields, replace

import numpy as np
import pytest
from helpers import one_line_refusal
from toy_production import toy_subarray
from traitlets.config import Config

from ctapipe_fastsim.montecarlo.response_options import ResponseOptions
from ctapipe_fastsim.montecarlo.telescope_response import TelescopeResponse

NAMES = [field.name for field in fields(TelescopeResponse)]
BEFORE = {1: TelescopeResponse(), 2: TelescopeResponse(night_sky=7), 3: TelescopeResponse()}


def applied(**options):
    subarray = toy_subarray(3, second_type=True)
    config = Config({"ResponseOptions": options})
    return ResponseOptions(subarray, config=config).applied_to(BEFORE)


def test_by_default_everything_stays():
    assert applied() == BEFORE


@pytest.mark.parametrize("name", NAMES)
def test_one_number_is_for_all_telescopes(name):
    after = applied(**{name: 5})
    assert after == {i: replace(response, **{name: 5}) for i, response in BEFORE.items()}
    assert after != BEFORE


def test_a_number_can_be_for_a_type():
    """The toy array's second telescope is of the type with OtherCam."""
    after = applied(optical_spread=[("type", "*OtherCam", 0.5)])
    assert {i: r.optical_spread for i, r in after.items()} == {1: 0.04, 2: 0.5, 3: 0.04}
    assert after[2].night_sky == 7


def test_a_number_can_be_for_all_types():
    after = applied(optical_spread=[("type", "*", 0.5)])
    assert {r.optical_spread for r in after.values()} == {0.5}


def test_a_number_can_be_for_one_telescope():
    after = applied(trigger_multiplicity=[("type", "*", 4), ("id", 3, 2)])
    assert [after[i].trigger_multiplicity for i in (1, 2, 3)] == [4, 4, 2]


def test_zero_is_a_number():
    assert {r.night_sky for r in applied(night_sky=0).values()} == {0}


@pytest.mark.parametrize("name", NAMES)
def test_negative_numbers_are_refused(name):
    one_line_refusal(lambda: applied(**{name: -1}), name, "not negative")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_must_be_finite(value):
    one_line_refusal(
        lambda: applied(night_sky=[("type", "*", 1), ("id", 2, value)]), "night_sky", value
    )
