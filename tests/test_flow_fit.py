"""Flows learn the density that they are shown, and keep their best."""

import numpy as np
import pytest
import torch
import zuko

from ctapipe_fastsim.flow_fit import fit_flow


@pytest.fixture
def flow():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield zuko.flows.NSF(1, 1, transforms=1, hidden_features=(16,), bins=8)


def test_a_conditional_density_is_learned(flow):
    """Normal around the condition with a width of 0.5: log likelihood within 0.05 of the true."""
    generator = torch.Generator().manual_seed(1)
    known = torch.rand((4000, 1), generator=generator)
    values = known + 0.5 * torch.randn((4000, 1), generator=generator)
    held_out = np.arange(4000) % 10 == 0

    def log_likelihood(rows):
        return flow(known[rows]).log_prob(values[rows])

    fit_flow(flow, log_likelihood, held_out, 20, 128, 5e-3, generator)
    with torch.no_grad():
        found = log_likelihood(torch.arange(4000)).mean()
    expected = torch.distributions.Normal(known, 0.5).log_prob(values).mean()
    assert found == pytest.approx(float(expected), abs=0.05)
