"""Flows learn the density that they are shown, without the noise of the last steps."""

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
    """Normal around the condition with a width of 0.5.

    Log likelihood within 0.05 of the true one. The rows, as the flow transforms them, are standard
    normal as a whole: mean within 0.01 (off by 0.01 to 0.16 where the learning rate does not fall)
    and spread within 2 %.
    """
    generator = torch.Generator().manual_seed(1)
    known = torch.rand((4000, 1), generator=generator)
    values = known + 0.5 * torch.randn((4000, 1), generator=generator)

    def log_likelihood(rows):
        return flow(known[rows]).log_prob(values[rows])

    fit_flow(flow, log_likelihood, torch.arange(4000), 20, 128, 5e-3, generator)
    with torch.no_grad():
        found = log_likelihood(torch.arange(4000)).mean()
        noise = flow(known).transform(values)
    expected = torch.distributions.Normal(known, 0.5).log_prob(values).mean()
    assert found == pytest.approx(float(expected), abs=0.05)
    assert float(noise.mean()) == pytest.approx(0, abs=0.01)
    assert float(noise.std()) == pytest.approx(1, abs=0.02)


def test_only_the_rows_named_are_learned_from(flow):
    """Others, which lie elsewhere, would pull the mean away."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn((2000, 1), generator=generator)
    values[1000:] += 5
    known = torch.zeros((2000, 1))

    def log_likelihood(rows):
        return flow(known[rows]).log_prob(values[rows])

    fit_flow(flow, log_likelihood, torch.arange(1000), 20, 128, 5e-3, generator)
    with torch.no_grad():
        assert flow(known[:1000]).transform(values[:1000]).mean().abs() < 0.1
