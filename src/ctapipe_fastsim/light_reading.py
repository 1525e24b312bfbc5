"""Pixels read the decoder's maps, as `CVAE.read` does but compiled, and only where they must.

The share of light and the clumps are read first; times only where photo-electrons came.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.stats import t as student_t

from .array_types import BoolArray, Columns, FloatArray, IntArray, Real
from .dense_layers import checked_weight
from .elementwise import arsinh, exponential, softplus
from .map_numbers import (
    ACROSS_SCALE,
    FARTHEST,
    FEWEST_DEGREES,
    SHIFT,
    SMALLEST_CLUMP,
    SMALLEST_SPREAD,
    TILT,
)
from .network_sizes import NetworkSizes
from .pixel_lattice import NOBODY, brightest_neighbour, lattice_neighbours

__all__ = ["ExpectedTimes", "MapReader", "map_reader", "read_light", "read_times"]


class MapReader(NamedTuple):
    """What reading depends on beside the maps; numbers of `NetworkSizes`, and learned ones.

    Attributes
    ----------
    lon, lat : (P,) float32 arrays, deg
    neighbours : (P, K) int array
        `NOBODY` where there are fewer than K.
    efficiency : (P,) float32 array
        Relative.
    dark, dark_clump : float
        Logarithm of light, and clump before it is scaled, of pixels outside of the maps.
    spacing, u_min, u_max, v_max, u_centre, u_scale : float, deg
    first, last, outermost : float
        Arsinh, by which nodes stand, at the edges of the maps.
    time_origin, time_scale : float, ns
    light_odds, light_power : float
        Log odds that a pixel shows the time of its light, of density 1 / ns in units of its
        spread, against that of the night sky, and their growth with log photo-electrons.
    degrees_of_freedom : float
        Of Student's t.
    """

    lon: FloatArray
    lat: FloatArray
    neighbours: IntArray
    efficiency: FloatArray
    dark: float
    dark_clump: float
    spacing: float
    u_min: float
    u_max: float
    v_max: float
    u_centre: float
    u_scale: float
    first: float
    last: float
    outermost: float
    time_origin: float
    time_scale: float
    light_odds: float
    light_power: float
    degrees_of_freedom: float


class ExpectedTimes(NamedTuple):
    """What peak times of B images are drawn from, see time_links.py.

    Attributes
    ----------
    time, free_spread, linked_spread : (B, P) float32 arrays, ns
        Mean; spread without and with a link.
    followed : (B, P) int32 array
        Which pixel each follows, `NOBODY` for none.
    share : (B, P) float32 array
        How much of what that comes late or early is followed.
    odds : (B, P) float32 array
        Log odds that a pixel at its mean time shows that of its light.
    degrees_of_freedom : float
        Of Student's t, by which they fall with the distance from the mean.
    """

    time: FloatArray
    free_spread: FloatArray
    linked_spread: FloatArray
    followed: IntArray
    share: FloatArray
    odds: FloatArray
    degrees_of_freedom: float


def map_reader(
    network: Columns, sizes: NetworkSizes, lon: FloatArray, lat: FloatArray, spacing: float
) -> MapReader:
    """`MapReader` of weights of a `network.CVAE` and (P,) pixels, deg.

    Raises
    ------
    ValueError
        When they do not fit each other.
    """
    dark, dark_clump = (float(checked_weight(network, name, ())) for name in ("dark", "dark_clump"))
    first, last = (
        np.arcsinh((u - sizes.u_centre) / sizes.u_scale) for u in (sizes.u_min, sizes.u_max)
    )
    return MapReader(
        *(np.asarray(lon, np.float32), np.asarray(lat, np.float32)),
        lattice_neighbours(lon, lat, spacing),
        np.exp(checked_weight(network, "log_efficiency", (len(lon),))),
        *(dark, dark_clump, spacing),
        *(sizes.u_min, sizes.u_max, sizes.v_max, sizes.u_centre, sizes.u_scale),
        *(first, last, np.arcsinh(ACROSS_SCALE)),
        *(sizes.time_origin, sizes.time_scale),
        *_time_numbers(network, sizes),
    )


def _time_numbers(network: Columns, sizes: NetworkSizes) -> tuple[float, ...]:
    degrees = float(np.logaddexp(0, checked_weight(network, "time_tail", ()))) + FEWEST_DEGREES
    odds, power = checked_weight(network, "time_signal_odds", (2,)).tolist()
    odds += student_t.logpdf(0, degrees) + np.log(sizes.time_window)
    return odds, power, degrees


def read_light(
    reader: MapReader,
    source_core: FloatArray,
    mirror: FloatArray,
    displacement: FloatArray,
    light_map: FloatArray,
    coarse_maps: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Share of light and clump of every pixel of B images.

    Parameters
    ----------
    reader : MapReader
    source_core : (B, 4) float32 array
    mirror : (B,) float32 array
        As in `CVAE.view`.
    displacement : (B, 3) float32 array
    light_map : (B, n_v, n_u) float32 array
    coarse_maps : (B, 5, m_v, m_u) float32 array
        Of clump, time, its spreads and their correlation.

    Returns
    -------
    fraction, clump : (B, P) float32 arrays
        As in `LightMap`.
    """
    fraction, clump = np.empty((2, len(mirror), len(reader.lon)), np.float32)
    _read_light(
        *(reader, source_core, mirror, displacement),
        *(light_map, coarse_maps[:, 0], fraction, clump),
    )
    return fraction, clump


@njit(cache=True, nogil=True, error_model="numpy")
def _read_light(
    reader: MapReader,
    source_core: FloatArray,
    mirror: FloatArray,
    displacement: FloatArray,
    light_map: FloatArray,
    clump_map: FloatArray,
    fraction: FloatArray,
    clump: FloatArray,
) -> None:
    along, across = np.empty((2, len(reader.lon)), np.float32)
    is_inside = np.empty(len(reader.lon), np.bool_)
    for i in range(len(fraction)):
        placing = _placing(reader, source_core[i], mirror[i], displacement[i])
        _sinh_of_places(reader, placing, along, across, is_inside)
        arsinh(along)
        arsinh(across)
        light = fraction[i]
        for p in range(len(light)):
            light[p], clump[i, p] = reader.dark, reader.dark_clump
            if is_inside[p]:
                x, y = _from_edge_to_edge(reader, along[p], across[p])
                light[p] = _read(light_map[i], x, y)
                clump[i, p] = _read(clump_map[i], x, y)
        _to_shares(reader, light)
        softplus(clump[i])
        clump[i] += np.float32(SMALLEST_CLUMP)


@njit(cache=True, nogil=True, error_model="numpy")
def _sinh_of_places(
    reader: MapReader,
    placing: tuple[float, float, float, float, float, float],
    along: FloatArray,
    across: FloatArray,
    is_inside: BoolArray,
) -> None:
    """Sinh of the pixels' places, as nodes stand, and whether they are on the maps, (P,) each."""
    for p in range(len(along)):
        u, v = _place(placing, reader.lon[p], reader.lat[p])
        is_inside[p] = (reader.u_min <= u) & (u <= reader.u_max) & (abs(v) <= reader.v_max)
        along[p] = (u - reader.u_centre) / reader.u_scale
        across[p] = v * (ACROSS_SCALE / reader.v_max)


@njit(cache=True, nogil=True, error_model="numpy")
def _to_shares(reader: MapReader, light: FloatArray) -> None:
    """Logarithm of light of P pixels to the share that they see, in place."""
    light -= light.max()
    exponential(light)
    light *= reader.efficiency
    light /= light.sum()


@njit(cache=True, nogil=True, error_model="numpy")
def read_times(
    reader: MapReader,
    source_core: FloatArray,
    mirror: FloatArray,
    displacement: FloatArray,
    coarse_maps: FloatArray,
    counts: IntArray,
) -> ExpectedTimes:
    """What peak times are drawn from in pixels with light, as in time_links.py.

    Parameters
    ----------
    reader, source_core, mirror, displacement, coarse_maps
        As in `read_light`.
    counts : (B, P) int array
        Photo-electrons.

    Returns
    -------
    ExpectedTimes
        In pixels with light.
    """
    time, free, linked, share, odds = np.zeros((5, *counts.shape), np.float32)
    followed = np.full(counts.shape, NOBODY, np.int32)
    alone, common, correlation = np.empty((3, counts.shape[1]), np.float32)
    for i in range(len(counts)):
        place = _placing(reader, source_core[i], mirror[i], displacement[i])
        for p in range(counts.shape[1]):
            if counts[i, p] > 0:
                followed[i, p] = brightest_neighbour(counts[i], reader.neighbours, p)
                u, v = _place(place, reader.lon[p], reader.lat[p])
                x, y = _on_map(reader, u, v)
                mean = _read(coarse_maps[i, 1], x, y)
                time[i, p] = mean * reader.time_scale + reader.time_origin
                spread = _softplus(_read(coarse_maps[i, 2], x, y) + 1) + SMALLEST_SPREAD
                alone[p] = spread**2 / counts[i, p]
                common[p] = _softplus(_read(coarse_maps[i, 3], x, y) + 1) + SMALLEST_SPREAD
                if followed[i, p] != NOBODY:
                    correlation[p] = 1 / (1 + np.exp(-_read(coarse_maps[i, 4], x, y)))
        for p in range(counts.shape[1]):
            if counts[i, p] > 0:
                free[i, p] = np.sqrt(alone[p] + common[p] ** 2)
                odds[i, p] = reader.light_odds + reader.light_power * np.log(counts[i, p])
                odds[i, p] -= np.log(free[i, p])
                other = followed[i, p]
                if other != NOBODY:
                    variance = alone[other] + common[other] ** 2
                    share[i, p] = correlation[p] * common[p] * common[other] / variance
                    unknown = (1 - correlation[p] ** 2) * common[other] ** 2 + alone[other]
                    linked[i, p] = np.sqrt(alone[p] + common[p] ** 2 * unknown / variance)
    return ExpectedTimes(time, free, linked, followed, share, odds, reader.degrees_of_freedom)


@njit(cache=True, nogil=True, error_model="numpy")
def _placing(
    reader: MapReader, source_core: FloatArray, mirror: float, displacement: FloatArray
) -> tuple[float, float, float, float, float, float]:
    """Displaced u and v are linear in pixel coordinates: both constants, and all slopes."""
    source_lon, source_lat, core_lon, core_lat = source_core
    unit = SHIFT * reader.spacing
    shift_u, shift_v, tilt = _bounded(displacement)
    tilt = TILT * tilt
    u0 = -core_lon * source_lon - core_lat * source_lat
    v0 = mirror * (core_lat * source_lon - core_lon * source_lat)
    v0 -= unit * shift_v + tilt * (u0 - reader.u_centre)
    v_lon, v_lat = -mirror * core_lat - tilt * core_lon, mirror * core_lon - tilt * core_lat
    return u0 - unit * shift_u, v0, core_lon, core_lat, v_lon, v_lat


@njit(cache=True, nogil=True)
def _bounded(displacement: FloatArray) -> tuple[np.float32, np.float32, np.float32]:
    """As `CVAE` does, so that no place is outside of numbers."""
    a, b, c = displacement
    return _within(a), _within(b), _within(c)


@njit(cache=True, nogil=True)
def _within(x: np.float32) -> np.float32:
    return (
        np.float32(0) if np.isnan(x) else min(max(x, np.float32(-FARTHEST)), np.float32(FARTHEST))
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _place(
    place: tuple[float, float, float, float, float, float], lon: float, lat: float
) -> tuple[float, float]:
    u0, v0, u_lon, u_lat, v_lon, v_lat = place
    return u0 + u_lon * lon + u_lat * lat, v0 + v_lon * lon + v_lat * lat


@njit(cache=True, nogil=True, error_model="numpy")
def _on_map(reader: MapReader, u: float, v: float) -> tuple[float, float]:
    """Place on the maps, 0 to 1 from edge to edge, beyond them at the edge."""
    along = _arsinh((u - reader.u_centre) / reader.u_scale)
    return _from_edge_to_edge(reader, along, _arsinh(v * (ACROSS_SCALE / reader.v_max)))


@njit(cache=True, nogil=True, error_model="numpy")
def _from_edge_to_edge(reader: MapReader, along: float, across: float) -> tuple[float, float]:
    x, y = (along - reader.first) / (reader.last - reader.first), across / reader.outermost
    # in this order, what is not a number becomes 0: an index must be one
    return min(max(0.0, x), 1.0), min(max(0.0, (y + 1) / 2), 1.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _arsinh(x: float) -> float:
    size = np.float32(abs(x))
    return np.copysign(np.log(size + np.sqrt(size * size + np.float32(1))), np.float32(x))


@njit(cache=True, nogil=True, error_model="numpy")
def _read(one_map: FloatArray, x: Real, y: Real) -> float:
    """Bilinear."""
    n_v, n_u = one_map.shape
    x, y = np.float32(x * (n_u - 1)), np.float32(y * (n_v - 1))
    i, j = min(int(x), n_u - 2), min(int(y), n_v - 2)
    s, t = x - i, y - j
    below = one_map[j, i] + s * (one_map[j, i + 1] - one_map[j, i])
    above = one_map[j + 1, i] + s * (one_map[j + 1, i + 1] - one_map[j + 1, i])
    return below + t * (above - below)


@njit(cache=True, nogil=True, error_model="numpy")
def _softplus(x: float) -> float:
    return x if x > 20 else np.log(np.float32(1) + np.exp(np.float32(x)))
