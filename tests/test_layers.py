"""Layers have the shapes, ranges and ranks that are asked for."""

import pytest
import torch

from ctapipe_fastsim.layers import low_rank, perceptron


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_a_perceptron_has_these_widths():
    assert perceptron(3, (7, 5), 2)(torch.randn(4, 3)).shape == (4, 2)


@torch.no_grad()
def test_a_layer_of_low_rank_begins_like_one_of_full_rank():
    """Same spread of what it gives, within 10 %; as many independent numbers as its rank."""
    told = torch.randn(2000, 160)
    of_low_rank, of_full_rank = (
        layer(told) - layer(torch.zeros(1, 160))
        for layer in (low_rank(160, 64, 500), torch.nn.Linear(160, 500))
    )
    assert torch.linalg.matrix_rank(of_low_rank, rtol=1e-4) == 64
    assert float(of_low_rank.std() / of_full_rank.std()) == pytest.approx(1, abs=0.1)
