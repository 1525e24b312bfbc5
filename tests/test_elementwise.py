"""Compiled logarithms and exponentials are those of double precision to a few last digits."""

import numpy as np
import pytest

from ctapipe_fastsim import elementwise

RNG = np.random.default_rng(0)
PRECISION = np.finfo(np.float32).eps


def of(function, values):
    values = np.asarray(values, np.float32)
    function(found := values.copy())
    return found, values.astype(float)


@pytest.mark.parametrize(
    ("function", "exact", "values"),
    [
        (elementwise.logarithm, np.log, np.exp(RNG.uniform(-80, 80, 2000))),
        (elementwise.exponential, np.exp, RNG.uniform(-87, 88, 2000)),
        (elementwise.logit, lambda p: np.log(p / (1 - p)), RNG.uniform(0, 1, 2000)),
        (elementwise.logit, lambda p: np.log(p / (1 - p)), [2.0**-24, 0.4999, 1 - 2.0**-24]),
        (elementwise.arsinh, np.arcsinh, RNG.normal(0, 10, 2000)),
        (elementwise.arsinh, np.arcsinh, [0, 1e-4, -1e-4, 1e4, -1e4]),
        (elementwise.softplus, lambda x: np.logaddexp(0, x), RNG.normal(0, 20, 2000)),
    ],
)
def test_they_are_exact_to_a_few_digits(function, exact, values):
    found, values = of(function, values)
    np.testing.assert_allclose(found, exact(values), rtol=4 * PRECISION, atol=4 * PRECISION)


def test_what_is_no_number_or_too_large_has_a_finite_exponential():
    found, _ = of(elementwise.exponential, [np.nan, np.inf, -np.inf, 1000, -1000])
    assert np.isfinite(found).all()
    assert (found[[0, 2, 4]] < 1e-37).all() and (found[[1, 3]] > 1e38).all()
