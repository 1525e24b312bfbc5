import numpy as np
import pytest
from scipy.stats import ks_2samp

from ctapipe_fastsim.validation.pixel_histograms import binned_distance, image_histograms

EDGES = np.array([-1.0, 0, 0.5, 1])


def test_every_image_has_the_histogram_of_numpy():
    rng = np.random.default_rng(1)
    values, chosen = rng.uniform(-1, 1, (5, 40)), rng.random((5, 40)) < 0.7
    for mask in (None, chosen):
        found = image_histograms(values, EDGES, mask)
        for row, histogram in enumerate(found):
            kept = values[row] if mask is None else values[row][mask[row]]
            np.testing.assert_array_equal(histogram, np.histogram(kept, EDGES)[0])


def test_values_beyond_the_edges_count_at_the_ends():
    assert image_histograms(np.array([[-7.0, 9, 8]]), EDGES).tolist() == [[1, 0, 2]]


def test_the_distance_is_that_of_scipy_between_edges():
    rng = np.random.default_rng(2)
    edges = np.linspace(-4, 4, 9)
    first, second = rng.normal(size=(6, 30)), rng.normal(0.3, size=(8, 30))
    counts = rng.integers(0, 3, (2, 6)), rng.integers(0, 3, (2, 8))
    found = binned_distance(
        image_histograms(first, edges), image_histograms(second, edges), *counts
    )
    for distance, n, m in zip(found, *counts):
        binned = [
            np.searchsorted(edges, np.repeat(values, weight, axis=0).ravel())
            for values, weight in ((first, n), (second, m))
        ]
        assert distance == pytest.approx(ks_2samp(*binned).statistic)
