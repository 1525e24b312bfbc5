"""The stream of blocks holds the events of a generator that keeps them all."""

from dataclasses import fields

import numpy as np
import pytest
from model_helpers import event_generator

from ctapipe_fastsim.generator import EVENTS_PER_BLOCK, THROWN_PER_CHUNK
from ctapipe_fastsim.recorded_blocks import recorded_blocks
from ctapipe_fastsim.showers import Showers

N_THROWN = THROWN_PER_CHUNK + 500  # two chunks, of which the second is not full


@pytest.fixture(scope="module")
def generator(array_model):
    return event_generator(array_model, n_thrown=N_THROWN)


@pytest.fixture(scope="module")
def blocks(generator):
    return list(recorded_blocks(generator))


def same(showers, others):
    return all(
        np.array_equal(getattr(showers, f.name), getattr(others, f.name), equal_nan=True)
        for f in fields(Showers)
    )


def test_events_are_those_of_the_generator(generator, blocks):
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert {len(block.event_id) for block in blocks[:-1]} == {EVENTS_PER_BLOCK}
    event_id = np.concatenate([block.event_id for block in blocks])
    assert np.array_equal(event_id, generator.recorded)
    telescopes = np.concatenate([block.telescopes for block in blocks])
    assert np.array_equal(telescopes, generator.telescopes)
    showers = Showers.concatenate([block.showers for block in blocks])
    assert same(showers, generator.showers[generator.recorded])


def test_every_thrown_shower_belongs_to_one_block(generator, blocks):
    assert same(Showers.concatenate([block.thrown for block in blocks]), generator.showers)
    ends = np.cumsum([len(block.thrown) for block in blocks])
    assert [block.first_thrown for block in blocks] == [0, *ends[:-1]]
    for block, end in zip(blocks[:-1], ends):
        assert block.event_id[-1] == end - 1


def test_images_are_those_of_the_generator(generator, blocks):
    for number in (0, len(blocks) - 1):
        block = blocks[number]
        images = generator.images(
            *(number, block.event_id, block.showers, block.telescopes, block.sizes)
        )
        for one, other in zip(images, generator.block(number), strict=True):
            assert all(
                np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)
            )


def test_a_stream_can_begin_anywhere(generator, blocks):
    for number in (1, len(blocks) - 1):
        rest = list(
            recorded_blocks(generator, number * EVENTS_PER_BLOCK, blocks[number].first_thrown)
        )
        assert len(rest) == len(blocks) - number
        for block, expected in zip(rest, blocks[number:]):
            assert block.number == expected.number
            assert block.first_thrown == expected.first_thrown
            assert np.array_equal(block.event_id, expected.event_id)
            assert same(block.thrown, expected.thrown)


def test_parts_of_a_block_add_up(blocks):
    block = blocks[1]
    parts = [block.of_events(0, 40), block.of_events(40, 100), block.of_events(100, None)]
    assert [len(part.event_id) for part in parts] == [40, 60, EVENTS_PER_BLOCK - 100]
    assert np.array_equal(np.concatenate([p.event_id for p in parts]), block.event_id)
    assert same(Showers.concatenate([p.thrown for p in parts]), block.thrown)
    assert parts[0].first_thrown + len(parts[0].thrown) == block.event_id[39] + 1


def test_sizes_come_along(model):
    generator = event_generator(model, n_thrown=300, size=(50, 200))
    sizes = np.concatenate([block.sizes for block in recorded_blocks(generator)])
    assert np.array_equal(sizes, generator.sizes)
