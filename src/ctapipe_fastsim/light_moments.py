"""Moments of an image's light in the shower frame, for the encoder: finer than any grid."""

import torch

__all__ = ["N_MOMENTS", "light_moments"]

N_MOMENTS = 11
SMALLEST_TIME_SPREAD = 0.01


def light_moments(
    counts: torch.Tensor, times: torch.Tensor, u: torch.Tensor, v: torch.Tensor, spacing: float
) -> torch.Tensor:
    """Moments of the photo-electrons of B images.

    Parameters
    ----------
    counts : (B, P) tensor
        True photo-electrons.
    times : (B, P) tensor
        Peak times, scaled to be of order one.
    u, v : (B, P) tensors, deg
        Pixels in the shower frame.
    spacing : float, deg
        Distance of neighbouring pixels, the unit of length.

    Returns
    -------
    (B, `N_MOMENTS`) tensor
        Centre along and across the shower, logarithms of the variances, correlation and
        skewness along; mean time, its gradients along and across, and the logarithm of its
        spread around them; logarithm of the largest share of a pixel.
    """
    weight = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)

    def mean(values: torch.Tensor) -> torch.Tensor:
        return (weight * values).sum(dim=1, keepdim=True)

    centre_u, centre_v, time = mean(u), mean(v), mean(times)
    du, dv = (u - centre_u) / spacing, (v - centre_v) / spacing
    variance_u, variance_v = mean(du**2) + 0.1, mean(dv**2) + 0.1  # of a single pixel, about
    late = times - time
    gradient_u, gradient_v = mean(du * late) / variance_u, mean(dv * late) / variance_v
    spread = mean((late - gradient_u * du - gradient_v * dv) ** 2)
    moments = [
        centre_u / (10 * spacing),
        centre_v / spacing,
        torch.log(variance_u),
        torch.log(variance_v),
        mean(du * dv) / torch.sqrt(variance_u * variance_v),
        mean(du**3) / variance_u**1.5,
        time,
        gradient_u * torch.sqrt(variance_u),
        gradient_v * torch.sqrt(variance_v),
        0.5 * torch.log(spread + SMALLEST_TIME_SPREAD**2),
        torch.log(weight.amax(dim=1, keepdim=True) + 1e-3),
    ]
    return torch.cat(moments, dim=1)
