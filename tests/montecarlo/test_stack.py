"""Particles come back as they were pushed, last in, first out."""

import numpy as np

from ctapipe_fastsim.montecarlo.stack import (
    CHARGE,
    ELECTRON,
    MASS,
    MUON_MINUS,
    MUON_PLUS,
    NEUTRON,
    PHOTON,
    PION_MINUS,
    PION_PLUS,
    POSITRON,
    PROTON,
    Stack,
    pop,
    push,
)


def particle(k):
    """Some particle: kind, energy, position, direction, time."""
    return k % 9, 10.0 + k, (1.0 + k, 2.0 + k, 3.0 + k), (0.6, 0.0, -0.8), 100.0 + k


def test_the_last_particle_comes_out_first():
    stack = Stack.empty(10)
    for k in range(10):
        push(stack, *particle(k))
    assert [pop(stack) for _ in range(10)] == [particle(k) for k in reversed(range(10))]
    assert list(stack.count) == [0, 0]


def test_the_room_of_a_particle_taken_is_used_again():
    stack = Stack.empty(2)
    push(stack, *particle(0))
    for k in range(1, 20):
        push(stack, *particle(k))
        assert pop(stack) == particle(k)
    assert pop(stack) == particle(0)
    assert stack.count[1] == 0


def test_particles_without_room_are_counted_and_overwrite_nothing():
    whole = Stack(np.full((6, 8), -7.0), np.full(6, -7), np.zeros(2, np.int64))
    stack = whole._replace(particles=whole.particles[:3], kinds=whole.kinds[:3])
    for k in range(5):
        push(stack, *particle(k))
    assert list(stack.count) == [3, 2]
    assert [pop(stack) for _ in range(3)] == [particle(k) for k in (2, 1, 0)]
    assert np.all(whole.particles[3:] == -7) and np.all(whole.kinds[3:] == -7)


def test_antiparticles_have_opposite_charge_and_the_same_mass():
    for one, other in ((ELECTRON, POSITRON), (PION_MINUS, PION_PLUS), (MUON_MINUS, MUON_PLUS)):
        assert CHARGE[one] == -1 and CHARGE[other] == 1
        assert MASS[one] == MASS[other] > 0
    assert (CHARGE[PHOTON], CHARGE[PROTON], CHARGE[NEUTRON]) == (0, 1, 0)
    assert MASS[PHOTON] == 0
    assert MASS[ELECTRON] < MASS[MUON_PLUS] < MASS[PION_PLUS] < MASS[PROTON]
