"""The shower's own coordinates in the camera: origin at the source, u towards the core, v across.

Seen from a telescope, the light of a shower lies along the line from the source position
towards the direction of the core. In (u, v) all images of one energy and impact distance
look alike, whatever the pointing, arrival direction and core.

Directions are in ctapipe's ground frame (x north, y west, z up) with azimuth from north
through east. Camera coordinates are those of ctapipe's TelescopeFrame, as ctapipe makes
them from pixels: the plane tangent to the sky at the pointing, in degrees.
"""

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import astropy.units as u
import numpy as np
from ctapipe.coordinates import TelescopeFrame
from ctapipe.instrument import CameraGeometry

from .array_types import ArrayOrTensor, FloatArray, Number, Rows

if TYPE_CHECKING:
    from .pixel_lattice import PixelLattice
    from .showers import Showers

__all__ = [
    "N_ORIENTATION",
    "ImageGeometry",
    "altitude_azimuth",
    "camera_axes",
    "camera_to_sky",
    "centre_across",
    "image_geometry",
    "orientation",
    "pixel_directions",
    "to_shower_frame",
    "unit_vector",
]


N_ORIENTATION = 6


@dataclass(frozen=True)
class ImageGeometry:
    """Where the shower of each of N images stands relative to its telescope.

    Attributes
    ----------
    source_lon, source_lat : (N,) arrays, deg
        Source position in the camera.
    core_lon, core_lat : (N,) arrays
        Unit vector in the camera, from the source towards the core.
    impact_distance : (N,) array, m
        Distance of the telescope from the shower axis.
    """

    source_lon: FloatArray
    source_lat: FloatArray
    core_lon: FloatArray
    core_lat: FloatArray
    impact_distance: FloatArray

    def __getitem__(self, index: Rows) -> "ImageGeometry":
        return ImageGeometry(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def source_core_arrays(self) -> FloatArray:
        """Source position and core direction as one (N, 4) float32 array, for the network."""
        columns = (self.source_lon, self.source_lat, self.core_lon, self.core_lat)
        return np.stack(columns, axis=-1).astype(np.float32)


def unit_vector(altitude: Number, azimuth: Number) -> FloatArray:
    """Direction (rad) as a unit vector (..., 3) in the ground frame."""
    cos_altitude = np.cos(altitude)
    return np.stack(
        [
            cos_altitude * np.cos(azimuth),
            -cos_altitude * np.sin(azimuth),
            np.sin(altitude) + 0 * np.asarray(azimuth),
        ],
        axis=-1,
    )


def camera_axes(altitude: Number, azimuth: Number) -> tuple[FloatArray, FloatArray]:
    """Unit vectors (..., 3) of growing azimuth (lon) and altitude (lat) at a pointing, rad."""
    sin_altitude, zero = np.sin(altitude), 0 * (np.asarray(altitude) + np.asarray(azimuth))
    lon = np.stack([-np.sin(azimuth) + zero, -np.cos(azimuth) + zero, zero], axis=-1)
    lat = np.stack(
        [
            -sin_altitude * np.cos(azimuth),
            sin_altitude * np.sin(azimuth),
            np.cos(altitude) + zero,
        ],
        axis=-1,
    )
    return lon, lat


def image_geometry(
    showers: "Showers",
    pointing_altitude: Number,
    pointing_azimuth: Number,
    telescope_position: FloatArray,
) -> ImageGeometry:
    """Geometry of the images that N showers give in N telescopes.

    A point at distance s along the shower axis (direction d, core at v from the telescope)
    appears at ((v + s d) . e) / ((v + s d) . p). Its difference from the source position
    d.e / d.p is proportional to (v.e)(d.p) - (v.p)(d.e): a straight line, for every s.

    Parameters
    ----------
    showers : Showers
        N entries.
    pointing_altitude, pointing_azimuth : (N,) arrays or floats, rad
    telescope_position : (N, 3) or (3,) array, m
        In the ground frame.

    Returns
    -------
    ImageGeometry
    """
    direction = unit_vector(showers.altitude, showers.azimuth)  # (N, 3)
    pointing = unit_vector(pointing_altitude, pointing_azimuth)
    axes = camera_axes(pointing_altitude, pointing_azimuth)
    core = np.stack([showers.core_x, showers.core_y, 0 * showers.core_x], axis=-1)
    core = core - telescope_position  # from the telescope

    forward = _dot(direction, pointing)
    source = [_dot(direction, axis) / forward for axis in axes]
    line = [
        _dot(core, axis) * forward - _dot(core, pointing) * _dot(direction, axis) for axis in axes
    ]
    norm = np.maximum(np.hypot(*line), 1e-9)
    along = _dot(core, direction)
    impact = np.sqrt(np.maximum(0, _dot(core, core) - along**2))
    source_lon, source_lat = np.degrees(source)
    return ImageGeometry(source_lon, source_lat, line[0] / norm, line[1] / norm, impact)


def camera_to_sky(
    lon: FloatArray, lat: FloatArray, pointing_altitude: Number, pointing_azimuth: Number
) -> tuple[FloatArray, FloatArray]:
    """Altitude and azimuth (rad) of (N,) camera coordinates (deg) at one or N pointings (rad)."""
    axes = camera_axes(pointing_altitude, pointing_azimuth)
    pointing = unit_vector(pointing_altitude, pointing_azimuth)
    offset = np.radians(lon)[:, None] * axes[0] + np.radians(lat)[:, None] * axes[1]
    direction = (pointing + offset) / np.linalg.norm(pointing + offset, axis=-1, keepdims=True)
    return altitude_azimuth(direction)


def altitude_azimuth(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Altitude and azimuth (rad, azimuth from 0 to 2 pi) of unit vectors (..., 3)."""
    altitude = np.arcsin(np.clip(direction[..., 2], -1, 1))
    return altitude, np.arctan2(-direction[..., 1], direction[..., 0]) % (2 * np.pi)


def pixel_directions(camera_geometry: CameraGeometry) -> tuple[FloatArray, FloatArray]:
    """Pixel centres (lon, lat), two (P,) arrays in deg, through ctapipe's own TelescopeFrame."""
    sky = camera_geometry.transform_to(TelescopeFrame())
    return sky.pix_x.to_value(u.deg), sky.pix_y.to_value(u.deg)


def to_shower_frame(
    pixel_lon: ArrayOrTensor,
    pixel_lat: ArrayOrTensor,
    source_core: ArrayOrTensor,
    mirror: ArrayOrTensor,
) -> tuple[ArrayOrTensor, ArrayOrTensor]:
    """Pixel positions in the shower frame; works alike on numpy arrays and torch tensors.

    Parameters
    ----------
    pixel_lon, pixel_lat : (P,) arrays, deg
    source_core : (B, 4) array
        From `ImageGeometry.source_core_arrays`.
    mirror : (B,) array
        +1, or -1 to reflect v.

    Returns
    -------
    u, v : (B, P) arrays, deg
    """
    source_lon, source_lat, core_lon, core_lat = (source_core[:, i, None] for i in range(4))
    lon, lat = pixel_lon - source_lon, pixel_lat - source_lat  # (B, P)
    along = core_lon * lon + core_lat * lat
    across = core_lon * lat - core_lat * lon
    return along, mirror[:, None] * across


def centre_across(source_core: ArrayOrTensor, mirror: ArrayOrTensor) -> ArrayOrTensor:
    """Place v of the camera's centre, (B,), deg; arguments of `to_shower_frame`."""
    source_lon, source_lat, core_lon, core_lat = (source_core[:, i] for i in range(4))
    return mirror * (core_lat * source_lon - core_lon * source_lat)


def orientation(
    source_core: ArrayOrTensor, mirror: ArrayOrTensor, lattice: "PixelLattice"
) -> list[ArrayOrTensor]:
    """How B showers lie to the pixel lattice and to the vertical.

    Of the angle between shower and lattice times its symmetry, and of once and twice that
    between shower and vertical: the geomagnetic field and the slope of the air turn and widen
    images.

    Parameters
    ----------
    source_core, mirror
        As for `to_shower_frame`.
    lattice : PixelLattice

    Returns
    -------
    list of `N_ORIENTATION` (B,) arrays
        The three cosines, then the sines, which change their sign with the mirror.
    """
    core_lon, core_lat = source_core[:, 2], source_core[:, 3]
    turn = lattice.fold * lattice.angle
    cosine, sine = math.cos(turn) + 0 * core_lon, -math.sin(turn) + 0 * core_lon
    for _ in range(lattice.fold):  # products of complex numbers
        cosine, sine = cosine * core_lon - sine * core_lat, cosine * core_lat + sine * core_lon
    twice = core_lat * core_lat - core_lon * core_lon, 2 * core_lon * core_lat
    return [cosine, core_lat, twice[0], mirror * sine, mirror * core_lon, mirror * twice[1]]


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return (a * b).sum(axis=-1)
