"""What generated images cost, step by step, beside ctapipe's own tools: one table in one run.

    python examples/benchmark.py [MODEL ...] [--images 5000] [--repeats 3]

Every step is measured in turn, as often as there are repeats; the table has medians, in images per
second and microseconds per image, by the clock and of processor time (all threads), for a camera
of 595 pixels and for four telescopes of 1764, on the CPU and, where there is one, a GPU. Showers
are those of the package's Monte Carlo: same energies, directions and cores.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from itertools import product
from pathlib import Path

import astropy.units as u
import numpy as np
import tables
import torch
from ctapipe.core import run_tool
from ctapipe.io import EventSource
from ctapipe.tools.process import ProcessorTool
from threadpoolctl import threadpool_limits

from ctapipe_fastsim.bulk_images import BulkImages
from ctapipe_fastsim.bulk_writer import BulkWriter
from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.event_drawing import EventDrawing
from ctapipe_fastsim.generator import EVENTS_PER_BLOCK
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.made_ahead import made_ahead
from ctapipe_fastsim.recorded_blocks import recorded_blocks
from ctapipe_fastsim.tools.generate import GenerateTool
from ctapipe_fastsim.tools.simulate import SimulateTool

MANY = 10**9  # showers
SLOWER = 10  # a tenth of the images for what takes longer
TELESCOPES = {595: "taiga-iact", 1764: "mst-array"}
ENERGIES = 1.5, 60  # TeV, as far as the model has them
RATIOS = (  # by the clock, then of processor time
    ("bulk writing, images", "ctapipe-process, images"),
    ("bulk writing, images", "ctapipe-process, images, parameters"),
    ("bulk writing, images", "raw append of the same images"),
    ("bulk writing, images, parameters", "ctapipe-process, images, parameters"),
    ("decode and response", "Monte Carlo, a shower for each core"),
    ("decode and response", "Monte Carlo, showers with ten cores"),
)
IMAGE_TABLES = ("/dl1/event/telescope/images", "/simulation/event/telescope/images")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("models", nargs="*", default=["taiga-gamma", "mst-array-gamma"])
    options.add_argument("--images", type=int, default=5000)
    options.add_argument("--repeats", type=int, default=3)
    options = options.parse_args()
    logging.getLogger("ctapipe").setLevel(logging.ERROR)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    for model, device in product(options.models, devices):
        table = defaultdict(list)
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory() as folder:
                for step, n_images, wall, processor in steps(
                    model_path(model), options.images, device, Path(folder)
                ):
                    table[step].append((wall / n_images, processor / n_images))
        print_table(f"{model}, {device}", table)
    print_start(model_path(options.models[0]), options.repeats)


def print_table(model, table):
    print(f"\n{model:38s} images/s   us/image   us/image of processor time")
    for step, costs in table.items():
        wall, processor = np.median(costs, axis=0) * 1e6
        print(f"  {step:36s} {1e6 / wall:8.0f}   {wall:8.1f}   {processor:8.1f}")
    for step, slower in RATIOS:
        if step in table and slower in table:
            costs = (np.median(table[name], axis=0) for name in (slower, step))
            wall, processor = np.divide(*costs)
            print(f"  {step} / {slower}: {wall:.3g}, {processor:.3g}")


def steps(path, n_images, device, folder):
    """Name, number of images, seconds by the clock and of the processor, of every step."""
    yield from generation(path, n_images, device)
    yield from container_loop(path, n_images, device)
    for name, flags in {
        "images": ["--no-write-parameters"],
        "images, parameters": ["--write-parameters"],
    }.items():
        yield from process(path, n_images // SLOWER, name, ["--write-images", *flags], folder)
    for name, flags in {"images": [], "images, parameters": ["--parameters"]}.items():
        yield from bulk(path, n_images, name, [*flags, f"--device={device}"], folder)
    yield from raw_append(folder / "images.h5")
    for name, reuse in {"a shower for each core": 1, "showers with ten cores": 10}.items():
        yield from monte_carlo(path, name, reuse, folder)


class Clock:
    """Seconds since it was made, or last asked."""

    def __init__(self):
        self()

    def __call__(self):
        now = np.array([time.perf_counter(), sum(os.times()[:4])])  # with processes that ended
        passed, self.last = now - getattr(self, "last", now), now
        return passed


def generation(path, n_images, device):
    """Showers with their triggers, then the network, then photo-electrons and camera response."""
    low, high = energies(path)
    options = dict(n_showers=MANY, device=device, energy_min=low, energy_max=high)
    with EventSource(path, **options) as source:
        generator = source.event_generator(enough=0)
    draw_all(generator, EVENTS_PER_BLOCK)  # compiles
    spent, network = [], ImageGenerator._maps
    ImageGenerator._maps = timed(network, spent)
    showers, images, n = draw_all(generator, n_images)
    ImageGenerator._maps = network
    decoding = np.sum(spent, axis=0)
    yield "draw showers and triggers", n, *showers
    yield "decode (network alone)", n, *decoding
    yield "response, all else", n, *(images - decoding)
    yield "decode and response", n, *images
    yield from on_all_cores(generator, n_images, "showers and images")
    redrawn, EventDrawing.draw = EventDrawing.draw, drawn_once
    yield from on_all_cores(generator, n_images, "each image drawn once")
    EventDrawing.draw = redrawn


def drawn_once(drawing, values, geometry, rng, size, event):
    """In place of `EventDrawing.draw`: no image is redrawn."""
    return drawing.images.draw_once(values, geometry, rng, size)


def draw_all(generator, n_images):
    """Seconds for the showers and for the images, and how many images there were."""
    blocks, clock = recorded_blocks(generator), Clock()
    showers, images, n = np.zeros(2), np.zeros(2), 0
    while n < n_images:
        block = next(blocks)
        showers += clock()
        drawn = generator.images(
            *(block.number, block.event_id, block.showers, block.telescopes, block.sizes)
        )
        images += clock()
        n += sum(len(part.event) for part in drawn)
    return showers, images, n


def on_all_cores(generator, n_images, name):
    """As the bulk tool makes images, without writing any."""

    def make(block):
        return generator.images(
            *(block.number, block.event_id, block.showers, block.telescopes, block.sizes)
        )

    n, clock, n_cores = 0, Clock(), len(os.sched_getaffinity(0))
    with (
        threadpool_limits(1),
        closing(made_ahead(make, recorded_blocks(generator), n_cores)) as made,
    ):
        while n < n_images:
            _, parts = next(made)
            n += sum(len(part.event) for part in parts)
        passed = clock()
    yield f"{name}, {n_cores} threads", n, *passed


def energies(path):
    """Range of energies that model and Monte Carlo have."""
    with EventSource(path, n_showers=1, max_events=1) as source:
        (config,) = source.simulation_config.values()
    known = config.energy_range_min.to_value(u.TeV), config.energy_range_max.to_value(u.TeV)
    return max(known[0], ENERGIES[0]) * u.TeV, min(known[1], ENERGIES[1]) * u.TeV


def timed(function, spent):
    def call(*arguments):
        clock = Clock()
        result = function(*arguments)
        spent.append(clock())
        return result

    return call


def container_loop(path, n_images, device):
    with EventSource(path, n_showers=MANY, max_events=n_images, device=device) as source:
        n, clock = 0, None
        for event in source:
            clock = clock or Clock()  # after the first event
            n += len(event.dl1.tel)
    yield "event source, containers", n, *clock()


def process(path, n_images, name, flags, folder):
    class TimedProcessor(ProcessorTool):
        def start(self):
            next(iter(self.event_source))
            clock = Clock()
            super().start()
            self.passed = clock()

    tool, output = TimedProcessor(), folder / "process.h5"
    options = [f"--CVAEEventSource.n_showers={MANY}", f"--max-events={n_images}", "--overwrite"]
    run_tool(tool, [f"-i={path}", f"-o={output}", *options, *flags], cwd=folder, raises=True)
    yield f"ctapipe-process, {name}", n_written(output), *tool.passed


def bulk(path, n_images, name, flags, folder):
    """The tool from its first to its last block; once for little, to compile."""
    output = folder / f"{name.split(', ')[-1]}.h5"
    made, wrote = BulkImages.__call__, BulkWriter.append
    begun, ended = [], []

    def make(maker, block):
        begun.append(Clock())
        return made(maker, block)

    def append(writer, block, parts):
        wrote(writer, block, parts)
        ended.append(begun[0]())

    BulkImages.__call__, BulkWriter.append = make, append
    try:
        for n in (10, n_images):
            begun.clear(), ended.clear()
            options = [f"-n={n}", "--overwrite", "--no-progress", *flags]
            tool = GenerateTool()
            run_tool(tool, [f"-i={path}", f"-o={output}", *options], cwd=folder, raises=True)
    finally:
        BulkImages.__call__, BulkWriter.append = made, wrote
    yield f"bulk writing, {name}", n_written(output), *np.sum(ended, axis=0)


def raw_append(path):
    """Images and true images of a file, once more to another one, with the same filters."""
    with tables.open_file(path) as source, tables.open_file(path.with_suffix(".raw"), "w") as copy:
        arrays = [table for group in IMAGE_TABLES for table in source.iter_nodes(group)]
        arrays = [(table.filters, table.read()) for table in arrays]
        clock = Clock()
        for i, (filters, array) in enumerate(arrays):
            table = copy.create_table("/", f"table_{i}", array.dtype, filters=filters)
            for start in range(0, len(array), EVENTS_PER_BLOCK):
                table.append(array[start : start + EVENTS_PER_BLOCK])
            table.flush()
        passed = clock()
    yield "raw append of the same images", sum(len(a) for _, a in arrays) / 2, *passed


def monte_carlo(path, name, reuse, folder):
    """The package's own, of the telescopes that the file has and of the showers of the model."""
    with tables.open_file(folder / "images.h5") as h5file:
        (array, *_) = h5file.iter_nodes("/simulation/event/telescope/images")
        telescopes = TELESCOPES.get(array.dtype["true_image"].shape[0])
    if telescopes is None:
        return

    class TimedSimulation(SimulateTool):
        def start(self):
            clock = Clock()
            super().start()
            self.passed = clock()

    tool, output = TimedSimulation(), folder / "simulated.h5"
    low, high = energies(path)
    with EventSource(path, n_showers=1, max_events=1) as source:
        (config,) = source.simulation_config.values()
    options = [f"--telescopes={telescopes}", f"--reuse={reuse}", f"--n-showers={200 // reuse}"]
    options += [f"--energy-min={low}", f"--energy-max={high}"]
    options += [f"--viewcone={config.max_viewcone_radius}", "--no-progress", "--overwrite"]
    options += [f"--scatter-radius={config.max_scatter_range}"]
    run_tool(tool, [f"-o={output}", *options], cwd=folder, raises=True)
    yield f"Monte Carlo, {name}", n_written(output), *tool.passed


def n_written(path):
    """Images in a file."""
    with tables.open_file(path) as h5file:
        images = h5file.iter_nodes("/simulation/event/telescope/impact")
        return sum(table.nrows for table in images)


def print_start(path, repeats):
    first_event = (
        "from ctapipe.io import EventSource;"
        f"next(iter(EventSource({str(path)!r}, max_events=1000)))"
    )
    starts = [(seconds("import ctapipe.io"), seconds(first_event)) for _ in range(repeats)]
    ctapipe, first = np.median(starts, axis=0)
    print(f"\nimport ctapipe.io: {ctapipe:.2f} s, first event: {first:.2f} s")


def seconds(code):
    """Time of a new interpreter that runs some code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
