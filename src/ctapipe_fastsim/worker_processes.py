"""Processes that share work, and end with the one that started them."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread

__all__ = ["worker_pool"]


def worker_pool(n_processes: int) -> ProcessPoolExecutor:
    """Pool of new processes, to which arguments and results are sent as pickles.

    Parameters
    ----------
    n_processes : int

    Returns
    -------
    concurrent.futures.ProcessPoolExecutor
    """
    return ProcessPoolExecutor(n_processes, get_context("spawn"), _begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first one, which ends these
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Else they wait for ever when it was killed."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
