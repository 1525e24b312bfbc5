"""The training loop of one telescope type (the command-line tool is tools/train.py)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from .array_types import BoolArray, Columns, FloatArray, IntArray, Number, Tree
from .conditions import ConditionScaling, SizeScaling, condition_values
from .data_parallel import own_share, sum_gradients, summed
from .errors import InputError
from .flows import size_flow
from .loss import count_log_likelihood, kl_sample, kl_standard_normal, time_log_likelihood
from .module_arrays import load_arrays, save_arrays
from .network import CVAE, PixelView, prior_context
from .network_sizes import network_sizes
from .random_streams import random_stream
from .shower_frame import pixel_directions
from .training_data import TelescopeImages

__all__ = ["TrainingOptions", "TrainingRun", "held_out_showers"]

HELD_OUT_FRACTION = 0.1
WARM_UP_EPOCHS = 3
LOCAL_FROM = 1 / 2  # of the epochs; the latents of the whole image learn first what they can
BRIGHTNESS_POWER = 0.75


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; every field is a trait of the tool."""

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    n_latent: int
    n_local: int
    hidden: int
    seed: int
    device: str


def held_out_showers(shower_number: IntArray, seed: int) -> BoolArray:
    """Mask (N,) of the images held out: whole showers, never single images."""
    showers = np.unique(shower_number)
    if len(showers) < 2:
        raise InputError(
            "the training files hold images of a single shower; at least two are needed, "
            "one to train on and one to hold out"
        )
    rng = random_stream("held out", seed)
    n_held_out = max(1, round(HELD_OUT_FRACTION * len(showers)))
    return np.isin(shower_number, rng.choice(showers, n_held_out, replace=False))


class TrainingRun:
    """Networks, optimiser and learning curve of one telescope type.

    Parameters
    ----------
    images : TelescopeImages
    options : TrainingOptions

    Attributes
    ----------
    cvae : CVAE
    size_flow : zuko flow
    epoch : int
        Epochs done.
    data : dict of str to tensor
        Of the N images, as `seen` takes them.
    history : dict of str to list
        Held-out figures, one entry per epoch; natural logarithms per image, bright images
        weighted down.
    """

    def __init__(self, images: TelescopeImages, options: TrainingOptions) -> None:
        self.options = options
        self.held_out = held_out_showers(images.shower_number, options.seed)
        values = condition_values(images.showers, images.geometry, *images.pointing)
        self.conditions = ConditionScaling.fit(values)
        if not self.conditions.names:
            raise InputError(
                f"every condition is constant in the images of {images.telescope}; "
                "simulate a range of energies or core positions"
            )
        self.size = SizeScaling.fit(images.size)
        self.data = self._tensors(images, self.conditions.transform(values))
        self.data["weight"] = torch.as_tensor(_weights(images.size))
        torch.manual_seed(int(random_stream("initial weights", options.seed).integers(2**62)))
        geometry = images.telescope.camera.geometry
        sizes = network_sizes(images, len(self.conditions.names), options)
        self.cvae = CVAE(sizes, *pixel_directions(geometry)).to(options.device)
        self.size_flow = size_flow(len(self.conditions.names)).to(options.device)
        self.modules = nn.ModuleDict({"cvae": self.cvae, "size_flow": self.size_flow})
        self.optimizer = torch.optim.AdamW(
            self.modules.parameters(), lr=options.learning_rate, weight_decay=1e-4
        )
        self.epoch, self.best, self.best_arrays = 0, np.inf, save_arrays(self.modules)
        self.history: dict[str, list[float]] = {
            name: [] for name in ("loss", "counts", "times", "kl", "size", "training_loss")
        }

    @property
    def finished(self) -> bool:
        """All epochs done, or no improvement for ``patience`` epochs."""
        since_best = len(self.history["loss"]) - 1 - self.best_epoch
        return self.epoch >= self.options.epochs or since_best >= self.options.patience

    @property
    def best_epoch(self) -> int:
        """The one with the lowest held-out loss, of those that train all latents."""
        first = self._first_whole_epoch
        losses = self.history["loss"][first:]
        return first + int(np.argmin(losses)) if losses else first

    @property
    def _first_whole_epoch(self) -> int:
        """From here on all latents are trained."""
        return int(LOCAL_FROM * self.options.epochs) if self.options.n_local else 0

    @property
    def with_local(self) -> bool:
        """Whether the latents of places are trained already."""
        return bool(self.options.n_local) and self.epoch >= self._first_whole_epoch

    @property
    def held_out_elbo(self) -> float:
        """Evidence lower bound of the last epoch: light and times, without the size model."""
        last = {name: values[-1] for name, values in self.history.items()}
        return last["counts"] + last["times"] - last["kl"]

    @property
    def batches_per_epoch(self) -> int:
        """Optimiser steps in one epoch."""
        return max(1, int((~self.held_out).sum()) // self.options.batch_size)

    def run_epoch(self, progress: Callable[[int], object]) -> None:
        """Train for one epoch, measure on held-out showers, keep the best weights.

        Parameters
        ----------
        progress : callable
            Called with 1 after every batch.
        """
        generator = self.generator("epoch", self.epoch)
        training = torch.as_tensor(np.flatnonzero(~self.held_out))
        training = training[torch.randperm(len(training), generator=generator)]
        n_batches = self.batches_per_epoch
        kl_weight = min(1.0, (self.epoch + 1) / WARM_UP_EPOCHS)
        self.modules.train()
        total = 0.0
        for i, batch in enumerate(training.chunk(n_batches)):
            self._set_learning_rate(self.epoch + i / n_batches)
            terms = self._terms(batch, generator)
            loss = -(terms["counts"] + terms["times"] + terms["size"] - kl_weight * terms["kl"])
            self.optimizer.zero_grad()
            loss.backward()
            sum_gradients(self.modules)
            nn.utils.clip_grad_norm_(self.modules.parameters(), 50.0)
            self.optimizer.step()
            total += float(loss.detach())
            progress(1)
        self._look_at_held_out(float(summed(self._on_device(total))) / n_batches)
        self.epoch += 1

    def keep_best(self) -> None:
        """Put the weights with the best held-out loss in place."""
        load_arrays(self.modules, self.best_arrays)

    def state(self) -> Tree:
        """Nested dictionary of arrays from which `restore` goes on."""
        moments = self.optimizer.state_dict()["state"]
        return {
            "weights": _copied(save_arrays(self.modules)),
            "best_weights": _copied(self.best_arrays),
            "optimizer": {
                f"parameter_{i}": {
                    name: value.cpu().numpy().copy() for name, value in entry.items()
                }
                for i, entry in moments.items()
            },
            "history": {name: np.asarray(values) for name, values in self.history.items()},
        }

    def restore(self, state: Tree) -> None:
        """Go on from a `state`; raise KeyError or ValueError when it is of another network."""
        load_arrays(self.modules, state["best_weights"])
        load_arrays(self.modules, state["weights"])
        self.best_arrays = state["best_weights"]
        moments = self.optimizer.state_dict()
        parameters = list(self.modules.parameters())
        moments["state"] = {
            i: _moments(state["optimizer"][f"parameter_{i}"], parameter)
            for i, parameter in enumerate(parameters)
            if f"parameter_{i}" in state["optimizer"]
        }
        self.optimizer.load_state_dict(moments)
        self.history = {name: values.tolist() for name, values in state["history"].items()}
        self.epoch = len(self.history["loss"])
        self.best = min(self.history["loss"][self._first_whole_epoch :], default=np.inf)

    def _tensors(self, images: TelescopeImages, conditions: FloatArray) -> dict[str, torch.Tensor]:
        return {
            "counts": torch.as_tensor(images.counts.astype(np.float32)),
            "times": torch.as_tensor(np.nan_to_num(images.peak_time)),
            "source_core": torch.as_tensor(images.geometry.source_core_arrays()),
            "conditions": torch.as_tensor(conditions),
        }

    def seen(
        self, batch: torch.Tensor, mirror: torch.Tensor, within: Number = 0.5
    ) -> tuple[torch.Tensor, torch.Tensor, PixelView, torch.Tensor]:
        """Counts, times, pixels as seen from the showers and known numbers of images.

        Parameters
        ----------
        batch : (B,) int tensor
            Rows of the images.
        mirror : (B,) tensor of +1 and -1
            As in `CVAE.view`.
        within : float or (B,) array
            Place within the step of one photo-electron that the size is told at.

        Returns
        -------
        counts, times : (B, P) tensors, p.e. and ns
        view : PixelView
        known : (B, K) tensor
            All on the device of the training.
        """
        device = self.options.device
        counts = self.data["counts"][batch]
        size = torch.as_tensor(self.size.transform(counts.sum(dim=1).numpy(), within))
        known = torch.cat([self.data["conditions"][batch], size[:, None]], dim=1).to(device)
        view = self.cvae.view(self.data["source_core"][batch].to(device), mirror.to(device))
        return counts.to(device), self.data["times"][batch].to(device), view, known

    def _terms(self, batch: torch.Tensor, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Weighted mean log likelihoods and KL of a batch, one random latent per image.

        Of several processes each has a part of them, whose sum is the mean; random numbers are
        those of one process.
        """
        n, n_latent = len(batch), self.cvae.sizes.n_latent
        mirror = own_share(torch.sign(torch.rand(n, generator=generator) - 0.5))
        within = own_share(torch.rand(n, generator=generator)).numpy()
        noise = own_share(torch.randn((n, n_latent), generator=generator))
        batch = own_share(batch)
        counts, times, view, known = self.seen(batch, mirror, within)
        mean, log_variance = self.cvae.encode(counts, times, view, known)
        latent = mean + torch.exp(0.5 * log_variance) * noise.to(counts)
        painting = self.cvae.paint(latent, view.orientation, known)
        local_kl: float | torch.Tensor = 0.0
        if self.with_local:
            mean_local, log_variance_local = self.cvae.encode_local(counts, times, view, painting)
            noise = own_share(torch.randn((n, *self.cvae.local.shape), generator=generator))
            local = mean_local + torch.exp(0.5 * log_variance_local) * noise.to(counts)
            local_kl = kl_standard_normal(mean_local, log_variance_local)
            painting = self.cvae.retouch(painting, local)
        light = self.cvae.read(painting, view)
        log_prior = self.cvae.prior(prior_context(known, view)).log_prob(latent)
        kl = kl_sample(latent, mean, log_variance, log_prior)
        log_size = self.size_flow(known[:, :-1]).log_prob(known[:, -1:])
        weight = self.data["weight"][batch].to(counts) / n
        return {
            "counts": (weight * count_log_likelihood(counts, light.fraction, light.clump)).sum(),
            "times": (weight * time_log_likelihood(counts, times, light, self.cvae)).sum(),
            "kl": (weight * (local_kl + kl)).sum(),
            "size": log_size.sum() / n,
        }

    @torch.no_grad()
    def _look_at_held_out(self, training_loss: float) -> None:
        self.modules.eval()
        generator = self.generator("held-out noise")
        images = torch.as_tensor(np.flatnonzero(self.held_out))
        total: dict[str, float] = {}
        for batch in images.split(1024):
            for name, term in self._terms(batch, generator).items():
                total[name] = total.get(name, 0.0) + float(term) * len(batch) / len(images)
        total = dict(zip(total, summed(self._on_device(list(total.values()))).tolist()))
        total["loss"] = total["kl"] - total["counts"] - total["times"] - total["size"]
        for name, value in {**total, "training_loss": training_loss}.items():
            self.history[name].append(value)
        if not np.isfinite([values[-1] for values in self.history.values()]).all():
            raise InputError(
                f"the training diverged in epoch {self.epoch + 1} (its loss is not a number); "
                "use a lower learning rate"
            )
        if total["loss"] < self.best or self.epoch == self._first_whole_epoch:
            self.best = total["loss"]
            self.best_arrays = _copied(save_arrays(self.modules))

    def _on_device(self, numbers: float | Sequence[float]) -> torch.Tensor:
        return torch.tensor(numbers, dtype=torch.float64, device=self.options.device)

    def _set_learning_rate(self, epoch: float) -> None:
        """Linear rise over the first tenth, then half a cosine down to nearly nothing."""
        done = epoch / self.options.epochs
        rise = min(1.0, 0.04 + done / 0.1)
        fall = 0.5 * (1 + np.cos(np.pi * max(0.0, done - 0.1) / 0.9))
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * min(rise, fall + 1e-3)

    def generator(self, name: str, *keys: int) -> torch.Generator:
        """`torch.Generator` of a named stream of random numbers."""
        seed = random_stream(name, self.options.seed, *keys).integers(2**62)
        return torch.Generator().manual_seed(int(seed))


def _moments(arrays: Columns, parameter: nn.Parameter) -> dict[str, torch.Tensor]:
    """What AdamW remembers of one parameter."""
    shapes = {"step": (), "exp_avg": parameter.shape, "exp_avg_sq": parameter.shape}
    if {name: values.shape for name, values in arrays.items()} != shapes:
        raise ValueError("moments of the optimiser have other names or shapes")
    return {name: torch.tensor(values) for name, values in arrays.items()}


def _weights(size: IntArray) -> FloatArray:
    """Weights (N,) of the images in the loss, 1 on average.

    The likelihood of an image grows with its light: without weights a few bright ones would
    decide alone. Light is described at given size, so that weights that depend on nothing
    else leave the best description what it is.
    """
    weight = (1 + size / max(1, np.median(size))) ** -BRIGHTNESS_POWER
    return (weight / weight.mean()).astype(np.float32)


def _copied(arrays: Columns) -> Columns:
    return {name: value.copy() for name, value in arrays.items()}
