"""Protons, neutrons, charged pions and muons.

Interactions after the splitting algorithm of Hillas (1981, Proc. 17th ICRC 8, 193): a leading
particle keeps a random share of the energy, the rest is split at random until pions are
left, a third of them neutral. Kaons, baryon pairs and nuclear effects are left out, electrons
from muon decay and the bending of hadrons too. Interaction lengths shorten slowly with energy.
"""

import math

import numpy as np
from numba import njit

from ..array_types import Vector
from .atmosphere import depth, height
from .cherenkov import Light, emit
from .constants import (
    ELECTRON_CUT,
    LIGHT_SPEED,
    MUON_DECAY_LENGTH,
    MUON_MASS,
    NEUTRAL_PION_MASS,
    PION_DECAY_LENGTH,
    PION_MASS,
    PROTON_MASS,
    RADIATION_LENGTH,
    STEEPEST,
)
from .electromagnetic import scattering_angle
from .stack import (
    CHARGE,
    MASS,
    MUON_MINUS,
    MUON_PLUS,
    NEUTRON,
    PHOTON,
    PION_MINUS,
    PION_PLUS,
    PROTON,
    Stack,
    push,
)
from .tracking import along, bend, random_turn, turn

__all__ = ["follow_hadron", "follow_muon"]

NUCLEON_LENGTH, PION_LENGTH = 90.0, 120.0  # interaction lengths at 100 GeV, g/cm2
LENGTH_FALL = 0.05  # relative, per factor e in energy
MEAN_TRANSVERSE = 350.0  # MeV/c
LEADING_PROTONS = 0.6
SPLIT_UNTIL = 1000.0  # MeV
LEAST_PION, LEAST_REST, LEAST_NUCLEON = 200.0, 250.0, PROTON_MASS + 300.0  # MeV
LEAST_MUON = 4000.0  # MeV; below it a muon makes no light in air
LEAST_MUON_SHARE = (MUON_MASS / PION_MASS) ** 2
LEAST_GAMMA = 30.0  # Lorentz factor, below it a hadron makes no light in air
LIGHT_SEGMENT, MOST_SEGMENTS = 3e4, 60  # cm
MUON_STEP, MUON_LOSS = 8.0, 2.3  # g/cm2, MeV cm2/g
MUON_SEGMENTS = 4  # a long step shines from several points


@njit(cache=True, error_model="numpy", fastmath=True)
def follow_hadron(
    rng: np.random.Generator,
    stack: Stack,
    light: Light,
    kind: int,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> float:
    """Let a hadron go to its interaction or decay and push what comes out.

    Returns
    -------
    float
        Height of the interaction (cm), negative when there was none.
    """
    is_pion = kind == PION_PLUS or kind == PION_MINUS
    gamma = max(energy / MASS[kind], 1.0)
    beta = math.sqrt(1.0 - 1.0 / gamma**2)
    length = _interaction_path(rng, is_pion, energy, position[2], direction[2], light.ground)
    decays = False
    if is_pion:
        decay_path = rng.standard_exponential() * gamma * PION_DECAY_LENGTH
        if decay_path < length:
            length, decays = decay_path, True
    to_ground = (position[2] - light.ground) / -direction[2]
    lands = length >= to_ground
    length = min(length, to_ground)
    if kind != NEUTRON and gamma > LEAST_GAMMA:
        _shine(rng, light, position, direction, time, length, beta)
    if lands:
        return -1.0
    position = along(position, direction, length)
    time += length / (max(beta, 0.1) * LIGHT_SPEED)
    if decays:
        muon = (LEAST_MUON_SHARE + (1.0 - LEAST_MUON_SHARE) * rng.random()) * energy
        if muon > LEAST_MUON:
            charged = MUON_PLUS if kind == PION_PLUS else MUON_MINUS
            push(stack, charged, muon, position, direction, time)
        return -1.0
    _interact(rng, stack, is_pion, energy, position, direction, time)
    return position[2]


@njit(cache=True, error_model="numpy", fastmath=True)
def _interaction_path(
    rng: np.random.Generator, is_pion: bool, energy: float, z: float, uz: float, ground: float
) -> float:
    """Length (cm) of the way to the next interaction; beyond the ground when there is none."""
    at_100_gev = PION_LENGTH if is_pion else NUCLEON_LENGTH
    tev = max(energy, 10_000.0) / 1e6
    slant = at_100_gev / (1.0 + LENGTH_FALL * math.log(tev / 0.1)) * rng.standard_exponential()
    below = depth(z) - slant * uz
    if below >= depth(ground):
        return 2.0 * (z - ground) / -uz + 1.0
    return (z - height(below)) / -uz


@njit(cache=True, error_model="numpy", fastmath=True)
def _shine(
    rng: np.random.Generator,
    light: Light,
    position: Vector,
    direction: Vector,
    time: float,
    length: float,
    beta: float,
) -> None:
    """Light of a straight path, in segments."""
    n_segments = min(1 + int(length / LIGHT_SEGMENT), MOST_SEGMENTS)
    segment = length / n_segments
    start_depth = depth(position[2])
    for _ in range(n_segments):
        end = along(position, direction, segment)
        end_depth = depth(end[2])
        emit(rng, light, position, direction, time, segment, beta, start_depth, end_depth)
        position, start_depth = end, end_depth
        time += segment / (beta * LIGHT_SPEED)


@njit(cache=True, error_model="numpy", fastmath=True)
def _interact(
    rng: np.random.Generator,
    stack: Stack,
    is_pion: bool,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """Split the energy."""
    leading = rng.random() * energy
    if is_pion:
        if leading > LEAST_REST:
            _push_pion(rng, stack, leading, position, direction, time)
    elif leading > LEAST_NUCLEON:
        kind = PROTON if rng.random() < LEADING_PROTONS else NEUTRON
        turned = _with_transverse(rng, leading, PROTON_MASS, direction)
        push(stack, kind, leading, position, turned, time)
    rest = energy - leading
    half = rng.random() * rest
    for part in (half, rest - half):
        quarter = rng.random() * part
        for jet in (quarter, part - quarter):
            _split(rng, stack, jet, position, direction, time)


@njit(cache=True, error_model="numpy", fastmath=True)
def _split(
    rng: np.random.Generator,
    stack: Stack,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """Take pions of random shares off an energy until little is left."""
    while energy > SPLIT_UNTIL:
        part = rng.random() * energy
        if part > LEAST_PION:
            _push_pion(rng, stack, part, position, direction, time)
        energy -= part
    if energy > LEAST_REST:
        _push_pion(rng, stack, energy, position, direction, time)


@njit(cache=True, error_model="numpy", fastmath=True)
def _push_pion(
    rng: np.random.Generator,
    stack: Stack,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """A pion of any charge; neutral ones decay on the spot."""
    turned = _with_transverse(rng, energy, PION_MASS, direction)
    which = 3.0 * rng.random()
    if which < 1.0:
        _push_neutral_pion(rng, stack, energy, position, turned, time)
    else:
        push(stack, PION_PLUS if which < 2.0 else PION_MINUS, energy, position, turned, time)


@njit(cache=True, error_model="numpy", fastmath=True)
def _push_neutral_pion(
    rng: np.random.Generator,
    stack: Stack,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """Two photons, isotropic in the pion's frame."""
    energy = max(energy, NEUTRAL_PION_MASS)
    beta = math.sqrt(1.0 - (NEUTRAL_PION_MASS / energy) ** 2)
    cosine = 2.0 * rng.random() - 1.0
    side = 2.0 * math.pi * rng.random()
    for sign in (1.0, -1.0):
        photon = 0.5 * energy * (1.0 + sign * beta * cosine)
        if photon > ELECTRON_CUT:
            cos_angle = (beta + sign * cosine) / (1.0 + sign * beta * cosine)
            angle = math.acos(max(-1.0, min(1.0, cos_angle)))
            push(stack, PHOTON, photon, position, turn(direction, angle, side), time)
        side += math.pi


@njit(cache=True, error_model="numpy", fastmath=True)
def _with_transverse(
    rng: np.random.Generator, energy: float, mass: float, direction: Vector
) -> Vector:
    """Direction after a transverse momentum with mean `MEAN_TRANSVERSE`."""
    momentum = math.sqrt(max(energy**2 - mass**2, 1.0))
    transverse = -0.5 * MEAN_TRANSVERSE * math.log((1.0 - rng.random()) * (1.0 - rng.random()))
    return random_turn(rng, direction, math.asin(min(0.9, transverse / momentum)))


@njit(cache=True, error_model="numpy", fastmath=True)
def follow_muon(
    rng: np.random.Generator,
    light: Light,
    field: Vector,
    kind: int,
    energy: float,
    position: Vector,
    direction: Vector,
    time: float,
) -> None:
    """Follow a muon to the ground, its decay or the energy where its light ends."""
    here = depth(position[2])
    while energy > 10.0 * MUON_MASS:
        gamma = energy / MUON_MASS
        beta = math.sqrt(1.0 - 1.0 / gamma**2)
        next_depth = min(here - MUON_STEP * direction[2], light.ground_depth)
        below = light.ground if next_depth == light.ground_depth else height(next_depth)
        length = (position[2] - below) / -direction[2]
        segment, air = length / MUON_SEGMENTS, (next_depth - here) / MUON_SEGMENTS
        for _ in range(MUON_SEGMENTS):
            emit(rng, light, position, direction, time, segment, beta, here, here + air)
            position = along(position, direction, segment)
            here += air
            time += segment / (beta * LIGHT_SPEED)
        if below <= light.ground or rng.random() < length / (gamma * MUON_DECAY_LENGTH):
            return
        energy -= MUON_LOSS * MUON_STEP
        angle = scattering_angle(rng, energy, MUON_STEP / RADIATION_LENGTH)
        direction = bend(random_turn(rng, direction, angle), CHARGE[kind], energy, length, field)
        if direction[2] > STEEPEST:
            return
