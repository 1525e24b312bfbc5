import numpy as np
import pytest

from ctapipe_fastsim.validation.sample import Sample


@pytest.fixture
def sample():
    """Five images of three pixels, of which the second was not cleaned away."""
    charge = np.arange(15, dtype=np.float32).reshape(5, 3)
    return Sample(
        charge,
        charge + 20,
        charge.astype(np.int32),
        {"hillas_log10_intensity": np.array([1.0, np.nan, 2.0, 3.0, np.nan])},
        {"x_max": np.linspace(300, 400, 5)},
        np.array([0, 0, 1, 2, 2]),
    )


@pytest.mark.parametrize(
    "index", [np.array([4, 0]), np.array([1, 0, 0, 0, 1], bool), slice(1, 4)], ids=str
)
def test_an_index_picks_the_same_images_everywhere(sample, index):
    part = sample[index]
    assert len(part) == len(sample.shower[index])
    for name in ("charge", "peak_time", "counts", "shower"):
        np.testing.assert_array_equal(getattr(part, name), getattr(sample, name)[index])
    for name in ("parameters", "conditions"):
        for key, values in getattr(sample, name).items():
            np.testing.assert_array_equal(getattr(part, name)[key], values[index])


def test_survival_is_that_of_the_parameters(sample):
    assert sample.survived.tolist() == [True, False, True, True, False]
    assert sample[sample.survived].survived.all()


def test_photo_electrons_may_be_unknown(sample):
    without = Sample(**{**vars(sample), "counts": None})
    assert without[:2].counts is None
