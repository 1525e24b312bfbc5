"""Conditional densities: neural spline flows (Durkan et al. 2019, arXiv 1906.04032)."""

import numpy as np
import torch
import zuko

from .spline_inverse import invert_splines

__all__ = ["flow_sample", "latent_prior", "shower_development_flow", "size_flow"]


def latent_prior(n_latent, n_known):
    """Density of the latents given conditions and size; two passes draw a sample."""
    return zuko.flows.NSF(
        n_latent, n_known, transforms=3, passes=2, hidden_features=(64, 64), bins=8
    )


def size_flow(n_conditions):
    """Density of the standardised log size given C conditions."""
    return zuko.flows.NSF(1, n_conditions, transforms=1, hidden_features=(64, 64), bins=12)


def shower_development_flow(n_features, n_conditions):
    """Joint density of X_max and height of first interaction given the energy."""
    return zuko.flows.NSF(n_features, n_conditions, transforms=1, hidden_features=(32, 32), bins=8)


@torch.no_grad()
def flow_sample(flow, context, noise):
    """Sample a flow from given standard normal noise (B, features), so that the seed is ours.

    The same as ``flow(context).transform.inv(noise)``, in a fifth of the time.
    """
    value = noise
    for layer in reversed(flow.transform.transforms):
        value = _inverse(layer, context, value)
    return value


def _inverse(layer, context, value):
    """Undo one layer: feature by feature, or in passes where features depend on earlier ones."""
    inverse = torch.zeros_like(value)
    if not hasattr(layer, "passes"):
        everything = np.ones(value.shape[1], dtype=bool)
        return _with_features(inverse, layer.hyper(context), value, everything)
    for number in range(layer.passes):
        parameters = layer.hyper(torch.cat([inverse, context], dim=-1))
        chosen = (layer.order == number).cpu().numpy()
        inverse = _with_features(inverse, parameters, value, chosen)
    return inverse


def _with_features(inverse, parameters, value, chosen):
    """Some features of the inverse replaced, by splines with (B, features * numbers) parameters."""
    parameters = parameters.view(*value.shape, -1).cpu().numpy()
    inverse = inverse.cpu().numpy()
    invert_splines(parameters, value.cpu().numpy(), chosen, inverse)
    return torch.as_tensor(inverse, device=value.device)
