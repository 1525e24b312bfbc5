"""Conditional densities: neural spline flows (Durkan et al. 2019, arXiv 1906.04032)."""

import zuko

__all__ = ["latent_prior", "shower_development_flow", "size_flow"]


def latent_prior(n_latent: int, n_told: int) -> zuko.flows.NSF:
    """Density of the latents given the numbers of `prior_context`; each also given those before."""
    return zuko.flows.NSF(n_latent, n_told, transforms=3, hidden_features=(64, 64), bins=8)


def size_flow(n_conditions: int) -> zuko.flows.NSF:
    """Density of the standardised log size given C conditions."""
    return zuko.flows.NSF(1, n_conditions, transforms=1, hidden_features=(64, 64), bins=12)


def shower_development_flow(n_features: int, n_conditions: int) -> zuko.flows.NSF:
    """Joint density of X_max and height of first interaction given the energy."""
    return zuko.flows.NSF(n_features, n_conditions, transforms=1, hidden_features=(32, 32), bins=8)
