"""Do protons look like protons? One cut on width and length.

    python examples/montecarlo/gamma_hadron.py gamma.dl1.h5 proton.dl1.h5 [--size 400]

For the files see ../bundled_models.sh; for four FlashCam-like telescopes (gamma: 5, proton: 6)

    ctapipe-fastsim-simulate -o mst-gamma.dl1.h5 --primary gamma --telescopes mst-array \
        --energy-min "10 TeV" --energy-max "60 TeV" --altitude "70 deg" --viewcone "2 deg" \
        --scatter-radius "250 m" -n 150 --obs-id 5

Image parameters as in the files, in the given range of energy, averaged over the telescopes of an
event; in degrees, and scaled as in Aharonian et al. 2006, A&A 457, 899: less the mean of gammas of
like size and (true) impact distance, over their standard deviation. The cut is on
width + c length: c is chosen on every second shower so that most protons go while half of the
gammas stay, and on the other showers, scaled by gammas of the first, its threshold keeps half of
the gammas; then the halves change places. Errors are from showers drawn again and again.
"""

import argparse

import numpy as np
from ctapipe.io import TableLoader

WEIGHTS = np.linspace(-1, 2, 61)
SHAPE = ["hillas_width", "hillas_length"]
N_SIZES = 8  # of as many gamma images each
IMPACTS = [80, 120, 160, 220, 300]  # m
FEWEST_IMAGES = 10  # of gammas in a cell; those of emptier ones are left out


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("gamma")
    options.add_argument("proton")
    options.add_argument("--energy", type=float, nargs=2, default=(10, 60), metavar="TeV")
    options.add_argument("--size", type=float, default=0, metavar="p.e.", help="smallest size")
    options = options.parse_args()

    gamma, proton = (
        read(path, options.energy, options.size) for path in (options.gamma, options.proton)
    )
    report("in degrees", [[events(half(s, p)) for s in (gamma, proton)] for p in (0, 1)])
    by_gammas = [
        [events(scaled(half(s, p), half(gamma, 1 - p))) for s in (gamma, proton)] for p in (0, 1)
    ]
    report("scaled", by_gammas)


def read(path, energy, size):
    """Images of at least this size."""
    with TableLoader(path) as loader:
        table = loader.read_telescope_events(simulated=True, dl1_parameters=True)
    inside = (table["true_energy"] >= energy[0]) & (table["true_energy"] < energy[1])
    inside &= table["hillas_intensity"] >= size  # never true without an image
    return table[inside]


def half(table, parity):
    """Images of every second shower."""
    return table[table["event_id"] // 100 % 2 == parity]


def scaled(table, gammas):
    """Images with their shape in standard deviations of gammas' of like size and impact."""
    edges = np.quantile(gammas["hillas_intensity"], np.linspace(0, 1, N_SIZES + 1)[1:-1])

    def cells(table):
        size = np.digitize(table["hillas_intensity"], edges)
        return size * (len(IMPACTS) + 1) + np.digitize(table["true_impact_distance"], IMPACTS)

    table, cell, of_gammas = table.copy(), cells(table), cells(gammas)
    for name in SHAPE:
        values = np.full(len(table), np.nan)
        for number in np.unique(cell):
            like = gammas[name][of_gammas == number]
            if len(like) >= FEWEST_IMAGES:
                here = cell == number
                values[here] = (table[name][here] - np.mean(like)) / np.std(like)
        table[name] = values
    return table[np.isfinite(table[SHAPE[0]])]


def events(table):
    """Shower, mean width and mean length of each event, a row per event."""
    event_id, event = np.unique(table["event_id"], return_inverse=True)
    width, length = (np.bincount(event, table[name]) / np.bincount(event) for name in SHAPE)
    return np.stack([event_id // 100, width, length], axis=-1)


def report(name, halves):
    """What a cut rejects, from (gammas, protons) of both halves of the showers."""
    weights = [best_weight(*halves[1 - parity]) for parity in (0, 1)]
    rejected = rejected_share(halves, weights)
    rng = np.random.default_rng(0)
    drawn = [[[anew(sample, rng) for sample in pair] for pair in halves] for _ in range(200)]
    error = np.std([rejected_share(pairs, weights) for pairs in drawn])
    print(f"{name}: cut on width + c length, c = {weights[0]:.2f} and {weights[1]:.2f}")
    for primary, samples in zip(("gammas", "protons"), zip(*halves)):
        n_showers = sum(len(np.unique(sample[:, 0])) for sample in samples)
        print(f"  {sum(map(len, samples))} {primary} of {n_showers} showers")
    print(f"  half of the gammas stay, protons rejected {rejected:.1%} +- {error:.1%}")


def best_weight(gamma, proton):
    """The c that rejects most protons."""
    return max(WEIGHTS, key=lambda weight: np.mean(is_rejected(gamma, proton, weight)))


def is_rejected(gamma, proton, weight):
    """Which protons a cut removes that keeps half of the gammas."""
    score, limits = (sample[:, 1] + weight * sample[:, 2] for sample in (proton, gamma))
    return score > np.median(limits)


def rejected_share(halves, weights):
    """Share of protons that is rejected."""
    return np.mean(np.concatenate([is_rejected(*pair, c) for pair, c in zip(halves, weights)]))


def anew(sample, rng):
    """As many showers drawn with replacement, with all their events."""
    showers, first, n_events = np.unique(sample[:, 0], return_index=True, return_counts=True)
    drawn = rng.integers(len(showers), size=len(showers))
    return np.concatenate([sample[first[i] : first[i] + n_events[i]] for i in drawn])


if __name__ == "__main__":
    main()
