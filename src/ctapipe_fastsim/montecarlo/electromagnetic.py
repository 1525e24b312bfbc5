"""Photons, electrons and positrons.

Pair production and bremsstrahlung in the limit of complete screening (Rossi, High-Energy
Particles, 1952), pairs reduced towards low energies; Compton scattering after Klein and
Nishina; ionisation with a slow logarithmic rise; multiple scattering as a Gaussian with
21 MeV (Rossi and Greisen 1941); bending in the geomagnetic field. Left out: the
Landau-Pomeranchuk-Migdal effect, annihilation, photonuclear reactions, muon pairs, particles
below 20 MeV.
"""

import math

import numpy as np
from numba import njit

from ..array_types import FloatArray, Vector
from .atmosphere import depth, height
from .cherenkov import Light, emit
from .constants import (
    ELECTRON_CUT,
    ELECTRON_MASS,
    LIGHT_SPEED,
    RADIATION_LENGTH,
    STEEPEST,
)
from .stack import CHARGE, ELECTRON, PHOTON, POSITRON, Stack, push
from .tracking import along, bend, random_turn

__all__ = ["follow_electron", "follow_photon", "scattering_angle"]

SCATTERING_ENERGY = 21.2  # MeV
BARN_PER_GRAM = 0.30062  # electrons per gram of air, in 1e24
CLASSICAL_RADIUS_SQUARED = 0.0794079  # barn
PROFILE_STEP = 10.0  # g/cm2


@njit(cache=True, error_model="numpy", fastmath=True)
def follow_photon(
    rng: np.random.Generator,
    stack: Stack,
    light: Light,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> float:
    """Let a photon go to its next interaction and push what comes out.

    Returns
    -------
    float
        Height of the interaction (cm), negative when it reached the ground.
    """
    pairs = 7.0 / 9.0 * pair_share(energy)
    compton = compton_rate(energy)
    path = rng.standard_exponential() / (pairs + compton) * RADIATION_LENGTH
    below = height(depth(position[2]) - path * direction[2])
    if below <= light.ground:
        return -1.0
    length = (position[2] - below) / -direction[2]
    position = along(position, direction, length)
    time += length / LIGHT_SPEED
    if rng.random() * (pairs + compton) < pairs:
        _make_pair(rng, stack, energy, position, direction, time)
    else:
        _scatter_compton(rng, stack, energy, position, direction, time)
    return position[2]


@njit(cache=True, error_model="numpy", fastmath=True)
def pair_share(energy: float) -> float:
    """Pair production over its high-energy limit; a fit to tabulated values in air."""
    return max(1.0 - 0.31 * (energy / 100.0) ** -0.46, 0.02)


@njit(cache=True, error_model="numpy", fastmath=True)
def compton_rate(energy: float) -> float:
    """Compton scatterings per radiation length (Klein and Nishina 1929)."""
    a = energy / ELECTRON_MASS
    logarithm = math.log(1.0 + 2.0 * a)
    ratio = (1.0 + a) / a**2 * (2.0 * (1.0 + a) / (1.0 + 2.0 * a) - logarithm / a)
    ratio += logarithm / (2.0 * a) - (1.0 + 3.0 * a) / (1.0 + 2.0 * a) ** 2
    barn = 2.0 * math.pi * CLASSICAL_RADIUS_SQUARED * ratio
    return barn * BARN_PER_GRAM * RADIATION_LENGTH


@njit(cache=True, error_model="numpy", fastmath=True)
def _make_pair(
    rng: np.random.Generator,
    stack: Stack,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """Share x of the energy with probability 1 - 4/3 x (1 - x)."""
    share = rng.random()
    while rng.random() > 1.0 - 4.0 / 3.0 * share * (1.0 - share):
        share = rng.random()
    for kind, part in ((ELECTRON, share * energy), (POSITRON, (1.0 - share) * energy)):
        if part > ELECTRON_CUT:
            angle = ELECTRON_MASS / part * math.sqrt(rng.standard_exponential())
            push(stack, kind, part, position, random_turn(rng, direction, angle), time)


@njit(cache=True, error_model="numpy", fastmath=True)
def _scatter_compton(
    rng: np.random.Generator,
    stack: Stack,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """Scattered share e with probability e + 1/e, far above the electron mass."""
    least = 1.0 / (1.0 + 2.0 * energy / ELECTRON_MASS)
    share = least ** rng.random()
    while 2.0 * rng.random() > 1.0 + share * share:
        share = least ** rng.random()
    photon = share * energy
    if energy - photon > ELECTRON_CUT:
        push(stack, ELECTRON, energy - photon, position, direction, time)
    if photon > ELECTRON_CUT:
        cos_angle = 1.0 - ELECTRON_MASS * (1.0 / photon - 1.0 / energy)
        angle = math.acos(max(-1.0, min(1.0, cos_angle)))
        push(stack, PHOTON, photon, position, random_turn(rng, direction, angle), time)


@njit(cache=True, error_model="numpy", fastmath=True)
def follow_electron(
    rng: np.random.Generator,
    stack: Stack,
    light: Light,
    field: Vector,
    profile: FloatArray,
    kind: int,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> int:
    """Follow an electron or positron to the ground or below the cut.

    Steps are at most a tenth of a radiation length. Bremsstrahlung above the cut pushes
    photons, below it is part of the continuous loss.

    Parameters
    ----------
    field : 3 floats, tesla
    profile : (D,) float array
        Charged particles that cross each `PROFILE_STEP` of vertical depth; added to.

    Returns
    -------
    int
        Steps made.
    """
    here = depth(position[2])
    n_steps = 0
    while True:
        cut = min(ELECTRON_CUT / energy, 1.0)
        rate = 4.0 / 3.0 * (-math.log(cut) - 1.0 + cut) + 0.5 * (1.0 - cut * cut)
        step = 0.1 if energy > 100.0 else 0.06  # radiation lengths
        is_hard = False
        if rate > 0.0:
            free = rng.standard_exponential() / rate
            if free < step:
                step, is_hard = free, True
        next_depth = min(here - step * RADIATION_LENGTH * direction[2], light.ground_depth)
        below = light.ground if next_depth == light.ground_depth else height(next_depth)
        length = (position[2] - below) / -direction[2]
        beta = math.sqrt(1.0 - (ELECTRON_MASS / energy) ** 2)
        emit(rng, light, position, direction, time, length, beta, here, next_depth)
        n_steps += 1
        first, last = int(here / PROFILE_STEP), int(next_depth / PROFILE_STEP)
        for crossed in range(first + 1, min(last, len(profile) - 1) + 1):
            profile[crossed] += 1.0
        if below <= light.ground:
            return n_steps
        position = along(position, direction, length)
        time += length / (beta * LIGHT_SPEED)
        here = next_depth
        energy -= _continuous_loss(energy, step, cut)
        if energy < ELECTRON_CUT:
            return n_steps
        direction = random_turn(rng, direction, scattering_angle(rng, energy, step))
        direction = bend(direction, CHARGE[kind], energy, length, field)
        if direction[2] > STEEPEST:
            return n_steps
        if is_hard:
            photon = _bremsstrahlung_share(rng, min(ELECTRON_CUT / energy, 1.0)) * energy
            if photon > ELECTRON_CUT:
                push(stack, PHOTON, photon, position, direction, time)
            energy -= photon
            if energy < ELECTRON_CUT:
                return n_steps


@njit(cache=True, error_model="numpy", fastmath=True)
def _continuous_loss(energy: float, step: float, cut: float) -> float:
    """Energy (MeV) lost to ionisation and soft bremsstrahlung in ``step`` radiation lengths."""
    ionisation = 2.75 if energy > 2000.0 else 2.1 + 0.14 * math.log(max(energy, 20.0) / 20.0)
    soft = 4.0 / 3.0 * cut - 2.0 / 3.0 * cut * cut + cut**3 / 3.0
    return step * (ionisation * RADIATION_LENGTH + energy * soft)


@njit(cache=True, error_model="numpy", fastmath=True)
def _bremsstrahlung_share(rng: np.random.Generator, cut: float) -> float:
    """Share y of the energy with probability (4/3 - 4/3 y + y^2) / y, above the cut."""
    share = cut ** rng.random()
    while rng.random() * 4.0 / 3.0 > 4.0 / 3.0 - 4.0 / 3.0 * share + share * share:
        share = cut ** rng.random()
    return share


@njit(cache=True, error_model="numpy", fastmath=True)
def scattering_angle(rng: np.random.Generator, energy: float, step: float) -> float:
    """Angle (rad) of multiple scattering in ``step`` radiation lengths."""
    spread = SCATTERING_ENERGY / energy * math.sqrt(step)
    return min(spread * math.sqrt(rng.standard_exponential()), 1.5)
