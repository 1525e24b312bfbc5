"""Cores that are spread as the files say."""

import numpy as np
import pytest

from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.thrown_anew import spread_like_thrown
from ctapipe_fastsim.training_data import read_production


@pytest.fixture(scope="module")
def spread(toy_file, model):
    """Production, and what was spread of its one telescope type."""
    production = read_production([toy_file])
    (images,) = production.images.values()
    values, n_thrown = spread_like_thrown(production, images, model, random_stream("test"))
    return production, values, n_thrown


def test_energies_follow_the_histogram_rather_than_the_law(spread):
    """Within five standard errors in every bin of energy."""
    production, values, n_thrown = spread
    counts, energy, _ = production.thrown_histogram
    assert n_thrown == counts.sum() == production.thrown[0].n_thrown
    found = np.histogram(10 ** values["log10_energy"], energy)[0] / len(values["log10_energy"])
    expected = counts.sum(axis=1) / counts.sum()
    error = np.sqrt(expected / len(values["log10_energy"]))
    assert (np.abs(found - expected) <= 5 * error + 1e-4).all()
    assert (found[expected == 0] == 0).all()


def test_every_condition_is_given(spread):
    production, values, _ = spread
    (images,) = production.images.values()
    assert {len(column) for column in values.values()} == {len(values["x_max"])}
    assert values["impact_distance"].max() < 1.1 * production.thrown[0].scatter_max
    assert images.geometry.impact_distance.max() < values["impact_distance"].max() * 1.1
