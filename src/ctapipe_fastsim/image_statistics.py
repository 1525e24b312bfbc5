"""Numbers that tell recorded images from generated ones: moments in the shower frame, neighbours.

Unlike Hillas parameters they are defined for every image, however faint.
"""

import numpy as np
from numba import njit

__all__ = ["THRESHOLDS", "image_statistics", "n_statistics", "neighbour_table"]

THRESHOLDS = np.array([1.2, 2.4, 4.8, 9.6])  # standard deviations of a pixel without light
PER_THRESHOLD = 16
OF_ALL_PIXELS = 4
NEAR = 1.5  # pixel spacings around the centre of gravity


def n_statistics():
    """How many numbers `image_statistics` gives."""
    return PER_THRESHOLD * len(THRESHOLDS) + OF_ALL_PIXELS


def neighbour_table(camera_geometry):
    """Neighbours of each pixel, (P, K) int array, -1 where there are fewer than K."""
    matrix = camera_geometry.neighbor_matrix
    table = np.full((len(matrix), matrix.sum(axis=1).max(initial=1)), -1)
    for row, neighbours in zip(table, matrix):
        found = np.flatnonzero(neighbours)
        row[: len(found)] = found
    return table


def image_statistics(charge, peak_time, along, across, neighbours, border, noise, spacing):
    """Statistics of B images, the same for an image and its reflection.

    For each threshold, of the pixels above it that have a neighbour above it too: number,
    charge, centre of gravity (u, \\|v\\|), standard deviations along u and v and \\|covariance\\|,
    skewness and kurtosis along u, time gradient along u, mean time and spread around the
    gradient, the shares of charge in the brightest pixel, near the centre of gravity and at the
    camera's border, and the number of pixels there.
    Of all pixels: the highest charge that two, and three, neighbours all reach (what a
    next-neighbour trigger asks for), sum, and root of the sum of squares.

    Parameters
    ----------
    charge, peak_time : (B, P) arrays, p.e. and ns
    along, across : (B, P) arrays, deg
        u and v of `shower_frame.to_shower_frame`.
    neighbours : (P, K) int array
        Of `neighbour_table`.
    border : (P,) bool array
        Pixels at the camera's border.
    noise : float, p.e.
        Standard deviation of a pixel without light.
    spacing : float, deg
        Distance of neighbouring pixels.

    Returns
    -------
    (B, `n_statistics`) array
    """
    statistics = np.zeros((len(charge), n_statistics()))
    bright = np.empty(charge.shape[1], dtype=np.int64)
    for row in range(len(charge)):
        image = charge[row], peak_time[row], along[row], across[row]
        for i, threshold in enumerate(THRESHOLDS * noise):
            n = _bright_pixels(charge[row], neighbours, threshold, bright)
            part = statistics[row, i * PER_THRESHOLD : (i + 1) * PER_THRESHOLD]
            if n:
                _moments(*image, border, bright[:n], NEAR * spacing, part)
        _neighbour_charges(charge[row], neighbours, statistics[row, -OF_ALL_PIXELS:])
    return statistics


@njit(cache=True, nogil=True)
def _bright_pixels(charge, neighbours, threshold, bright):
    """Write pixels that are above the threshold and not alone to ``bright``; their number."""
    n = 0
    for pixel in range(len(charge)):
        if charge[pixel] > threshold:
            for neighbour in neighbours[pixel]:
                if neighbour >= 0 and charge[neighbour] > threshold:
                    bright[n] = pixel
                    n += 1
                    break
    return n


@njit(cache=True, nogil=True)
def _moments(charge, time, along, across, border, pixels, near, out):
    q = charge[pixels].astype(np.float64)
    u, v, t = along[pixels], across[pixels], time[pixels]
    total = q.sum()
    centre_u, centre_v, mean_time = (q * u).sum() / total, (q * v).sum() / total, 0.0
    du, dv = u - centre_u, v - centre_v
    variance_u, variance_v = (q * du**2).sum() / total, (q * dv**2).sum() / total
    variance_u, variance_v = max(variance_u, 1e-6), max(variance_v, 1e-6)
    mean_time = (q * t).sum() / total
    gradient = (q * du * (t - mean_time)).sum() / total / variance_u
    residual = t - mean_time - gradient * du
    out[0] = len(q)
    out[1] = total
    out[2] = centre_u
    out[3] = abs(centre_v)
    out[4] = np.sqrt(variance_u)
    out[5] = np.sqrt(variance_v)
    out[6] = abs((q * du * dv).sum() / total)
    out[7] = (q * du**3).sum() / total / variance_u**1.5
    out[8] = (q * du**4).sum() / total / variance_u**2
    out[9] = gradient
    out[10] = mean_time
    out[11] = np.sqrt((q * residual**2).sum() / total)
    out[12] = q.max() / total
    out[13] = q[du**2 + dv**2 < near**2].sum() / total
    out[14] = q[border[pixels]].sum() / total
    out[15] = border[pixels].sum()


@njit(cache=True, nogil=True)
def _neighbour_charges(charge, neighbours, out):
    pair = triple = total = squares = 0.0
    for pixel in range(len(charge)):
        total += charge[pixel]
        squares += charge[pixel] ** 2
        if charge[pixel] <= triple:
            continue
        for i, second in enumerate(neighbours[pixel]):
            if second < 0:
                continue
            of_two = min(charge[pixel], charge[second])
            pair = max(pair, of_two)
            for third in neighbours[pixel, i + 1 :]:
                if third >= 0:
                    triple = max(triple, min(of_two, charge[third]))
    out[0] = pair
    out[1] = triple
    out[2] = total
    out[3] = np.sqrt(squares)
