"""An effective focal length that is not known is taken to be the equivalent one."""

import astropy.units as u
import numpy as np
import pytest
from toy_production import toy_subarray

from ctapipe_fastsim.focal_lengths import with_effective_focal_lengths


@pytest.fixture
def subarray():
    """Three telescopes, of which the second does not know its effective focal length."""
    subarray = toy_subarray(n_telescopes=3, second_type=True)
    subarray.tel[1].optics.effective_focal_length = 5.1 * u.m
    subarray.tel[2].optics.effective_focal_length = np.nan * u.m
    return subarray


def effective(subarray):
    return [tel.optics.effective_focal_length.to_value(u.m) for tel in subarray.tel.values()]


def test_only_unknown_lengths_are_filled(subarray):
    assert effective(with_effective_focal_lengths(subarray)) == [5.1, 5, 5.1]
    assert effective(subarray) == pytest.approx([5.1, np.nan, 5.1], nan_ok=True)


def test_everything_else_is_kept(subarray):
    found = with_effective_focal_lengths(subarray)
    found.tel[2].optics.effective_focal_length = np.nan * u.m
    assert found == subarray
    assert found.tel[2].optics.name == subarray.tel[2].optics.name
