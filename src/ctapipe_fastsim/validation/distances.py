"""Distance between the distributions of one image parameter in two samples."""

import numpy as np
from scipy.stats import wasserstein_distance

__all__ = ["relative_wasserstein"]


def relative_wasserstein(reference, generated):
    """Wasserstein distance in units of the reference's standard deviation.

    Parameters
    ----------
    reference : (N,) array
        One parameter in Monte Carlo; NaN is left out.
    generated : (M,) array
        The same parameter, in the same unit, in the other sample; NaN is left out.

    Returns
    -------
    float
        0 for equal distributions, NaN if a sample has no value, infinite if only the
        reference is constant.
    """
    reference = reference[np.isfinite(reference)]
    generated = generated[np.isfinite(generated)]
    if not (reference.size and generated.size):
        return np.nan
    distance = wasserstein_distance(reference, generated)
    if distance == 0:  # also for two samples of one constant, such as no large island
        return 0.0
    deviation = reference.std()
    return float(distance / deviation) if deviation > 0 else np.inf
