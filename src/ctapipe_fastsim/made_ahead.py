"""Work of several threads, handed out in order."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

__all__ = ["made_ahead"]


def made_ahead(make, things, n_workers):
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
    waiting = deque()
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
