"""Trained trigger networks are read as they were trained."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim.module_arrays import save_arrays
from ctapipe_fastsim.trigger import trigger_network
from ctapipe_fastsim.trigger_reading import trigger_layers, trigger_logit


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return trigger_network(3)


def test_it_is_what_the_network_says(network):
    conditions = np.random.default_rng(0).normal(0, 2, (500, 3)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.as_tensor(conditions))[:, 0]
    found = trigger_logit(trigger_layers(save_arrays(network), 3), conditions)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_weights_for_other_conditions_are_refused(network):
    with pytest.raises(ValueError, match=r"'layers.0.weight' has shape \(64, 9\), not \(64, 12\)"):
        trigger_layers(save_arrays(network), 4)
