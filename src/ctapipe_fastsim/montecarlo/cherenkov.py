"""Cherenkov light: how much a track emits, and which of it reaches a mirror.

Photons are never followed one by one. Of the cone that a straight step emits, only the part
that meets a telescope's mirror, taken as a sphere, is drawn; detection efficiency and
absorption are folded into the yield, so that what is drawn are photo-electrons.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from ..array_types import FloatArray, IntArray, Vector
from .atmosphere import TOP, mean_refractivity, refractivity, transmission
from .constants import FINE_STRUCTURE, LIGHT_SPEED

__all__ = ["Light", "emit", "photon_yield"]

YIELD_STEP = 5e4  # cm
FEW = 0.05  # photo-electrons of one step in one mirror, below which two are as good as never
WIDEST = 0.9  # cosine of the angle to the pointing, beyond which no camera sees


class Light(NamedTuple):
    """Telescopes and the photo-electrons they have collected.

    Attributes
    ----------
    telescopes : (3, T) float array, cm
        Mirror centres; z is the height above sea level.
    mirror_radius : (T,) float array, cm
    efficiency : (T,) float array
        Photo-electrons over those that `photon_yield` counts.
    axes : (3, 3) float array
        Unit vectors of growing azimuth, growing altitude, and of the pointing.
    yields : (H,) float array, 1 / cm
        Of `photon_yield`.
    ground, ground_depth : float, cm and g/cm2
    miss : (T,) float array
        Room for intermediate numbers.
    photons : (N, 3) float32 array
        Arrival direction in the camera (lon, lat; tangents) and time (ns).
    telescope : (N,) int32 array
        Which telescope each belongs to.
    count : (1,) int array
        How many there are; may exceed N, then the rest was not kept.
    """

    telescopes: FloatArray
    mirror_radius: FloatArray
    efficiency: FloatArray
    axes: FloatArray
    yields: FloatArray
    ground: float
    ground_depth: float
    miss: FloatArray
    photons: FloatArray
    telescope: IntArray
    count: IntArray  # type: ignore[assignment]  # in place of tuple.count


def photon_yield(
    wavelength: FloatArray, efficiency: FloatArray, ground: float, cos_zenith: float
) -> FloatArray:
    """Photo-electrons per track length and squared sine of the Cherenkov angle, by height.

    Frank-Tamm: 2 pi alpha times the integral of efficiency and transmission over the
    wavelength squared.

    Parameters
    ----------
    wavelength : (W,) array, nm
    efficiency : (W,) array
        Photo-electrons per photon.
    ground : float, cm
    cos_zenith : float
        Along which light comes down.

    Returns
    -------
    (H,) array, 1 / cm
        At heights 0, `YIELD_STEP`, 2 `YIELD_STEP`, ... to the top of the air.
    """
    heights = np.arange(0, TOP + YIELD_STEP, YIELD_STEP)
    length = wavelength * 1e-7  # cm
    seen = [efficiency * transmission(wavelength, h, ground, cos_zenith) for h in heights]
    return 2 * np.pi * FINE_STRUCTURE * np.trapezoid(np.array(seen) / length**2, length, axis=1)


@njit(cache=True, error_model="numpy", fastmath=True)
def emit(
    rng: np.random.Generator,
    light: Light,
    start: Vector,
    direction: Vector,
    time: float,
    length: float,
    beta: float,
    start_depth: float,
    end_depth: float,
) -> None:
    """Collect the light of one straight step of a charged particle.

    The step shines from one random point of it: steps are short compared with the distance.

    Parameters
    ----------
    rng : numpy.random.Generator
    light : Light
    start, direction : 3 floats, cm and unit vector
    time : float, ns
        At the start.
    length : float, cm
    beta : float
        Speed over that of light.
    start_depth, end_depth : float, g/cm2
        Vertical depths at both ends.
    """
    part = rng.random()
    here_depth = start_depth + part * (end_depth - start_depth)
    cos_angle = 1.0 / (beta * (1.0 + refractivity(here_depth)))
    if cos_angle >= 1.0:
        return
    ux, uy, uz = direction
    px = start[0] + part * length * ux
    py = start[1] + part * length * uy
    pz = start[2] + part * length * uz
    if pz <= light.ground:
        return
    sin_squared = 1.0 - cos_angle * cos_angle
    sin_angle = math.sqrt(sin_squared)
    cell = min(int(pz / YIELD_STEP), len(light.yields) - 2)
    low, high = light.yields[cell], light.yields[cell + 1]
    n_emitted = (low + (pz / YIELD_STEP - cell) * (high - low)) * sin_squared * length
    n_telescopes = len(light.mirror_radius)
    for j in range(n_telescopes):  # by itself, so that the compiler takes several at once
        vx = light.telescopes[0, j] - px
        vy = light.telescopes[1, j] - py
        vz = light.telescopes[2, j] - pz
        distance = math.sqrt(vx * vx + vy * vy + vz * vz)
        # at most the distance of the cone from the mirror's centre, times the sine
        off = abs(cos_angle * distance - (vx * ux + vy * uy + vz * uz))
        light.miss[j] = off - 0.5 * light.mirror_radius[j] ** 2 / distance
    for j in range(n_telescopes):
        radius = light.mirror_radius[j]
        if light.miss[j] > radius * sin_angle:
            continue
        vx = light.telescopes[0, j] - px
        vy = light.telescopes[1, j] - py
        vz = light.telescopes[2, j] - pz
        distance = math.sqrt(vx * vx + vy * vy + vz * vz)
        ahead = vx * ux + vy * uy + vz * uz
        across = math.sqrt(max(distance * distance - ahead * ahead, 1e-6))
        tangent = math.sqrt(max(distance * distance - radius * radius, 0.0))
        cos_arc = (tangent - cos_angle * ahead) / (sin_angle * across)
        if cos_arc >= 1.0:
            continue
        half_arc = math.acos(max(cos_arc, -1.0))  # of the cone's azimuth
        mean = n_emitted * light.efficiency[j] * half_arc / math.pi
        if mean < FEW:
            n_caught = 1 if rng.random() < mean else 0
        else:
            n_caught = rng.poisson(mean)
        if n_caught == 0:
            continue
        # unit vectors across the track: towards the telescope, and beside it
        ax, ay, az = vx - ahead * ux, vy - ahead * uy, vz - ahead * uz
        norm = math.sqrt(ax * ax + ay * ay + az * az)
        if norm < 1e-6:
            continue
        ax, ay, az = ax / norm, ay / norm, az / norm
        bx, by, bz = uy * az - uz * ay, uz * ax - ux * az, ux * ay - uy * ax
        slowed = mean_refractivity(here_depth, pz, light.ground_depth, light.ground)
        arrival = time + (part * length / beta + distance * (1.0 + slowed)) / LIGHT_SPEED
        for _ in range(n_caught):
            azimuth = (2.0 * rng.random() - 1.0) * half_arc
            c, s = sin_angle * math.cos(azimuth), sin_angle * math.sin(azimuth)
            _keep(
                light,
                j,
                cos_angle * ux + c * ax + s * bx,
                cos_angle * uy + c * ay + s * by,
                cos_angle * uz + c * az + s * bz,
                arrival,
            )


@njit(cache=True, error_model="numpy", fastmath=True)
def _keep(light: Light, j: int, rx: float, ry: float, rz: float, time: float) -> None:
    """Add a photon flying along r, whose source is seen along -r."""
    axes = light.axes
    forward = -(rx * axes[2, 0] + ry * axes[2, 1] + rz * axes[2, 2])
    if forward < WIDEST:
        return
    n = light.count[0]
    light.count[0] += 1
    if n >= len(light.telescope):
        return
    light.telescope[n] = j
    for i in range(2):
        light.photons[n, i] = -(rx * axes[i, 0] + ry * axes[i, 1] + rz * axes[i, 2]) / forward
    light.photons[n, 2] = time
