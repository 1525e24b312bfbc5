"""examples/production: a tiny production, one job of which is interrupted."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tables

pytest.importorskip("snakemake")

EXAMPLES = Path(__file__).parents[1] / "examples"
# instead of run 2, the first time: part of it, and the exit code of Ctrl-C
INTERRUPTED = """#!/bin/sh
case "$*" in *obs-id=2*) if test ! -e "$0.done"; then
    touch "$0.done"
    "$REAL" "$@" -n 10
    exit 130
fi;; esac
exec "$REAL" "$@"
"""


def snakemake(folder, environment, **config):
    """Run the workflow with the local profile; the exit code and what it said."""
    settings = [f"{name}={value}" for name, value in config.items()]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-s", EXAMPLES / "production" / "Snakefile"]
        + ["--profile", EXAMPLES / "production" / "local", "-d", folder]
        + ["--config", *settings],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stderr


def files(folder):
    """Names of the data files and reports."""
    found = [*folder.glob("*/*.h5"), *folder.glob("*.h5"), *folder.glob("report.*")]
    return sorted(str(path.relative_to(folder)) for path in found)


def events(path):
    """obs_id and event_id of every event."""
    with tables.open_file(path) as h5file:
        rows = h5file.root.dl1.event.subarray.trigger
        return np.stack([rows.col("obs_id"), rows.col("event_id")], axis=1).tolist()


@pytest.fixture
def environment():
    """Where the tools of this environment are found."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path}


@pytest.fixture
def interrupting(environment, tmp_path):
    """The same, with a tool that is interrupted."""
    tool = tmp_path / "bin" / "ctapipe-fastsim-generate"
    real = tmp_path / "real"
    real.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ctapipe_fastsim.tools.generate "$@"\n')
    tool.parent.mkdir()
    tool.write_text(INTERRUPTED)
    for script in (tool, real):
        script.chmod(0o755)
    path = f"{tool.parent}{os.pathsep}{environment['PATH']}"
    return environment | {"PATH": path, "REAL": str(real)}


def test_an_interrupted_production_continues(interrupting, toy_model, toy_file, tmp_path):
    folder = tmp_path / "production"
    config = dict(model=toy_model, runs=2, showers=400, reference=toy_file)
    code, said = snakemake(folder, interrupting, **config)
    assert code != 0
    assert files(folder) == ["begun/generated_2.dl1.h5", "generated/1.dl1.h5"], said
    finished = (folder / "generated" / "1.dl1.h5").stat().st_mtime_ns
    begun = events(folder / "begun" / "generated_2.dl1.h5")
    assert len(begun) == 10

    code, said = snakemake(folder, interrupting, **config)
    assert code == 0, said
    generated = ["generated/1.dl1.h5", "generated/2.dl1.h5"]
    assert files(folder) == [*generated, "production.dl1.h5", "report.html", "report.json"]
    assert (folder / "generated" / "1.dl1.h5").stat().st_mtime_ns == finished
    runs = [events(folder / name) for name in generated]
    assert [{obs_id for obs_id, _ in run} for run in runs] == [{1}, {2}]
    assert runs[1][:10] == begun
    assert len(runs[1]) > 100
    assert sorted(events(folder / "production.dl1.h5")) == sorted(runs[0] + runs[1])


def test_a_production_is_processed_by_ctapipe(environment, toy_array_model, tmp_path):
    settings = tmp_path / "process.yaml"
    settings.write_text("DataWriter:\n  write_dl2: true\n")
    folder = tmp_path / "production"
    options = dict(model=toy_array_model, runs=1, showers=60, process=settings)
    code, said = snakemake(folder, environment, **options)
    assert code == 0, said
    assert files(folder) == ["generated/1.dl1.h5", "processed/1.dl1.h5", "production.dl1.h5"]
    with tables.open_file(folder / "production.dl1.h5") as h5file:
        parameters = h5file.root.dl1.event.telescope.parameters
        assert sum(table.nrows for table in parameters) > 20
