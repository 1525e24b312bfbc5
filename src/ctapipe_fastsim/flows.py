"""Conditional densities: neural spline flows (Durkan et al. 2019, arXiv 1906.04032)."""

import torch
import zuko

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


def flow_sample(flow, context, noise):
    """Sample a flow from given standard normal noise (B, features), so that the seed is ours.

    The same as ``flow(context).transform.inv(noise)``; but that makes torch import a computer
    algebra system, half a second before the first event.
    """
    value = noise
    for layer in reversed(flow.transform.transforms):
        value = _inverse(layer, context, value)
    return value


def _inverse(layer, context, value):
    """Undo one layer: feature by feature, or in passes where features depend on earlier ones."""
    if not hasattr(layer, "passes"):
        return _inverse_spline(layer(context).base, value)
    inverse = torch.zeros_like(value)
    for _ in range(layer.passes):
        spline = layer.meta(None, torch.cat([inverse, context], dim=-1)).base
        inverse = _inverse_spline(spline, value)
    return inverse


def _inverse_spline(spline, y):
    """Durkan et al. 2019, equations 6 to 8; the identity outside the outer knots."""
    bin = (spline.vertical < y[..., None]).sum(dim=-1, keepdim=True) - 1
    inside = (bin >= 0) & (bin < spline.bins)
    bin = bin.clamp(0, spline.bins - 1)
    (x0, x1), (y0, y1), (d0, d1) = (
        (knots.gather(-1, bin), knots.gather(-1, bin + 1))
        for knots in (spline.horizontal, spline.vertical, spline.derivatives)
    )
    rise = torch.where(inside, y[..., None] - y0, 0)
    s = (y1 - y0) / (x1 - x0)
    curvature = rise * (d0 + d1 - 2 * s)
    a = (y1 - y0) * (s - d0) + curvature
    b = (y1 - y0) * d0 - curvature
    c = -s * rise
    x = x0 + 2 * c / (-b - torch.sqrt(b**2 - 4 * a * c)) * (x1 - x0)
    return torch.where(inside, x, y[..., None]).squeeze(-1)
