"""Thrown showers: what they are, and the distribution they are drawn from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np

from .array_types import FloatArray, IntArray, Rows
from .shower_frame import altitude_azimuth, camera_axes, unit_vector

__all__ = ["Showers", "ThrownDistribution"]


@dataclass(frozen=True)
class Showers:
    """Truth of N showers, one entry each (a shower used with another core is another entry).

    Attributes
    ----------
    energy : (N,) array, TeV
    altitude, azimuth : (N,) arrays, rad
        Where the primary comes from.
    core_x, core_y : (N,) arrays, m
        Core on the ground, ctapipe's ground frame (x to the north, y to the west).
    x_max : (N,) array, g/cm2
        Slant depth of the shower maximum; NaN where the simulation did not say.
    h_first_int : (N,) array, m
        Height of the first interaction; NaN where the simulation did not say.
    primary_id : (N,) int array
        As in `ThrownDistribution`.
    """

    energy: FloatArray
    altitude: FloatArray
    azimuth: FloatArray
    core_x: FloatArray
    core_y: FloatArray
    x_max: FloatArray
    h_first_int: FloatArray
    primary_id: IntArray

    def __len__(self) -> int:
        return len(self.energy)

    def __getitem__(self, index: Rows) -> "Showers":
        return Showers(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All entries of several `Showers`."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )


@dataclass(frozen=True)
class ThrownDistribution:
    """From what a production throws its showers: power law, flat disc, flat cone.

    Attributes
    ----------
    energy_min, energy_max : float, TeV
    spectral_index : float
        Of the differential spectrum, negative.
    viewcone_min, viewcone_max : float, deg
        Angle between shower and pointing, uniform in solid angle in between.
    scatter_min, scatter_max : float, m
        Distance of the core from the centre of the array, uniform in ground area in between.
    altitude, azimuth : float, rad
        Pointing.
    n_thrown : int
        Showers times cores.
    shower_reuse : int
        Cores that each shower was used with.
    primary_id : int
        0 gamma, 1 electron, 101 proton (CORSIKA as ctapipe writes it).
    site_altitude : float, m
        Height of the array above sea level.
    """

    energy_min: float
    energy_max: float
    spectral_index: float
    viewcone_min: float
    viewcone_max: float
    scatter_min: float
    scatter_max: float
    altitude: float
    azimuth: float
    n_thrown: int
    shower_reuse: int
    primary_id: int
    site_altitude: float

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary of the attributes."""
        return asdict(self)

    def replace(self, **changes: Any) -> Self:
        """Copy with some attributes changed."""
        return replace(self, **changes)

    @property
    def mean_energy(self) -> float:
        """Of the power law, TeV."""
        energy = np.geomspace(self.energy_min, self.energy_max, 1001)
        weight = energy ** (self.spectral_index + 1)  # in logarithmic steps
        return float((weight * energy).sum() / weight.sum())

    def throw(self, rng: np.random.Generator) -> Showers:
        """Draw all ``n_thrown`` showers; their development (X_max) is not known yet.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        Showers
            With NaN for ``x_max`` and ``h_first_int``.
        """
        n = self.n_thrown
        altitude, azimuth = self._directions(rng, n)
        core_x, core_y = self.cores(rng, n)
        unknown = np.full(n, np.nan)
        return Showers(
            *(self._energies(rng, n), altitude, azimuth, core_x, core_y, unknown, unknown),
            primary_id=np.full(n, self.primary_id),
        )

    def _energies(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Inverse of the cumulative power law."""
        fraction = rng.random(n)
        power = self.spectral_index + 1
        if abs(power) < 1e-9:
            return self.energy_min * (self.energy_max / self.energy_min) ** fraction
        low, high = self.energy_min**power, self.energy_max**power
        return (low + fraction * (high - low)) ** (1 / power)

    def _directions(self, rng: np.random.Generator, n: int) -> tuple[FloatArray, FloatArray]:
        low, high = np.cos(np.radians([self.viewcone_max, self.viewcone_min]))
        cos_offset = high - rng.random(n) * (high - low)
        sin_offset = np.sqrt(np.maximum(0, 1 - cos_offset**2))
        angle = 2 * np.pi * rng.random(n)
        lon, lat = camera_axes(self.altitude, self.azimuth)
        direction = (
            cos_offset[:, None] * unit_vector(self.altitude, self.azimuth)
            + (sin_offset * np.cos(angle))[:, None] * lon
            + (sin_offset * np.sin(angle))[:, None] * lat
        )
        return altitude_azimuth(direction)

    def cores(
        self, rng: np.random.Generator, n: int, strata: int = 1
    ) -> tuple[FloatArray, FloatArray]:
        """Draw n core positions: two (n,) arrays, m.

        Every ``strata`` in a row lie one in each of as many rings of equal area.
        """
        area = (np.arange(n) % strata + rng.random(n)) / strata
        radius = np.sqrt(self.scatter_min**2 + area * (self.scatter_max**2 - self.scatter_min**2))
        angle = 2 * np.pi * rng.random(n)
        return radius * np.cos(angle), radius * np.sin(angle)
