"""Events of several images are drawn anew until these go together."""

import numpy as np
import pytest
from model_helpers import event_generator

from ctapipe_fastsim import event_drawing
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.event_drawing import MOST_DRAWS, EventDrawing
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.shower_frame import image_geometry

N_EVENTS = 400
EVENT = np.repeat(np.arange(N_EVENTS), 2)


@pytest.fixture
def drawing(model):
    """That keeps events as `keep` says."""
    (kind,) = model.telescope_types.values()
    (telescope,) = model.subarray.telescope_types
    drawing = EventDrawing(ImageGenerator(kind, telescope.camera.geometry, "cpu"))
    assert drawing.acceptance is None  # one telescope has no event of several images
    drawing.acceptance = "there is one"
    return drawing


@pytest.fixture(scope="module")
def pairs(model):
    """Conditions and geometry of events of two images, of the most energetic showers of some."""
    thrown = event_generator(model, n_thrown=6 * N_EVENTS).showers
    showers = thrown[np.argsort(-thrown.energy)[:N_EVENTS]][EVENT]
    pointing = model.thrown[0].altitude, model.thrown[0].azimuth
    positions = model.subarray.positions[1].to_value("m") + np.array([[0, 0, 0], [120.0, 0, 0]])
    geometry = image_geometry(showers, *pointing, np.tile(positions, (N_EVENTS, 1)))
    return condition_values(showers, geometry, *pointing), geometry


@pytest.fixture
def few(pairs):
    """Four of these images."""
    values, geometry = pairs
    return {name: column[:4] for name, column in values.items()}, geometry[:4]


def keep(monkeypatch, which):
    """Keep the events of which a function of their features says so; give how many it was told."""
    told = []

    def probability(acceptance, features, trigger_probability):
        assert (trigger_probability > 0).all()
        told.append(len(features))
        return which(features).astype(float)

    monkeypatch.setattr(event_drawing, "acceptance_probability", probability)
    return told


def on_one_side(features):
    """Whether two images lie on the same side of their lines towards the core."""
    return features[:, 3] > 0


def test_events_are_drawn_until_their_images_go_together(drawing, pairs, monkeypatch):
    """Where only one side is kept, far more end on it than were drawn there."""
    told = keep(monkeypatch, on_one_side)
    _, counts, charge, peak_time = drawing.draw(*pairs, np.random.default_rng(5), None, EVENT)
    share = on_one_side(drawing.features(*pairs, EVENT, charge)).mean()
    assert told[0] == N_EVENTS
    assert len(told) == MOST_DRAWS - 1
    kept_at_once = 1 - told[1] / told[0]
    assert 0 < kept_at_once < 0.3
    assert share > 2 * kept_at_once
    assert np.isfinite(charge).all()
    assert np.isfinite(peak_time).all()


def test_only_events_that_are_not_kept_change(drawing, few, monkeypatch):
    event = np.array([0, 1, 1, 0])
    before = drawing.images.draw(*few, np.random.default_rng(6), event=event)
    again = iter([np.array([True, False]), np.array([True])])
    keep(monkeypatch, lambda features: next(again))
    after = drawing.draw(*few, np.random.default_rng(6), None, event)
    for column, same in zip(after, before):
        np.testing.assert_array_equal(column[[0, 3]], same[[0, 3]])
    assert (after[2][[1, 2]] != before[2][[1, 2]]).any()
    np.testing.assert_array_equal(after[1].sum(axis=1), after[0])


def test_events_that_nobody_keeps_are_drawn_to_the_end(drawing, few, monkeypatch):
    told = keep(monkeypatch, lambda features: np.zeros(len(features)))
    drawing.draw(*few, np.random.default_rng(7), None, np.array([0, 0, 1, 2]))
    assert told == [1] * (MOST_DRAWS - 1)


def test_events_of_one_image_each_are_left_alone(drawing, few, monkeypatch):
    told = keep(monkeypatch, lambda features: np.zeros(len(features)))
    drawn = drawing.draw(*few, np.random.default_rng(8), None, np.arange(4))
    same = drawing.images.draw(*few, np.random.default_rng(8))
    assert not told
    np.testing.assert_array_equal(drawn[2], same[2])


def test_an_event_is_as_likely_to_be_recorded_as_its_least_likely_image(drawing, pairs):
    of_event = drawing.trigger_probability(pairs[0], EVENT)
    of_image = drawing.images.trigger_probability(pairs[0])
    np.testing.assert_array_equal(of_event, of_image.reshape(-1, 2).min(axis=1))


def test_what_recorded_events_are_like_is_learned_where_there_are_several_images(array_model):
    """Of two telescopes of one type, and not of a single one of another."""
    n_telescopes = [
        sum(str(telescope) == name for telescope in array_model.subarray.tel.values())
        for name in array_model.telescope_types
    ]
    learned = [bool(kind.event_acceptance) for kind in array_model.telescope_types.values()]
    assert sorted(n_telescopes) == [1, 2]
    assert learned == [n > 1 for n in n_telescopes]
