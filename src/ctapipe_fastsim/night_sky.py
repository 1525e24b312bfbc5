"""More light of the night sky than in training is added to the charges."""

import numpy as np
from scipy.special import expit

from .array_types import FloatArray
from .response import LEVEL_LOGITS, CameraResponse

__all__ = ["add_night_sky", "night_sky_light"]


def night_sky_light(response: CameraResponse) -> float:
    """Mean photo-electrons of the night sky in a pixel's charge, as its noise tells.

    Electronics noise is symmetric; L photo-electrons of Poisson statistics, each of mean
    charge 1 and Gaussian width s, add L (1 + 3 s^2) to the third central moment of the charge
    (Campbell's theorem) and L (1 + s^2) to its variance, which is all that it can be at most.

    Parameters
    ----------
    response : CameraResponse

    Returns
    -------
    float
    """
    logits = np.linspace(LEVEL_LOGITS[0], LEVEL_LOGITS[-1], 4801)
    level = expit(logits)
    weight = level * (1 - level) / np.sum(level * (1 - level))
    charge = response.noise * np.interp(logits, LEVEL_LOGITS, response.charge_quantiles[0])
    deviation = charge - weight @ charge
    variance, third_moment = weight @ deviation**2, weight @ deviation**3
    width2 = response.charge_variance[1]
    return float(np.clip(third_moment / (1 + 3 * width2), 0, variance / (1 + width2)))


def add_night_sky(
    charge: FloatArray, response: CameraResponse, level: float, rng: np.random.Generator
) -> FloatArray:
    """Charges with the Poisson light that a brighter sky adds to every pixel, its mean subtracted.

    Parameters
    ----------
    charge : (B, P) float32 array, p.e.
    response : CameraResponse
    level : float
        Light of the night sky, in units of the training's; at least 1.
    rng : numpy.random.Generator

    Returns
    -------
    (B, P) float32 array, p.e.
    """
    mean = (level - 1) * night_sky_light(response)
    counts = rng.poisson(mean, charge.shape)
    width = np.sqrt(response.charge_variance[1] * counts)
    charge = charge + counts - mean + width * rng.standard_normal(charge.shape)
    if response.charge_step > 0:
        charge = np.rint(charge / response.charge_step) * response.charge_step
    return charge.astype(np.float32)
