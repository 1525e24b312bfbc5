"""One air shower from the top of the atmosphere to the ground."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit

from ..array_types import FloatArray, IntArray, Vector
from .atmosphere import TOP, depth
from .cherenkov import Light
from .constants import LIGHT_SPEED, STEEPEST
from .electromagnetic import PROFILE_STEP, follow_electron, follow_photon
from .hadrons import follow_hadron, follow_muon
from .stack import (
    ELECTRON,
    MUON_MINUS,
    MUON_PLUS,
    NEUTRON,
    PHOTON,
    POSITRON,
    PROTON,
    Stack,
    pop,
    push,
)

__all__ = ["PRIMARIES", "ShowerLight", "Sky", "simulate_shower"]

# CORSIKA's number as ctapipe writes it, protons, neutrons (nuclei fly as free nucleons)
PRIMARIES = {
    "gamma": (0, 0, 0),
    "electron": (1, 0, 0),
    "proton": (101, 1, 0),
    "helium": (402, 2, 2),
    "iron": (5626, 26, 30),
}
MEV_PER_TEV = 1e6
N_PROFILE = 110
STACK_SIZE = 200_000
PHOTONS_PER_TEV = 20  # room at first, per m2 of mirror and unit of efficiency
FEWEST_PHOTONS = 100_000


@dataclass(frozen=True)
class Sky:
    """What all showers of a run share.

    Attributes
    ----------
    ground : float, cm
        Height of the observation level.
    field : tuple of 3 floats, tesla
        Geomagnetic field: north, west, up.
    axes : (3, 3) array
        Unit vectors of growing azimuth, growing altitude, and of the pointing.
    yields : (H,) array, 1 / cm
        Of `photon_yield`.
    """

    ground: float
    field: Vector
    axes: FloatArray
    yields: FloatArray


@dataclass(frozen=True)
class ShowerLight:
    """Photo-electrons of one shower, and how it developed.

    Attributes
    ----------
    telescope : (N,) int array
        Index of the telescope that each photo-electron is in, ascending.
    photons : (N, 3) float32 array
        Direction in the camera (lon, lat; tangents) and time (ns; zero when a front at the
        speed of light reaches the core).
    first_interaction : float, cm
        Height; the top of the air for an electron. Of the nucleons of a nucleus the highest
        counts, which is higher up than where the real nucleus interacts.
    profile : (D,) array
        Charged particles above 20 MeV crossing each `PROFILE_STEP` of vertical depth.
    n_steps : int
        Steps of electrons.
    """

    telescope: IntArray
    photons: FloatArray
    first_interaction: float
    profile: FloatArray
    n_steps: int

    @property
    def x_max(self) -> float:
        """Vertical depth (g/cm2) of the shower maximum: a parabola on the smoothed profile."""
        smooth = np.convolve(self.profile, np.ones(5) / 5, mode="same")
        top = int(np.clip(smooth.argmax(), 1, len(smooth) - 2))
        before, at, after = smooth[top - 1 : top + 2]
        bend = before - 2 * at + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        return PROFILE_STEP * (top + np.clip(shift, -1, 1))


def simulate_shower(
    primary: str,
    energy: float,
    direction: FloatArray,
    telescopes: tuple[FloatArray, FloatArray, FloatArray],
    sky: Sky,
    make_rng: Callable[[], np.random.Generator],
) -> ShowerLight:
    """Simulate a shower with its core at the origin.

    Parameters
    ----------
    primary : str
        One of `PRIMARIES`.
    energy : float, TeV
    direction : (3,) array
        Unit vector towards the source.
    telescopes : tuple of (T, 3), (T,) and (T,) arrays
        Positions (m, relative to the core, z above the ground), mirror areas (m2),
        photo-electrons over those of `photon_yield`.
    sky : Sky
    make_rng : callable
        Gives a fresh numpy.random.Generator, always the same; called again when the photo-
        electrons need more room.

    Returns
    -------
    ShowerLight
    """
    positions, area, efficiency = telescopes
    n_photons = FEWEST_PHOTONS + int(PHOTONS_PER_TEV * energy * (area * efficiency).sum())
    stack_size = STACK_SIZE
    while True:
        light = Light(
            np.ascontiguousarray((100 * positions + np.array([0, 0, sky.ground])).T),
            100 * np.sqrt(area / np.pi),
            efficiency.astype(float),
            sky.axes,
            sky.yields,
            sky.ground,
            depth(sky.ground),
            np.empty(len(positions)),
            np.empty((n_photons, 3), np.float32),
            np.empty(n_photons, np.int32),
            np.zeros(1, np.int64),
        )
        stack = Stack.empty(stack_size)
        profile = np.zeros(N_PROFILE)
        _push_primary(stack, primary, energy * MEV_PER_TEV, np.asarray(direction), sky.ground)
        first, n_steps = _follow_all(make_rng(), stack, light, sky.field, profile)
        if light.count[0] <= n_photons and not stack.count[1]:
            break
        n_photons = max(n_photons, int(light.count[0]))
        stack_size *= 2 if stack.count[1] else 1
    n = light.count[0]
    order = np.argsort(light.telescope[:n], kind="stable")
    first = TOP if primary == "electron" else first
    return ShowerLight(
        light.telescope[:n][order], light.photons[:n][order], first, profile, n_steps
    )


def _push_primary(
    stack: Stack, primary: str, energy: float, direction: FloatArray, ground: float
) -> None:
    """At the top of the air, on its way to the origin; nuclei as free nucleons."""
    _, n_protons, n_neutrons = PRIMARIES[primary]
    length = (TOP - ground) / direction[2]
    start = (length * direction[0], length * direction[1], TOP)
    kinds = [PROTON] * n_protons + [NEUTRON] * n_neutrons
    kinds = kinds or [PHOTON if primary == "gamma" else ELECTRON]
    for kind in kinds:
        push(stack, kind, energy / len(kinds), start, tuple(-direction), -length / LIGHT_SPEED)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _follow_all(
    rng: np.random.Generator, stack: Stack, light: Light, field: Vector, profile: FloatArray
) -> tuple[float, int]:
    """Follow particles until none is left: height of the highest interaction, electron steps."""
    first = -1.0
    n_steps = 0
    while stack.count[0] > 0:
        kind, energy, position, direction, time = pop(stack)
        interaction = -1.0
        if direction[2] > STEEPEST:
            continue
        if kind == PHOTON:
            interaction = follow_photon(rng, stack, light, energy, position, direction, time)
        elif kind == ELECTRON or kind == POSITRON:
            n_steps += follow_electron(
                rng, stack, light, field, profile, kind, energy, position, direction, time
            )
        elif kind == MUON_PLUS or kind == MUON_MINUS:
            follow_muon(rng, light, field, kind, energy, position, direction, time)
        else:
            interaction = follow_hadron(rng, stack, light, kind, energy, position, direction, time)
        first = max(first, interaction)
    return first, n_steps
