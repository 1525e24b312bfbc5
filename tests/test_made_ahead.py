"""Threads work ahead, but what they made comes in order."""

import threading
import time

import pytest

from ctapipe_fastsim.made_ahead import made_ahead


def test_things_come_in_order():
    def slow_if_even(number):
        time.sleep(0.02 * (number % 2 == 0))
        return number**2

    expected = [(number, number**2) for number in range(20)]
    assert list(made_ahead(slow_if_even, range(20), 4)) == expected


def test_several_threads_work():
    meeting = threading.Barrier(3, timeout=20)
    assert [made for _, made in made_ahead(lambda _: meeting.wait() >= 0, range(6), 3)] == [
        True
    ] * 6


def test_no_more_is_taken_than_is_needed_soon():
    """Memory stays flat however many things there are."""
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield taken[-1]

    made = made_ahead(lambda number: number, endless(), 2)
    for _ in range(10):
        next(made)
    made.close()
    assert len(taken) <= 10 + 2 * 2


def test_errors_come_to_the_caller():
    def fail(number):
        raise OSError(number)

    with pytest.raises(OSError):
        list(made_ahead(fail, range(3), 2))
