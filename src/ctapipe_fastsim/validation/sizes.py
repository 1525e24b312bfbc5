"""Figures: size as requested, size as reconstructed, and what survives cleaning."""

from typing import TYPE_CHECKING, cast

import numpy as np
from ctapipe.instrument import CameraGeometry

from ctapipe_fastsim.array_types import FloatArray, IntArray

from .bootstrap import Estimate, Groups
from .distances import mean_difference
from .figures import Figure, Topic, compared_figure, judged, missing
from .goals import Goals

if TYPE_CHECKING:
    from .sample import Sample

__all__ = ["sizes"]


def sizes(
    reference: "Sample",
    generated: "Sample",
    camera_geometry: CameraGeometry,
    goals: Goals,
    seed: int,
    progress: bool,
) -> Topic:
    """Compare sizes, before and after cleaning.

    Parameters
    ----------
    reference, generated : Sample
        If ``generated`` has the condition ``size``, these are the requested photo-electrons.
    camera_geometry : ctapipe.instrument.CameraGeometry
    goals : Goals
    seed : int
    progress : bool

    Returns
    -------
    figures : list of Figure
    arrays : dict of array
        ``decades``, (D, 2) edges in true photo-electrons, and in each the mean of the
        reconstructed over the true size, ``ratio_reference`` and ``ratio_generated``.
    """
    pixels = _surviving_pixels(reference), _surviving_pixels(generated)
    images = reference.survived.astype(float), generated.survived.astype(float)
    groups = reference.shower, generated.shower
    figures = [
        _survival("images", images, groups, goals, seed),
        _survival("pixels", pixels, groups, goals, seed),
        _requested(generated),
    ]
    biases, arrays = _biases(reference, generated, goals, seed)
    return figures + biases, arrays


def _surviving_pixels(sample: "Sample") -> FloatArray:
    """Share of the pixels that survive cleaning, for each image."""
    n_pixels = sample.charge.shape[1]
    return np.nan_to_num(sample.parameters["morphology_n_pixels"]) / n_pixels


def _survival(
    what: str, shares: tuple[FloatArray, FloatArray], groups: Groups, goals: Goals, seed: int
) -> Figure:
    title = f"{what} that survive cleaning: difference of the fraction"
    note = f"Monte Carlo {shares[0].mean():.4f}, generated {shares[1].mean():.4f}"
    return compared_figure(title, mean_difference, *shares, groups, seed, goals.survival, note)


def _requested(generated: "Sample") -> Figure:
    title = "generated less requested size: largest difference in p.e."
    requested = generated.conditions.get("size")
    if requested is None or generated.counts is None:
        return missing(title, "no size was requested")
    difference = generated.counts.sum(axis=1, dtype=np.int64) - requested
    return judged(title, Estimate(float(np.abs(difference).max()), np.nan), goal=0.0)


def _biases(reference: "Sample", generated: "Sample", goals: Goals, seed: int) -> Topic:
    """Relative difference of the mean reconstructed over true size in each decade."""
    if reference.counts is None or generated.counts is None:
        return [missing("reconstructed size", "true photo-electrons are not known")], {}
    samples = [sample[sample.survived] for sample in (reference, generated)]
    true = [cast(IntArray, sample.counts).sum(axis=1, dtype=np.int64) for sample in samples]
    ratio = [
        10 ** sample.parameters["hillas_log10_intensity"] / np.maximum(size, 1)
        for sample, size in zip(samples, true)
    ]
    figures, means, decades = [], [], _decades(true[0])
    for low, high in decades:
        inside = [(size >= low) & (size < high) for size in true]
        parts = [r[i] for r, i in zip(ratio, inside)]
        groups = [sample.shower[i] for sample, i in zip(samples, inside)]
        title = f"reconstructed size at {low} to {high} true p.e.: relative difference"
        figures.append(
            compared_figure(
                title, _relative_difference, parts[0], parts[1], groups, seed, goals.size_bias
            )
        )
        means.append([part.mean() if len(part) else np.nan for part in parts])
    ratio_reference, ratio_generated = np.reshape(means, (-1, 2)).T
    return figures, dict(
        decades=np.reshape(decades, (-1, 2)),
        ratio_reference=ratio_reference,
        ratio_generated=ratio_generated,
    )


def _decades(size: IntArray) -> list[tuple[int, int]]:
    """Decades of true photo-electrons, from 1, up to the largest size."""
    largest = size.max(initial=1)
    return [(10**i, 10 ** (i + 1)) for i in range(len(str(largest)))]


def _relative_difference(
    first: FloatArray, second: FloatArray, first_weight: FloatArray, second_weight: FloatArray
) -> FloatArray:
    mean = first_weight @ first / first_weight.sum(axis=1)
    return mean_difference(first, second, first_weight, second_weight) / mean
