"""Blocks are appended to files that ctapipe reads; the tables are tested in tools/test_generate."""

from dataclasses import replace

import numpy as np
import pytest
import tables
from ctapipe.core import Provenance
from ctapipe.io import HDF5EventSource

from ctapipe_fastsim import CVAEEventSource
from ctapipe_fastsim.bulk_images import BulkImages
from ctapipe_fastsim.bulk_writer import BulkWriter, new_bulk_file
from ctapipe_fastsim.dl1_template import write_template
from ctapipe_fastsim.recorded_blocks import recorded_blocks


@pytest.fixture(scope="module")
def generator(toy_array_model):
    with CVAEEventSource(toy_array_model, n_showers=300, obs_id=4) as source:
        yield source.event_generator()


@pytest.fixture(scope="module")
def template(toy_array_model, generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "template.h5"
    with CVAEEventSource(toy_array_model, n_showers=300, obs_id=4) as source:
        Provenance().start_activity("test")  # which ctapipe writes into headers
        write_template(path, source, generator.thrown[0], None, write_dl1_images=True)
        Provenance().finish_activity("test")
    return path


@pytest.fixture
def path(template, tmp_path):
    new_bulk_file(tmp_path / "bulk.h5", template)
    return tmp_path / "bulk.h5"


def without(block, column):
    """The block, but one telescope never records."""
    telescopes = block.telescopes.copy()
    telescopes[:, column] = False
    left = telescopes.any(axis=1)
    return replace(
        block,
        event_id=block.event_id[left],
        showers=block.showers[left],
        telescopes=telescopes[left],
    )


def write(path, template, generator, blocks):
    make = BulkImages(generator, resolution=0, true_images=True)
    with BulkWriter(path, template, generator, obs_id=4) as writer:
        for block in blocks:
            writer.append(block, make(block))
        return writer.n_events, writer.n_thrown


def test_a_new_file_has_no_events_but_all_that_is_constant(path, generator):
    with tables.open_file(path) as h5file:
        assert "/dl1" not in h5file or "/dl1/event" not in h5file
        assert h5file.root.configuration.simulation.run.nrows == 1
        assert h5file.root.simulation.service.shower_distribution.nrows == 1
        assert h5file.root.simulation.service.shower_distribution.cols.n_entries[0] == 0
        assert h5file.root.configuration.instrument.subarray.layout.nrows == 3


def test_what_was_thrown_is_counted(path, template, generator):
    blocks = list(recorded_blocks(generator))
    n_events, n_thrown = write(path, template, generator, blocks)
    assert n_events == len(generator.recorded)
    assert n_thrown == 300
    with tables.open_file(path) as h5file:
        assert h5file.root.configuration.simulation.run.cols.n_showers[0] == 300
        distribution = h5file.root.simulation.service.shower_distribution
        assert distribution.cols.histogram[0].sum() == distribution.cols.n_entries[0] == 300


def test_a_telescope_without_images_has_no_tables(path, template, generator):
    """As with ctapipe; and it gets them when it has its first image later."""
    first, *_ = recorded_blocks(generator)
    write(path, template, generator, [without(first, 1)])
    groups = (
        *("/dl1/event/telescope/images", "/simulation/event/telescope/images"),
        *("/simulation/event/telescope/impact", "/configuration/telescope/pointing"),
    )
    with tables.open_file(path) as h5file:
        for group in groups:
            assert {node._v_name for node in h5file.iter_nodes(group)} == {"tel_001", "tel_003"}
    write(path, template, generator, [replace(first, event_id=first.event_id + 1000)])
    with tables.open_file(path) as h5file:
        for group in groups:
            assert len(list(h5file.iter_nodes(group))) == 3


def test_ctapipe_reads_what_was_appended_in_two_sessions(path, template, generator):
    blocks = list(recorded_blocks(generator))
    write(path, template, generator, blocks[:1])
    write(path, template, generator, blocks[1:])
    with HDF5EventSource(path) as source:
        events = list(source)
    assert [event.index.event_id for event in events] == generator.recorded.tolist()
    for event, telescopes in zip(events, generator.telescopes):
        expected = generator.tel_ids[telescopes]
        assert np.array_equal(event.trigger.tels_with_trigger, expected)
        assert list(event.dl1.tel) == expected.tolist()


def test_a_failure_does_not_count(path, template, generator):
    with pytest.raises(RuntimeError):
        with BulkWriter(path, template, generator, obs_id=4):
            raise RuntimeError
    with tables.open_file(path) as h5file:
        assert h5file.root.simulation.service.shower_distribution.cols.n_entries[0] == 0
