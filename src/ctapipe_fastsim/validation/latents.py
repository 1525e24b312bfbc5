"""Figures: latents of an autoencoder, and does its prior draw what its posterior finds?"""

import numpy as np

from ctapipe_fastsim.array_types import FloatArray
from ctapipe_fastsim.random_streams import random_stream

from .bootstrap import Estimate
from .distances import relative_wasserstein
from .figures import Topic, compared_figure, judged
from .goals import Goals

__all__ = ["latents"]

_ACTIVE_VARIANCE = 0.01


def latents(
    mean: FloatArray, log_variance: FloatArray, prior: FloatArray, goals: Goals, seed: int
) -> Topic:
    """Compare the prior with the posterior of images that training never saw.

    A latent is active if the variance of its posterior mean over the images is above 0.01
    (Burda et al. 2016, arXiv 1509.00519). Its KL divergence is that of the posterior of an
    image from a normal distribution with the mean and variance of the prior samples.

    Parameters
    ----------
    mean, log_variance : (N, Z) arrays
        Of the normal posterior of each image.
    prior : (M, Z) array
        Samples of the prior at the conditions of these images.
    goals : Goals
    seed : int

    Returns
    -------
    figures : list of Figure
        Images count as independent.
    arrays : dict of array
        For each latent, (Z,) arrays: ``posterior_mean`` and ``posterior_variance`` of a
        sample of all posteriors, ``prior_mean``, ``prior_variance``, ``kl`` (nats), ``active``.
    """
    noise = random_stream("validation latents", seed).standard_normal(mean.shape)
    posterior = mean + np.exp(log_variance / 2) * noise
    active = mean.var(axis=0) > _ACTIVE_VARIANCE
    kl = _kl_divergence(mean, log_variance, prior.mean(axis=0), prior.var(axis=0))
    groups = np.arange(len(posterior)), np.arange(len(prior))
    figures = [
        judged("active latents", _exact(active.sum()), note=f"of {mean.shape[1]}"),
        judged("KL divergence of all latents in nats", _exact(kl.sum())),
    ]
    for i in range(mean.shape[1]):
        title = f"latent {i}, prior: Wasserstein distance / standard deviation"
        columns = posterior[:, i], prior[:, i]
        figures.append(
            compared_figure(title, relative_wasserstein, *columns, groups, seed, goals.wasserstein)
        )
    return figures, dict(
        posterior_mean=posterior.mean(axis=0),
        posterior_variance=posterior.var(axis=0),
        prior_mean=prior.mean(axis=0),
        prior_variance=prior.var(axis=0),
        kl=kl,
        active=active,
    )


def _exact(value: float) -> Estimate:
    return Estimate(float(value), np.nan)


def _kl_divergence(
    mean: FloatArray, log_variance: FloatArray, prior_mean: FloatArray, prior_variance: FloatArray
) -> FloatArray:
    """Mean over the images of KL(N(mean, variance) || N(prior mean, prior variance)), (Z,)."""
    variance = np.exp(log_variance)
    square = (variance + (mean - prior_mean) ** 2) / prior_variance
    return 0.5 * (square - 1 + np.log(prior_variance) - log_variance).mean(axis=0)
