import numpy as np
import pytest
from comparison_helpers import named

from ctapipe_fastsim.validation.goals import GAMMAS
from ctapipe_fastsim.validation.latents import latents

N_IMAGES = 4000


@pytest.fixture(scope="module")
def posterior():
    """Two latents that images tell, the second of them less, and one that they do not."""
    rng = np.random.default_rng(1)
    variance = np.array([0.2, 0.9, 1.0])
    mean = rng.normal(0, np.sqrt(1 - variance), (N_IMAGES, 3))
    return mean, np.tile(np.log(variance), (N_IMAGES, 1))


def prior(seed):
    return np.random.default_rng(seed).normal(size=(N_IMAGES, 3))


def test_a_fitting_prior_passes(posterior):
    figures, arrays = latents(*posterior, prior(2), GAMMAS, seed=1)
    assert named(figures, "active").value == 2
    assert arrays["active"].tolist() == [True, True, False]
    expected = -0.5 * np.log([0.2, 0.9, 1.0])  # mutual information of a normal channel
    np.testing.assert_allclose(arrays["kl"], expected, atol=0.05)
    assert named(figures, "KL").value == pytest.approx(arrays["kl"].sum())
    for side in ("prior", "posterior"):
        np.testing.assert_allclose(arrays[f"{side}_mean"], 0, atol=0.06)
        np.testing.assert_allclose(arrays[f"{side}_variance"], 1, atol=0.08)
    for i in range(3):
        figure = named(figures, f"latent {i}")
        assert figure.value < figure.floor + 3 * np.hypot(figure.error, figure.floor_error)


def test_a_wrong_prior_is_found(posterior):
    wrong = prior(2)
    wrong[:, 1] = 1.2 * wrong[:, 1] + 0.1
    figures, _ = latents(*posterior, wrong, GAMMAS, seed=1)
    assert named(figures, "latent 1").passed is False
    assert named(figures, "latent 0").passed
    assert named(figures, "latent 2").passed
