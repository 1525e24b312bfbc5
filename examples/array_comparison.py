"""Compare generated array events with a Monte Carlo production of the same thrown distribution.

    python examples/array_comparison.py MODEL PRODUCTION.dl1.h5 [--folder FOLDER]

The model generates as many thrown showers; ctapipe-process cleans, parametrises and reconstructs
both (default configuration, HillasReconstructor). Printed are, with their errors, the greatest
deviations of effective area against energy and of event rates against impact distance and
offset, telescope multiplicity, angular and core resolution, height of the shower maximum, and how
images of one event are correlated beyond their conditions. A production uses each shower with
several cores; errors count showers, not events.
"""

import argparse
import subprocess
from pathlib import Path

import numpy as np
from astropy.coordinates import angular_separation
from ctapipe.io import TableLoader
from scipy.stats import wasserstein_distance
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GroupKFold, cross_val_predict

from ctapipe_fastsim.bundled import model_path

N_ENERGY_BINS, N_RATE_BINS = 10, 8
FEWEST_EVENTS = 100  # in a bin that is looked at
N_BOOTSTRAP = 100
RECONSTRUCTED = "HillasReconstructor"
TOLERANCE = {"rate": 0.03, "multiplicity": 0.05, "resolution": 0.05, "h_max": 0.05, "tie": 0.05}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("production")
    options.add_argument("--folder", type=Path, default=Path("array-comparison"))
    options.add_argument("--seed", type=int, default=7)
    options = options.parse_args()

    options.folder.mkdir(parents=True, exist_ok=True)
    thrown = n_thrown(options.production)
    generated = options.folder / "generated.dl1.h5"
    run(
        *(
            "ctapipe-fastsim-generate",
            "-i",
            model_path(options.model),
            "-o",
            generated,
            "--overwrite",
        ),
        *(f"--n-showers={thrown}", f"--seed={options.seed}"),
    )
    samples = [
        Sample(reconstructed(path, options.folder / f"{name}.dl2.h5"))
        for name, path in (("monte-carlo", options.production), ("generated", generated))
    ]
    print(f"{thrown} thrown; recorded events: {[len(s.events) for s in samples]}")
    rng = np.random.default_rng(options.seed)
    print(f"{'figure':<44}{'Monte Carlo':>12}{'generated':>12}{'difference':>12}{'error':>9}")
    rates(*samples)
    multiplicity(*samples, rng)
    resolutions(*samples, rng)
    shower_maximum(*samples, rng)
    correlations(*samples, rng)


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def n_thrown(production):
    """Showers that a production threw, each core for itself."""
    with TableLoader(production) as loader:
        configuration = loader.read_simulation_configuration()
    return int((configuration["n_showers"] * configuration["shower_reuse"]).sum())


def reconstructed(path, output):
    """The file of a production with image parameters and reconstructed showers."""
    run(
        *("ctapipe-process", "-i", path, "-o", output, "--overwrite", "--quiet"),
        *("--write-parameters", "--write-showers", "--no-write-images"),
    )
    return output


class Sample:
    """Events and images of one file, with the shower that each belongs to.

    Attributes
    ----------
    events, images : astropy.table.Table
        Of `TableLoader`.
    energy, impact, offset : (N,) arrays, TeV, m and deg
        Of the events; distance of the core from the array's centre.
    shower : (N,) int array
    n_telescopes : (N,) int array
    """

    def __init__(self, path):
        with TableLoader(path) as loader:
            self.events = loader.read_subarray_events(dl2=True, simulated=True)
            self.images = loader.read_telescope_events(
                dl1_parameters=True, simulated=True, true_parameters=False
            )
            configuration = loader.read_simulation_configuration()
        events = self.events
        pointing = [configuration[f"max_{x}"].quantity.to_value("rad")[0] for x in ("az", "alt")]
        self.energy = np.asarray(events["true_energy"])
        self.impact = np.hypot(events["true_core_x"], events["true_core_y"])
        direction = [np.radians(np.asarray(events[f"true_{name}"])) for name in ("az", "alt")]
        self.offset = np.degrees(angular_separation(*direction, *pointing))
        self.shower = np.unique(self.energy, return_inverse=True)[1]
        self.n_telescopes = np.asarray(events["tels_with_trigger"]).sum(axis=1)

    def redrawn(self, rng, rows):
        """Some events (indices) as if other showers had been thrown: whole showers, repeated."""
        shower = np.unique(self.shower[rows], return_inverse=True)[1]
        times = np.bincount(rng.integers(shower.max() + 1, size=shower.max() + 1), minlength=1)
        times = np.pad(times, (0, shower.max() + 1 - len(times)))
        return np.repeat(rows, times[shower])


def line(name, simulated, generated, difference, error, tolerance):
    """Print a figure; it passes within its tolerance or two standard errors."""
    verdict = "" if abs(difference) <= max(tolerance, 2 * error) else "  MISSED"
    print(
        f"{name:<44}{simulated:>12.4g}{generated:>12.4g}{difference:>12.4f}{error:>9.4f}{verdict}"
    )


def rates(simulated, generated):
    """Events of the same number of thrown showers; the effective area is in proportion."""
    print("ratio - 1 of recorded events, the bin farthest off in units of what is allowed:")
    axes = {
        "effective area against energy": ("energy", N_ENERGY_BINS),
        "event rate against impact distance": ("impact", N_RATE_BINS),
        "event rate against offset": ("offset", N_RATE_BINS),
    }
    for name, (axis, n_bins) in axes.items():
        values = [getattr(sample, axis) for sample in (simulated, generated)]
        edges = np.quantile(values[0], np.linspace(0, 1, n_bins + 1))
        edges[[0, -1]] = -np.inf, np.inf
        bins = []
        for low, high in zip(edges[:-1], edges[1:]):
            (n, n_error), (m, m_error) = (
                count(sample.shower[(v >= low) & (v < high)])
                for sample, v in zip((simulated, generated), values)
            )
            bins.append((n, m, m / n - 1, m / n * np.hypot(n_error / n, m_error / m)))
        worst = max(bins, key=lambda b: abs(b[2]) / max(TOLERANCE["rate"], 2 * b[3]))
        line(name, *worst, TOLERANCE["rate"])
        pulls = [b[2] / b[3] for b in bins]
        print(f"{'  mean square of difference over error':<44}{np.mean(np.square(pulls)):>12.2f}")
    (n, n_error), (m, m_error) = (count(s.shower) for s in (simulated, generated))
    line("all", n, m, m / n - 1, m / n * np.hypot(n_error / n, m_error / m), TOLERANCE["rate"])


def count(shower):
    """Number of events, and its error when showers are independent, not their events."""
    return len(shower), np.sqrt(np.square(np.bincount(shower)).sum())


def compared(statistic, samples, rows, rng):
    """A statistic of rows of both samples, its difference, relative to the first, and the error."""
    values = [statistic(sample, of) for sample, of in zip(samples, rows)]
    errors = [
        np.std([statistic(sample, sample.redrawn(rng, of)) for _ in range(N_BOOTSTRAP)])
        for sample, of in zip(samples, rows)
    ]
    ratio = values[1] / values[0]
    return *values, ratio - 1, ratio * np.hypot(*(e / v for e, v in zip(errors, values)))


def distance_between(quantity, samples, rows, rng):
    """Wasserstein distance, and its error from one sample drawn twice."""
    first, second = (quantity(sample)[of] for sample, of in zip(samples, rows))
    drawn = [quantity(samples[0])[samples[0].redrawn(rng, rows[0])] for _ in range(N_BOOTSTRAP)]
    again = [wasserstein_distance(*pair) for pair in zip(drawn[::2], drawn[1::2])]
    return first.mean(), second.mean(), wasserstein_distance(first, second), np.mean(again)


def multiplicity(simulated, generated, rng):
    """Wasserstein distance of the numbers of telescopes; beside it what chance gives."""
    rows = [np.arange(len(sample.events)) for sample in (simulated, generated)]
    figures = distance_between(lambda s: s.n_telescopes, (simulated, generated), rows, rng)
    line("telescopes in an event, Wasserstein distance", *figures, TOLERANCE["multiplicity"])


def resolutions(simulated, generated, rng):
    """68 % containment of direction (deg) and core (m) against energy."""
    edges = np.quantile(simulated.energy, np.linspace(0, 1, N_ENERGY_BINS // 2 + 1))
    samples = simulated, generated
    for name, error_of in (("angular", angular_error), ("core", core_error)):

        def containment(sample, of, error_of=error_of):
            return np.quantile(error_of(sample)[of], 0.68)

        for low, high in zip(edges[:-1], edges[1:]):
            rows = [
                np.flatnonzero(valid(s) & (s.energy >= low) & (s.energy <= high)) for s in samples
            ]
            if min(map(len, rows)) < FEWEST_EVENTS:
                continue
            figures = compared(containment, samples, rows, rng)
            label = f"{name} resolution, {low:.2f} to {high:.2f} TeV"
            line(label, *figures, TOLERANCE["resolution"])


def valid(sample):
    return np.asarray(sample.events[f"{RECONSTRUCTED}_is_valid"])


def angular_error(sample):
    events = sample.events
    angles = (f"{RECONSTRUCTED}_az", f"{RECONSTRUCTED}_alt", "true_az", "true_alt")
    return np.degrees(angular_separation(*(np.radians(np.asarray(events[a])) for a in angles)))


def core_error(sample):
    events = sample.events
    off = (
        np.asarray(events[f"{RECONSTRUCTED}_core_{x}"]) - np.asarray(events[f"true_core_{x}"])
        for x in "xy"
    )
    return np.hypot(*off)


def shower_maximum(simulated, generated, rng):
    """Wasserstein distance of reconstructed heights over their standard deviation."""
    samples = simulated, generated
    rows = [np.flatnonzero(valid(sample)) for sample in samples]
    height = np.asarray(simulated.events[f"{RECONSTRUCTED}_h_max"])[rows[0]]
    centre, spread = np.median(height), np.subtract(*np.quantile(height, [0.84, 0.16])) / 2

    def scaled(sample):
        scale = (np.asarray(sample.events[f"{RECONSTRUCTED}_h_max"]) - centre) / spread
        return np.clip(scale, -5, 5)  # some reconstruct at nonsense

    figures = distance_between(scaled, samples, rows, rng)
    line("height of maximum, Wasserstein / spread", *figures, TOLERANCE["h_max"])


def correlations(simulated, generated, rng):
    """Of residuals of two images of one event, after the conditions of each."""
    for name in ("hillas_intensity", "hillas_width"):
        (r, r_error), (q, q_error) = (tie(sample, name, rng) for sample in (simulated, generated))
        error = np.hypot(r_error, q_error)
        line(f"correlation of log {name[7:]}", r, q, q - r, error, TOLERANCE["tie"])


def tie(sample, name, rng):
    """Correlation of what boosted trees leave of a parameter, and its error."""
    images = sample.images
    value = np.log(np.maximum(1e-3, np.asarray(images[name])))
    good = np.isfinite(value)
    images, value = images[good], value[good]
    known = [np.log(images["true_energy"]), images["true_x_max"], images["true_impact_distance"]]
    known += [images[f"true_{axis}"] for axis in ("alt", "az", "core_x", "core_y")]
    shower = np.unique(np.asarray(images["true_energy"]), return_inverse=True)[1]
    trees = HistGradientBoostingRegressor(max_iter=150, learning_rate=0.08)
    known = np.column_stack([np.asarray(column) for column in known])
    folds = GroupKFold(4)
    residual = value - cross_val_predict(trees, known, value, groups=shower, cv=folds)
    event = np.stack([images["obs_id"], images["event_id"]], axis=1)
    event = np.unique(event, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(event, kind="stable")
    same = [event[order[k:]] == event[order[:-k]] for k in (1, 2, 3)]
    first = np.concatenate([order[:-k][pairs] for k, pairs in zip((1, 2, 3), same)])
    second = np.concatenate([order[k:][pairs] for k, pairs in zip((1, 2, 3), same)])
    product = np.bincount(shower[first], residual[first] * residual[second])
    square = np.bincount(shower[first], (residual[first] ** 2 + residual[second] ** 2) / 2)
    chosen = rng.integers(len(product), size=(N_BOOTSTRAP, len(product)))
    drawn = product[chosen].sum(axis=1) / square[chosen].sum(axis=1)
    return product.sum() / square.sum(), drawn.std()


if __name__ == "__main__":
    main()
