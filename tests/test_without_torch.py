"""Events are generated without torch, which takes longer to import than they take to make."""

import subprocess
import sys

import tables

WITHOUT = """
import sys
class Without:
    def find_spec(self, name, *arguments):
        if name.split(".")[0] in ("torch", "zuko"):
            raise ImportError(name)
sys.meta_path.insert(0, Without())
"""
EVENTS = """
from ctapipe.io import EventSource
with EventSource(sys.argv[1], n_showers=300, max_events=5) as source:
    print(sum(len(event.dl1.tel) > 0 for event in source))
"""
FILE = "from ctapipe_fastsim.tools.generate import main; main()"


def run(code, *arguments, folder):
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT + code, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_event_source(toy_model, tmp_path):
    done = run(EVENTS, toy_model, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "5"


def test_generate(toy_model, tmp_path):
    options = f"-i={toy_model}", "-o=events.h5", "-n=7", "--parameters", "--no-progress"
    done = run(FILE, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with tables.open_file(tmp_path / "events.h5") as h5file:
        assert h5file.root.dl1.event.subarray.trigger.nrows == 7
