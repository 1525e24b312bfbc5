"""Ready-made telescopes by name, built by code."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation
from ctapipe.coordinates import CameraFrame
from ctapipe.instrument import (
    CameraDescription,
    CameraGeometry,
    CameraReadout,
    OpticsDescription,
    PixelShape,
    ReflectorShape,
    SizeType,
    SubarrayDescription,
    TelescopeDescription,
)

from ..array_types import Vector
from .telescope_response import TelescopeResponse

__all__ = ["TELESCOPE_SETS", "TelescopeSet", "hexagonal_camera"]


@dataclass(frozen=True)
class TelescopeSet:
    """Identical telescopes on a site.

    Attributes
    ----------
    telescope, camera : str
        Names.
    size_type : ctapipe.instrument.SizeType
    reflector : ctapipe.instrument.ReflectorShape
    mirror_area : float, m2
    n_mirror_tiles : int
    focal_length : float, m
    n_pixels : int
    pixel_pitch : float, m
        Distance of pixel centres on a hexagonal lattice.
    positions : tuple of (x, y), m
        North and west of the centre.
    site : tuple of floats
        Longitude, latitude (deg), height (m).
    field : tuple of 3 floats, microtesla
        Geomagnetic field: north, west, up.
    response : TelescopeResponse
    """

    telescope: str
    camera: str
    size_type: SizeType
    reflector: ReflectorShape
    mirror_area: float
    n_mirror_tiles: int
    focal_length: float
    n_pixels: int
    pixel_pitch: float
    positions: tuple[tuple[float, float], ...]
    site: Vector
    field: Vector
    response: TelescopeResponse

    def subarray(self, name: str) -> SubarrayDescription:
        """SubarrayDescription with this name; telescope ids count from 1."""
        telescope = self._telescope()
        lon, lat, height = self.site
        ids = range(1, len(self.positions) + 1)
        return SubarrayDescription(
            name,
            {i: np.array([x, y, 0.0]) * u.m for i, (x, y) in zip(ids, self.positions)},
            dict.fromkeys(ids, telescope),
            EarthLocation(lon=lon * u.deg, lat=lat * u.deg, height=height * u.m),
        )

    def _telescope(self) -> TelescopeDescription:
        optics = OpticsDescription(
            name=self.telescope,
            size_type=self.size_type,
            reflector_shape=self.reflector,
            n_mirrors=1,
            n_mirror_tiles=self.n_mirror_tiles,
            mirror_area=self.mirror_area * u.m**2,
            equivalent_focal_length=self.focal_length * u.m,
            effective_focal_length=self.focal_length * u.m,
        )
        geometry = hexagonal_camera(self.camera, self.n_pixels, self.pixel_pitch, self.focal_length)
        camera = CameraDescription(self.camera, geometry, _readout(self.camera, self.n_pixels))
        return TelescopeDescription(name=self.telescope, optics=optics, camera=camera)


def hexagonal_camera(name: str, n_pixels: int, pitch: float, focal_length: float) -> CameraGeometry:
    """Camera of the sites of a hexagonal lattice that are nearest to the centre.

    Parameters
    ----------
    name : str
    n_pixels : int
    pitch, focal_length : float, m

    Returns
    -------
    ctapipe.instrument.CameraGeometry
    """
    reach = int(np.sqrt(n_pixels)) + 2
    i, j = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    x, y = pitch * (i + 0.5 * j), pitch * np.sqrt(3) / 2 * j
    nearest = np.lexsort((np.arctan2(y, x).round(6), np.hypot(x, y).round(6)))[:n_pixels]
    x, y = x[nearest], y[nearest]
    rows = np.lexsort((x.round(6), y.round(6)))
    return CameraGeometry(
        name=name,
        pix_id=np.arange(n_pixels),
        pix_x=x[rows] * u.m,
        pix_y=y[rows] * u.m,
        pix_area=np.full(n_pixels, pitch**2 * np.sqrt(3) / 2) * u.m**2,
        pix_type=PixelShape.HEXAGON,
        pix_rotation=0 * u.deg,
        cam_rotation=0 * u.deg,
        frame=CameraFrame(focal_length=focal_length * u.m),
    )


def _readout(name: str, n_pixels: int) -> CameraReadout:
    """A Gaussian pulse sampled once a nanosecond; DL1 needs no more of it."""
    time = np.arange(0, 40, 0.25)
    return CameraReadout(
        name,
        sampling_rate=1 * u.GHz,
        reference_pulse_shape=np.exp(-0.5 * ((time - 12) / 2.5) ** 2)[None],
        reference_pulse_sample_width=0.25 * u.ns,
        n_channels=1,
        n_pixels=n_pixels,
        n_samples=40,
    )


TELESCOPE_SETS = {
    # Kuzmichev et al. 2018, Phys. At. Nucl. 81, 497. The efficiency was fitted to the sizes of
    # published TAIGA-IACT simulations.
    "taiga-iact": TelescopeSet(
        telescope="TAIGA-IACT",
        camera="TAIGA-IACT",
        size_type=SizeType.SST,
        reflector=ReflectorShape.DAVIES_COTTON,
        mirror_area=9.6,
        n_mirror_tiles=34,
        focal_length=4.75,
        n_pixels=595,
        pixel_pitch=0.030,
        positions=((0, 0),),
        site=(103.07, 51.81, 675.0),
        field=(18.0, 0.0, -57.0),
        response=TelescopeResponse(
            photon_efficiency=0.266,
            optical_spread=0.05,
            night_sky=3.0,
            single_photoelectron_width=0.45,
            electronics_noise=1.0,
            trigger_threshold=10.0,
            trigger_multiplicity=2,
        ),
    ),
    "mst-array": TelescopeSet(
        telescope="MST",
        camera="FlashCam",
        size_type=SizeType.MST,
        reflector=ReflectorShape.DAVIES_COTTON,
        mirror_area=106.0,
        n_mirror_tiles=86,
        focal_length=16.0,
        n_pixels=1764,
        pixel_pitch=0.050,
        positions=((75, 75), (-75, 75), (75, -75), (-75, -75)),
        site=(-70.32, -24.68, 2147.0),
        field=(20.9, 0.9, 8.9),
        response=TelescopeResponse(
            photon_efficiency=0.72,
            optical_spread=0.04,
            night_sky=3.0,
            single_photoelectron_width=0.4,
            electronics_noise=0.6,
            trigger_threshold=8.0,
            trigger_multiplicity=3,
        ),
    ),
    "lst-array": TelescopeSet(
        telescope="LST",
        camera="LSTCam",
        size_type=SizeType.LST,
        reflector=ReflectorShape.PARABOLIC,
        mirror_area=386.0,
        n_mirror_tiles=198,
        focal_length=28.0,
        n_pixels=1855,
        pixel_pitch=0.050,
        positions=((50, 50), (-50, 50), (50, -50), (-50, -50)),
        site=(-17.89, 28.76, 2158.0),
        field=(30.4, 2.6, -23.8),
        response=TelescopeResponse(
            photon_efficiency=0.72,
            optical_spread=0.03,
            night_sky=3.5,
            single_photoelectron_width=0.4,
            electronics_noise=0.6,
            trigger_threshold=9.0,
            trigger_multiplicity=3,
        ),
    ),
}
