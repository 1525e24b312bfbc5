"""Air: depth, height, density, refraction and absorption.

The U.S. standard atmosphere in five layers, in the parametrisation of CORSIKA (Heck and Pierog,
CORSIKA user's guide, appendix F, after Keilhauer et al. 2004, Astropart. Phys. 22, 249):
T(h) = a + b exp(-h / c) below 100 km, T(h) = a - b h / c above. The jitted functions are those
of ctapipe's `FiveLayerAtmosphereDensityProfile`, which `density_profile` gives.
"""

import math

import astropy.units as u
import numpy as np
from astropy.table import Table
from ctapipe.atmosphere import FiveLayerAtmosphereDensityProfile, TableAtmosphereDensityProfile
from numba import njit

from ..array_types import FloatArray

__all__ = [
    *("TOP", "density", "density_profile", "depth", "height"),
    *("mean_refractivity", "refractivity", "tabulated_profile", "transmission"),
]

LAYER_BOTTOM = np.array([0.0, 4e5, 1e6, 4e6, 1e7])  # cm
LAYER_A = np.array([-186.555305, -94.919, 0.61289, 0.0, 0.01128292])  # g/cm2
LAYER_B = np.array([1222.6562, 1144.9069, 1305.5948, 540.1778, 1.0])  # g/cm2
LAYER_C = np.array([994186.38, 878153.55, 636143.04, 772170.16, 1e9])  # cm
TOP = 1.128e7  # cm; no air above
REFRACTIVITY = 2.83e-4  # n - 1 at sea level, around 400 nm; scales with density
AEROSOL_DEPTH = 0.08  # vertical optical depth from sea level at 550 nm, falls as 1 / wavelength
AEROSOL_SCALE_HEIGHT = 1.2e5  # cm


def density_profile() -> FiveLayerAtmosphereDensityProfile:
    """The same air as ctapipe's FiveLayerAtmosphereDensityProfile."""
    table = np.stack([LAYER_BOTTOM, LAYER_A, LAYER_B, LAYER_C, 1 / LAYER_C], axis=1)
    return FiveLayerAtmosphereDensityProfile.from_array(table)


def tabulated_profile() -> TableAtmosphereDensityProfile:
    """The same air as ctapipe's TableAtmosphereDensityProfile, the kind that files hold."""
    heights = np.linspace(0, 1e7, 501) * u.cm
    profile = density_profile()
    table = Table(
        {
            "height": heights.to(u.km),
            "density": profile(heights),
            "column_density": profile.integral(heights),
        }
    )
    return TableAtmosphereDensityProfile(table)


@njit(cache=True, error_model="numpy", fastmath=True)
def depth(height: float) -> float:
    """Vertical depth above a height (cm), g/cm2."""
    if height >= TOP:
        return 0.0
    layer = 4
    while layer > 0 and height < LAYER_BOTTOM[layer]:
        layer -= 1
    a, b, c = LAYER_A[layer], LAYER_B[layer], LAYER_C[layer]
    if layer == 4:
        return max(a - b * height / c, 0.0)
    return a + b * math.exp(-height / c)


LAYER_DEPTH = np.array([depth(bottom) for bottom in LAYER_BOTTOM])  # g/cm2


@njit(cache=True, error_model="numpy", fastmath=True)
def height(depth: float) -> float:
    """Height of a vertical depth (g/cm2), cm."""
    if depth <= 0.0:
        return TOP
    layer = 4
    while layer > 0 and depth > LAYER_DEPTH[layer]:
        layer -= 1
    a, b, c = LAYER_A[layer], LAYER_B[layer], LAYER_C[layer]
    if layer == 4:
        return min((a - depth) * c / b, TOP)
    return -c * math.log((depth - a) / b)


@njit(cache=True, error_model="numpy", fastmath=True)
def density(depth: float) -> float:
    """Density where the vertical depth is this (g/cm2), g/cm3: -dT/dh, without an exponential."""
    layer = 4
    while layer > 0 and depth > LAYER_DEPTH[layer]:
        layer -= 1
    if layer == 4:
        return LAYER_B[4] / LAYER_C[4]
    return (depth - LAYER_A[layer]) / LAYER_C[layer]


GROUND_DENSITY = density(depth(0.0))  # g/cm3, at sea level


@njit(cache=True, error_model="numpy", fastmath=True)
def refractivity(depth: float) -> float:
    """Refractive index minus 1 where the vertical depth is this (g/cm2)."""
    return REFRACTIVITY / GROUND_DENSITY * density(depth)


@njit(cache=True, error_model="numpy", fastmath=True)
def mean_refractivity(depth: float, height: float, ground_depth: float, ground: float) -> float:
    """Refractive index minus 1, mean along a straight line from a height (cm) to the ground."""
    air = (ground_depth - depth) / max(height - ground, 1.0)
    return REFRACTIVITY / GROUND_DENSITY * air


def transmission(
    wavelength: FloatArray, height: float, ground: float, cos_zenith: float
) -> FloatArray:
    """Share of light that reaches the ground: Rayleigh scattering and aerosol, no ozone.

    Parameters
    ----------
    wavelength : (W,) array, nm
    height : float, cm
        Where the light starts.
    ground : float, cm
    cos_zenith : float
        Of the light's direction, air taken as flat.

    Returns
    -------
    (W,) array

    Notes
    -----
    Rayleigh optical depth of the whole air: Hansen and Travis 1974, Space Sci. Rev. 16, 527,
    equation 2.30.
    """
    micron = np.asarray(wavelength) / 1000
    rayleigh = 0.008569 * micron**-4 * (1 + 0.0113 * micron**-2 + 0.00013 * micron**-4)
    aerosol = AEROSOL_DEPTH * 0.55 / micron
    air = (depth(ground) - depth(height)) / depth(0.0)
    haze = np.exp(-ground / AEROSOL_SCALE_HEIGHT) - np.exp(-height / AEROSOL_SCALE_HEIGHT)
    return np.exp(-(rayleigh * max(air, 0.0) + aerosol * max(haze, 0.0)) / cos_zenith)
