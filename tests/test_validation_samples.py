"""What is compared: whole showers, on one grid, cleaned alike."""

import numpy as np
import pytest
from helpers import one_line_refusal
from traitlets.config import Config

from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.validation.common_grid import grid_step
from ctapipe_fastsim.validation_samples import RawImages, chosen_images, recorded, samples


@pytest.fixture(scope="module")
def production(toy_file):
    return read_production([toy_file])


@pytest.fixture(scope="module")
def images(production):
    (images,) = production.images.values()
    return images


def test_all_images_are_taken_without_a_limit(images):
    for most in (None, len(images.counts)):
        np.testing.assert_array_equal(chosen_images(images, most, 0, "x").counts, images.counts)


def test_a_limit_takes_whole_showers(images):
    most = len(images.counts) // 2
    chosen = chosen_images(images, most, 0, "reference")
    assert most - 10 < len(chosen.counts) <= most
    per_shower = dict(zip(*np.unique(images.showers.energy, return_counts=True)))
    energies, counts = np.unique(chosen.showers.energy, return_counts=True)
    assert [per_shower[energy] for energy in energies] == counts.tolist()


def test_the_seed_chooses_the_showers(images):
    first, same, other = (
        chosen_images(images, 300, seed, "x").showers.energy for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_too_few_showers_are_refused(images):
    one_line_refusal(
        lambda: chosen_images(images, 30, 0, "protons"), "protons", "40", "more events"
    )


def test_recorded_images_keep_their_order_and_number(images):
    raw = recorded(images, first_shower=1000)
    np.testing.assert_array_equal(raw.counts, images.counts)
    np.testing.assert_array_equal(raw.shower, images.shower_number + 1000)
    np.testing.assert_allclose(10 ** raw.conditions["log10_energy"], images.showers.energy)
    np.testing.assert_array_equal(raw.conditions["core_lat"], images.geometry.core_lat)


def test_all_samples_stand_on_the_coarsest_grid(production, images):
    raw = recorded(chosen_images(images, 300, 0, "reference"))
    coarse = RawImages(**{**vars(raw), "charge": np.round(raw.charge * 4) / 4})
    found, steps = samples({"a": raw, "b": coarse}, production.subarray, 1, Config(), False)
    assert steps["charge"] == 0.25
    assert grid_step(found["a"].charge) == 0.25
    np.testing.assert_array_equal(found["a"].charge, found["b"].charge)
    np.testing.assert_array_equal(found["a"].survived, found["b"].survived)
    for name, column in found["a"].parameters.items():
        np.testing.assert_array_equal(column, found["b"].parameters[name])
    assert found["a"].survived.any()
