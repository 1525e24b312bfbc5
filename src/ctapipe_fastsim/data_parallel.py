"""Several processes train one network together, started by torch's own launcher, torchrun.

Each takes its share of every batch; gradients are summed over all of them, so that all take the
same steps and hold the same weights. Alone, a process has the whole share.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed, nn

__all__ = ["is_first", "own_share", "summed", "sum_gradients", "together"]


@contextmanager
def together(device: str) -> Iterator[None]:
    """Join the processes that torchrun has started, on this and other machines; or none.

    Parameters
    ----------
    device : str
        ``"cuda"`` stands for a GPU of its own for each process of a machine.
    """
    if not distributed.is_torchelastic_launched():
        yield
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return os.environ.get("RANK", "0") == "0" or not distributed.is_torchelastic_launched()


def own_share(rows: torch.Tensor) -> torch.Tensor:
    """Every so many-th of the rows, so that each is of one process."""
    if not distributed.is_initialized():
        return rows
    return rows[distributed.get_rank() :: distributed.get_world_size()]


def summed(values: torch.Tensor) -> torch.Tensor:
    """Sum of a tensor over the processes."""
    if distributed.is_initialized():
        distributed.all_reduce(values)
    return values


def sum_gradients(module: nn.Module) -> None:
    """Replace the gradients of all parameters by their sum over the processes, in one message."""
    if not distributed.is_initialized():
        return
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    message = summed(torch.cat([gradient.flatten() for gradient in gradients]))
    parts = message.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts):
        gradient.copy_(part.view_as(gradient))
