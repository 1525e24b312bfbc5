"""Moments of light agree with numpy's, whatever the order and number of pixels."""

import numpy as np
import pytest
import torch

from ctapipe_fastsim.light_moments import N_MOMENTS, light_moments

SPACING = 0.2


@pytest.fixture
def image():
    """Counts, times, u and v of 4 images; the last one is empty."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(3, (4, 50)).astype(float)
    counts[3] = 0
    u, v = rng.uniform(-1, 3, (4, 50)), rng.uniform(-0.5, 0.5, (4, 50))
    return tuple(map(torch.as_tensor, (counts, rng.normal(size=(4, 50)), u, v)))


def test_moments_are_those_of_photo_electrons_one_by_one(image):
    counts, times, u, v = (part[0].numpy() for part in image)
    n = counts.astype(int)
    u, v, t = (np.repeat(values, n) for values in (u, v, times))
    found = light_moments(*image, SPACING)[0].numpy()
    variance_u, variance_v = np.var(u) / SPACING**2 + 0.1, np.var(v) / SPACING**2 + 0.1
    du, dv = (u - u.mean()) / SPACING, (v - v.mean()) / SPACING
    gradient_u = (du * (t - t.mean())).mean() / variance_u
    gradient_v = (dv * (t - t.mean())).mean() / variance_v
    expected = [
        u.mean() / (10 * SPACING),
        v.mean() / SPACING,
        np.log(variance_u),
        np.log(variance_v),
        np.cov(u, v, bias=True)[0, 1] / SPACING**2 / np.sqrt(variance_u * variance_v),
        (du**3).mean() / variance_u**1.5,
        t.mean(),
        gradient_u * np.sqrt(variance_u),
        gradient_v * np.sqrt(variance_v),
        np.log(np.hypot(np.std(t - gradient_u * du - gradient_v * dv), 0.01)),
        np.log(counts.max() / counts.sum() + 1e-3),
    ]
    assert found == pytest.approx(expected, abs=1e-6)


def test_an_empty_image_has_finite_moments(image):
    found = light_moments(*image, SPACING)
    assert found.shape == (4, N_MOMENTS)
    assert torch.isfinite(found).all()


def test_dark_pixels_do_not_matter(image):
    counts, times, u, v = image
    moved = torch.where(counts == 0, times + 9, times)
    assert torch.allclose(
        light_moments(counts, moved, u, v, SPACING)[:3], light_moments(*image, SPACING)[:3]
    )
