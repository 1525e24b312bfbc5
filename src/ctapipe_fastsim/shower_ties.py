"""Images of one shower have more in common than its conditions tell.

The size and the latents of an image are drawn from D independent normal numbers, its noise n.
Where several telescopes saw the same event, a part of it is common to all their images, and another
points somewhere in the sky: a subshower beside the axis displaces all images of an event in one
direction, which each of them sees from its own side. With the direction e of the core in the
camera, f across it, and the mirror m = +-1 of `CVAE.view`,

    n = C a + E (b . e) + m F (b . f) + R r

where the normal numbers a and the vectors b in the sky are shared by the event, and r are the
image's own. Two images whose directions differ by an angle D then have the covariance

    C C' + E E' cos D                       of what a reflection leaves as it is,
    F F' cos D                              of what changes its sign,
    E F' sin D                              of both,

and R R' = 1 - C C' - E E' - F F', so that each image is distributed as before. How much is shared
is taken not to depend on the conditions.
"""

import numpy as np

from .array_types import Columns, FloatArray, IntArray
from .shower_frame import ImageGeometry

__all__ = ["check_ties", "fit_ties", "own_noise", "shared_noise", "size_shared"]

PARTS = "common", "along", "across", "own"
MOST_SHARED = 0.95
LEAST_VARIED = 0.05  # mean square of what a part is in proportion to
LEAST_SHARED = 1e-6


def fit_ties(
    as_they_are: FloatArray, reflected: FloatArray, geometry: ImageGeometry, event: IntArray
) -> Columns:
    """Measure what the noise of images of one event shares.

    Parameters
    ----------
    as_they_are, reflected : (N, D) arrays
        Noise of the images with mirror +1 and -1.
    geometry : ImageGeometry
        N entries.
    event : (N,) int array
        Images of one number are of one event.

    Returns
    -------
    dict of str to array
        ``common`` C, ``along`` E, ``across`` F and ``own`` R, of D rows. Nothing is shared where no
        event has two images.
    """
    event = np.unique(event, return_inverse=True)[1]
    even, odd = (as_they_are + reflected) / 2, (as_they_are - reflected) / 2
    constant = _between(even, event)
    along, across, cosine = _in_sky(even, odd, geometry, event, constant)
    parts = [_factor(constant - cosine * along @ along.T), along, across]
    most = max(LEAST_SHARED, float(np.linalg.norm(_covariance(parts), ord=2)))
    parts = [part * np.sqrt(min(1, MOST_SHARED / most)) for part in parts]
    return dict(zip(PARTS, (*parts, _factor(np.eye(even.shape[1]) - _covariance(parts)))))


def shared_noise(
    ties: Columns,
    geometry: ImageGeometry,
    mirror: FloatArray,
    event: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    """The part of the noise that images of one event share.

    Parameters
    ----------
    ties : dict of str to array
        Of `fit_ties`.
    geometry : ImageGeometry
        B entries.
    mirror : (B,) array of +1 and -1
    event : (B,) int array
        Images of one number are of one event.
    rng : numpy.random.Generator

    Returns
    -------
    (B, D) float32 array
    """
    number = np.unique(event, return_inverse=True)[1]
    n_events = number.max(initial=-1) + 1
    common = _normal(n_events, ties["common"], rng) @ ties["common"].T
    lon, lat = (_normal(n_events, ties["along"], rng)[number] for _ in range(2))
    core_lon, core_lat = geometry.core_lon[:, None], geometry.core_lat[:, None]
    along = core_lon * lon + core_lat * lat
    across = mirror[:, None] * (core_lon * lat - core_lat * lon)
    shared = common[number] + along @ ties["along"].T + across @ ties["across"].T
    return shared.astype(np.float32)


def own_noise(ties: Columns, n_images: int, rng: np.random.Generator) -> FloatArray:
    """The part of the noise, (n_images, D) float32, that each image has for itself."""
    own = ties["own"].astype(np.float32)
    return _normal(n_images, own, rng) @ own.T


def size_shared(ties: Columns) -> float:
    """Correlation of the noise of two sizes of one event, seen from the same side."""
    return float(np.square(ties["common"][0]).sum() + np.square(ties["along"][0]).sum())


def check_ties(ties: Columns, n_noise: int) -> None:
    """Raise ValueError unless these are of `fit_ties` for that many numbers, and of the trigger."""
    shapes = {name: np.shape(values) for name, values in ties.items()}
    columns = {name: shape[1:] for name, shape in shapes.items() if shape[:1] == (n_noise,)}
    if (
        ties.keys() != {*PARTS, "trigger"}
        or columns.keys() != {*PARTS}
        or any(len(shape) != 1 for shape in columns.values())
        or columns["along"] != columns["across"]
        or shapes["trigger"] != ()
    ):
        raise ValueError("the ties of a shower's images have other names or shapes")
    if not 0 <= ties["trigger"] <= 1:
        raise ValueError("the tie of a shower's triggers is not a share")
    if not np.allclose(_covariance([ties[part] for part in PARTS]), np.eye(n_noise), atol=1e-5):
        raise ValueError("the ties of a shower's images do not leave their noise normal")


def _in_sky(
    even: FloatArray,
    odd: FloatArray,
    geometry: ImageGeometry,
    event: IntArray,
    constant: FloatArray,
) -> tuple[FloatArray, FloatArray, float]:
    """E, F and the mean of cos D, by least squares; ``constant`` is what pairs have on average."""
    core = np.stack([geometry.core_lon, geometry.core_lat])[:, :, None]  # e
    across = np.stack([-geometry.core_lat, geometry.core_lon])[:, :, None]  # f
    cosine, square = (
        float(np.sum([_between(part, event) for part in parts]))
        for parts in (core, (core[:, None] * core).reshape(4, -1, 1))
    )
    vectors = np.concatenate([core * even, across * odd], axis=2)  # (2, N, 2 D)
    covariance = np.sum([_between(part, event) for part in vectors], axis=0)
    n = even.shape[1]
    covariance[:n, :n] -= cosine * constant
    varied = np.full_like(covariance, max(LEAST_VARIED, 1 - square))  # mean square of sin D
    varied[:n, :n] = max(LEAST_VARIED, square - cosine**2)
    varied[n:, n:] = max(LEAST_VARIED, square)
    factor = _factor(covariance / varied)
    return factor[:n], factor[n:], cosine


def _between(values: FloatArray, event: IntArray) -> FloatArray:
    """Mean of x y' over all ordered pairs of images of one event, of their values (N, D)."""
    n_images = np.bincount(event)
    total = np.zeros((len(n_images), values.shape[1]))
    np.add.at(total, event, values)
    n_pairs = max(1, (n_images * (n_images - 1)).sum())
    return (total.T @ total - values.T @ values) / n_pairs


def _covariance(parts: list[FloatArray]) -> FloatArray:
    return np.sum([part @ part.T for part in parts], axis=0)


def _factor(covariance: FloatArray) -> FloatArray:
    """A factor (D, K) of the nearest covariance that there can be; K of its eigenvalues count."""
    eigenvalues, directions = np.linalg.eigh((covariance + covariance.T) / 2)
    some = eigenvalues > LEAST_SHARED
    return directions[:, some] * np.sqrt(eigenvalues[some])


def _normal(n: int, factor: FloatArray, rng: np.random.Generator) -> FloatArray:
    return rng.standard_normal((n, factor.shape[1]), dtype=np.float32)
