"""The chance that enough telescopes trigger, against counting all cases."""

from itertools import product

import numpy as np
import pytest
import torch

from ctapipe_fastsim.multiplicity import at_least

PROBABILITY = np.random.default_rng(0).random((5, 4))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_all_cases_add_up(n):
    cases = [
        np.prod([p if hit else 1 - p for p, hit in zip(PROBABILITY.T, hits)], axis=0)
        for hits in product([False, True], repeat=4)
        if sum(hits) >= n
    ]
    assert np.allclose(at_least(PROBABILITY, n), np.sum(cases, axis=0))


def test_nothing_asked_for_is_certain_and_too_much_impossible():
    assert (at_least(PROBABILITY, 0) == 1).all()
    assert (at_least(PROBABILITY[:, :0], 0) == 1).all()
    assert np.allclose(at_least(PROBABILITY, 5), 0)


def test_tensors_have_gradients():
    probability = torch.tensor(PROBABILITY, requires_grad=True)
    found = at_least(probability, 2)
    assert np.allclose(found.detach(), at_least(PROBABILITY, 2))
    found.sum().backward()
    assert (probability.grad > 0).all()
