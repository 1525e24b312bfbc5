"""Mirrors, empty stacks and mean showers of the air-shower Monte Carlo."""

import numpy as np

from ctapipe_fastsim.montecarlo.atmosphere import depth
from ctapipe_fastsim.montecarlo.cherenkov import Light, photon_yield
from ctapipe_fastsim.montecarlo.shower import Sky, simulate_shower
from ctapipe_fastsim.montecarlo.stack import Stack
from ctapipe_fastsim.random_streams import random_stream

DOWN = (0.0, 0.0, -1.0)
NO_FIELD = (0.0, 0.0, 0.0)  # tesla


def mirrors(positions=(), radius=300.0, ground=0.0, yields=0.0, room=100_000, axes=None):
    """Mirrors at positions (cm, z above the ground), in air of one yield or one by height."""
    positions = np.array(positions, float).reshape(-1, 3) + [0, 0, ground]
    n = len(positions)
    return Light(
        np.ascontiguousarray(positions.T),
        np.full(n, float(radius)),
        np.ones(n),
        np.eye(3) if axes is None else axes,
        np.broadcast_to(np.asarray(yields, float), 300).copy(),
        float(ground),
        depth(float(ground)),
        np.empty(n),
        np.empty((room, 3), np.float32),
        np.empty(room, np.int32),
        np.zeros(1, np.int64),
    )


def pushed(follow, *particle, n, name, ground=0.0):
    """Follow the same particle n times: list of (kinds, energies, directions) pushed, returned."""
    rng, light, results = random_stream(name, 0), mirrors(ground=ground), []
    for _ in range(n):
        stack = Stack.empty(2000)
        returned = follow(rng, stack, light, *particle)
        assert stack.count[1] == 0
        m = stack.count[0]
        results.append((stack.kinds[:m], stack.particles[:m, 0], stack.particles[:m, 4:7]))
        results[-1] += (returned,)
    return results


def standard_error(values):
    """Standard error of the mean of independent values, along the first axis."""
    return np.std(values, axis=0, ddof=1) / len(values) ** 0.5


def sky_above(ground=2200e2, field=NO_FIELD):
    """Air above a ground (cm) where each photon from 300 to 600 nm is seen."""
    wavelength = np.arange(300.0, 601.0, 10.0)
    yields = photon_yield(wavelength, np.ones_like(wavelength), ground, 1.0)
    return Sky(ground, field, np.eye(3), yields)


def rings(*radii, n=8, radius=3.0):
    """Telescopes of simulate_shower: n mirrors at each distance (m), the first in the north."""
    azimuth = 2 * np.pi * np.arange(n) / n
    ring = np.stack([np.cos(azimuth), np.sin(azimuth), 0 * azimuth], axis=1)
    positions = np.concatenate([r * ring for r in radii])
    return positions, np.full(len(positions), np.pi * radius**2), np.ones(len(positions))


def vertical_showers(primary, energy, n, telescopes, sky=None):
    """Showers from the zenith, each with a random stream of its own."""
    up = np.array([0.0, 0.0, 1.0])
    sky = sky or sky_above()
    return [
        simulate_shower(primary, energy, up, telescopes, sky, lambda k=k: random_stream(primary, k))
        for k in range(n)
    ]


def photo_electrons(showers, n_telescopes):
    """(showers, telescopes) numbers of photo-electrons."""
    return np.array([np.bincount(s.telescope, minlength=n_telescopes) for s in showers])
