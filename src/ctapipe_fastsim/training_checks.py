"""Files that cannot be trained on are refused, and those that do not belong together."""

from pathlib import Path

import numpy as np
import tables
from ctapipe.instrument import SubarrayDescription

from .errors import InputError

__all__ = ["check_content", "check_same_instrument"]

KEYS = ("obs_id", "event_id", "tel_id")
# where two of them hold the same keys n times, n^2 rows are read
JOINED = (
    *("/dl1/event/subarray", "/dl1/event/telescope/trigger", "/configuration/telescope/pointing"),
    *("/simulation/event/subarray", "/simulation/event/telescope/impact"),
    "/simulation/event/telescope/images",
)


def check_content(h5file: tables.File, path: Path | str) -> None:
    """Whether all tables are there that training reads, with every event once.

    Parameters
    ----------
    h5file : tables.File
        Open DL1 file.
    path : path
        For messages.

    Raises
    ------
    InputError
        When one is missing, empty, or holds an event twice.
    """
    for node, what, remedy in (
        ("/simulation/event/subarray/shower", "no simulated showers", "give simulated DL1 files"),
        (
            "/configuration/simulation/run",
            "no simulation configuration",
            "give simulated DL1 files",
        ),
        ("/dl1/event/telescope/images", "no images", "run ctapipe-process with --write-images"),
    ):
        if node not in h5file.root:
            raise InputError(f"{path}: holds {what}; {remedy}")
    if h5file.root.simulation.event.subarray.shower.nrows == 0:
        raise InputError(f"{path}: holds no events; give a file with recorded events")
    group = "/simulation/event/telescope/images"
    nodes = h5file.get_node(group)._f_list_nodes() if group in h5file.root else []
    if not nodes or any("true_image" not in node.colnames for node in nodes):
        raise InputError(
            f"{path}: holds no true images, which training needs; run ctapipe-process with "
            "--write-images on simulations that keep true photo-electrons"
        )
    for joined in JOINED:
        found = h5file.get_node(joined) if joined in h5file.root else None
        if isinstance(found, tables.Group):
            for table in found._f_walknodes("Table"):
                _refuse_repeated_rows(table, path)
        elif isinstance(found, tables.Table):
            _refuse_repeated_rows(found, path)


def _refuse_repeated_rows(table: tables.Table, path: Path | str) -> None:
    rows = table.read()
    keys = np.stack([rows[name].astype(np.int64) for name in KEYS if name in table.colnames])
    if np.unique(keys, axis=1).shape[1] < len(rows):
        raise InputError(
            f"{path}: {table._v_pathname} holds an event or run twice; merge every file once, and "
            "give runs different obs_id"
        )


def check_same_instrument(
    first: SubarrayDescription,
    other: SubarrayDescription,
    first_path: Path | str,
    other_path: Path | str,
) -> None:
    """Raise InputError when a file has telescopes that the first one does not have."""
    known = {str(kind): kind for kind in first.telescope_types}
    for kind in other.telescope_types:
        name = str(kind)
        if name in known and kind.camera.geometry != known[name].camera.geometry:
            raise InputError(
                f"{other_path}: camera {kind.camera.name} differs from the one in {first_path}; "
                "train on files of one instrument"
            )
        if name not in known:
            raise InputError(
                f"{other_path}: telescope type {name} is not in {first_path}; "
                "train on files of one instrument"
            )
