"""Simulated DL1 files become arrays for training."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
import tables
from ctapipe.instrument import FocalLengthKind, SubarrayDescription, TelescopeDescription
from ctapipe.io import TableLoader

from .array_types import FloatArray, IntArray
from .errors import InputError, reason
from .focal_lengths import with_effective_focal_lengths
from .pixel_lattice import pixel_lattice
from .primaries import PRIMARIES, primary_name
from .safe_hdf5 import refuse_hostile_input
from .sealed_file import is_sealed
from .shower_frame import ImageGeometry, image_geometry, pixel_directions
from .showers import Showers, ThrownDistribution
from .thrown_reading import (
    Histogram,
    add_histograms,
    column_in,
    combine_thrown,
    read_primaries,
    read_thrown,
    read_thrown_histograms,
    run_numbers,
)
from .training_checks import check_content, check_same_instrument

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Production", "TelescopeImages", "read_production"]

READ_OPTIONS = dict(
    dl1_images=True,
    true_images=True,
    simulated=True,
    pointing=True,
    instrument=True,
    dl1_parameters=False,
    true_parameters=False,
    dl2=False,
)


@dataclass(frozen=True)
class TelescopeImages:
    """All images of one telescope type, one row each.

    Attributes
    ----------
    telescope : TelescopeDescription
    showers : Showers
        N entries, the shower of each image.
    geometry : ImageGeometry
    pointing_altitude, pointing_azimuth : (N,) arrays, rad
    telescope_position : (N, 3) array, m
        Ground frame.
    obs_id : (N,) int array
    run : (N,) int array
        Which of the production's ``thrown`` each is of.
    counts : (N, P) int array
        True photo-electrons.
    charge : (N, P) float32 array, p.e.
    peak_time : (N, P) float32 array, ns
    """

    telescope: TelescopeDescription
    showers: Showers
    geometry: ImageGeometry
    pointing_altitude: FloatArray
    pointing_azimuth: FloatArray
    telescope_position: FloatArray
    obs_id: IntArray
    run: IntArray
    counts: IntArray
    charge: FloatArray
    peak_time: FloatArray

    @property
    def size(self) -> IntArray:
        """True photo-electrons of each image, (N,) int array."""
        return self.counts.sum(axis=1, dtype=np.int64)

    @property
    def pointing(self) -> tuple[FloatArray, FloatArray]:
        """Altitude and azimuth, (N,) arrays, rad."""
        return self.pointing_altitude, self.pointing_azimuth

    @property
    def shower_number(self) -> IntArray:
        """The same for all images of one shower, whatever its core, (N,) int array."""
        _, number = np.unique(self.shower_keys, axis=0, return_inverse=True)
        return number.ravel()

    @property
    def shower_keys(self) -> FloatArray:
        """What makes a shower: observation, energy, direction, primary, an (N, 5) array."""
        showers = self.showers
        direction = showers.altitude, showers.azimuth
        return np.stack([self.obs_id, showers.energy, *direction, showers.primary_id], axis=-1)


@dataclass(frozen=True)
class Production:
    """A simulated production: what was thrown and what was recorded.

    Attributes
    ----------
    subarray : SubarrayDescription
    thrown : tuple of ThrownDistribution
        One for each different configuration (primary, pointing, energy range, ...), most thrown
        first.
    thrown_histograms : dict to (counts, energy edges in TeV, distance edges in m) or None
        By each of ``thrown``: cores in bins of energy and distance; None if the files do
        not tell alike.
    images : dict of str to TelescopeImages
        By telescope type.
    min_telescopes : int
        Fewest telescopes that triggered in any recorded event.
    """

    subarray: SubarrayDescription
    thrown: tuple[ThrownDistribution, ...]
    thrown_histograms: dict[ThrownDistribution, Histogram | None]
    images: dict[str, TelescopeImages]
    min_telescopes: int


def read_production(paths: Sequence[Path | str]) -> Production:
    """Read DL1 files of one production.

    Parameters
    ----------
    paths : sequence of path
        Files of ctapipe-process or ctapipe-merge with images and true images.

    Returns
    -------
    Production

    Raises
    ------
    InputError
        When a file is missing, broken, not simulated, empty, without true images, does not
        belong with the first one, or does not tell what was thrown of each primary.
    """
    parts = [_read_file(Path(path)) for path in paths]
    for path, part in zip(paths[1:], parts[1:]):
        check_same_instrument(parts[0].subarray, part.subarray, paths[0], path)
    thrown = combine_thrown([run for part in parts for run in part.thrown])
    kinds = sorted({kind for part in parts for kind in part.images})
    images = {
        kind: _join([_of_runs(thrown, p, kind) for p in parts if kind in p.images])
        for kind in kinds
    }
    _check_primaries(thrown, images)
    histograms = {run: _histogram_of_run(run, parts) for run in thrown}
    fewest = min(part.min_telescopes for part in parts)
    return Production(_recording(parts[0].subarray, images), thrown, histograms, images, fewest)


def _histogram_of_run(run: ThrownDistribution, parts: Sequence[Production]) -> Histogram | None:
    """Sum of the histograms of all that differ from a run in nothing but numbers."""
    return add_histograms(
        [
            histogram
            for part in parts
            for other, histogram in part.thrown_histograms.items()
            if other.replace(n_thrown=run.n_thrown) == run
        ]
    )


def _of_runs(thrown: Sequence[ThrownDistribution], part: Production, kind: str) -> TelescopeImages:
    """Images of one part, which say of which of all runs they are."""
    number = {run.replace(n_thrown=0): i for i, run in enumerate(thrown)}
    of_part = np.array([number[run.replace(n_thrown=0)] for run in part.thrown])
    images = part.images[kind]
    return replace(images, run=of_part[images.run])


def _recording(
    subarray: SubarrayDescription, images: dict[str, TelescopeImages]
) -> SubarrayDescription:
    """The telescopes of types that left images; of others nothing can be learned."""
    tel_ids = [i for i, telescope in subarray.tel.items() if str(telescope) in images]
    if len(tel_ids) == len(subarray.tel):
        return subarray
    return subarray.select_subarray(tel_ids, name=subarray.name)


def _read_file(path: Path) -> Production:
    if not path.is_file():
        raise InputError(f"{path}: no such file; give DL1 files written by ctapipe-process")
    if is_sealed(path, "model"):
        raise InputError(f"{path}: a model; give simulated DL1 files")
    try:
        refuse_hostile_input(path)
        # opened here, since TableLoader leaves a file open that it does not like
        with tables.open_file(path) as h5file:
            check_content(h5file, path)
            loader = _loader(h5file)
            primary_of_run = read_primaries(loader, path)
            thrown = read_thrown(loader, primary_of_run, path)
            number_of_run = run_numbers(loader)
            histograms = read_thrown_histograms(loader, thrown, number_of_run)
            triggers = loader.h5file.root.dl1.event.subarray.trigger.col("tels_with_trigger")
            subarray = loader.subarray
            images = {}
            for kind in subarray.telescope_types:
                table = loader.read_telescope_events([kind], **READ_OPTIONS)
                if len(table):
                    images[str(kind)] = _read_images(table, kind, number_of_run, path)
    except InputError:
        raise
    except Exception as error:  # whatever HDF5 and ctapipe find wrong
        raise InputError(
            f"{path}: cannot be read as a ctapipe DL1 file ({reason(error)}); write it again"
        ) from error
    if not images:
        raise InputError(f"{path}: holds no images; give a file with recorded events")
    subarray, fewest = with_effective_focal_lengths(subarray), int(triggers.sum(axis=1).min())
    return Production(subarray, tuple(thrown), histograms, images, fewest)


def _loader(h5file: tables.File) -> TableLoader:
    try:
        return TableLoader(h5file=h5file)
    except RuntimeError:  # no effective focal length in the file
        return TableLoader(h5file=h5file, focal_length_choice=FocalLengthKind.EQUIVALENT)


def _read_images(
    table: "Table", kind: TelescopeDescription, number_of_run: dict[int, int], path: Path | str
) -> TelescopeImages:
    n_pixels = kind.camera.geometry.n_pixels
    for name in ("image", "peak_time", "true_image"):
        if name not in table.colnames or table[name].shape[1:] != (n_pixels,):
            raise InputError(
                f"{path}: holds no {name} column of {n_pixels} pixels for {kind}; "
                "write the file again"
            )
    position = np.stack([column_in(table, f"pos_{axis}", u.m) for axis in "xyz"], axis=-1)
    altitude, azimuth = (
        column_in(table, f"telescope_pointing_{name}", u.rad) for name in ("altitude", "azimuth")
    )
    showers = Showers(
        energy=column_in(table, "true_energy", u.TeV),
        altitude=column_in(table, "true_alt", u.rad),
        azimuth=column_in(table, "true_az", u.rad),
        core_x=column_in(table, "true_core_x", u.m),
        core_y=column_in(table, "true_core_y", u.m),
        x_max=column_in(table, "true_x_max", u.g / u.cm**2),
        h_first_int=column_in(table, "true_h_first_int", u.m),
        primary_id=np.asarray(table["true_shower_primary_id"], int),
    )
    counts = np.asarray(table["true_image"])
    if (counts < 0).any():
        raise InputError(
            f"{path}: has images of {kind} without true photo-electrons (filled with -1); "
            "simulate with photo-electrons kept"
        )
    geometry = image_geometry(showers, altitude, azimuth, position)
    known = np.isfinite(geometry.source_core_arrays()).all(axis=1) & np.isfinite(showers.energy)
    if not (known & (showers.energy > 0)).all():
        raise InputError(
            f"{path}: has images of {kind} whose true energy, direction, core or pointing is not "
            "known; write them with their simulated showers"
        )
    pixel_lattice(*pixel_directions(kind.camera.geometry))  # that there is one
    return TelescopeImages(
        kind,
        showers,
        geometry,
        altitude,
        azimuth,
        position,
        np.asarray(table["obs_id"], int),
        np.array([number_of_run[obs_id] for obs_id in table["obs_id"].tolist()]),
        counts,
        np.asarray(table["image"], np.float32),
        np.asarray(table["peak_time"], np.float32),
    )


def _join(parts: Sequence[TelescopeImages]) -> TelescopeImages:
    """One `TelescopeImages` of several of the same type."""
    if len(parts) == 1:
        return parts[0]

    def joined(values: Sequence[Any]) -> Any:
        if isinstance(values[0], Showers | ImageGeometry):
            names = [f.name for f in fields(values[0])]
            return type(values[0])(
                **{name: joined([getattr(value, name) for value in values]) for name in names}
            )
        return np.concatenate(values)

    names = [f.name for f in fields(TelescopeImages) if f.name != "telescope"]
    columns = {name: joined([getattr(part, name) for part in parts]) for name in names}
    return TelescopeImages(telescope=parts[0].telescope, **columns)


def _check_primaries(
    thrown: Sequence[ThrownDistribution], images: dict[str, TelescopeImages]
) -> None:
    """Several primaries need names for conditions, and images in every kind of telescope."""
    primaries = {run.primary_id for run in thrown}
    if len(primaries) == 1:
        return
    for number in sorted(primaries - set(PRIMARIES.values())):
        raise InputError(
            f"primary {number}: has no name here ({', '.join(PRIMARIES)} have); train on it alone"
        )
    for number in sorted(primaries):
        for name, of_kind in images.items():
            if number not in of_kind.showers.primary_id:
                raise InputError(
                    f"no image of {primary_name(number)} in telescopes of type {name}; give files "
                    "in which each telescope type has images of every primary"
                )
