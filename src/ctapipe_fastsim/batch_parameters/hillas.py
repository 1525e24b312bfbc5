"""Moments of the light: ctapipe.image.hillas_parameters, which has the formulas' sources.

The principal axes of the 2 x 2 covariance are written out; for them see Hillas 1985 (19th ICRC,
vol. 3, p. 445).
"""

import numpy as np
from numba import njit

from ..array_types import FloatArray, Vector

__all__ = ["NAMES", "along_axis", "hillas"]

NAMES = (
    *("intensity", "skewness", "kurtosis", "fov_lon", "fov_lat", "r", "phi", "length"),
    *("length_uncertainty", "width", "width_uncertainty", "psi", "psi_uncertainty"),
    "transverse_cog_uncertainty",
)
NEAR_ZERO = np.finfo(np.float64).eps  # deg2; ctapipe takes smaller variances for rounding


@njit(cache=True, nogil=True, error_model="numpy")
def hillas(x: FloatArray, y: FloatArray, area: FloatArray, image: FloatArray) -> tuple[float, ...]:
    """Parameters of one cleaned image of n pixels, in the order of `NAMES`.

    Parameters
    ----------
    x, y, area : (n,) arrays, deg and deg2
    image : (n,) float64 array, p.e.

    Returns
    -------
    tuple of float
        Lengths in deg, angles in rad.
    """
    size = image.sum()
    mean_x, mean_y = (x * image).sum() / size, (y * image).sum() / size
    dx, dy = x - mean_x, y - mean_y
    xx, yy, xy = _covariance(dx, dy, image, size)
    width, length, psi = _principal_axes(xx, yy, xy)
    nan = np.nan
    skewness, kurtosis, psi_error, cog_error = nan, nan, nan, nan
    length_error, width_error = nan, nan
    if length > 0:
        along, across = dx * np.cos(psi) + dy * np.sin(psi), dy * np.cos(psi) - dx * np.sin(psi)
        skewness = (along**3 * image).sum() / size / length**3
        kurtosis = (along**4 * image).sum() / size / length**4
        psi_error, cog_error = _axis_errors(along, across, image / area, width / length)
        length_error = _spread_error(dx, dy, image, size, xx, yy, xy, psi) / (2 * length)
    if length > 0 and width > 0:
        error = _spread_error(dx, dy, image, size, xx, yy, xy, psi + np.pi / 2)
        width_error = error / (2 * width)
    r, phi = np.hypot(mean_x, mean_y), np.arctan2(mean_y, mean_x)
    place = size, skewness, kurtosis, mean_x, mean_y, r, phi
    shape = length, length_error, width, width_error, psi, psi_error, cog_error
    return place + shape


@njit(cache=True, nogil=True)
def along_axis(
    x: FloatArray, y: FloatArray, mean_x: float, mean_y: float, psi: float
) -> FloatArray:
    """Coordinate along the main axis from the centre of gravity, (n,) array in deg."""
    return (x - mean_x) * np.cos(psi) + (y - mean_y) * np.sin(psi)


@njit(cache=True, nogil=True)
def _covariance(dx: FloatArray, dy: FloatArray, image: FloatArray, size: float) -> Vector:
    mean_x, mean_y = (dx * image).sum() / size, (dy * image).sum() / size  # nearly zero
    xx = ((dx - mean_x) ** 2 * image).sum() / size
    yy = ((dy - mean_y) ** 2 * image).sum() / size
    xy = ((dx - mean_x) * (dy - mean_y) * image).sum() / size
    return xx, yy, xy


@njit(cache=True, nogil=True, error_model="numpy")
def _principal_axes(xx: float, yy: float, xy: float) -> Vector:
    """Spread along the minor and the major axis, and the direction of the latter."""
    half_difference = (xx - yy) / 2
    root = np.hypot(half_difference, xy)
    large = (xx + yy) / 2 + root
    small = max(0.0, (xx * yy - xy * xy) / large) if large > 0 else 0.0
    if small <= NEAR_ZERO:
        small = 0.0
    if large <= NEAR_ZERO:
        return 0.0, 0.0, np.nan
    if half_difference < 0:  # the form of the eigenvector without cancellation
        vx, vy = xy, root - half_difference
    else:
        vx, vy = root + half_difference, xy
    psi = np.arctan(vy / vx) if vx != 0 else np.pi / 2
    return np.sqrt(small), np.sqrt(large), psi


@njit(cache=True, nogil=True, error_model="numpy")
def _axis_errors(
    along: FloatArray, across: FloatArray, weight: FloatArray, elongation: float
) -> tuple[float, float]:
    """Errors of psi and of the centre's position across, from a straight-line fit."""
    s0, s1, s2 = weight.sum(), (weight * along).sum(), (weight * along**2).sum()
    t0, t1 = (weight * across).sum(), (weight * along * across).sum()
    determinant = s2 * s0 - s1 * s1
    slope = (s0 * t1 - s1 * t0) / determinant
    psi_error = np.sqrt(s0 / determinant + slope**2)
    psi_error *= 1 + np.tan(elongation * np.pi / 2) ** 2
    return psi_error, np.sqrt(s2 / determinant * (1 + np.sin(slope) ** 2))


@njit(cache=True, nogil=True)
def _spread_error(
    dx: FloatArray,
    dy: FloatArray,
    image: FloatArray,
    size: float,
    xx: float,
    yy: float,
    xy: float,
    angle: float,
) -> float:
    """Error of the variance along a direction."""
    cos2, sin2 = (1 + np.cos(2 * angle)) / 2, (1 - np.cos(2 * angle)) / 2
    twice = np.sin(2 * angle)
    total = 0.0
    for i in range(len(dx)):
        a, b, c = dx[i] ** 2 - xx, dy[i] ** 2 - yy, dx[i] * dy[i] - xy
        total += ((cos2 * a + sin2 * b + twice * c) / size) ** 2 * image[i]
    return np.sqrt(total)
