"""Does memory grow when very many events come out of one event source?

    python examples/long_run.py [--model taiga-gamma] [--events 1000000]

Prints memory (resident set, MiB) and rate as it goes.
"""

import argparse
import os
import time
from pathlib import Path

from ctapipe.io import EventSource

from ctapipe_fastsim.bundled import model_path

REPORTS = 10


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="taiga-gamma")
    options.add_argument("--events", type=int, default=1_000_000)
    options = options.parse_args()

    every = max(1, options.events // REPORTS)
    start = time.monotonic()
    showers = dict(n_showers=20 * options.events, max_events=options.events)
    with EventSource(model_path(options.model), **showers) as source:
        for n, _ in enumerate(source, start=1):
            if n == 1 or n % every == 0:
                rate = n / (time.monotonic() - start)
                print(f"{n:9d} events, {resident_memory():6.0f} MiB, {rate:5.0f} events/s")


def resident_memory():
    """Of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
