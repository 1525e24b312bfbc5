"""Random streams follow from their name and keys, and from nothing else."""

import numpy as np
import pytest

from ctapipe_fastsim.random_streams import random_stream


def numbers(name, *keys, n=1000):
    return random_stream(name, *keys).random(n)


def test_same_name_and_keys_give_the_same_numbers():
    assert np.array_equal(numbers("images", 1, 2, 3), numbers("images", 1, 2, 3))


def test_another_stream_in_between_changes_nothing():
    stream = random_stream("images", 1)
    first = stream.random(10)
    numbers("showers", 1)
    assert np.array_equal(np.append(first, stream.random(10)), numbers("images", 1, n=20))


@pytest.mark.parametrize(
    ("stream", "other"),
    [
        (("images", 1), ("showers", 1)),
        (("images", 1), ("images", 2)),
        (("images", 1, 2), ("images", 2, 1)),
        (("images", 12, 3), ("images", 1, 23)),
        (("images", 1), ("images", 1, 1)),
        (("images", 1), ("images", 1, 0)),
        (("images", 0, 1), ("images", 2**32)),
        (("images", 5, 3 * 2**32 + 7), ("images", 5 + 7 * 2**32, 3)),
        (("images", 1), ("images", 1 + 2**64)),
    ],
)
def test_other_names_and_keys_give_other_numbers(stream, other):
    assert not np.isin(numbers(*stream), numbers(*other)).any()


def test_neighbouring_keys_are_uncorrelated():
    """Of 20 streams of 1000 numbers no two correlate by more than 5 standard deviations."""
    streams = [numbers("images", seed, block) for seed in range(4) for block in range(5)]
    correlation = np.corrcoef(streams) - np.eye(20)
    assert np.abs(correlation).max() < 5 / np.sqrt(1000)


def test_numpy_integers_are_keys_too():
    assert np.array_equal(numbers("images", np.int64(3)), numbers("images", 3))
