"""What images of one shower share is measured, and drawn again."""

import numpy as np
import pytest

from ctapipe_fastsim.shower_ties import check_ties, fit_ties, own_noise, shared_noise

COVARIANCE = np.array([[0.4, -0.1, 0.0], [-0.1, 0.3, 0.0], [0.0, 0.0, 0.0]])


def tied(n_events, n_images, rng):
    """Noise of events of that many images, with the covariance above between any two of them."""
    event = np.repeat(np.arange(n_events), n_images)
    shared = rng.multivariate_normal(np.zeros(3), COVARIANCE, n_events)[event]
    own = rng.multivariate_normal(np.zeros(3), np.eye(3) - COVARIANCE, len(event))
    return shared + own, event


def between(noise):
    """Covariance between the two images of each event, next to each other."""
    first, second = noise[::2], noise[1::2]
    return (first.T @ second + second.T @ first) / (2 * len(first))


def test_ties_are_found():
    """Within 0.03, of 10 000 events; standard errors are 0.01."""
    ties = fit_ties(*tied(10_000, 3, np.random.default_rng(0)))
    found = (ties["directions"] * ties["strength"]) @ ties["directions"].T
    np.testing.assert_allclose(found, COVARIANCE, atol=0.03)


def test_noise_is_drawn_with_its_ties_and_stays_normal():
    """Covariances within 0.03, with standard errors of 0.007."""
    rng = np.random.default_rng(1)
    ties = fit_ties(*tied(10_000, 3, rng))
    event = np.repeat(np.arange(20_000), 2)
    noise = shared_noise(ties, event, rng) + own_noise(ties, len(event), rng)
    np.testing.assert_allclose(noise.T @ noise / len(noise), np.eye(3), atol=0.03)
    np.testing.assert_allclose(between(noise), COVARIANCE, atol=0.03)


def test_single_telescopes_share_nothing():
    rng = np.random.default_rng(2)
    ties = fit_ties(rng.standard_normal((50, 3)), np.arange(50))
    assert not ties["strength"].any()
    assert not shared_noise(ties, np.zeros(9), rng).any()


@pytest.mark.parametrize(
    "change",
    [
        {"strength": np.full(3, 1.1)},
        {"strength": np.full(3, np.nan)},
        {"strength": np.zeros(2)},
        {"directions": np.ones((3, 3))},
        {"more": np.zeros(3)},
        {"trigger": np.array(-0.1)},
        {"trigger": np.zeros(2)},
    ],
)
def test_other_arrays_are_refused(change):
    ties = {"strength": np.full(3, 0.5), "directions": np.eye(3), "trigger": np.array(0.2)}
    check_ties(ties, 3)
    with pytest.raises(ValueError, match="ties"):
        check_ties(ties | change, 3)
