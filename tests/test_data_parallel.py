"""Two processes of torchrun train the same network as one does."""

import re
import subprocess
import sys

import numpy as np
import pytest
import tables
from toy_production import write_toy_production

TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
TRAIN_AND_PRINT = """
import os
from ctapipe_fastsim import trigger
from ctapipe_fastsim.tools.train import TrainTool
from ctapipe_fastsim.training import TrainingRun

trigger.BATCH, trigger.STEPS, trigger.FIRST_STEPS = 256, 30, 10
run_epoch = TrainingRun.run_epoch

def run_epoch_and_print(self, progress):
    run_epoch(self, progress)
    weights = b"".join(value.detach().numpy().tobytes() for value in self.modules.parameters())
    print(f"weights {self.epoch} {hash(weights)} of {os.environ.get('RANK')}", flush=True)

TrainingRun.run_epoch = run_epoch_and_print
TrainTool().run()
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    path = tmp_path_factory.mktemp("data_parallel") / "toy.dl1.h5"
    write_toy_production(path, n_showers=60, seed=3)
    return path


def train(launcher, production, output):
    """What a training in a process of its own, or several, prints."""
    script = output.with_suffix(".py")
    script.write_text(TRAIN_AND_PRINT)
    options = ["--epochs=2", "--hidden=16", "--batch-size=61", "--no-progress"]
    command = [*launcher, script, f"-i={production}", f"-o={output}", *options]
    done = subprocess.run(
        [sys.executable, *command], cwd=output.parent, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return re.findall(r"weights (\d) (-?\d+) of (None|\d)", done.stdout)


def history(model):
    """Held-out figures by name."""
    with tables.open_file(model) as h5file:
        (group,) = h5file.root.telescope_types
        return {node.name: node[:] for node in group.history}


def test_two_processes_train_as_one_does(production, tmp_path, monkeypatch):
    """Figures of every epoch within 0.1 %: the random numbers are the same, roundings are not."""
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    alone, both = tmp_path / "alone.fastsim.h5", tmp_path / "both.fastsim.h5"
    train([], production, alone)
    weights = train(TORCHRUN, production, both)

    assert sorted((epoch, rank) for epoch, _, rank in weights) == [
        (epoch, rank) for epoch in "12" for rank in "01"
    ]
    for epoch in "12":  # the same on both
        assert len({number for at, number, _ in weights if at == epoch}) == 1
    expected, found = history(alone), history(both)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-3, err_msg=name)
