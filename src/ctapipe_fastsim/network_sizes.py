"""All that is needed to build a network before its weights are known."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .array_types import Array, FloatArray
from .errors import InputError
from .map_numbers import N_COARSE_MAPS, N_DISPLACEMENT
from .shower_frame import pixel_directions, to_shower_frame

if TYPE_CHECKING:
    from .training import TrainingOptions
    from .training_data import TelescopeImages

__all__ = ["MOST", "NetworkSizes", "network_sizes"]

MOST = dict(
    **dict(n_conditions=64, n_latent=64, hidden=2048, n_features=1024, rank=1024),
    **dict(n_u=256, n_v=256, n_local=16),
)
FEWEST = dict(n_conditions=0, n_local=0, n_u=2, n_v=2)  # 1 of the others
POSITIVE = ("v_max", "u_scale", "time_scale", "time_window")
LIT_PIXEL = 5  # photo-electrons that make a peak time worth to scale by


@dataclass(frozen=True)
class NetworkSizes:
    """Of a `network.CVAE`.

    Attributes
    ----------
    n_conditions : int
        C, without the size.
    n_latent, hidden, n_features : int
        Latents; width of the hidden layers; width of the last one.
    rank : int
        Of the maps: how many mixtures of the features they are made of.
    n_u, n_v : int
        Nodes of the map of light along and across the shower; the other maps have half as many.
    n_local : int
        Latents of each node of a lattice over the maps, 0 for no such lattice.
    u_min, u_max, v_max : float, deg
        Extent of the maps.
    u_centre, u_scale : float, deg
        Where along the shower most of the light is; nodes are dense there.
    time_origin, time_scale : float, ns
        Median and spread of the arrival times in the training set.
    time_window : float, ns
        Range of peak times that pixels without light show.
    """

    n_conditions: int
    u_min: float
    u_max: float
    v_max: float
    u_centre: float
    u_scale: float
    time_origin: float
    time_scale: float
    time_window: float
    n_latent: int = 8
    hidden: int = 384
    n_features: int = 160
    rank: int = 64
    n_u: int = 80
    n_v: int = 41
    n_local: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError where these are no sizes of a network, or a network of gigabytes."""
        for name, number in asdict(self).items():
            if name in MOST:
                good = type(number) is int and FEWEST.get(name, 1) <= number <= MOST[name]
            else:
                good = type(number) is float and bool(np.isfinite(number))
            if not good or (name in POSITIVE and number <= 0):
                raise ValueError(f"{name} of the network is {str(number)[:40]}")
        u_min, u_max = ((u - self.u_centre) / self.u_scale for u in (self.u_min, self.u_max))
        if not np.arcsinh(u_min) < np.arcsinh(u_max):
            raise ValueError("u_min of the network is not below its u_max")

    @property
    def n_coarse(self) -> tuple[int, int]:
        """Nodes across and along the shower of the maps other than that of light."""
        return self.n_v // 2 + 1, self.n_u // 2 + 1

    @property
    def map_numbers(self) -> tuple[int, int, int]:
        """How many numbers the decoder gives: map of light, the other maps, displacement."""
        n_across, n_along = self.n_coarse
        return self.n_v * self.n_u, N_COARSE_MAPS * n_across * n_along, N_DISPLACEMENT

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary of the attributes."""
        return asdict(self)


def network_sizes(
    images: "TelescopeImages", n_conditions: int, options: "TrainingOptions"
) -> NetworkSizes:
    """Extent of the maps from where the light is, scale of times from when it comes.

    Parameters
    ----------
    images : TelescopeImages
    n_conditions : int
    options : TrainingOptions
        Says how many latents, and how wide the layers are.

    Returns
    -------
    NetworkSizes

    Raises
    ------
    InputError
        When there are no peak times of light, or of the dark, to learn from.
    """
    lon, lat = pixel_directions(images.telescope.camera.geometry)
    mirror = np.ones(len(images.counts), np.float32)
    u, v = to_shower_frame(lon, lat, images.geometry.source_core_arrays(), mirror)
    times = images.peak_time[images.counts >= LIT_PIXEL]
    dark = images.peak_time[images.counts == 0]
    if len(times) < 2 or len(dark) < 2:
        raise InputError(
            f"the images of {images.telescope} have no pixels with {LIT_PIXEL} or more "
            "photo-electrons, or none without; give files with recorded showers"
        )
    lit = images.counts > 0
    u_low, u_high = _weighted_range(u[lit], images.counts[lit], 0.001)
    _, v_high = _weighted_range(np.abs(v[lit]), images.counts[lit], 0.002)
    u_left, u_right = _weighted_range(u[lit], images.counts[lit], 0.16)
    low, middle, high = np.nanquantile(times, [0.16, 0.5, 0.84])
    window = np.nanmax(dark) - np.nanmin(dark)
    return NetworkSizes(
        n_conditions=n_conditions,
        u_min=float(u_low),
        u_max=float(u_high),
        v_max=float(v_high),
        u_centre=float((u_left + u_right) / 2),
        u_scale=float(max((u_right - u_left) / 2, 0.1)),
        time_origin=float(middle),
        time_scale=float(max((high - low) / 2, 0.1)),
        time_window=float(max(window, 1.0)),
        n_latent=options.n_latent,
        n_local=options.n_local,
        hidden=options.hidden,
    )


def _weighted_range(values: FloatArray, weights: Array, tail: float) -> tuple[float, float]:
    """Range that holds all but a share ``tail`` of the weight at either end."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order], dtype=float)
    low, high = np.searchsorted(cumulative, np.array([tail, 1 - tail]) * cumulative[-1])
    return values[order[low]], values[order[min(high, len(order) - 1)]] + 1e-3
