"""Numbers that tell how the images of an event go together."""

import numpy as np
import pytest

from ctapipe_fastsim.cleaned_statistics import NOTHING_LEFT
from ctapipe_fastsim.event_features import event_features, in_events_of_several, n_event_features
from ctapipe_fastsim.shower_frame import ImageGeometry

TOGETHER = ["apart", "beside", "cosine", "across", "images", "left"]
OF_EACH = ["along", "aside", "log_size", "condition"]
NAMES = [*TOGETHER, *(f"near_{name}" for name in OF_EACH), *(f"far_{name}" for name in OF_EACH)]
EVENT = np.array([0, 0, 1, 1, 1])
IMPACT = np.array([50.0, 150.0, 200.0, 100.0, 80.0])
CORE = np.exp(1j * np.array([0.2, 0.2, 0.0, np.pi / 2, 1.0]))
SOURCE = 0.3 - 0.4j
CENTRE = CORE * np.array([0.5 + 0.1j, 1.5 - 0.2j, 2.0, 1.0, 0.7])  # from the source, deg
SIZE = np.array([300.0, 100.0, 500.0, 900.0, 60.0])


def features(centre=CENTRE, core=CORE, size=SIZE):
    """Of an event with images on a line and of one of three images, by their names."""
    light = {
        "hillas_fov_lon": (centre + SOURCE).real,
        "hillas_fov_lat": (centre + SOURCE).imag,
        "hillas_intensity": size,
    }
    geometry = ImageGeometry(
        *(np.full(len(EVENT), part) for part in (SOURCE.real, SOURCE.imag)),
        *(core.real, core.imag, IMPACT),
    )
    table = event_features(light, geometry, np.arange(5.0)[:, None], EVENT)
    assert table.shape == (2, n_event_features(1)) == (2, len(NAMES))
    return dict(zip(NAMES, table.T))


def test_centres_fan_out_with_the_distance_of_the_telescopes():
    assert features()["apart"] == pytest.approx([1 / 100, 500 / (200**2 + 100**2)])
    assert features()["beside"] == pytest.approx([0.3 / 100, 0], abs=1e-12)
    assert features()["cosine"] == pytest.approx([1, 0], abs=1e-12)
    assert features()["across"] == pytest.approx([-0.02, 0], abs=1e-12)


def test_of_three_images_the_brightest_count_the_nearer_one_first():
    found = features()
    assert found["images"].tolist() == [2, 3]
    assert found["left"].tolist() == [2, 3]
    assert found["near_condition"].tolist() == [0, 3]
    assert found["far_condition"].tolist() == [1, 2]
    assert found["near_along"] == pytest.approx([0.5, 1.0])
    assert found["far_aside"] == pytest.approx([0.2, 0.0], abs=1e-12)
    assert found["far_log_size"] == pytest.approx(np.log1p([100, 500]))


def test_an_event_and_its_reflection_are_told_alike():
    found = features()
    reflected = features(CENTRE.conj(), CORE.conj())
    for name, values in found.items():
        assert reflected[name] == pytest.approx(values), name


def test_images_that_do_not_survive_are_told_as_such():
    gone = np.array([False, True, False, False, False])
    found = features(np.where(gone, np.nan, CENTRE), size=np.where(gone, np.nan, SIZE))
    assert found["left"].tolist() == [1, 3]
    assert found["apart"][0] == found["far_along"][0] == NOTHING_LEFT
    assert found["near_along"][0] == pytest.approx(0.5)
    assert np.isfinite(list(found.values())).all()


def test_events_of_one_image_are_left_out():
    assert in_events_of_several(np.array([3, 5, 5, 2, 9, 9, 9])).tolist() == [1, 2, 4, 5, 6]
    assert len(in_events_of_several(np.array([], dtype=int))) == 0
