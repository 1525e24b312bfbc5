"""Ctrl-C as a question that can be asked."""

import signal
from contextlib import contextmanager

__all__ = ["first_interrupt"]


@contextmanager
def first_interrupt():
    """Make the first Ctrl-C a question that can be asked; the second one ends at once."""
    interrupts = []

    def note(number, frame):
        interrupts.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(interrupts)
    finally:
        signal.signal(signal.SIGINT, before)
