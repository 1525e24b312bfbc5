"""Samples of a toy law, to be compared: a light spot in a camera of 91 hexagonal pixels."""

import numpy as np
from toy_production import hexagonal_geometry

from ctapipe_fastsim.validation.sample import Sample

N_SHOWERS, N_CORES = 250, 3
CAMERA = hexagonal_geometry("toy", 91)
THRESHOLD_PE = 2


def toy_sample(seed, *, width=1.0, light=1.0, delay=0.0):
    """Images of always the same showers; light and noise depend on the seed.

    ``width`` and ``light`` multiply what they should be, ``delay`` (ns) is added to the time
    of light.
    """
    law, rng = np.random.default_rng(1), np.random.default_rng(seed)
    shower = np.repeat(np.arange(N_SHOWERS), N_CORES)
    log10_energy = law.uniform(0, 1, N_SHOWERS)[shower]
    impact = law.uniform(0, 200, len(shower))
    x, y = pixel_positions()

    size = light * 100 * 10**log10_energy * np.exp(-impact / 150)
    size *= rng.gamma(50, 1 / 50, len(shower))
    spread = width * (1 + impact / 300) * rng.gamma(100, 1 / 100, len(shower))
    place = rng.uniform(-2, 2, (2, len(shower), 1))
    square = (x - place[0]) ** 2 + (y - place[1]) ** 2  # (N, P)
    share = np.exp(-square / (2 * spread[:, np.newaxis] ** 2))
    share /= share.sum(axis=1, keepdims=True)
    counts = rng.poisson(size[:, np.newaxis] * share)

    charge = rng.normal(counts, np.sqrt(0.25 + 0.1 * counts)).astype(np.float32)
    arrival = 20 + delay + (impact / 50)[:, np.newaxis] * x
    time = np.where(counts > 0, rng.normal(arrival, 1), rng.uniform(0, 40, counts.shape))
    time = time.astype(np.float32)
    conditions = dict(log10_energy=log10_energy, impact_distance=impact)
    return Sample(charge, time, counts, moments(charge, time), conditions, shower)


def pixel_positions():
    """In pixels, two (P,) arrays."""
    x, y = (p.to_value("m") for p in (CAMERA.pix_x, CAMERA.pix_y))
    pitch = np.sqrt(CAMERA.pix_area[0].to_value("m2") * 2 / np.sqrt(3))
    return x / pitch, y / pitch


def moments(charge, time):
    """Simple image parameters of the pixels above threshold; NaN if they are fewer than four."""
    x, y = pixel_positions()
    kept = np.where(charge > THRESHOLD_PE, charge, 0)
    n_pixels = np.count_nonzero(kept, axis=1).astype(float)
    n_pixels[n_pixels < 4] = np.nan
    intensity = np.where(np.isfinite(n_pixels), kept.sum(axis=1), np.nan)
    weight = kept / intensity[:, np.newaxis]  # (N, P)
    lon, lat = weight @ x, weight @ y
    start = np.sum(weight * time, axis=1)
    late = time - start[:, np.newaxis]
    return dict(
        hillas_log10_intensity=np.log10(intensity),
        hillas_width=np.sqrt(weight @ (x**2 + y**2) - lon**2 - lat**2),
        hillas_fov_lon=lon,
        hillas_fov_lat=lat,
        timing_slope=np.sum(weight * late * x, axis=1),
        timing_deviation=np.sqrt(np.sum(weight * late**2, axis=1)),
        morphology_n_pixels=n_pixels,
    )


def named(figures, *parts):
    """The one figure whose name holds all parts."""
    (found,) = [figure for figure in figures if all(part in figure.name for part in parts)]
    return found
