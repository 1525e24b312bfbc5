"""Do protons look like protons? One cut on width and length.

    python examples/montecarlo/gamma_hadron.py gamma.dl1.h5 proton.dl1.h5 [--size 400]

For the files see ../bundled_models.sh; for four FlashCam-like telescopes (gamma: 5, proton: 6)

    ctapipe-fastsim-simulate -o mst-gamma.dl1.h5 --primary gamma --telescopes mst-array \
        --energy-min "10 TeV" --energy-max "60 TeV" --altitude "70 deg" --viewcone "2 deg" \
        --scatter-radius "250 m" -n 150 --obs-id 5

Image parameters as in the files, in the given range of energy, averaged over the telescopes of an
event. The cut is on width + c length: c is chosen on every second shower so that most protons
go while half of the gammas stay, and on the other showers its threshold keeps half of the gammas;
then the halves change places. Errors are from showers drawn again and again.
"""

import argparse

import numpy as np
from ctapipe.io import TableLoader

WEIGHTS = np.linspace(-1, 2, 61)


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
    weights = [best_weight(half(gamma, parity), half(proton, parity)) for parity in (1, 0)]
    rejected = rejected_share(gamma, proton, weights)
    rng = np.random.default_rng(0)
    again = [rejected_share(anew(gamma, rng), anew(proton, rng), weights) for _ in range(200)]
    for name, sample in (("gamma", gamma), ("proton", proton)):
        print(f"{name}: {len(sample)} events of {len(np.unique(sample[:, 0]))} showers")
    print("cut on width + c length, c = {:.2f} and {:.2f}".format(*weights))
    print(f"half of the gammas stay, protons rejected {rejected:.1%} +- {np.std(again):.1%}")


def read(path, energy, size):
    """Shower, mean width and length of images of at least this size, a row per event."""
    with TableLoader(path) as loader:
        table = loader.read_telescope_events(simulated=True, dl1_parameters=True)
    inside = (table["true_energy"] >= energy[0]) & (table["true_energy"] < energy[1])
    inside &= table["hillas_intensity"] >= size  # never true without an image
    table = table[inside]
    event_id, event = np.unique(table["event_id"], return_inverse=True)
    n_images = np.bincount(event)
    width, length = (
        np.bincount(event, table[name]) / n_images for name in ("hillas_width", "hillas_length")
    )
    return np.stack([event_id // 100, width, length], axis=-1)


def half(sample, parity):
    """Events of every second shower."""
    return sample[sample[:, 0] % 2 == parity]


def best_weight(gamma, proton):
    """The c that rejects most protons."""
    return max(WEIGHTS, key=lambda weight: np.mean(is_rejected(gamma, proton, weight)))


def is_rejected(gamma, proton, weight):
    """Which protons a cut removes that keeps half of the gammas."""
    score, limits = (sample[:, 1] + weight * sample[:, 2] for sample in (proton, gamma))
    return score > np.median(limits)


def rejected_share(gamma, proton, weights):
    """Share of protons that is rejected, each half with the weight chosen on the other."""
    rejected = [
        is_rejected(half(gamma, parity), half(proton, parity), weight)
        for parity, weight in enumerate(weights)
    ]
    return np.mean(np.concatenate(rejected))


def anew(sample, rng):
    """As many showers drawn with replacement, with all their events."""
    showers, first, n_events = np.unique(sample[:, 0], return_index=True, return_counts=True)
    drawn = rng.integers(len(showers), size=len(showers))
    return np.concatenate([sample[first[i] : first[i] + n_events[i]] for i in drawn])


if __name__ == "__main__":
    main()
