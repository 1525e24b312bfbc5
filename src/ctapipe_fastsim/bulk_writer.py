"""Blocks of generated events are appended to the tables of a standard DL1 file."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import astropy.units as u
import numpy as np
import tables
from ctapipe.containers import EventType
from ctapipe.io.hdf5dataformat import (
    DL1_IMAGE_STATISTICS_TABLE,
    DL1_SUBARRAY_TRIGGER_TABLE,
    DL1_TEL_IMAGES_GROUP,
    DL1_TEL_PARAMETERS_GROUP,
    DL1_TEL_TRIGGER_TABLE,
    SIMULATION_IMAGES_GROUP,
    SIMULATION_IMPACT_GROUP,
    SIMULATION_PARAMETERS_GROUP,
    SIMULATION_RUN_TABLE,
    SIMULATION_SHOWER_TABLE,
)
from ctapipe.time import time_to_ctao_high_res

from .chunk_packing import ChunkPacker, packs_better
from .showers import Showers
from .simulation_records import shower_distribution, shower_quantities
from .table_columns import set_columns
from .trigger_time import trigger_times

if TYPE_CHECKING:
    from .bulk_images import TelescopeImages
    from .generator import EventGenerator
    from .recorded_blocks import RecordedBlock

__all__ = ["BulkWriter", "new_bulk_file"]

POINTING_GROUP = "/configuration/telescope/pointing"
SHOWER_DISTRIBUTION_TABLE = "/simulation/service/shower_distribution"
TELESCOPE_GROUPS = (
    DL1_TEL_IMAGES_GROUP,
    DL1_TEL_PARAMETERS_GROUP,
    SIMULATION_IMAGES_GROUP,
    SIMULATION_IMPACT_GROUP,
    SIMULATION_PARAMETERS_GROUP,
)
OF_EVENTS = ("/dl1/event", "/simulation/event", POINTING_GROUP)


def new_bulk_file(path: Path | str, template: Path | str) -> None:
    """Begin a file: what a template holds apart from its event.

    Parameters
    ----------
    path : path
    template : path
        Of `write_template`.
    """
    shutil.copyfile(template, path)
    with tables.open_file(path, "a") as h5file:
        for group in OF_EVENTS:
            h5file.remove_node(group, recursive=True)
        if DL1_IMAGE_STATISTICS_TABLE in h5file:
            statistics = h5file.get_node(DL1_IMAGE_STATISTICS_TABLE)
            set_columns(statistics, counts=0, cumulative_counts=0)


class BulkWriter:
    """Appends events to a file, as ctapipe's DataWriter would one by one.

    A telescope gets its tables with its first image, as there. What was thrown is written when
    the file is closed.

    Parameters
    ----------
    path : path
        File of `new_bulk_file`, or one that was written to before.
    template : path
        Of `write_template`, with the same options.
    generator : EventGenerator
        Of the events, all of one primary.
    obs_id : int
    """

    def __init__(
        self, path: Path | str, template: Path | str, generator: "EventGenerator", obs_id: int
    ) -> None:
        (self._thrown,), self._obs_id = generator.thrown, obs_id
        self._tel_ids = generator.tel_ids
        self._template = tables.open_file(template)
        self._file = tables.open_file(path, "a")
        distribution = self._file.get_node(SHOWER_DISTRIBUTION_TABLE)
        self._n_thrown = int(distribution.cols.n_entries[0])
        self._histogram = distribution.cols.histogram[0]
        self._checks = np.zeros((2, 3), dtype=np.int64)
        self._packers: dict[str, ChunkPacker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if error == (None, None, None):
            for packer in self._packers.values():
                packer.close()
            self._write_counts()
        self._file.close()
        self._template.close()

    @property
    def n_events(self) -> int:
        """Events in the file."""
        table = DL1_SUBARRAY_TRIGGER_TABLE
        return self._file.get_node(table).nrows if table in self._file else 0

    @property
    def n_thrown(self) -> int:
        """Showers thrown for them."""
        return self._n_thrown

    def event_id(self, index: int) -> int:
        """Number of the thrown shower of an event."""
        return int(self._file.get_node(DL1_SUBARRAY_TRIGGER_TABLE).cols.event_id[index])

    def append(self, block: "RecordedBlock", images: "list[TelescopeImages]") -> None:
        """Append the events of a block.

        Parameters
        ----------
        block : RecordedBlock
        images : list of TelescopeImages
            Of these events.
        """
        self._count_thrown(block.thrown)
        if len(block.event_id):
            self._append_events(block)
        for telescope in images:
            self._append_images(block, telescope)

    def _append_events(self, block: "RecordedBlock") -> None:
        event, column = np.nonzero(block.telescopes)
        count = self.n_events + np.arange(len(block.event_id))
        time = time_to_ctao_high_res(trigger_times(count))
        event_type = EventType.SUBARRAY.value
        subarray = dict(event_id=block.event_id, time=time, event_type=event_type)
        subarray["tels_with_trigger"] = block.telescopes
        self._append(DL1_SUBARRAY_TRIGGER_TABLE, len(count), subarray)
        telescope = dict(event_id=block.event_id[event], time=time[event], event_type=event_type)
        telescope |= dict(tel_id=self._tel_ids[column], n_trigger_pixels=-1)
        self._append(DL1_TEL_TRIGGER_TABLE, len(event), telescope)
        shower = {f"true_{k}": v for k, v in shower_quantities(block.showers).items()}
        shower |= dict(event_id=block.event_id, true_shower_primary_id=self._thrown.primary_id)
        self._append(SIMULATION_SHOWER_TABLE, len(count), shower)

    def _append_images(self, block: "RecordedBlock", telescope: "TelescopeImages") -> None:
        name = f"tel_{telescope.tel_id:03d}"
        index = dict(event_id=block.event_id[telescope.event], tel_id=telescope.tel_id)
        columns = telescope.columns | index
        for group in TELESCOPE_GROUPS:
            if f"{group}/{name}" in self._template:
                self._append(f"{group}/{name}", len(telescope.event), columns)
        if f"{POINTING_GROUP}/{name}" not in self._file:
            self._copy(f"{POINTING_GROUP}/{name}")
        if telescope.checks is not None:
            self._checks[0] += telescope.checks.sum(axis=(0, 1))
            self._checks[1] += telescope.checks.cumprod(axis=2).sum(axis=(0, 1))

    def _append(self, path: str, n: int, columns: dict[str, Any]) -> None:
        """Append n rows, one for each entry of the columns that the table has."""
        if path not in self._file:
            self._copy(path, stop=0)
        table = self._file.get_node(path)
        rows = np.empty(n, dtype=table.dtype)
        for position, name in enumerate(table.colnames):
            value = self._obs_id if name == "obs_id" else columns[name]
            if isinstance(value, u.Quantity):
                value = value.to_value(table.attrs[f"CTAFIELD_{position}_UNIT"])
            rows[name] = value
        if packs_better(table):
            if path not in self._packers:
                self._packers[path] = ChunkPacker(table)
            self._packers[path].append(rows)
        else:
            table.append(rows)

    def _copy(self, path: str, **rows: int) -> None:
        """Make a table like that of the template, with its attributes."""
        group, name = path.rsplit("/", 1)
        parent = self._file.root
        for part in group.strip("/").split("/"):
            parent = parent[part] if part in parent else self._file.create_group(parent, part)
        self._template.get_node(path).copy(parent, name, **rows)

    def _count_thrown(self, showers: Showers) -> None:
        counted = shower_distribution(self._thrown, self._obs_id, showers)
        self._n_thrown += counted.n_entries
        self._histogram += counted.histogram

    def _write_counts(self) -> None:
        set_columns(self._file.get_node(SIMULATION_RUN_TABLE), n_showers=self._n_thrown)
        distribution = self._file.get_node(SHOWER_DISTRIBUTION_TABLE)
        set_columns(distribution, n_entries=self._n_thrown, histogram=self._histogram)
        if DL1_IMAGE_STATISTICS_TABLE in self._file:
            statistics = self._file.get_node(DL1_IMAGE_STATISTICS_TABLE)
            counted = dict(zip(("counts", "cumulative_counts"), self._checks))
            before = {name: statistics.col(name) for name in counted}
            set_columns(statistics, **{name: before[name] + counted[name] for name in counted})
