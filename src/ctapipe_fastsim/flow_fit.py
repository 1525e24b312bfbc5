"""Flows are fitted by maximum likelihood; those parameters are kept that do best held out."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from .array_types import BoolArray
from .module_arrays import load_arrays, save_arrays

__all__ = ["fit_flow"]


def fit_flow(
    flow: nn.Module,
    log_likelihood: Callable[[torch.Tensor], torch.Tensor],
    held_out: BoolArray,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    generator: torch.Generator,
) -> None:
    """Fit a flow in place.

    Parameters
    ----------
    flow : zuko flow
    log_likelihood : callable
        Of the flow for some of the N rows, a tensor of row numbers; a tensor as long.
    held_out : (N,) bool array
        Rows that only tell which epoch was the best.
    epochs, batch_size : int
    learning_rate : float
        It falls in the last third.
    generator : torch.Generator
        Of the order of the rows.
    """
    test, training = (torch.as_tensor(np.flatnonzero(rows)) for rows in (held_out, ~held_out))
    optimizer = torch.optim.AdamW(flow.parameters(), lr=learning_rate, weight_decay=1e-3)
    best, arrays = np.inf, save_arrays(flow)
    for epoch in range(epochs):
        (group,) = optimizer.param_groups
        group["lr"] = learning_rate * min(1, 3 * (1 - epoch / epochs))
        for batch in training[torch.randperm(len(training), generator=generator)].split(batch_size):
            loss = -log_likelihood(batch).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            parts = torch.cat([log_likelihood(part) for part in test.split(10_000)])
            loss_of_test = -float(parts.mean())
        if loss_of_test < best:
            best = loss_of_test
            arrays = {name: value.copy() for name, value in save_arrays(flow).items()}
    load_arrays(flow, arrays)
