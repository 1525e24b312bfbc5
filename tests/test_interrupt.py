"""The first Ctrl-C is a question, the second one ends."""

import os
import signal

import pytest

from ctapipe_fastsim.interrupt import first_interrupt


@pytest.fixture(autouse=True)
def default_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_is_noted():
    with first_interrupt() as interrupted:
        assert not interrupted()
        press()
        assert interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_second_ends_at_once():
    with pytest.raises(KeyboardInterrupt), first_interrupt():
        press()
        press()
