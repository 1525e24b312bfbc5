"""From shower truth to the numbers that the networks are told, and back: the only scaling."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from .array_types import Array, BoolArray, Columns, FloatArray, IntArray, Number, Rows
from .primaries import PRIMARIES, primary_name
from .shower_frame import ImageGeometry
from .showers import Showers

__all__ = [
    "ConditionScaling",
    "SizeScaling",
    "condition_values",
    "indicator_name",
    "primary_indicators",
    "values_at",
]

POINTING = "zenith", "azimuth_cosine", "azimuth_sine"
INDICATORS = {f"is_{name}": number for name, number in PRIMARIES.items()}  # one-hot
NAMES: tuple[str, ...] = ("log10_energy", "impact_distance", "x_max", "offset", "offset_along")
NAMES += (*POINTING, *INDICATORS)


def condition_values(
    showers: Showers, geometry: ImageGeometry, pointing_altitude: Number, pointing_azimuth: Number
) -> Columns:
    """Conditions of N images.

    ``offset`` is the distance of the source from the camera centre, ``offset_along`` its
    component towards the core: together they tell how the camera's edge cuts the image,
    and unlike the source position itself they do not change under reflection. The azimuth, which
    the geomagnetic field makes matter, goes in as a point on the circle. The primary is
    one-hot: kinds of particle have no order (Polyakov et al. 2022, arXiv 2211.12553).

    Parameters
    ----------
    showers : Showers
    geometry : ImageGeometry
    pointing_altitude, pointing_azimuth : (N,) arrays or floats, rad

    Returns
    -------
    dict of str to (N,) array
        log10 of the energy in TeV, impact distance (m), X_max (g/cm2), offsets (deg),
        zenith angle (deg), cosine and sine of the azimuth of the pointing, and for each
        of `PRIMARIES` whether it is the one.
    """
    lon, lat = geometry.source_lon, geometry.source_lat
    return {
        "log10_energy": np.log10(showers.energy),
        "impact_distance": geometry.impact_distance,
        "x_max": showers.x_max,
        "offset": np.hypot(lon, lat),
        "offset_along": lon * geometry.core_lon + lat * geometry.core_lat,
        "zenith": np.broadcast_to(90 - np.degrees(pointing_altitude), len(showers)),
        "azimuth_cosine": np.broadcast_to(np.cos(pointing_azimuth), len(showers)),
        "azimuth_sine": np.broadcast_to(np.sin(pointing_azimuth), len(showers)),
        **primary_indicators(showers),
    }


def values_at(values: Columns, rows: Rows) -> Columns:
    """Some rows of `condition_values`."""
    return {name: column[rows] for name, column in values.items()}


def primary_indicators(showers: Showers) -> dict[str, BoolArray]:
    """The part of `condition_values` that tells the primary, by its name after ``is_``."""
    return {name: showers.primary_id == number for name, number in INDICATORS.items()}


def indicator_name(primary_id: int) -> str:
    """Of the condition that is true for one primary."""
    return f"is_{primary_name(primary_id)}"


@dataclass(frozen=True)
class ConditionScaling:
    """Conditions that vary in a training set, standardised.

    Attributes
    ----------
    names : tuple of str
    mean, standard_deviation, minimum, maximum : tuple of float
        Of each condition over the training set, in the units of `condition_values`.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    minimum: tuple[float, ...]
    maximum: tuple[float, ...]

    @classmethod
    def fit(cls, values: Columns, candidates: Iterable[str] = NAMES) -> Self:
        """Keep the candidates that are finite and not constant in ``values``."""
        names = [name for name in candidates if _varies(values[name])]
        kept = [np.asarray(values[name], float) for name in names]
        return cls(
            tuple(names),
            tuple(float(x.mean()) for x in kept),
            tuple(float(x.std()) for x in kept),
            tuple(float(x.min()) for x in kept),
            tuple(float(x.max()) for x in kept),
        )

    def transform(self, values: Columns) -> FloatArray:
        """(N, C) float32 array for the networks."""
        n = len(next(iter(values.values())))
        columns = [np.asarray(values[name], float) for name in self.names]
        scaled = (np.reshape(columns, (-1, n)).T - self.mean) / self.standard_deviation
        return scaled.astype(np.float32)

    def inverse(self, scaled: FloatArray) -> Columns:
        """Dictionary of (N,) arrays from standardised numbers (N, C)."""
        return {
            name: scaled[:, i].astype(float) * self.standard_deviation[i] + self.mean[i]
            for i, name in enumerate(self.names)
        }


@dataclass(frozen=True)
class SizeScaling:
    """Image size S (true photo-electrons, an integer >= 0) as a standardised continuous number.

    A size stands for the interval [S + 0.5, S + 1.5) of which the logarithm is taken, so
    that a density in the logarithm gives back integers without a bias.
    """

    mean: float
    standard_deviation: float

    @classmethod
    def fit(cls, size: IntArray) -> Self:
        """Scale by the mean and spread of log(S + 1)."""
        log_size = np.log(np.asarray(size, float) + 1)
        return cls(float(log_size.mean()), max(float(log_size.std()), 1e-3))

    def transform(self, size: Array, within: Number = 0.5) -> FloatArray:
        """Standardised logarithm; ``within`` in [0, 1) picks the place inside the interval."""
        log_size = np.log(np.asarray(size, float) + 0.5 + within)
        return ((log_size - self.mean) / self.standard_deviation).astype(np.float32)

    def inverse(self, scaled: FloatArray) -> IntArray:
        """Integer sizes from standardised logarithms, 0 for what is not a number."""
        log_size = np.asarray(scaled, float) * self.standard_deviation + self.mean
        return np.fmax(0, np.floor(np.exp(np.minimum(log_size, 20)) - 0.5)).astype(np.int64)


def _varies(values: FloatArray) -> bool:
    values = np.asarray(values, float)
    scale = np.abs(values).max() if len(values) else 0.0
    return bool(np.isfinite(values).all() and values.std() > 1e-4 * max(scale, 1.0))
