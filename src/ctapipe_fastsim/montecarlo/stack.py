"""Particles that wait to be followed, last in, first out."""

from typing import NamedTuple, Self

import numpy as np
from numba import njit

from ..array_types import FloatArray, IntArray, Vector
from .constants import ELECTRON_MASS, MUON_MASS, PION_MASS, PROTON_MASS

__all__ = [
    *("CHARGE", "ELECTRON", "MASS", "MUON_MINUS", "MUON_PLUS", "NEUTRON", "PHOTON"),
    *("PION_MINUS", "PION_PLUS", "POSITRON", "PROTON", "Stack", "pop", "push"),
]

PHOTON, ELECTRON, POSITRON, PION_PLUS, PION_MINUS, MUON_PLUS, MUON_MINUS, PROTON, NEUTRON = range(9)
CHARGE = np.array([0.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 0.0])
MASS = np.array(
    [0.0, *2 * [ELECTRON_MASS], *2 * [PION_MASS], *2 * [MUON_MASS], *2 * [PROTON_MASS]]
)  # MeV


class Stack(NamedTuple):
    """Waiting particles.

    Attributes
    ----------
    particles : (N, 8) float array
        Energy (MeV), position (cm), direction, time (ns).
    kinds : (N,) int array
    count : (2,) int array
        How many wait, and how many found no room.
    """

    particles: FloatArray
    kinds: IntArray
    count: IntArray  # type: ignore[assignment]  # in place of tuple.count

    @classmethod
    def empty(cls, capacity: int) -> Self:
        """Room for so many particles."""
        return cls(np.empty((capacity, 8)), np.empty(capacity, np.int64), np.zeros(2, np.int64))


@njit(cache=True, error_model="numpy", fastmath=True)
def push(
    stack: Stack, kind: int, energy: float, position: Vector, direction: Vector, time: float
) -> None:
    """Add a particle; without room for it, it is counted as lost."""
    n = stack.count[0]
    if n >= len(stack.kinds):
        stack.count[1] += 1
        return
    stack.count[0] += 1
    stack.kinds[n] = kind
    particle = stack.particles[n]
    particle[0] = energy
    particle[1], particle[2], particle[3] = position
    particle[4], particle[5], particle[6] = direction
    particle[7] = time


@njit(cache=True, error_model="numpy", fastmath=True)
def pop(stack: Stack) -> tuple[int, float, Vector, Vector, float]:
    """Take the last particle: kind, energy, position, direction, time."""
    stack.count[0] -= 1
    n = stack.count[0]
    p = stack.particles[n]
    return stack.kinds[n], p[0], (p[1], p[2], p[3]), (p[4], p[5], p[6]), p[7]
