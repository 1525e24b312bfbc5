"""Do protons look like protons? One cut on width and length.

    python examples/montecarlo/gamma_hadron.py gamma.dl1.h5 proton.dl1.h5 [--size 400]

For the files see ../bundled_models.sh; for four FlashCam-like telescopes (gamma: 5, proton: 6)

    ctapipe-fastsim-simulate -o mst-gamma.dl1.h5 --primary gamma --telescopes mst-array \
        --energy-min "10 TeV" --energy-max "60 TeV" --altitude "70 deg" --viewcone "2 deg" \
        --scatter-radius "250 m" -n 40 --obs-id 5

Image parameters as in the files, in the given range of energy, averaged over the telescopes of an
event. The cut is on width + c length, with c and the threshold chosen on every second shower
so that half of the gammas stay and most protons go, and its effect is measured on the others.
"""

import argparse

import numpy as np
from ctapipe.io import TableLoader


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
    best = (2.0, 0.0, 0.0)
    for weight in np.linspace(-1, 2, 61):
        threshold = np.quantile(score(gamma, weight, 0), 0.5)
        best = min(best, ((score(proton, weight, 0) < threshold).mean(), weight, threshold))
    _, weight, threshold = best
    kept = [(score(sample, weight, 1) < threshold).mean() for sample in (gamma, proton)]
    print(f"width + {weight:.2f} length < {threshold:.3f} deg")
    print(f"gammas kept {kept[0]:.1%} of {len(gamma)}, protons rejected {1 - kept[1]:.1%}", end="")
    print(f" of {len(proton)} events")


def read(path, energy, size):
    """Shower parity, mean width and length of images of at least this size, a row per event."""
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
    return np.stack([event_id // 100 % 2, width, length], axis=-1)


def score(sample, weight, parity):
    """The number cut on, for showers of one parity."""
    half = sample[sample[:, 0] == parity]
    return half[:, 1] + weight * half[:, 2]


if __name__ == "__main__":
    main()
