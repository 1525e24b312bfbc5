"""Densities that can be learned."""

import torch

from ctapipe_fastsim.flows import size_flow


def test_the_size_flow_gets_a_gradient():
    flow = size_flow(3)
    flow(torch.randn(20, 3)).log_prob(torch.randn(20, 1)).sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in flow.parameters())
