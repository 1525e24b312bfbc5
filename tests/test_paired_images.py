"""Generated images at the conditions of given ones."""

import numpy as np
import pytest

from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.paired_images import paired_images
from ctapipe_fastsim.training_data import read_production


@pytest.fixture(scope="module")
def images(toy_file):
    (images,) = read_production([toy_file]).images.values()
    return images


@pytest.fixture(scope="module")
def kind(model):
    (kind,) = model.telescope_types.values()
    return kind


@pytest.fixture(scope="module")
def drawn(kind, images):
    return paired_images(kind, images, 3, lambda n: None)


def test_one_image_for_each_and_progress_to_the_end(kind, images, drawn):
    done = []
    again = paired_images(kind, images, 3, done.append)
    assert sum(done) == len(images.counts)
    size, counts, charge, peak_time = again
    assert counts.shape == charge.shape == peak_time.shape == images.counts.shape
    for one, other in zip(drawn, again):
        np.testing.assert_array_equal(one, other)


def test_the_requested_size_is_the_sum_of_the_photo_electrons(drawn):
    size, counts, *_ = drawn
    np.testing.assert_array_equal(counts.sum(axis=1), size)


def test_each_image_is_drawn_at_its_own_conditions(kind, images, monkeypatch):
    """A size that tells the energy must come back in the order of the showers."""

    def tell_energy(self, conditions, rng):
        energy = 10 ** self.kind.conditions.inverse(conditions)["log10_energy"]
        return np.round(20 * energy).astype(int)

    monkeypatch.setattr(ImageGenerator, "_draw_size", tell_energy)
    size, counts, *_ = paired_images(kind, images, 3, lambda n: None)
    expected = np.round(20 * images.showers.energy)
    np.testing.assert_allclose(size, expected, atol=1)  # conditions are in single precision
    np.testing.assert_array_equal(counts.sum(axis=1), size)


def test_another_seed_gives_other_images(kind, images, drawn):
    assert not np.array_equal(paired_images(kind, images, 4, lambda n: None)[1], drawn[1])
