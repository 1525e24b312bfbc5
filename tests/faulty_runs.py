"""Tools that run in processes of their own, which can be killed, and what must then be true."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

PATCHED = dict(BATCH=1024, STEPS=60, FIRST_STEPS=20)
PRELOADED = [
    *("torch", "ctapipe_fastsim.training", "ctapipe_fastsim.model_fit"),
    *("ctapipe_fastsim.bulk_images", "ctapipe_fastsim.tools.generate"),
    *("ctapipe_fastsim.tools.simulate", "ctapipe_fastsim.tools.train"),
]
LONGEST = 120  # s


def tool(name):
    """Class of a tool of ours."""
    from ctapipe_fastsim.tools.generate import GenerateTool
    from ctapipe_fastsim.tools.simulate import SimulateTool
    from ctapipe_fastsim.tools.train import TrainTool

    return dict(generate=GenerateTool, simulate=SimulateTool, train=TrainTool)[name]


def start(name, options, folder):
    """Process that runs a tool in a folder; what it says goes to a file there.

    Processes are copies of one that has imported everything and started nothing.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_run, args=(name, [*map(str, options)], str(folder)))
    process.start()
    return process


def run(name, options, folder):
    """Exit code of a tool that nobody kills."""
    process = start(name, options, folder)
    process.join(LONGEST)
    assert process.exitcode is not None, "the tool hangs"
    return process.exitcode


def run_and_kill(name, options, folder, after):
    """Kill a tool after so many seconds, or let it end before."""
    process = start(name, options, folder)
    process.join(after)
    if process.exitcode is None:
        os.kill(process.pid, signal.SIGKILL)
    process.join(LONGEST)
    return process.exitcode


def duration(name, options, folder):
    """Seconds that a tool takes, the second time."""
    for _ in range(2):
        begin = time.monotonic()
        assert run(name, options, folder) == 0, said(folder)
    return time.monotonic() - begin


def said(folder):
    """What the last tool of a folder wrote to stderr."""
    return (Path(folder) / "stderr.txt").read_text()


def _run(name, options, folder):
    os.chdir(folder)
    for stream, file in ((1, os.devnull), (2, "stderr.txt")):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    from ctapipe_fastsim import trigger

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ctapipe.core.provenance._get_python_packages", list, raising=False)
        for constant, value in PATCHED.items():
            patch.setattr(trigger, constant, value)
        try:
            tool(name)().run(options)
        except SystemExit as ending:
            os._exit(ending.code or 0)
        os._exit(0)
