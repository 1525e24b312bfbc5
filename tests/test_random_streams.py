"""Random streams follow from their name and keys, and from nothing else."""

import numpy as np
import pytest
from scipy.stats import kstest

from ctapipe_fastsim.random_streams import random_stream, uniform_numbers


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


def test_uniform_numbers_never_reach_0_or_1_and_are_uniform():
    numbers = uniform_numbers(random_stream("test", 1), (201, 999))
    assert numbers.dtype == np.float32 and numbers.shape == (201, 999)
    assert numbers.min() > 0 and numbers.max() < 1
    assert kstest(numbers.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(numbers[:, :-1].ravel(), numbers[:, 1:].ravel())[0, 1]) < 0.01


def test_uniform_numbers_follow_from_the_stream():
    drawn = [uniform_numbers(random_stream("test", seed), (3, 5)) for seed in (1, 1, 2)]
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])


def test_the_least_bits_give_numbers_inside():
    class AllBits:
        def __init__(self, bit):
            self.bit = bit

        def integers(self, low, high, n, dtype, endpoint):
            return np.full(n, high if self.bit else low, dtype)

    lowest, highest = (uniform_numbers(AllBits(bit), (3,)) for bit in (0, 1))
    assert (lowest == 2.0**-24).all() and (highest == 1 - 2.0**-24).all()
