"""Images of given conditions: painted, their light drawn until one is kept, painted anew."""

import numpy as np
import pytest
from model_helpers import event_generator

from ctapipe_fastsim import image_generator
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.image_generator import LIGHT_DRAWS, MOST_PAINTINGS, ImageGenerator
from ctapipe_fastsim.shower_frame import image_geometry

N_IMAGES = 4


@pytest.fixture
def painter(model):
    (kind,) = model.telescope_types.values()
    (telescope,) = model.subarray.telescope_types
    return ImageGenerator(kind, telescope.camera.geometry, "cpu")


@pytest.fixture(scope="module")
def conditions(model):
    showers = event_generator(model, n_thrown=1500).showers[:N_IMAGES]
    pointing = model.thrown[0].altitude, model.thrown[0].azimuth
    geometry = image_geometry(showers, *pointing, model.subarray.positions[1].to_value("m"))
    return condition_values(showers, geometry, *pointing), geometry


def keep(share, monkeypatch):
    """Keep images with this probability, whatever they are like."""

    def probability(acceptance, features, trigger_probability):
        return np.full(len(features), share)

    monkeypatch.setattr(image_generator, "acceptance_probability", probability)


def counted(name, monkeypatch):
    """How many images each call of a method makes."""
    made, method = [], getattr(ImageGenerator, name)

    def count(self, given, rng):
        made.append(method(self, given, rng))
        return made[-1]

    monkeypatch.setattr(ImageGenerator, name, count)
    return made


def test_images_at_given_conditions_sum_to_given_sizes(painter, conditions):
    size = np.array([0, 1, 50, 100_000])
    same, counts, charge, peak_time = painter.draw(*conditions, np.random.default_rng(1), size)
    np.testing.assert_array_equal(same, size)
    assert np.array_equal(counts.sum(axis=1), size)
    assert np.isfinite(charge).all()
    assert np.isfinite(peak_time).all()


def test_what_is_kept_at_once_is_drawn_once(painter, conditions, monkeypatch):
    keep(1, monkeypatch)
    monkeypatch.setattr(image_generator, "FEWEST_TOGETHER", 1)
    drawn = painter.draw(*conditions, np.random.default_rng(2))
    once = painter.draw_once(*conditions, np.random.default_rng(2))
    for column, same in zip(drawn, once):
        np.testing.assert_array_equal(column, same)


@pytest.mark.parametrize("share", [0, 1e-9])
def test_what_nobody_keeps_is_drawn_to_the_end(painter, conditions, monkeypatch, share):
    keep(share, monkeypatch)
    painted, drawn = counted("_paint", monkeypatch), counted("_draw", monkeypatch)
    size, counts, charge, peak_time = painter.draw(*conditions, np.random.default_rng(3))
    assert len(painted) == MOST_PAINTINGS
    n_drawn = sum(len(one[0]) for one in drawn)
    assert n_drawn == N_IMAGES * LIGHT_DRAWS * MOST_PAINTINGS
    np.testing.assert_array_equal(size, painted[-1].told.size)
    np.testing.assert_array_equal(counts.sum(axis=1), size)
    *_, charges, peak_times = drawn[-1]  # of what was painted last, all draws together
    for charge_of_one, time_of_one in zip(charge, peak_time):
        (same,) = np.flatnonzero((charges == charge_of_one).all(axis=1))
        np.testing.assert_array_equal(peak_times[same], time_of_one)


def test_light_is_drawn_anew_before_an_image_is_painted_anew(painter, conditions, monkeypatch):
    keep(0.5, monkeypatch)
    painted, drawn = counted("_paint", monkeypatch), counted("_draw", monkeypatch)
    for seed in range(20):
        painter.draw(*conditions, np.random.default_rng(seed))
    n_painted = sum(len(one.told.size) for one in painted)
    assert n_painted < 1.2 * 20 * N_IMAGES
    assert sum(len(one[0]) for one in drawn) > 2 * n_painted
