"""Named random streams: every draw of the package comes from one of these."""

import zlib

import numpy as np

__all__ = ["random_stream"]


def random_stream(name, *keys):
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
    return np.random.default_rng([zlib.crc32(name.encode()), *keys])
