"""examples/paper_cvae.py on round spots of light in a small camera."""

from pathlib import Path

import numpy as np
import pytest
from toy_production import hexagonal_geometry

from ctapipe_fastsim.random_streams import random_stream

CAMERA = hexagonal_geometry("toy", 37)


@pytest.fixture
def paper_cvae(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "examples"))
    import paper_cvae

    return paper_cvae


def spots(n):
    """Spots of light of all brightnesses at random places, (n, P) p.e., faint pixels zero."""
    rng = random_stream("spots", 1)
    pixels = np.column_stack([CAMERA.pix_x.value, CAMERA.pix_y.value])
    pitch = np.sqrt(CAMERA.pix_area.value[0])
    centre = pixels[rng.integers(len(pixels), size=n)]
    distance = np.linalg.norm(pixels - centre[:, None], axis=2) / pitch
    light = 10 ** rng.uniform(1.5, 3, (n, 1)) * np.exp(-(distance**2) / 2)
    return np.where(light > 5, light, 0)


def test_neighbouring_pixels_are_neighbours_in_the_grid(paper_cvae):
    cvae = paper_cvae.PaperCVAE(CAMERA, np.array([10.0, 100.0]))
    assert len(set(zip(cvae.rows, cvae.columns))) == CAMERA.n_pixels
    first, second = np.nonzero(CAMERA.neighbor_matrix)
    assert np.abs(cvae.rows[first] - cvae.rows[second]).max() == 1
    assert np.abs(cvae.columns[first] - cvae.columns[second]).max() == 1


def test_same_seed_same_images(paper_cvae):
    def images(seed):
        cvae = paper_cvae.train(CAMERA, spots(100), epochs=1, seed=seed)
        return paper_cvae.generate(cvae, np.full(20, 100.0), random_stream("images", 0))

    one = images(seed=1)
    np.testing.assert_array_equal(one, images(seed=1))
    assert not np.array_equal(one, images(seed=2))


def test_brighter_when_asked_for_more(paper_cvae):
    cvae = paper_cvae.train(CAMERA, spots(500), epochs=30, seed=1)
    size = np.repeat([100.0, 1000.0], 100)
    charge = paper_cvae.generate(cvae, size, random_stream("images", 1))
    assert charge.min() >= 0
    faint, bright = charge.sum(axis=1).reshape(2, 100).mean(axis=1)
    assert 3 * faint < bright < 30 * faint
