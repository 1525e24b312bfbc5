"""What a telescope makes of light: efficiency, blur, noise and trigger, in a few numbers."""

from dataclasses import dataclass

import numpy as np

from ..array_types import FloatArray

__all__ = ["TelescopeResponse", "photomultiplier_efficiency"]


@dataclass(frozen=True)
class TelescopeResponse:
    """Response of one telescope type.

    Attributes
    ----------
    photon_efficiency : float
        Of mirrors, window and collection together, times `photomultiplier_efficiency`.
    optical_spread : float, deg
        Gaussian width of the point spread function, in each direction.
    night_sky : float, p.e.
        Mean number of photo-electrons of the night sky in a pixel's charge.
    single_photoelectron_width : float, p.e.
        Gaussian width of the charge of one photo-electron.
    electronics_noise : float, p.e.
        Gaussian width of the charge without any light.
    trigger_threshold : float, p.e.
        Charge that a pixel needs.
    trigger_multiplicity : int
        Pixels above the threshold that a pixel needs to have around it, itself included.
    """

    photon_efficiency: float = 0.72
    optical_spread: float = 0.04
    night_sky: float = 3.0
    single_photoelectron_width: float = 0.4
    electronics_noise: float = 0.6
    trigger_threshold: float = 8.0
    trigger_multiplicity: int = 3


def photomultiplier_efficiency() -> tuple[FloatArray, FloatArray]:
    """Quantum efficiency of a bialkali photomultiplier: wavelengths (nm) and values."""
    wavelength = np.arange(280.0, 620.0, 10.0)
    known = [280, 300, 350, 380, 420, 450, 500, 550, 600, 620]
    values = [0.05, 0.15, 0.22, 0.24, 0.24, 0.22, 0.16, 0.09, 0.04, 0.02]
    return wavelength, np.interp(wavelength, known, values)
