"""The example that takes the means of several reports."""

import json
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent / "examples" / "mean_of_reports.py"


def figure(name, value, error=0.1, goal=0.5):
    return dict(
        name=name, value=value, error=error, floor=0.25, goal=goal, passed=abs(value) <= goal
    )


def test_means_are_weighted_by_their_precision(tmp_path):
    reports = [
        [figure("size", 0.2), figure("requested size", 0.0, error=None), figure("width", 0.1)],
        [figure("size", 0.7, error=0.2), figure("requested size", 0.0, error=None)],
    ]
    paths = [tmp_path / f"{i}.json" for i in range(2)]
    for path, figures in zip(paths, reports):
        path.write_text(json.dumps({"telescopes": {"MST": {"figures": figures}}}))
    command = [sys.executable, str(EXAMPLE), *map(str, paths)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line for line in printed.splitlines() if "±" in line]
    assert rows == ["| size | 0.2000, 0.7000 | 0.3000 ± 0.0894 | 0.2500 | 0.5000 | 1 of 2 |"]
