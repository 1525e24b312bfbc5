"""Photo-electrons on a camera become an image, peak times and a trigger."""

import astropy.units as u
import numpy as np
from ctapipe.coordinates import TelescopeFrame
from ctapipe.instrument import CameraGeometry

from ..array_types import FloatArray, IntArray
from .telescope_response import TelescopeResponse

__all__ = ["Camera"]

SIGNAL_TIME, WINDOW = 15.0, 30.0  # ns
TIME_JITTER = 1.0  # ns, of the peak of one photo-electron


class Camera:
    """Camera of one telescope type.

    Parameters
    ----------
    geometry : ctapipe.instrument.CameraGeometry
    response : TelescopeResponse
    """

    def __init__(self, geometry: CameraGeometry, response: TelescopeResponse) -> None:
        self.geometry, self.response = geometry, response
        self.n_pixels = geometry.n_pixels
        self.sky_geometry = geometry.transform_to(TelescopeFrame())
        self.neighbours = geometry.neighbor_matrix_sparse

    def expose(
        self, photons: FloatArray, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, IntArray] | None:
        """Record the photo-electrons of one shower, if they make a trigger.

        Charge is the sum of Poisson counts of shower and night sky, each with a Gaussian
        single photo-electron width, and of electronics noise, the mean night sky subtracted.
        The peak time is that of the light with a probability equal to its share, otherwise
        anywhere in the window.

        Parameters
        ----------
        photons : (N, 3) array
            Direction (lon, lat; tangents) and time (ns).
        rng : numpy.random.Generator

        Returns
        -------
        image : (P,) float32 array, p.e.
        peak_time : (P,) float32 array, ns
        true_image : (P,) int32 array
            None of these when the telescope does not trigger; then the result is None.
        """
        response = self.response
        if len(photons) < max(1, response.trigger_threshold * response.trigger_multiplicity):
            return None
        sky = np.degrees(photons[:, :2].astype(float).T)
        sky += rng.normal(0, response.optical_spread, sky.shape)
        pixel = self.sky_geometry.position_to_pix_index(*(sky * u.deg))
        seen = pixel >= 0
        time = photons[:, 2].astype(float)
        true_image = np.bincount(pixel[seen], minlength=self.n_pixels)
        time_sum = np.bincount(pixel[seen], time[seen], minlength=self.n_pixels)
        image = self._charge(true_image, rng)
        if not self._triggers(image):
            return None
        arrival = time_sum / np.maximum(true_image, 1) - np.median(time) + SIGNAL_TIME
        jitter = TIME_JITTER / np.sqrt(np.maximum(true_image, 1))
        arrival += jitter * rng.standard_normal(self.n_pixels)
        share = true_image / np.maximum(true_image + response.night_sky, 1e-9)
        is_signal = rng.random(self.n_pixels) < share
        peak_time = np.where(is_signal, arrival, rng.uniform(0, WINDOW, self.n_pixels))
        return image.astype(np.float32), peak_time.astype(np.float32), true_image.astype(np.int32)

    def _charge(self, true_image: IntArray, rng: np.random.Generator) -> FloatArray:
        response = self.response
        n = true_image + rng.poisson(response.night_sky, self.n_pixels)
        width = np.sqrt(n * response.single_photoelectron_width**2 + response.electronics_noise**2)
        return n + width * rng.standard_normal(self.n_pixels) - response.night_sky

    def _triggers(self, image: FloatArray) -> bool:
        """Whether a pixel above threshold has enough of them around it."""
        above = image > self.response.trigger_threshold
        if not above.any():
            return False
        around = self.neighbours @ above.astype(np.int64)
        return bool((around[above] + 1 >= self.response.trigger_multiplicity).any())
