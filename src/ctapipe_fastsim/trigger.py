"""Probability that a telescope records a thrown shower.

A file holds recorded images only, but what was thrown is known. Recorded showers are a
thinned Poisson process: with N thrown of density p(x) and probability P(x), its log
likelihood is sum over recorded of log P(x) - N * integral of p(x) P(x), the integral being
taken over showers thrown anew (e.g. Daley & Vere-Jones 2003, eq. 7.1.2).
"""

from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .network import perceptron, save_arrays

__all__ = ["fit_trigger", "trigger_network", "trigger_probability"]

HIDDEN = (64, 64)
BATCH = 2048
STEPS_PER_LOOK = 50
PATIENCE = 12


def trigger_network(n_conditions):
    """Network from C conditions to the logit of the probability."""
    return nn.Sequential(OrderedDict(layers=perceptron(n_conditions, HIDDEN, 1)))


def trigger_probability(network, conditions):
    """Probability, (N,) array, for standardised conditions (N, C)."""
    with torch.no_grad():
        return torch.sigmoid(network(torch.as_tensor(conditions))).squeeze(1).numpy()


def fit_trigger(recorded, held_out, thrown, thrown_per_image, generator, most_looks=120):
    """Fit by the likelihood above, stopped when the held-out likelihood no longer rises.

    Parameters
    ----------
    recorded, held_out : (N, C), (M, C) float32 arrays
        Standardised conditions of recorded images.
    thrown : (T, C) float32 array
        Of showers thrown anew.
    thrown_per_image : float
        Thrown shower-telescope pairs of the production over its recorded images.
    generator : torch.Generator

    Returns
    -------
    dict of str to array
        Trained weights.
    """
    recorded, held_out, thrown = (torch.as_tensor(a) for a in (recorded, held_out, thrown))
    network = trigger_network(recorded.shape[1])
    with torch.no_grad():
        network.layers[-1].bias.fill_(float(np.log(1 / max(thrown_per_image - 1, 0.1))))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, most_looks * STEPS_PER_LOOK)
    best, best_arrays, since = np.inf, save_arrays(network), 0
    for _ in range(most_looks):
        for _ in range(STEPS_PER_LOOK):
            some = recorded[torch.randint(len(recorded), (BATCH,), generator=generator)]
            others = thrown[torch.randint(len(thrown), (BATCH,), generator=generator)]
            loss = _loss(network, some, others, thrown_per_image)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            plan.step()
        with torch.no_grad():
            loss = float(_loss(network, held_out, thrown[: 20 * BATCH], thrown_per_image))
        since += 1
        if loss < best:
            best, since = loss, 0
            best_arrays = {name: value.copy() for name, value in save_arrays(network).items()}
        if since >= PATIENCE:
            break
    return best_arrays


def _loss(network, recorded, thrown, thrown_per_image):
    """Minus the log likelihood per recorded image."""
    log_probability = functional.logsigmoid(network(recorded)).mean()
    return thrown_per_image * torch.sigmoid(network(thrown)).mean() - log_probability
