"""What images of one shower share is measured, and drawn again."""

import numpy as np
import pytest

from ctapipe_fastsim.shower_frame import ImageGeometry
from ctapipe_fastsim.shower_ties import (
    check_ties,
    fit_ties,
    own_noise,
    shared_noise,
    size_shared,
)

N_NOISE = 4
TIES = {
    "common": np.array([[0.4, -0.5], [0, 0.3], [0.3, 0], [0, 0]]),
    "along": np.array([[0.2, 0.0], [0.5, 0.1], [0, 0], [0, 0]]),
    "across": np.array([[0.0, 0], [0, 0], [0, 0], [0.6, 0.2]]),
}
COVARIANCE = sum(part @ part.T for part in TIES.values())
TIES["own"] = np.linalg.cholesky(np.eye(N_NOISE) - COVARIANCE)
PARTS = [name for name in TIES if name != "own"]


def seen_from(angle):
    """Geometry of images whose core lies in these directions of the camera."""
    nothing = 0 * angle
    return ImageGeometry(nothing, nothing, np.cos(angle), np.sin(angle), nothing)


def tied(n_events, rng, turn=None):
    """Noise, reflected noise, geometry and event of events of two images each.

    Between their directions is ``turn``, or any angle.
    """
    event = np.repeat(np.arange(n_events), 2)
    angle = rng.uniform(0, 2 * np.pi, len(event))
    if turn is not None:
        angle[1::2] = angle[::2] + turn
    geometry = seen_from(angle)
    seed = rng.integers(2**31)
    as_they_are, reflected = (
        shared_noise(TIES, geometry, np.full(len(event), mirror), event, again)
        + own_noise(TIES, len(event), again)
        for mirror in (1, -1)
        for again in [np.random.default_rng(seed)]
    )
    return as_they_are, reflected, geometry, event


def between(noise, other):
    """Covariance of the first image of each event and, of the other noise, the second."""
    return noise[::2].T @ other[1::2] / (len(noise) // 2)


@pytest.mark.parametrize("turn", [0, 1.2, np.pi])
def test_noise_stays_normal_and_is_tied_by_the_angle(turn):
    """Within 0.03, four standard errors."""
    noise, reflected, *_ = tied(20_000, np.random.default_rng(1), turn=turn)
    for view in (noise, reflected):
        np.testing.assert_allclose(view.T @ view / len(view), np.eye(N_NOISE), atol=0.03)
    constant = TIES["common"] @ TIES["common"].T
    along, across = TIES["along"], TIES["across"]
    expected = constant + np.cos(turn) * (along @ along.T + across @ across.T)
    expected += np.sin(turn) * (across @ along.T - along @ across.T)
    np.testing.assert_allclose(between(noise, noise), expected, atol=0.03)


def test_what_changes_its_sign_does_so_with_the_mirror():
    """One of two images reflected: only what lies across has the other sign. Within 0.03."""
    noise, reflected, *_ = tied(20_000, np.random.default_rng(2), turn=0)
    across = TIES["across"] @ TIES["across"].T
    np.testing.assert_allclose(between(noise, reflected), COVARIANCE - 2 * across, atol=0.03)


def products(ties, names=PARTS):
    return [ties[name] @ ties[name].T for name in names]


def test_ties_are_found():
    """Within 0.05, four standard errors of the least well known."""
    noise, reflected, geometry, event = tied(20_000, np.random.default_rng(3))
    found = fit_ties(noise, reflected, geometry, event)
    check_ties(found | {"trigger": np.array(0.2)}, N_NOISE)
    for product, expected in zip(products(found), products(TIES)):
        np.testing.assert_allclose(product, expected, atol=0.05)
    assert size_shared(found) == pytest.approx(0.25 + 0.16 + 0.04, abs=0.05)


def test_single_telescopes_share_nothing():
    rng = np.random.default_rng(6)
    noise, event, nothing = rng.standard_normal((50, 3)), np.arange(50), np.zeros(50)
    ties = fit_ties(noise, noise, seen_from(nothing), event)
    for name in PARTS:
        assert not ties[name].any()
    drawn = shared_noise(ties, seen_from(nothing), np.ones(50), event, rng)
    assert drawn.shape == (50, 3) and not drawn.any()


def test_few_events_leave_noise_normal():
    """What is shared is at most 0.95 of it, however much chance finds."""
    noise, reflected, geometry, event = tied(4, np.random.default_rng(7))
    found = fit_ties(noise, reflected, geometry, event)
    check_ties(found | {"trigger": np.array(0.2)}, N_NOISE)
    assert np.linalg.eigvalsh(sum(products(found))).max() < 0.96


@pytest.mark.parametrize(
    "change",
    [
        {"own": np.eye(N_NOISE)},
        {"own": np.full((N_NOISE, N_NOISE), np.nan)},
        {"common": np.zeros((2, 1))},
        {"common": np.zeros(N_NOISE)},
        {"across": np.zeros((N_NOISE, 1))},
        {"more": np.zeros(3)},
        {"trigger": np.array(-0.1)},
        {"trigger": np.zeros(2)},
    ],
)
def test_other_arrays_are_refused(change):
    ties = TIES | {"trigger": np.array(0.2)}
    check_ties(ties, N_NOISE)
    with pytest.raises(ValueError, match="tie"):
        check_ties(ties | change, N_NOISE)
