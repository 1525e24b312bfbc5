"""Compare the triggers of another layout than that of training with Monte Carlo.

    python examples/layout_comparison.py MODEL PRODUCTION.dl1.h5

The production has telescopes of the model's types at other places, such as thirteen_telescopes.py
writes. Showers are thrown as it threw them; no images are made.
"""

import argparse
from pathlib import Path

import numpy as np
from ctapipe.io import TableLoader
from scipy.stats import wasserstein_distance

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.generator import EventGenerator
from ctapipe_fastsim.layout import read_layout
from ctapipe_fastsim.model_file import read_model

REPEATED = 5  # times as many showers as the production


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("production", type=Path)
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    with TableLoader(options.production) as loader:
        run = loader.read_simulation_configuration()[0]
        events = loader.read_subarray_events(dl2=False, simulated=True)
    n_thrown = int(run["n_showers"] * run["shower_reuse"])
    thrown = model.thrown[0].replace(
        n_thrown=REPEATED * n_thrown,
        scatter_max=float(run["max_scatter_range"]),
        viewcone_max=float(run["max_viewcone_radius"]),
        energy_min=float(run["energy_range_min"]),
        energy_max=float(run["energy_range_max"]),
    )
    layout = read_layout(options.production, model)
    generator = EventGenerator(model, layout, [thrown], seed=options.seed, obs_id=1)

    simulated = np.asarray(events["tels_with_trigger"]).sum(axis=1)
    generated = generator.telescopes.sum(axis=1)
    shower = np.unique(events["true_energy"], return_inverse=True)[1]
    error = np.sqrt(np.square(np.bincount(shower)).sum())
    print(f"{layout.n_tels} telescopes, {n_thrown} showers thrown")
    expected = len(generated) / REPEATED
    print(f"events: Monte Carlo {len(simulated)} +- {error:.0f}, model {expected:.0f}")
    mean = simulated.mean()
    error = np.sqrt(np.square(np.bincount(shower, simulated - mean)).sum()) / len(simulated)
    print(f"telescopes in an event: {mean:.3f} +- {error:.3f}, {generated.mean():.3f}")
    print(f"Wasserstein distance {wasserstein_distance(simulated, generated):.3f} telescopes")
    for n in range(1, layout.n_tels + 1):
        share = [np.mean(numbers == n) for numbers in (simulated, generated)]
        print(f"{n:>4}: {share[0]:.4f} {share[1]:.4f}")


if __name__ == "__main__":
    main()
