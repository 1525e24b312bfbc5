"""Files that are damaged, or made to do harm, in many thousand ways: what becomes of their readers?

    python tests/hostile_files.py model MODEL.fastsim.h5 10000
    python tests/hostile_files.py production PRODUCTION.dl1.h5 2000

A process of its own reads one mutated copy after the other and says what came of each: an error of
ours in one line, or something to go on with, of which every tenth is put to use. Anything else
ends the campaign with the number of the mutation, which --only NUMBER repeats: another exception,
the end of the process, more than a gigabyte, more than ten seconds, a file written elsewhere. What
h5py cannot unpack, such as blosc, is left as it is.
"""

import argparse
import collections
import itertools
import os
import resource
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
from hostile_hdf5 import STRUCTURED
from tqdm import tqdm

GIGABYTE = 2**30
LONGEST = 10  # seconds that a file may take
USED = 10  # one in so many files that can be read is put to use
SIGNATURES = (b"TREE", b"HEAP", b"SNOD", b"FRHP", b"OHDR", b"GCOL", b"\x89HDF")
FIRST_BLOCK = 512


def campaign(kind, base, numbers):
    """Read mutated copies of a file; count what came of them.

    Parameters
    ----------
    kind : str
        "model" or "production".
    base : path
    numbers : iterable of int
        Of the mutations.

    Returns
    -------
    dict of str to int
        "refused", "read", "used".

    Raises
    ------
    AssertionError
        With the number of the mutation and what happened.
    """
    outcomes = collections.Counter()
    numbers = list(numbers)
    command = [sys.executable, __file__, kind, str(base), *map(str, numbers), "--worker"]
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=folder) as worker,
    ):
        for number, line in itertools.zip_longest(
            tqdm(numbers, unit="file", disable=None), worker.stdout
        ):
            outcome = line.decode().strip() if line else f"process ended ({worker.wait()})"
            if outcome not in ("refused", "read", "used"):
                worker.kill()
                errors.seek(0)
                raise AssertionError(f"{kind} mutation {number}: {outcome}\n{errors.read()}")
            outcomes[outcome] += 1
        assert set(os.listdir(folder)) <= {"mutated.h5"}, os.listdir(folder)
    return dict(outcomes)


def mutated(content, number, sealed):
    """Bytes of a mutated copy.

    Parameters
    ----------
    content : bytes
    number : int
        Of the mutation: the same gives the same.
    sealed : callable or None
        Puts a valid seal on HDF5 content; None where files have no seal.
    """
    rng = np.random.default_rng(number)
    if sealed and number % 8 == 0:  # behind a seal that is no longer valid
        return damaged(content, rng)
    inside = content[FIRST_BLOCK:] if sealed else content
    if number % 2:
        inside = STRUCTURED[number // 2 % len(STRUCTURED)](inside, rng)
    else:
        inside = damaged(inside, rng)
    return sealed(inside) if sealed else inside


def damaged(content, rng):
    """Cut short, or with bits and bytes changed, half of them where HDF5 keeps its books."""
    if rng.random() < 0.1:
        return content[: rng.integers(len(content))]
    changed = np.frombuffer(content, np.uint8).copy()
    for _ in range(rng.integers(1, 9)):
        place = _place(content, rng)
        length = min(int(rng.integers(1, 65)), len(content) - place)
        match rng.integers(4):
            case 0:
                changed[place] ^= 1 << rng.integers(8)
            case 1:
                changed[place : place + length] = rng.integers(256, size=length)
            case 2:
                changed[place : place + length] = rng.choice([0, 255])
            case 3:
                source = rng.integers(len(content) - length + 1)
                changed[place : place + length] = changed[source : source + length].copy()
    return changed.tobytes()


def _place(content, rng):
    anywhere = int(rng.integers(len(content)))
    if rng.random() < 0.5:
        return anywhere
    found = content.find(SIGNATURES[rng.integers(len(SIGNATURES))], anywhere)
    place = max(found, 0) + int(rng.integers(-300, 600))
    return min(max(place, 0), len(content) - 1)


def work(kind, base, numbers):
    """In a process of its own: print a line for each mutation."""
    from helpers import seal

    from ctapipe_fastsim.errors import InputError
    from ctapipe_fastsim.model_file import FORMAT_VERSION

    read, use = READERS[kind]()
    sealed = (lambda content: seal(content, "model", FORMAT_VERSION)) if kind == "model" else None
    content = Path(base).read_bytes()
    path = Path("mutated.h5")
    path.write_bytes(content)
    use(read(path))  # imports and compiles
    _limit_memory()
    n_read = 0
    for number in numbers:
        path.unlink()  # HDF5 may still hold on to the last one
        path.write_bytes(mutated(content, number, sealed))
        signal.alarm(LONGEST)
        try:
            result = read(path)
            n_read += 1
            if n_read % USED == 0:
                use(result)
            outcome = "read" if n_read % USED else "used"
        except InputError as error:
            outcome = "refused" if "\n" not in str(error) else f"several lines: {error}"
        except BaseException as error:
            traceback.print_exc()
            outcome = f"{type(error).__name__}: {error}".replace("\n", " ")
        signal.alarm(0)
        print(outcome, flush=True)


def _limit_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    now = pages * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + GIGABYTE, now + GIGABYTE))


def _model_reader():
    from ctapipe_fastsim.eventsource import CVAEEventSource
    from ctapipe_fastsim.model_file import read_model

    def read(path):
        read_model(path)
        return path

    def use(path):
        with CVAEEventSource(path, n_showers=50, max_events=3, extrapolate=True) as source:
            for event in source:
                event.dl1.tel.keys()

    return read, use


def _production_reader():
    from model_helpers import SMALL_TRAINING, run_epochs

    from ctapipe_fastsim.subarray_file import read_subarray
    from ctapipe_fastsim.training import TrainingRun
    from ctapipe_fastsim.training_data import read_production

    def read(path):
        read_subarray(path)
        return read_production([path])

    def use(production):
        for images in production.images.values():
            run_epochs(TrainingRun(images, SMALL_TRAINING), 2)

    return read, use


READERS = {"model": _model_reader, "production": _production_reader}


def main():
    """A campaign, or the work of its process."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("kind", choices=READERS)
    options.add_argument("base", type=Path)
    options.add_argument("files", type=int, nargs="*", default=[1000])
    options.add_argument("--only", type=int)
    options.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.worker:
        return work(options.kind, options.base, options.files)
    numbers = range(options.files[0]) if options.only is None else [options.only]
    print(options.kind, campaign(options.kind, options.base.absolute(), numbers))


if __name__ == "__main__":
    main()
