"""Probability that a telescope records a thrown shower.

A file holds recorded images only, but it is known how often each shower was thrown, with cores
drawn from a known distribution p. A shower seen T times in all, of which k were recorded at
conditions x_1 ... x_k, has the likelihood

    P(x_1) ... P(x_k) (1 - Q)^(T - k),    Q = integral of p(x) P(x),

the lost ones being anywhere. The integral is a mean over cores thrown anew.

What lost showers were like, apart from their energy, is not known. Those recorded at least once
tell P without them: their likelihood, given that they were, is divided by 1 - (1 - Q)^T.

Where an event needs n >= 2 telescopes, an image is recorded when its telescope triggers and
n - 1 others do: P(x_1) is replaced by P(x_1) A(x_2, ..., x_V), the chance that of the other
telescopes, which see the same core at x_2 ... x_V, at least n - 1 trigger, each with the same P
by itself. What telescopes have in common beyond their conditions, and that those of
another type have another P, is neglected.
"""

from collections import OrderedDict
from typing import cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .array_types import BoolArray, Columns, FloatArray
from .layers import perceptron
from .module_arrays import save_arrays
from .multiplicity import at_least
from .trigger_reading import WAVE_NUMBER

__all__ = ["fit_trigger", "trigger_network"]

# recorded, anew, n_thrown, n_lost, see `fit_trigger`
TriggerSample = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

HIDDEN = (64, 64)
BATCH = 2048
STEPS = 2500
FIRST_STEPS = 300
LOOK_EVERY = 25
LEARNING_RATE = 1e-2
CERTAIN = 5.0
LEAST = 1e-6  # of a probability whose logarithm is taken


class WithWaves(nn.Module):
    """Conditions (..., C) beside their sines and cosines, (..., 3 C).

    The light pool has a sharp edge, which a plain perceptron learns too slowly
    (Tancik et al. 2020, arXiv 2006.10739).
    """

    def forward(self, conditions: torch.Tensor) -> torch.Tensor:
        """Append the waves."""
        angle = WAVE_NUMBER * conditions
        return torch.cat([conditions, torch.sin(angle), torch.cos(angle)], dim=-1)


def trigger_network(n_conditions: int) -> nn.Sequential:
    """Network from C conditions to the logit of the probability."""
    return nn.Sequential(
        OrderedDict(waves=WithWaves(), layers=perceptron(3 * n_conditions, HIDDEN, 1))
    )


def fit_trigger(
    sample: TriggerSample,
    generator: torch.Generator,
    *,
    held_out: TriggerSample | None = None,
    without_waves: BoolArray | None = None,
    min_telescopes: int = 1,
    given_recorded: bool = False,
) -> Columns:
    """Maximise the likelihood above.

    Where P has come close to 1 that likelihood is flat, so the first steps follow another, of
    f, the logit of P, which is not: the sum of f over recorded showers minus the sum of
    log(1 + exp f) over thrown ones. It takes all cores for random, recorded ones too, and
    so knows less.

    Parameters
    ----------
    sample : (recorded, anew, n_thrown, n_lost)
        (N, V, C) float32 array, standardised conditions of recorded images, then of the other
        telescopes that could have seen the same core, V being 1 where one telescope is enough;
        (M, K, V, C) float32 array, of M showers each with K cores thrown anew; and (M,) arrays,
        how often each shower was thrown, and how often it was not recorded.
    generator : torch.Generator
    held_out : as sample, optional
        Of other showers; the weights that give these the highest likelihood are kept.
    without_waves : (C,) bool array, optional
        Conditions of few values, such as those of the pointing: waves could swing in between.
    min_telescopes : int
        Triggered telescopes that an event needs.
    given_recorded : bool
        All M showers were recorded, and the likelihood is the one given that.

    Returns
    -------
    dict of str to array
        Trained weights.
    """
    recorded, anew, n_thrown, n_lost = _tensors(sample)
    network = trigger_network(recorded.shape[-1])
    first_layer = cast(nn.Linear, network.get_submodule("layers.0"))
    straight = np.zeros(recorded.shape[-1], bool) if without_waves is None else without_waves
    unused = torch.as_tensor(np.concatenate([np.zeros_like(straight), straight, straight]))
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=1e-3)
    plan = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.1
    )

    def loss_of(
        images: torch.Tensor,
        showers: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        showers_per_image: float,
    ) -> torch.Tensor:
        of_images = -_log_recorded(network, images, min_telescopes).mean()
        log_lost = _log_lost(network, *showers, min_telescopes, given_recorded)
        return of_images - showers_per_image * log_lost.mean()

    showers_per_image = len(anew) / len(recorded)
    test = held_out and _tensors(held_out)
    best, arrays = np.inf, save_arrays(network)
    for step in range(STEPS):
        images = recorded[torch.randint(len(recorded), (BATCH,), generator=generator)]
        showers = torch.randint(len(anew), (BATCH // 16,), generator=generator)
        if step < FIRST_STEPS:
            thrown = showers_per_image * n_thrown[showers]
            loss = _first_loss(network, images, anew[showers], thrown)
        else:
            drawn = anew[showers], n_thrown[showers], n_lost[showers]
            loss = loss_of(images, drawn, showers_per_image)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plan.step()
        with torch.no_grad():
            first_layer.weight[:, unused] = 0
        if test and step >= FIRST_STEPS and step % LOOK_EVERY == 0:
            with torch.no_grad():
                images, *lost = test
                per_image = len(lost[0]) / len(images)
                loss_of_test = float(loss_of(images, (lost[0], lost[1], lost[2]), per_image))
            if loss_of_test < best:
                best = loss_of_test
                arrays = {name: value.copy() for name, value in save_arrays(network).items()}
    return arrays if held_out else save_arrays(network)


def _tensors(sample: TriggerSample) -> list[torch.Tensor]:
    return [torch.as_tensor(np.asarray(part, np.float32)) for part in sample]


def _log_lost(
    network: nn.Module,
    anew: torch.Tensor,
    n_thrown: torch.Tensor,
    n_lost: torch.Tensor,
    min_telescopes: int,
    given_recorded: bool,
) -> torch.Tensor:
    """Logarithm of the probability of all that S showers lost, (S,)."""
    lost = -torch.expm1(_log_recorded(network, anew, min_telescopes)).mean(dim=1)
    log_lost = lost.clamp(min=LEAST).log()  # log(1 - Q)
    if not given_recorded:
        return n_lost * log_lost
    recorded = -torch.expm1(n_thrown * log_lost)
    return n_lost * log_lost - recorded.clamp(min=LEAST).log()


def _log_recorded(network: nn.Module, views: torch.Tensor, min_telescopes: int) -> torch.Tensor:
    """log(P A) of a telescope with its V - 1 others, (...) tensor of (..., V, C)."""
    logit = network(views).squeeze(-1)  # (..., V)
    own = functional.logsigmoid(logit[..., 0])
    if min_telescopes == 1:
        return own
    others = at_least(torch.sigmoid(logit[..., 1:]), min_telescopes - 1)
    return own + others.clamp(min=LEAST).log()


def _first_loss(
    network: nn.Module, images: torch.Tensor, anew: torch.Tensor, n_thrown: torch.Tensor
) -> torch.Tensor:
    """The other one; a recorded shower with f above `CERTAIN` pulls no more."""
    images, anew = images[..., 0, :], anew[..., 0, :]
    thrown = functional.softplus(network(anew)).mean(dim=(1, 2))
    return (n_thrown * thrown).mean() - network(images).clamp(max=CERTAIN).mean()
