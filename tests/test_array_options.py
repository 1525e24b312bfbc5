"""What is asked of the array is checked."""

from types import SimpleNamespace

import pytest
from helpers import one_line_refusal
from toy_production import toy_subarray

from ctapipe_fastsim.array_options import requested_array, requested_observing
from ctapipe_fastsim.observing import AS_TRAINED, Observing

ARRAY = toy_subarray(3)
MODEL = SimpleNamespace(subarray=ARRAY, min_telescopes=2)


def asked(n=None, efficiency=1.0, sky=1.0, extrapolate=False, array=ARRAY):
    return requested_observing(MODEL, array, Observing(n, efficiency, sky), extrapolate)


def test_the_multiplicity_is_that_of_the_training_unless_another_is_given():
    assert asked() == Observing(2, 1.0, 1.0)
    assert asked(1) == AS_TRAINED
    assert asked(3, 0.7, 1.5) == Observing(3, 0.7, 1.5)


def test_some_telescopes_are_kept():
    assert requested_array(MODEL, None, None) is ARRAY
    assert list(requested_array(MODEL, None, {3, 1}).tel) == [1, 3]
    one_line_refusal(lambda: requested_array(MODEL, None, {1, 9}), "[9]", "1, 2, 3")


@pytest.mark.parametrize("extrapolate", [False, True])
@pytest.mark.parametrize(
    ("options", "name"),
    [
        (dict(n=4), "min_telescopes 4"),
        (dict(array=toy_subarray(1)), "min_telescopes 2"),
        (dict(efficiency=0.0), "photon_efficiency 0"),
        (dict(efficiency=1.1), "photon_efficiency 1.1"),
        (dict(efficiency=float("nan")), "photon_efficiency nan"),
        (dict(sky=0.9), "night_sky 0.9"),
        (dict(sky=float("inf")), "night_sky inf"),
    ],
)
def test_senseless_options_are_refused_even_when_extrapolating(options, name, extrapolate):
    one_line_refusal(lambda: asked(**options, extrapolate=extrapolate), name)


@pytest.mark.parametrize("options", [dict(efficiency=0.3), dict(sky=9.0)])
def test_beyond_what_was_compared_is_refused_or_warned_of(options):
    one_line_refusal(lambda: asked(**options), "outside the training range", "extrapolate")
    with pytest.warns(UserWarning, match="outside"):
        asked(**options, extrapolate=True)
