import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from ctapipe_fastsim.validation.network_classifier import dense_network, held_out_score


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(1)
    is_second = rng.random(300) < 0.5
    images = rng.normal(size=(300, 8)) + is_second[:, np.newaxis]
    part = np.repeat(["train", "validation", "test"], 100)
    return images, is_second, part


@pytest.fixture(scope="module")
def score(sample):
    return held_out_score(dense_network, *sample, seed=1)


def test_the_second_sample_scores_higher(sample, score):
    _, is_second, part = sample
    best_auc = norm.cdf(np.sqrt(8 / 2))
    assert score.shape == (100,)
    assert roc_auc_score(is_second[part == "test"], score) == pytest.approx(best_auc, abs=0.05)


def test_test_images_teach_nothing(sample, score):
    images, is_second, part = sample
    swapped = np.where(part == "test", ~is_second, is_second)
    np.testing.assert_array_equal(
        held_out_score(dense_network, images, swapped, part, seed=1), score
    )
    others = images.copy()
    others[250:] *= 100
    changed = held_out_score(dense_network, others, is_second, part, seed=1)
    np.testing.assert_allclose(changed[:50], score[:50], rtol=1e-5)


def test_a_dark_pixel_does_no_harm(sample):
    images, is_second, part = sample
    with_dark = np.column_stack([images, np.zeros(len(images))])
    assert np.isfinite(held_out_score(dense_network, with_dark, is_second, part, seed=1)).all()


def test_torch_keeps_its_own_random_state(sample):
    before = torch.get_rng_state()
    held_out_score(dense_network, *sample, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
