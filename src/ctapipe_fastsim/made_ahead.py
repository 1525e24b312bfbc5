"""Work of several threads, handed out in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["made_ahead"]

Thing = TypeVar("Thing")
Made = TypeVar("Made")


def made_ahead(
    make: Callable[[Thing], Made], things: Iterable[Thing], n_workers: int
) -> Generator[tuple[Thing, Made], None, None]:
    """Make something of each thing in threads, a little ahead of who asks for it.

    Parameters
    ----------
    make : callable
    things : iterable
    n_workers : int

    Yields
    ------
    tuple
        Each thing and what was made of it, in order.
    """
    waiting: deque[tuple[Thing, Future[Made]]] = deque()
    with ThreadPoolExecutor(n_workers) as pool:
        try:
            for thing in things:
                waiting.append((thing, pool.submit(make, thing)))
                if len(waiting) > 2 * n_workers:
                    thing, made = waiting.popleft()
                    yield thing, made.result()
            while waiting:
                thing, made = waiting.popleft()
                yield thing, made.result()
        finally:
            pool.shutdown(cancel_futures=True)
