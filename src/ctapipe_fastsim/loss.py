"""The loss: evidence lower bound of counted, clumpy light and arrival times.

Shapes as in network.py: B images, P pixels, Z latents.
"""

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from .time_links import arrival_log_density, linked_times

if TYPE_CHECKING:
    from .network import CVAE, LightMap

__all__ = ["count_log_likelihood", "kl_sample", "kl_standard_normal", "time_log_likelihood"]


def count_log_likelihood(
    counts: torch.Tensor, fraction: torch.Tensor, clump: torch.Tensor
) -> torch.Tensor:
    """Negative binomial log likelihood of the photo-electrons, (B,), without log n! terms.

    Mean m = S p, variance m (1 + b): shape r = m / b (e.g. Hilbe 2011, eq. 8.1, as a
    gamma mixture of Poisson counts). Most pixels are empty, so the gamma functions are
    taken for lit pixels only.

    Parameters
    ----------
    counts : (B, P) tensor
    fraction, clump : (B, P) tensors
        p and b of `network.LightMap`; S is the sum of the counts.
    """
    shape = counts.sum(dim=1, keepdim=True) * fraction / clump + 1e-6
    log_variance_ratio = torch.log1p(clump)
    image, pixel = counts.nonzero(as_tuple=True)
    n, r, b = counts[image, pixel], shape[image, pixel], clump[image, pixel]
    lit = torch.lgamma(n + r) - torch.lgamma(r) + n * (torch.log(b) - torch.log1p(b))
    dark = -(shape * log_variance_ratio).sum(dim=1)
    return dark.index_add(0, image, lit)


def time_log_likelihood(
    counts: torch.Tensor, times: torch.Tensor, light: "LightMap", network: "CVAE"
) -> torch.Tensor:
    """Log likelihood of the peak times of lit pixels, (B,).

    With n photo-electrons a pixel shows the light's arrival time, with odds that grow as a
    power of n, and otherwise some time of the night sky, flat in the window.

    Parameters
    ----------
    counts, times : (B, P) tensors
        Photo-electrons and peak times (ns).
    light : network.LightMap
    network : CVAE
        Holds what is learned of times, and the window.
    """
    seen = linked_times(counts, times, light, network)
    time = times[seen.image, seen.pixel]
    free = arrival_log_density(time, seen.free_time, seen.free_spread, network)
    linked = arrival_log_density(time, seen.linked_time, seen.linked_spread, network)
    either = torch.logaddexp(
        functional.logsigmoid(seen.link_odds) + linked,
        functional.logsigmoid(-seen.link_odds) + free,
    )
    signal = functional.logsigmoid(seen.odds) + torch.where(seen.is_linked, either, free)
    night_sky = functional.logsigmoid(-seen.odds) - math.log(network.sizes.time_window)
    log_likelihood = torch.logaddexp(signal, night_sky)
    return counts.new_zeros(len(counts)).index_add(0, seen.image, log_likelihood)


def kl_sample(
    latent: torch.Tensor, mean: torch.Tensor, log_variance: torch.Tensor, log_prior: torch.Tensor
) -> torch.Tensor:
    """One-sample estimate of KL(q || prior), (B,), for a prior without a closed form.

    Parameters
    ----------
    latent, mean, log_variance : (B, Z) tensors
        The sample and the posterior that it was drawn from.
    log_prior : (B,) tensor
        Log density of the prior at the sample.
    """
    scaled = (latent - mean) ** 2 / log_variance.exp()
    log_posterior = -0.5 * (scaled + log_variance + math.log(2 * math.pi)).sum(dim=1)
    return log_posterior - log_prior


def kl_standard_normal(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
    """KL divergence of N(mean, variance) from N(0, 1), (B,); arguments (B, ...)."""
    kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)
    return kl.flatten(1).sum(dim=1)
