"""Figures: charges of the pixels, all together and one by one over the camera."""

from typing import TYPE_CHECKING

import numpy as np
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import FloatArray

from .figures import Topic, compared_figure
from .goals import Goals
from .pixel_histograms import binned_distance, image_histograms

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["pixels"]

_N_BINS = 150


def pixels(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Compare the spectrum of pixel charges, and their mean and width in each pixel.

    Parameters
    ----------
    reference, generated : Sample
    camera_geometry : ctapipe.instrument.CameraGeometry
    goals : Goals
    seed : int
    progress : bool

    Returns
    -------
    figures : list of Figure
    arrays : dict of array
        ``charge_edges`` (p.e.) and ``spectrum_reference``, ``spectrum_generated``, the share
        of pixels in each bin; ``mean_reference``, ``mean_generated``, ``width_reference`` and
        ``width_generated``, (P,) arrays in p.e.
    """
    groups = reference.shower, generated.shower
    charges = reference.charge, generated.charge
    edges = _edges(reference.charge)
    spectra = image_histograms(charges[0], edges), image_histograms(charges[1], edges)
    figures = [
        compared_figure(title, statistic, *values, groups, seed)
        for title, statistic, values in (
            ("pixel charges: Kolmogorov-Smirnov distance", binned_distance, spectra),
            ("mean charge of a pixel: rms difference / rms", _mean_distance, charges),
            ("width of a pixel's charge: rms difference / rms", _width_distance, charges),
        )
    ]
    arrays = dict(charge_edges=edges)
    for name, charge, spectrum in zip(("reference", "generated"), charges, spectra):
        arrays[f"spectrum_{name}"] = spectrum.sum(axis=0) / spectrum.sum()
        arrays[f"mean_{name}"], arrays[f"width_{name}"] = charge.mean(axis=0), charge.std(axis=0)
    return figures, arrays


def _edges(charge: FloatArray) -> FloatArray:
    """Narrow bins in the noise, wide ones far above it."""
    low, high = np.arcsinh([charge.min(), charge.max()])
    return np.sinh(np.linspace(low, high, _N_BINS + 1))


def _mean_distance(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    return _map_distance(_mean(first, first_weight), _mean(second, second_weight))


def _width_distance(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    return _map_distance(_width(first, first_weight), _width(second, second_weight))


def _map_distance(first: FloatArray, second: FloatArray) -> FloatArray:
    """Root mean square over the pixels of (R, P) maps."""
    square = np.mean((second - first) ** 2, axis=1) / np.mean(first**2, axis=1)
    return np.sqrt(square)


def _mean(charge: FloatArray, weight: FloatArray) -> FloatArray:
    weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
    return weight @ charge  # (R, P)


def _width(charge: FloatArray, weight: FloatArray) -> FloatArray:
    variance = _mean(charge**2, weight) - _mean(charge, weight) ** 2
    return np.sqrt(np.maximum(variance, 0))
