"""What the event source costs, as ratios measured in one run.

    python examples/benchmark.py [MODEL] [--events 1000] [--repeats 3]

Share of ctapipe-process: time spent inside the source over the time of the whole event loop with
images and parameters, both after the first event. Start: time until a new interpreter has the
first of 1000 events, over the time of `import torch` alone. Medians of the repeats, taken in turn.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ctapipe.core import run_tool
from ctapipe.tools.process import ProcessorTool

from ctapipe_fastsim import CVAEEventSource
from ctapipe_fastsim.bundled import model_path


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model", nargs="?", default="taiga-gamma")
    options.add_argument("--events", type=int, default=1000)
    options.add_argument("--repeats", type=int, default=3)
    options = options.parse_args()
    path = model_path(options.model)

    runs = np.array([process(path, options.events) for _ in range(options.repeats)])
    share = np.median(runs[:, 0] / runs[:, 1])
    print(f"ctapipe-process: {np.median(runs[:, 1]) / options.events * 1e3:.2f} ms per event")
    print(f"source: {np.median(runs[:, 0]) / options.events * 1e3:.2f} ms, share {share:.1%}")

    first_event = (
        "from ctapipe.io import EventSource;"
        f"next(iter(EventSource({str(path)!r}, max_events=1000)))"
    )
    starts = np.array(
        [(seconds("import torch"), seconds(first_event)) for _ in range(options.repeats)]
    )
    torch, first = np.median(starts, axis=0)
    ratio = np.median(starts[:, 1] / starts[:, 0])
    print(f"import torch: {torch:.2f} s, first event: {first:.2f} s, ratio {ratio:.2f}")


def process(path, n_events):
    """Seconds inside the source's loop, and of the event loop as a whole."""
    spent = []
    original = CVAEEventSource._generator

    def timed(source):
        events = original(source)
        while True:
            start = time.perf_counter()
            event = next(events, None)
            spent.append(time.perf_counter() - start)
            if event is None:
                return
            yield event

    CVAEEventSource._generator = timed
    try:
        with tempfile.TemporaryDirectory() as folder:
            tool = TimedProcessor()
            output = Path(folder) / "events.dl1.h5"
            arguments = [f"-i={path}", f"-o={output}", "--write-images", "--write-parameters"]
            run_tool(tool, [*arguments, f"-m={n_events}"], cwd=folder)
    finally:
        CVAEEventSource._generator = original
    return sum(spent[1:]), tool.loop_seconds - spent[0]


class TimedProcessor(ProcessorTool):
    """ctapipe-process that keeps the time of its event loop."""

    def start(self):
        """Run the event loop."""
        start = time.perf_counter()
        super().start()
        self.loop_seconds = time.perf_counter() - start


def seconds(code):
    """Time of a new interpreter that runs some code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
