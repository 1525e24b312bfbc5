"""What a simulated DL1 file says was thrown: distributions, primaries, and histograms of cores."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import astropy.units as u
import numpy as np

from .array_types import FloatArray
from .errors import InputError
from .showers import ThrownDistribution

if TYPE_CHECKING:
    from astropy.table import Table
    from ctapipe.io import TableLoader

__all__ = [
    "Histogram",
    "add_histograms",
    "column_in",
    "combine_thrown",
    "read_primaries",
    "read_thrown",
    "read_thrown_histograms",
    "run_numbers",
]

# counts, energy edges in TeV, distance edges in m
Histogram = tuple[FloatArray, FloatArray, FloatArray]


def read_primaries(loader: "TableLoader", path: Path | str) -> dict[int, int]:
    """Primary of each run; a run without events is of the file's only one.

    Parameters
    ----------
    loader : ctapipe.io.TableLoader
    path : path
        For messages.

    Returns
    -------
    dict of int to int
        Number of the primary by obs_id.

    Raises
    ------
    InputError
        When a run holds several.
    """
    events = loader.read_subarray_events(simulated=True)
    runs = np.asarray(loader.read_simulation_configuration()["obs_id"], int)
    obs_id, primary = (
        np.asarray(events[name], int) for name in ("obs_id", "true_shower_primary_id")
    )
    if len(np.unique(primary)) == 1:
        return dict.fromkeys(runs.tolist(), int(primary[0]))
    primaries = {run: set(primary[obs_id == run].tolist()) for run in runs.tolist()}
    for run, found in primaries.items():
        if len(found) != 1:
            raise InputError(
                f"{path}: run {run} holds {len(found)} primaries {sorted(found)[:5]}, so what was "
                "thrown of each is not known; give files with one primary in each run (obs_id)"
            )
    return {run: found.pop() for run, found in primaries.items()}


def read_thrown(
    loader: "TableLoader", primary_of_run: dict[int, int], path: Path | str
) -> list[ThrownDistribution]:
    """What was thrown in each run of the file.

    Parameters
    ----------
    loader : ctapipe.io.TableLoader
    primary_of_run : dict of int to int
        Of `read_primaries`.
    path : path
        For messages.

    Returns
    -------
    list of ThrownDistribution

    Raises
    ------
    InputError
        When the file does not say all of it.
    """
    runs = loader.read_simulation_configuration()
    reuse = np.maximum(np.asarray(runs["shower_reuse"], float), 1)
    values = dict(
        energy_min=column_in(runs, "energy_range_min", u.TeV),
        energy_max=column_in(runs, "energy_range_max", u.TeV),
        spectral_index=np.asarray(runs["spectral_index"], float),
        viewcone_min=column_in(runs, "min_viewcone_radius", u.deg),
        viewcone_max=column_in(runs, "max_viewcone_radius", u.deg),
        scatter_min=column_in(runs, "min_scatter_range", u.m),
        scatter_max=column_in(runs, "max_scatter_range", u.m),
        altitude=column_in(runs, "max_alt", u.rad),
        azimuth=column_in(runs, "max_az", u.rad) % (2 * np.pi),
        site_altitude=column_in(runs, "prod_site_alt", u.m),
        n_thrown=np.asarray(runs["n_showers"], float) * reuse,
    )
    for name, column in values.items():
        if not np.isfinite(column).all():
            raise InputError(f"{path}: its simulation configuration does not say {name}")
    return [
        ThrownDistribution(
            **{name: float(column[i]) for name, column in values.items() if name != "n_thrown"},
            n_thrown=int(values["n_thrown"][i]),
            shower_reuse=int(reuse[i]),
            primary_id=primary_of_run[int(runs["obs_id"][i])],
        )
        for i in range(len(runs))
    ]


def run_numbers(loader: "TableLoader") -> dict[int, int]:
    """Place of each run in the file's simulation configuration.

    Parameters
    ----------
    loader : ctapipe.io.TableLoader

    Returns
    -------
    dict of int to int
        By obs_id.
    """
    obs_id = loader.read_simulation_configuration()["obs_id"]
    return {run: number for number, run in enumerate(obs_id.tolist())}


def read_thrown_histograms(
    loader: "TableLoader", thrown: Sequence[ThrownDistribution], number_of_run: dict[int, int]
) -> dict[ThrownDistribution, Histogram | None]:
    """Thrown cores of each run in bins of energy and distance.

    Parameters
    ----------
    loader : ctapipe.io.TableLoader
    thrown : sequence of ThrownDistribution
        Of the runs, in the file's order.
    number_of_run : dict of int to int
        Of `run_numbers`.

    Returns
    -------
    dict of ThrownDistribution to (counts, energy edges in TeV, distance edges in m) or None
        None where the file does not tell.
    """
    if "/simulation/service/shower_distribution" not in loader.h5file.root:
        return dict.fromkeys(thrown)
    table = loader.read_shower_distribution()
    counts = np.asarray(table["histogram"], float)  # (runs, energy bins, distance bins)
    energy, distance = (
        np.asarray(table[name], float) * u.Unit(table[name].unit).to(unit)
        for name, unit in (("bins_energy", u.TeV), ("bins_core_dist", u.m))
    )
    histograms: dict[ThrownDistribution, list[Histogram]] = {run: [] for run in thrown}
    for obs_id, *histogram in zip(table["obs_id"].tolist(), counts, energy, distance):
        histograms[thrown[number_of_run[obs_id]]].append((histogram[0], histogram[1], histogram[2]))
    return {run: add_histograms(parts) for run, parts in histograms.items()}


def add_histograms(histograms: Sequence[Histogram | None]) -> Histogram | None:
    """Sum, or None unless all are there, filled, and with the same edges."""
    filled = [h for h in histograms if h is not None and h[0].sum()]
    if not filled or len(filled) < len(histograms):
        return None
    counts, *edges = zip(*filled)
    for of_run in zip(*edges):
        for edge, first in zip(of_run, filled[0][1:]):
            if edge.shape != first.shape or not np.allclose(edge, first):
                return None
    return sum(counts), *filled[0][1:]


def combine_thrown(runs: Iterable[ThrownDistribution]) -> tuple[ThrownDistribution, ...]:
    """Add up runs that differ in nothing but their number of showers."""
    total: dict[ThrownDistribution, int] = {}
    for run in runs:
        key = run.replace(n_thrown=0)
        total[key] = total.get(key, 0) + run.n_thrown
    combined = [key.replace(n_thrown=n) for key, n in total.items()]
    return tuple(sorted(combined, key=lambda thrown: -thrown.n_thrown))


def column_in(table: "Table", name: str, unit: u.Unit) -> FloatArray:
    """Column of an astropy table as an (N, ...) float array in a unit; as it is without one."""
    column = table[name]
    values = np.asarray(column, float)
    return values if column.unit is None else values * u.Unit(column.unit).to(unit)
