"""Named random streams: every draw of the package comes from one of these."""

from hashlib import sha256

import numpy as np

__all__ = ["random_stream"]


def random_stream(name: str, *keys: int) -> np.random.Generator:
    """Independent random generator for one purpose.

    Parameters
    ----------
    name : str
        What the numbers are for, such as ``"images"``.
    *keys : int
        Non-negative integers: the user's seed first, then whatever tells draws of
        the same purpose apart (observation, block, telescope type).

    Returns
    -------
    numpy.random.Generator
        The same name and keys always give the same numbers.
    """
    text = repr((name, *map(int, keys)))  # numpy's own seeding takes (1,) and (1, 0) for one
    return np.random.default_rng(int.from_bytes(sha256(text.encode()).digest()))
