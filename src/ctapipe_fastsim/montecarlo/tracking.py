"""Straight lines and turns of unit vectors."""

import math

import numpy as np
from numba import njit

from ..array_types import Vector

__all__ = ["along", "bend", "random_turn", "turn"]


@njit(cache=True, error_model="numpy", fastmath=True)
def along(position: Vector, direction: Vector, length: float) -> Vector:
    """Point at a length (cm) along a direction."""
    return (
        position[0] + length * direction[0],
        position[1] + length * direction[1],
        position[2] + length * direction[2],
    )


@njit(cache=True, error_model="numpy", fastmath=True)
def turn(direction: Vector, polar: float, azimuth: float) -> Vector:
    """Turn a unit vector by a polar angle (rad), in the direction that the azimuth says."""
    ux, uy, uz = direction
    sin_polar, cos_polar = math.sin(polar), math.cos(polar)
    x, y = sin_polar * math.cos(azimuth), sin_polar * math.sin(azimuth)
    transverse = math.sqrt(ux * ux + uy * uy)
    if transverse < 1e-9:
        return x, y, cos_polar if uz > 0 else -cos_polar
    vx = cos_polar * ux + (x * ux * uz - y * uy) / transverse
    vy = cos_polar * uy + (x * uy * uz + y * ux) / transverse
    vz = cos_polar * uz - x * transverse
    norm = 1.0 / math.sqrt(vx * vx + vy * vy + vz * vz)
    return vx * norm, vy * norm, vz * norm


@njit(cache=True, error_model="numpy", fastmath=True)
def random_turn(rng: np.random.Generator, direction: Vector, polar: float) -> Vector:
    """Turn by a polar angle (rad) to a random side."""
    return turn(direction, polar, 2 * math.pi * rng.random())


@njit(cache=True, error_model="numpy", fastmath=True)
def bend(direction: Vector, charge: float, momentum: float, length: float, field: Vector) -> Vector:
    """Deflection in a magnetic field, to first order.

    Parameters
    ----------
    direction : unit vector
    charge : float
        +1 or -1.
    momentum : float, MeV/c
    length : float, cm
    field : 3 floats, tesla
        North, west, up.
    """
    ux, uy, uz = direction
    bx, by, bz = field
    angle = charge * 2.99792458 * length / momentum  # per tesla; p [GeV/c] = 0.3 B [T] r [m]
    vx = ux + angle * (uy * bz - uz * by)
    vy = uy + angle * (uz * bx - ux * bz)
    vz = uz + angle * (ux * by - uy * bx)
    norm = 1.0 / math.sqrt(vx * vx + vy * vy + vz * vz)
    return vx * norm, vy * norm, vz * norm
