"""Images of a block as they are written."""

import numpy as np
import pytest
from ctapipe.image import ImageProcessor
from model_helpers import event_generator

from ctapipe_fastsim.batch_parameters import CameraPixels, clean_images
from ctapipe_fastsim.bulk_images import BulkImages
from ctapipe_fastsim.recorded_blocks import recorded_blocks


@pytest.fixture(scope="module")
def generator(array_model):
    return event_generator(array_model, n_thrown=300)


@pytest.fixture(scope="module")
def block(generator):
    return next(recorded_blocks(generator))


def make(generator, block, **options):
    return BulkImages(generator, **dict(resolution=0, true_images=True) | options)(block)


def test_every_telescope_has_its_images(generator, block):
    """Those of the generator, with the event of each."""
    images = generator.images(
        *(block.number, block.event_id, block.showers, block.telescopes, None)
    )
    charges = {
        (tel_id, event): charge
        for part in images
        for tel_id, event, charge in zip(part.tel_id, part.event, part.charge)
    }
    found = make(generator, block)
    assert [telescope.tel_id for telescope in found] != sorted(generator.subarray.tel)  # by type
    assert sum(len(telescope.event) for telescope in found) == len(charges)
    for telescope in found:
        for event, charge in zip(telescope.event, telescope.columns["image"]):
            assert np.array_equal(charge, charges[telescope.tel_id, event])


@pytest.mark.parametrize("resolution", [1.0, 1 / 16, 1 / 64])
def test_rounding_goes_to_the_nearest(generator, block, resolution):
    exact, rounded = make(generator, block), make(generator, block, resolution=resolution)
    for one, other in zip(exact, rounded):
        for name in ("image", "peak_time"):
            steps = other.columns[name] / resolution
            assert other.columns[name].dtype == np.float32
            assert np.array_equal(steps, np.rint(steps))
            assert np.abs(other.columns[name] - one.columns[name]).max() <= resolution / 2


def test_missing_true_images_keep_their_sum(generator, block):
    for one, other in zip(make(generator, block), make(generator, block, true_images=False)):
        assert (other.columns["true_image"] == -1).all()
        assert np.array_equal(
            other.columns["true_image_sum"], one.columns["true_image"].sum(axis=1)
        )


def test_parameters_are_of_the_rounded_images(generator, block):
    """Cleaned with the thresholds that the processor has for each telescope."""
    process = ImageProcessor(subarray=generator.subarray)
    process.clean.picture_threshold_pe = [("type", "*", 8.0), ("id", 2, 12.0)]
    found = make(generator, block, resolution=1.0, process=process)
    for telescope in found:
        geometry = generator.subarray.tel[telescope.tel_id].camera.geometry
        mask = clean_images(
            *(CameraPixels.of(geometry), telescope.columns["image"]),
            picture_threshold=12 if telescope.tel_id == 2 else 8,
            boundary_threshold=5,
            min_picture_neighbours=2,
            keep_isolated=False,
        )
        assert np.array_equal(telescope.columns["image_mask"], mask)
        intensity = np.where(mask, telescope.columns["image"], 0).sum(axis=1)
        known = mask.any(axis=1)
        assert telescope.columns["hillas_intensity"][known] == pytest.approx(intensity[known])
        assert telescope.checks.shape == (len(mask), 2, 3)


def test_a_block_is_the_same_each_time(generator, block):
    process = ImageProcessor(subarray=generator.subarray)
    one, other = (make(generator, block, process=process) for _ in range(2))
    for a, b in zip(one, other):
        for name, column in a.columns.items():
            assert np.array_equal(column, b.columns[name], equal_nan=column.dtype.kind == "f")


def test_some_of_the_events(generator, block):
    for telescope in make(generator, block):
        part = telescope.of_events(10, 30)
        rows = (telescope.event >= 10) & (telescope.event < 30)
        assert np.array_equal(part.event + 10, telescope.event[rows])
        assert np.array_equal(part.columns["image"], telescope.columns["image"][rows])
        assert len(telescope.of_events(10, None).event) == (telescope.event >= 10).sum()
