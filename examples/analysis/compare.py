"""Compare what run.sh made from Monte Carlo and from generated events.

    python examples/analysis/compare.py FOLDER

Prints energy resolution and bias, direction and the area under the ROC curve of the
classifier, of models trained on either source and applied to events of either; writes the response
functions of both to FOLDER/responses.png.
"""

import sys
from pathlib import Path

import numpy as np
from astropy.coordinates import angular_separation
from astropy.table import QTable
from ctapipe.io import TableLoader
from matplotlib import pyplot as plt
from sklearn.metrics import roc_auc_score

SOURCES = {"monte-carlo": "Monte Carlo", "generated": "generated"}
EDGES = np.array([0.2, 1, 5, 30])  # TeV
N_BOOTSTRAP = 100
FEWEST_EVENTS = 30


def main():
    folder = Path(sys.argv[1])
    print(f"{'figure':<38}" + "".join(f"{f'{m} on {e}':>27}" for e in SOURCES for m in SOURCES))
    rng = np.random.default_rng(0)
    columns = [figures(folder, model, events, rng) for events in SOURCES for model in SOURCES]
    for name in columns[0]:
        print(f"{name:<38}" + "".join("{:>17.4f} +- {:.4f}".format(*c[name]) for c in columns))
    draw_responses(folder)


def figures(folder, model, events, rng):
    """Name to value and error, of models trained on one source, applied to events of another."""
    gamma, proton = (
        reconstructed(folder / f"{events}-{primary}-by-{model}.dl2.h5")
        for primary in ("gamma", "proton")
    )
    found = {}
    energy = np.asarray(gamma["true_energy"])
    ratio = np.asarray(gamma["energy_energy"]) / energy
    direction = (np.radians(np.asarray(gamma[n])) for n in ("disp_az", "disp_alt"))
    true_direction = (np.radians(np.asarray(gamma[n])) for n in ("true_az", "true_alt"))
    apart = np.degrees(angular_separation(*direction, *true_direction))
    for low, high in zip(EDGES[:-1], EDGES[1:]):
        rows = np.flatnonzero((energy >= low) & (energy < high))
        label = f", {low:g} to {high:g} TeV"
        found["energy bias" + label] = measured(bias, ratio[rows], energy[rows], rng)
        found["energy resolution" + label] = measured(resolution, ratio[rows], energy[rows], rng)
        found["disp direction 68 % (deg)" + label] = measured(
            containment, apart[rows], energy[rows], rng
        )
    score = np.concatenate([gamma["particle_prediction"], proton["particle_prediction"]])
    shower = np.concatenate([gamma["true_energy"], proton["true_energy"]])
    is_gamma = np.repeat([1, 0], [len(gamma), len(proton)])
    found["area under the ROC curve"] = measured(
        lambda both: roc_auc_score(both[:, 1], both[:, 0]),
        np.column_stack([score, is_gamma]),
        shower,
        rng,
    )
    return found


def reconstructed(path):
    """Events that all models could reconstruct."""
    with TableLoader(path) as loader:
        events = loader.read_subarray_events(dl2=True, simulated=True)
    valid = [f"{name}_is_valid" for name in ("energy", "particle", "disp")]
    return events[np.all([np.asarray(events[name]) for name in valid], axis=0)]


def bias(ratio):
    return np.median(ratio) - 1


def resolution(ratio):
    return containment(np.abs(ratio / np.median(ratio) - 1))


def containment(values):
    return np.quantile(values, 0.68)


def measured(statistic, values, energy, rng):
    """A statistic, and its error when whole showers (of one energy) are drawn anew."""
    if len(values) < FEWEST_EVENTS:
        return np.nan, np.nan
    shower = np.unique(energy, return_inverse=True)[1]
    order = np.argsort(shower, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(shower))[:-1])
    drawn = [
        statistic(
            values[np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))])]
        )
        for _ in range(N_BOOTSTRAP)
    ]
    return statistic(values), np.std(drawn)


def draw_responses(folder):
    """Effective area, background rate and direction cut against energy."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    for source, label in SOURCES.items():
        path = folder / f"{source}-irf.fits"
        panels = (
            ("EFFECTIVE AREA", "EFFAREA", "m2", "effective area (m$^2$)"),
            ("BACKGROUND", "BKG", "1/(s TeV deg2)", "background (1 / s TeV deg$^2$)"),
            ("RAD_MAX", "RAD_MAX", "deg", "68 % of directions within (deg)"),
        )
        for axis, (extension, column, unit, title) in zip(axes, panels):
            table = QTable.read(path, hdu=extension)
            low, high = (table[f"ENERG_{end}"][0].to_value("TeV") for end in ("LO", "HI"))
            values = table[column][0].to_value(unit)
            values = np.atleast_2d(values.squeeze())[0] if values.ndim > 1 else values
            axis.step(np.sqrt(low * high), values, where="mid", label=label)
            axis.set(xscale="log", yscale="log", xlabel="energy (TeV)", title=title)
    axes[0].legend()
    figure.savefig(folder / "responses.png", dpi=120)


if __name__ == "__main__":
    main()
