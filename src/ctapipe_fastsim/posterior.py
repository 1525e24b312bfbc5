"""Latents of given images: the posterior of the encoder against the learned prior."""

import numpy as np
import torch

from .array_types import FloatArray
from .conditions import condition_values
from .flow_sampling import flow_arrays, flow_sample
from .model import TelescopeTypeModel
from .module_arrays import load_arrays
from .network import CVAE, prior_context
from .network_sizes import NetworkSizes
from .random_streams import random_stream
from .shower_frame import pixel_directions
from .training_data import TelescopeImages

__all__ = ["posterior_and_prior"]

BLOCK = 1024  # images


@torch.no_grad()
def posterior_and_prior(
    kind: TelescopeTypeModel, images: TelescopeImages, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Posterior of the latents of given images, and as many drawn from the prior.

    Parameters
    ----------
    kind : TelescopeTypeModel
    images : TelescopeImages
        Monte Carlo of that telescope type.
    seed : int

    Returns
    -------
    mean, log_variance : (N, Z) float32 arrays
        Of the Gaussian posterior of each image.
    prior : (N, Z) float32 array
        One draw for each image from the learned prior at its conditions and size.
    """
    values = condition_values(images.showers, images.geometry, *images.pointing)
    known = np.column_stack([kind.conditions.transform(values), kind.size.transform(images.size)])
    known = known.astype(np.float32)
    source_core = torch.as_tensor(images.geometry.source_core_arrays())
    pixels = pixel_directions(images.telescope.camera.geometry)
    cvae = load_arrays(CVAE(NetworkSizes(**kind.network_sizes), *pixels), kind.network)
    noise = random_stream("validation latents", seed).standard_normal(
        (len(known), cvae.sizes.n_latent), dtype=np.float32
    )
    sampler = flow_arrays(kind.network, noise.shape[1], known.shape[1] + 1, "prior.")
    parts = []
    for start in range(0, len(known), BLOCK):
        part = slice(start, start + BLOCK)
        counts = torch.as_tensor(images.counts[part].astype(np.float32))
        times = torch.as_tensor(np.nan_to_num(images.peak_time[part]))
        view = cvae.view(source_core[part], torch.ones(len(counts)))
        mean, log_variance = cvae.encode(counts, times, view, torch.as_tensor(known[part]))
        context = prior_context(torch.as_tensor(known[part]), view)
        prior = flow_sample(sampler, context.numpy(), noise[part])
        parts.append([mean.numpy(), log_variance.numpy(), prior])
    means, log_variances, priors = (np.concatenate(arrays) for arrays in zip(*parts))
    return means, log_variances, priors
