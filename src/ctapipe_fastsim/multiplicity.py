"""How likely it is that enough telescopes of an array trigger."""

from typing import Any

from .array_types import ArrayOrTensor

__all__ = ["at_least"]


def at_least(probability: ArrayOrTensor, n: int) -> ArrayOrTensor:
    """Probability that n or more of T telescopes trigger, each by itself.

    Counts are added up one telescope after the other (Poisson binomial distribution). Works alike
    on numpy arrays and torch tensors.

    Parameters
    ----------
    probability : (..., T) array
        Of each telescope.
    n : int

    Returns
    -------
    (...) array
    """
    one: Any = 1 + 0 * probability.sum(-1)
    exactly: list[Any] = [one, *(0 * one for _ in range(n - 1))][:n]  # 0 to n - 1 so far
    for i in range(probability.shape[-1]):
        p = probability[..., i]
        fewer = [0, *exactly]
        exactly = [q * (1 - p) + before * p for q, before in zip(exactly, fewer)]
    return one - sum(exactly)
