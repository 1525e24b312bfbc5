"""Images of one shower have more in common than its conditions tell.

The size and the latents of an image are drawn from independent normal numbers, their noise. Where
several telescopes saw the same event, the covariance C of the noise of any two of them is
measured. In the directions of its eigenvectors, with eigenvalues c, the noise of an image is

    sqrt(c) shared + sqrt(1 - c) own

so that each image is distributed as before. How much is shared is taken not to depend on the
conditions.
"""

import numpy as np

from .array_types import Columns, FloatArray, IntArray

__all__ = ["check_ties", "fit_ties", "own_noise", "shared_noise"]

MOST_SHARED = 0.95


def fit_ties(noise: FloatArray, event: IntArray) -> Columns:
    """Measure what the noise of images of one event shares.

    Parameters
    ----------
    noise : (N, D) array
    event : (N,) int array
        Images of one number are of one event.

    Returns
    -------
    dict of str to array
        ``strength`` (D,), c; ``directions`` (D, D), the eigenvectors as columns. Nothing is
        shared where no event has two images.
    """
    event = np.unique(event, return_inverse=True)[1]
    total = np.zeros((event.max() + 1, noise.shape[1]))
    np.add.at(total, event, noise)
    n_images = np.bincount(event)
    n_pairs = (n_images * (n_images - 1)).sum()
    covariance = (total.T @ total - noise.T @ noise) / max(1, n_pairs)
    if n_pairs == 0:
        covariance = np.zeros_like(covariance)
    strength, directions = np.linalg.eigh(covariance)
    return {"strength": np.clip(strength, 0, MOST_SHARED), "directions": directions}


def shared_noise(ties: Columns, event: IntArray, rng: np.random.Generator) -> FloatArray:
    """The part of the noise, (B, D) float32, that images of one number of ``event`` (B,) share."""
    number = np.unique(event, return_inverse=True)[1]
    shape = number.max(initial=-1) + 1, len(ties["strength"])
    return _noise(ties, np.sqrt(ties["strength"]), shape, rng)[number]


def own_noise(ties: Columns, n_images: int, rng: np.random.Generator) -> FloatArray:
    """The part of the noise, (n_images, D) float32, that each image has for itself."""
    shape = n_images, len(ties["strength"])
    return _noise(ties, np.sqrt(1 - ties["strength"]), shape, rng)


def _noise(
    ties: Columns, width: FloatArray, shape: tuple[int, int], rng: np.random.Generator
) -> FloatArray:
    turn = (ties["directions"] * width).T.astype(np.float32)
    return rng.standard_normal(shape, dtype=np.float32) @ turn


def check_ties(ties: Columns, n_noise: int) -> None:
    """Raise ValueError unless these are of `fit_ties` for that many numbers, and of the trigger."""
    shapes = [np.shape(ties.get(name, ())) for name in ("trigger", "strength", "directions")]
    if ties.keys() != {"strength", "directions", "trigger"} or shapes != [
        (),
        (n_noise,),
        (n_noise, n_noise),
    ]:
        raise ValueError("the ties of a shower's images have other names or shapes")
    strength, directions = ties["strength"], ties["directions"]
    if not all(((share >= 0) & (share <= 1)).all() for share in (strength, ties["trigger"])):
        raise ValueError("the ties of a shower's images are not shares")
    if not np.allclose(directions.T @ directions, np.eye(n_noise), atol=1e-6):
        raise ValueError("the ties of a shower's images have no orthogonal directions")
