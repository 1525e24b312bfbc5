"""What trained networks say of the images that they were trained on."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from .array_types import FloatArray
from .flow_fit import fit_flow
from .network import local_context, prior_context
from .time_links import linked_times

if TYPE_CHECKING:
    from .training import TrainingRun

__all__ = ["Encoded", "arrival_times", "encoded", "fit_local_prior", "fit_prior", "noise"]

PRIOR_PLAN = 12, 512, 2e-3  # epochs, images in a batch, learning rate
LOCAL_PRIOR_PLAN = 4, 128, 2e-3
BLOCK = 1024  # images


class Encoded(NamedTuple):
    """Posterior of the latents of N images.

    Attributes
    ----------
    mean, spread : (N, Z) tensors
        Of the normal distribution of each image; standard deviation.
    known : (N, K) tensor
        Conditions and size.
    context : (N, K + 1) tensor
        Of `prior_context`.
    """

    mean: torch.Tensor
    spread: torch.Tensor
    known: torch.Tensor
    context: torch.Tensor


@torch.no_grad()
def encoded(run: "TrainingRun", mirror: float) -> Encoded:
    """`Encoded` of all images of a `TrainingRun`, as they are (1) or reflected (-1)."""
    run.modules.eval()
    parts = []
    for batch in torch.arange(len(run.data["counts"])).split(BLOCK):
        counts, times, view, known = run.seen(batch, torch.full((len(batch),), float(mirror)))
        mean, log_variance = run.cvae.encode(counts, times, view, known)
        parts.append((mean, torch.exp(0.5 * log_variance), known, prior_context(known, view)))
    return Encoded(*map(torch.cat, zip(*parts)))


def fit_prior(
    run: "TrainingRun", as_they_are: Encoded, reflected: Encoded, progress: bool = False
) -> None:
    """Fit the latents' prior again, to all images alike, with the encoder as it is.

    While they are trained together bright images, weighted down, and the last epochs count too
    little for the tails.

    Parameters
    ----------
    run : TrainingRun
        Its prior is changed.
    as_they_are, reflected : Encoded
        All images.
    progress : bool
        Show a progress bar.
    """
    mean, spread, _, context = map(torch.cat, zip(as_they_are, reflected))
    generator = run.generator("prior noise")

    def log_likelihood(rows: torch.Tensor) -> torch.Tensor:
        drawn = torch.randn((len(rows), mean.shape[1]), generator=generator).to(mean)
        return run.cvae.prior(context[rows]).log_prob(mean[rows] + spread[rows] * drawn)

    rows = torch.as_tensor(np.flatnonzero(np.tile(~run.held_out, 2)))
    batches = run.generator("prior batches")
    what = "prior of latents"
    fit_flow(run.cvae.prior, log_likelihood, rows, *PRIOR_PLAN, batches, what, progress)


def fit_local_prior(run: "TrainingRun", progress: bool = False) -> None:
    """Learn how latents of places depend on each other and on the image, from all images alike.

    Parameters
    ----------
    run : TrainingRun
        Its `LocalPrior` is changed; the encoder draws the latents that it learns from.
    progress : bool
        Show a progress bar.
    """
    cvae, generator = run.cvae, run.generator("local prior noise")

    def drawn(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        normal = torch.randn(mean.shape, generator=generator).to(mean)
        return mean + torch.exp(0.5 * log_variance) * normal

    def log_likelihood(rows: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            mirror = torch.sign(torch.rand(len(rows), generator=generator) - 0.5)
            counts, times, view, known = run.seen(rows, mirror)
            latent = drawn(*cvae.encode(counts, times, view, known))
            painting = cvae.paint(latent, view.orientation, known)
            local = drawn(*cvae.encode_local(counts, times, view, painting))
            context = local_context(painting, view.centre_across)
        return cvae.local_prior.log_density(local, *context)

    rows = torch.as_tensor(np.flatnonzero(~run.held_out))
    batches = run.generator("local prior batches")
    what = "prior of latents of places"
    fit_flow(cvae.local_prior, log_likelihood, rows, *LOCAL_PRIOR_PLAN, batches, what, progress)


@torch.no_grad()
def noise(run: "TrainingRun", images: Encoded) -> FloatArray:
    """The independent normal numbers that size and latents of images come from, (N, 1 + Z) array.

    Parameters
    ----------
    run : TrainingRun
    images : Encoded
        Latents are drawn from the posterior.
    """
    drawn = torch.randn(images.mean.shape, generator=run.generator("posterior noise"))
    latent = images.mean + images.spread * drawn.to(images.mean)
    parts = []
    columns = images.known, images.context, latent
    for known, context, z in zip(*(column.split(BLOCK) for column in columns)):
        size = run.size_flow(known[:, :-1]).transform(known[:, -1:])
        parts.append(torch.cat([size, run.cvae.prior(context).transform(z)], dim=1))
    return torch.cat(parts).cpu().numpy()


@torch.no_grad()
def arrival_times(run: "TrainingRun", images: Encoded) -> tuple[FloatArray, FloatArray]:
    """When light is expected in each pixel with light, given what the pixel shows that it follows.

    Parameters
    ----------
    run : TrainingRun
    images : Encoded
        As they are.

    Returns
    -------
    time, spread : (N, P) float32 arrays, ns
        Without light 0 and 1.
    """
    parts = []
    for batch in torch.arange(len(images.mean)).split(BLOCK):
        counts, times, view, known = run.seen(batch, torch.ones(len(batch)))
        painting = run.cvae.paint(images.mean[batch], view.orientation, known)
        if run.with_local:
            local, _ = run.cvae.encode_local(counts, times, view, painting)
            painting = run.cvae.retouch(painting, local)
        linked = linked_times(counts, times, run.cvae.read(painting, view), run.cvae)
        mean, width = torch.zeros_like(counts), torch.ones_like(counts)
        mean[linked.image, linked.pixel], width[linked.image, linked.pixel] = linked.expected
        parts.append((mean.cpu().numpy(), width.cpu().numpy()))
    time, spread = map(np.concatenate, zip(*parts))
    return time, spread
