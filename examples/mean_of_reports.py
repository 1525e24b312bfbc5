"""Means of the figures of several reports on one model, each with a test set of its own.

    python examples/mean_of_reports.py REPORT.json [REPORT.json ...]

The files are those of ctapipe-fastsim-validate. Test sets of other showers (other --obs-id) are
independent, so that the error of the mean is smaller than any of theirs. Figures with a goal, an
error and the same name in all reports are shown, as a Markdown table.
"""

import argparse
import json
from pathlib import Path

import numpy as np


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("reports", nargs="+", type=Path)
    reports = [json.loads(path.read_text())["telescopes"] for path in options.parse_args().reports]
    for telescope in set.intersection(*map(set, reports)):
        print(f"\n{telescope}\n")
        print("| figure | of each | mean | floor | goal | met |\n|---|---|---|---|---|---|")
        for row in rows([report[telescope]["figures"] for report in reports]):
            print(row)


def rows(reports):
    """Figures of all reports, a row of the table for each name."""
    tables = [{figure["name"]: figure for figure in figures} for figures in reports]
    for name in tables[0]:
        same = [table[name] for table in tables if name in table]
        if len(same) == len(tables) and all(f["goal"] and f["error"] for f in same):
            yield row(name, same)


def row(name, figures):
    """Values, mean weighted by their precision, mean floor and goal, in how many it is met."""
    values, errors, floors, goals, met = (
        [figure[key] for figure in figures] for key in ("value", "error", "floor", "goal", "passed")
    )
    weights = np.array(errors) ** -2.0
    mean, error = np.average(values, weights=weights), weights.sum() ** -0.5
    each = ", ".join(f"{value:.4f}" for value in values)
    means = f"{mean:.4f} ± {error:.4f} | {np.mean(floors):.4f} | {np.mean(goals):.4f}"
    return f"| {name} | {each} | {means} | {sum(met)} of {len(met)} |"


if __name__ == "__main__":
    main()
