"""The showers of a production thrown once more, for learning which of them are recorded.

A production uses each shower with several cores, so its recorded images come in clusters of
equal energy, direction and X_max. Recorded showers are thrown anew with new cores. Showers
that never left an image are known by their number in each energy bin only; they are drawn
from the thrown distribution, with the X_max of recorded ones.

Where an event needs several telescopes, a core is seen in V views: by one telescope of the type,
then by all others of the array.
"""

from dataclasses import replace

import numpy as np
from ctapipe.instrument import TelescopeDescription

from .array_types import Columns, FloatArray, IntArray
from .conditions import condition_values
from .development import draw_development
from .model import Model
from .shower_frame import image_geometry
from .showers import Showers, ThrownDistribution
from .training_data import Production, TelescopeImages

__all__ = [
    "n_views",
    "recorded_showers",
    "recorded_views",
    "spread_like_thrown",
    "thrown_anew",
    "with_new_cores",
]

N_CORES = 48
N_NEVER_RECORDED = 1000
N_ENERGY_BINS = 20
N_SPREAD = 200_000


def n_views(production: Production) -> int:
    """V: all telescopes of the array where an event needs several of them, else 1."""
    return 1 if production.min_telescopes == 1 else len(production.subarray.tel)


def recorded_showers(production: Production) -> tuple[Showers, FloatArray, IntArray]:
    """Every shower that left an image, once.

    Parameters
    ----------
    production : Production

    Returns
    -------
    showers : Showers
        M entries; the core is that of one of its images.
    altitude : (M,) array, rad
        Of the pointing that it was seen at.
    run : (M,) int array
        Which of ``production.thrown`` it is of.
    """
    sets = list(production.images.values())
    keys = np.concatenate([images.shower_keys for images in sets])
    _, first = np.unique(keys, axis=0, return_index=True)
    altitude = np.concatenate([images.pointing_altitude for images in sets])[first]
    run = np.concatenate([images.run for images in sets])[first]
    showers = Showers.concatenate([images.showers for images in sets])
    return showers[first], altitude, run


def thrown_anew(
    production: Production, images: TelescopeImages, model: Model, rng: np.random.Generator
) -> tuple[Columns, FloatArray, FloatArray, IntArray]:
    """Showers of a production with new cores, as seen by telescopes of one type.

    Parameters
    ----------
    production : Production
    images : TelescopeImages
        Of the telescope type.
    model : Model
        With the shower development.
    rng : numpy.random.Generator

    Returns
    -------
    values : dict of str to (M * K * V,) array
        As `condition_values`, V views of K cores for each of M showers, one after the other.
    n_thrown, n_lost : (M,) arrays
        How often each shower was thrown before a telescope of this type, and how often it was
        not recorded; showers never recorded stand for several (or a fraction of one).
    shower_of_image : (N,) int array
        Which of the M showers each image is of.
    """
    positions = _positions(production, images.telescope)
    parts, everything = [], []
    for number, run in enumerate(production.thrown):
        showers, stands_for = _showers_of_run(production, model, number, rng)
        n_thrown = stands_for * run.shower_reuse * len(positions)
        parts.append((_conditions(showers, run, positions, rng), n_thrown))
        everything.append(showers)
    of_runs, numbers = zip(*parts)
    values = {name: np.concatenate([v[name] for v in of_runs]) for name in of_runs[0]}
    n_thrown = np.concatenate(numbers)
    shower_of_image = _shower_of_image(Showers.concatenate(everything), images)
    n_recorded = np.bincount(shower_of_image, minlength=len(n_thrown))
    return values, n_thrown, np.maximum(0, n_thrown - n_recorded), shower_of_image


def spread_like_thrown(
    production: Production,
    primary_id: int,
    images: TelescopeImages,
    model: Model,
    rng: np.random.Generator,
) -> tuple[Columns, float]:
    """Cores of one primary spread over energy and distance exactly as its histogram says.

    Parameters
    ----------
    primary_id : int
    production, images, model, rng
        As for `thrown_anew`.

    Returns
    -------
    values : dict of str to (M * V,) array
        As `condition_values`, V views of each core.
    n_thrown : int
        How many times a core was thrown before a telescope of this type.
    """
    positions = _positions(production, images.telescope)
    runs = [run for run in production.thrown if run.primary_id == primary_id]
    n_thrown = sum(run.n_thrown for run in runs)
    parts = []
    for run in runs:
        showers = run.replace(n_thrown=round(N_SPREAD * run.n_thrown / n_thrown)).throw(rng)
        if histogram := production.thrown_histograms[run]:
            showers = _in_cells(showers, *histogram, rng)
        showers = draw_development(model, showers, run.altitude, rng)
        parts.append(_in_any_telescope(showers, run, positions, rng))
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return values, n_thrown * len(positions)


def recorded_views(production: Production, images: TelescopeImages) -> Columns:
    """Conditions of recorded images, as `condition_values` of (N * V,) entries: V views of each."""
    views = _positions(production, images.telescope)  # (T, V, 3)
    away = images.telescope_position[:, None] - views[:, 0]
    views = views[np.linalg.norm(away, axis=-1).argmin(axis=1)]
    views[:, 0] = images.telescope_position
    pointing = images.pointing_altitude, images.pointing_azimuth
    return _in_telescopes(images.showers, *pointing, views)


def _in_cells(
    showers: Showers,
    counts: FloatArray,
    energy_edges: FloatArray,
    distance_edges: FloatArray,
    rng: np.random.Generator,
) -> Showers:
    """Showers with energies and core distances drawn from a histogram, flat inside of cells."""
    cell = rng.choice(counts.size, len(showers), p=counts.ravel() / counts.sum())
    row, column = np.unravel_index(cell, counts.shape)
    low, high = np.log(energy_edges[row]), np.log(energy_edges[row + 1])
    energy = np.exp(low + (high - low) * rng.random(len(showers)))
    low, high = distance_edges[column] ** 2, distance_edges[column + 1] ** 2
    distance = np.sqrt(low + (high - low) * rng.random(len(showers)))
    angle = np.arctan2(showers.core_y, showers.core_x)
    return replace(
        showers, energy=energy, core_x=distance * np.cos(angle), core_y=distance * np.sin(angle)
    )


def _positions(production: Production, telescope: TelescopeDescription) -> FloatArray:
    """Of all telescopes of one type, each followed by the others that matter, (T, V, 3), m."""
    subarray = production.subarray
    every = np.stack([position.to_value("m") for position in subarray.positions.values()])
    of_type = [str(description) == str(telescope) for description in subarray.tel.values()]
    views = np.arange(n_views(production))
    return every[(np.flatnonzero(of_type)[:, None] + views) % len(every)]


def with_new_cores(showers: Showers, run: ThrownDistribution, rng: np.random.Generator) -> Showers:
    """Every shower of a run K times, each with another core."""
    row = np.repeat(np.arange(len(showers)), N_CORES)
    core_x, core_y = run.cores(rng, len(row), strata=N_CORES)
    return replace(showers[row], core_x=core_x, core_y=core_y)


def _conditions(
    showers: Showers, run: ThrownDistribution, positions: FloatArray, rng: np.random.Generator
) -> Columns:
    """Conditions of every shower with K new cores, from a telescope taken at random."""
    return _in_any_telescope(with_new_cores(showers, run, rng), run, positions, rng)


def _in_any_telescope(
    showers: Showers, run: ThrownDistribution, positions: FloatArray, rng: np.random.Generator
) -> Columns:
    """Conditions of N showers, each from a telescope taken at random."""
    n = len(showers)
    views = positions[rng.integers(len(positions), size=n)]
    return _in_telescopes(showers, np.full(n, run.altitude), np.full(n, run.azimuth), views)


def _in_telescopes(
    showers: Showers, altitude: FloatArray, azimuth: FloatArray, views: FloatArray
) -> Columns:
    """Conditions of N showers in V telescopes at (N, V, 3) positions."""
    row = np.repeat(np.arange(len(showers)), views.shape[1])
    showers, altitude, azimuth = showers[row], altitude[row], azimuth[row]
    geometry = image_geometry(showers, altitude, azimuth, views.reshape(-1, 3))
    return condition_values(showers, geometry, altitude, azimuth)


def _shower_of_image(showers: Showers, images: TelescopeImages) -> IntArray:
    """Index of the shower that left each image, (N,) int array."""
    same = np.stack(
        [showers.energy, showers.altitude, showers.azimuth, showers.primary_id], axis=-1
    )
    every = np.concatenate([same, images.shower_keys[:, 1:]])
    _, number = np.unique(every, axis=0, return_inverse=True)
    number = number.ravel()
    shower_of_number = np.zeros(number.max() + 1, dtype=int)
    shower_of_number[number[: len(same)]] = np.arange(len(same))
    return shower_of_number[number[len(same) :]]


def _showers_of_run(
    production: Production, model: Model, number: int, rng: np.random.Generator
) -> tuple[Showers, FloatArray]:
    """Recorded showers of a run, then drawn ones for the rest; how many each stands for."""
    run = production.thrown[number]
    showers, _, run_of_shower = recorded_showers(production)
    recorded = showers[run_of_shower == number]
    drawn = run.replace(n_thrown=50 * N_NEVER_RECORDED).throw(rng)
    thrown, edges = _thrown_per_bin(production, run, drawn)
    never = np.maximum(0, thrown - np.histogram(recorded.energy, edges)[0])
    if never.sum() < 0.5:
        return recorded, np.ones(len(recorded))
    in_bin = np.clip(np.searchsorted(edges, drawn.energy) - 1, 0, len(never) - 1)
    weight = (never / np.maximum(1, np.bincount(in_bin, minlength=len(never))))[in_bin]
    drawn = drawn[rng.choice(len(weight), N_NEVER_RECORDED, p=weight / weight.sum())]
    drawn = draw_development(model, drawn, run.altitude, rng)
    stands_for = np.full(N_NEVER_RECORDED, never.sum() / N_NEVER_RECORDED)
    return (
        Showers.concatenate([recorded, drawn]),
        np.concatenate([np.ones(len(recorded)), stands_for]),
    )


def _thrown_per_bin(
    production: Production, run: ThrownDistribution, drawn: Showers
) -> tuple[FloatArray, FloatArray]:
    """Thrown showers in bins of energy: counted where the files do, else as expected."""
    if histogram := production.thrown_histograms[run]:
        counts, edges, _ = histogram
        return counts.sum(axis=1) / run.shower_reuse, edges
    edges = np.geomspace(run.energy_min, run.energy_max, N_ENERGY_BINS + 1)
    share = np.histogram(drawn.energy, edges)[0] / len(drawn)
    return share * run.n_thrown / run.shower_reuse, edges
