"""The networks behind the two-sample test on images: trained, stopped early, asked once."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import nn

from ctapipe_fastsim.array_types import BoolArray, FloatArray

__all__ = ["dense_network", "held_out_score"]

_BATCH_SIZE = 256
_MAX_EPOCHS = 20
_PATIENCE = 4


def dense_network(n_pixels: int) -> nn.Sequential:
    """Network of two hidden layers from (B, P) images to (B, 1) logits."""
    return nn.Sequential(
        nn.Linear(n_pixels, 512),
        nn.SiLU(),
        nn.Dropout(0.2),
        nn.Linear(512, 256),
        nn.SiLU(),
        nn.Dropout(0.2),
        nn.Linear(256, 1),
    )


def held_out_score(
    build: Callable[[int], nn.Module],
    images: FloatArray,
    is_second: BoolArray,
    part: NDArray[np.str_],
    seed: int,
) -> FloatArray:
    """Train a network to tell two samples apart, then score the test images.

    Parameters
    ----------
    build : callable
        Makes the untrained network from the number of pixels, such as `dense_network`.
    images : (N, P) array
        Charges are best compressed, since a few pixels have most of the light.
    is_second : (N,) bool array
        Which sample each image belongs to.
    part : (N,) array of str
        ``"train"``, ``"validation"`` or ``"test"``.
    seed : int
        Also leaves torch's own random state as it was.

    Returns
    -------
    (T,) float array
        Logits of the T test images.
    """
    inputs = torch.from_numpy(_standardised(images, part == "train"))
    labels = torch.from_numpy(is_second.astype(np.float32))
    train, validation, test = (
        torch.from_numpy(np.flatnonzero(part == name)) for name in ("train", "validation", "test")
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(inputs.shape[1])
        _fit(network, inputs, labels, train, validation)
    return _logits(network, inputs[test])


def _standardised(images: FloatArray, train: BoolArray) -> FloatArray:
    """Images with mean 0 and deviation 1 in each pixel over the training images."""
    images = images.astype(np.float32)
    mean, deviation = images[train].mean(axis=0), images[train].std(axis=0)
    return (images - mean) / np.where(deviation > 0, deviation, 1)


def _fit(
    network: nn.Module,
    inputs: torch.Tensor,
    labels: torch.Tensor,
    train: torch.Tensor,
    validation: torch.Tensor,
) -> None:
    """Train until the validation AUC no longer grows, and keep the best weights."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
    best_auc, best_epoch = -1.0, 0
    best_weights: dict[str, Any] = {}
    for epoch in range(_MAX_EPOCHS):
        _train_epoch(network, optimizer, inputs, labels, train)
        auc = roc_auc_score(labels[validation].numpy(), _logits(network, inputs[validation]))
        if auc > best_auc:
            best_auc, best_epoch, best_weights = auc, epoch, deepcopy(network.state_dict())
        elif epoch - best_epoch >= _PATIENCE:
            break
    network.load_state_dict(best_weights)


def _train_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: torch.Tensor,
    labels: torch.Tensor,
    train: torch.Tensor,
) -> None:
    network.train()
    for batch in train[torch.randperm(len(train))].split(_BATCH_SIZE):
        logits = network(inputs[batch]).squeeze(1)  # (B,)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def _logits(network: nn.Module, inputs: torch.Tensor) -> FloatArray:
    network.eval()
    return network(inputs).squeeze(1).numpy()
