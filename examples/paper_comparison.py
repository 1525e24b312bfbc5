"""Compare ours with a CVAE of the paper's kind (`paper_cvae.py`) on Monte Carlo neither has seen.

    python examples/paper_comparison.py MODEL TRAIN.dl1.h5 TEST.dl1.h5
        [--protons PROTONS.dl1.h5] [--gallery FIGURE.png] [--epochs 20] [--seed 0]

MODEL is a model file or the name of a bundled model; for the same data on both sides, train it on
TRAIN. The table is Markdown. What is compared, and how it is kept fair:

* Cleaned images of one telescope, rounded to 1/32 p.e.: ctapipe's default cleaning, dropped pixels
  zero. The paper's kind of model has no noise and no peak times, so dropped pixels and parameters
  of timing are left out for all.
* Both models are asked for the sizes of the test images: the paper's for the sum of cleaned
  charges of every image that survives cleaning, ours for the true photo-electrons of every image.
* Ours is also told energy, direction, core and X_max. Trees that know these too are not fair to
  the paper's and stand in a row of their own. The event's true photo-electrons are a fair
  condition: they are the size to within the noise, and no image has them as its sum of charges.
* The floor is Monte Carlo against Monte Carlo, the test showers in halves.
* With PROTONS, the paper's yardstick: mean score of a network that learned to tell gammas of TRAIN
  from protons.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import paper_cvae
from ctapipe.image import ImageProcessor
from ctapipe.visualization import CameraDisplay
from scipy.special import expit

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import condition_values
from ctapipe_fastsim.image_generator import ImageGenerator
from ctapipe_fastsim.model_file import read_model
from ctapipe_fastsim.random_streams import random_stream
from ctapipe_fastsim.training_data import read_production
from ctapipe_fastsim.validation.bootstrap import compared
from ctapipe_fastsim.validation.distances import relative_wasserstein
from ctapipe_fastsim.validation.image_parameters import image_parameters
from ctapipe_fastsim.validation.network_classifier import dense_network, held_out_score
from ctapipe_fastsim.validation.two_sample import floor, network_auc, tree_auc

STEP = 1 / 32
SHOWN = {  # Wasserstein distances in the table
    "hillas_log10_intensity": "log10 size",
    "hillas_length": "length",
    "hillas_width": "width",
    "hillas_r": "distance from camera centre",
    "hillas_skewness": "skewness",
    "hillas_kurtosis": "kurtosis",
    "concentration_cog": "concentration",
    "leakage_intensity_width_2": "leakage",
    "morphology_n_pixels": "pixels",
    "morphology_n_islands": "islands",
}


class Sample:
    """Images that survive cleaning, their parameters and events.

    Attributes
    ----------
    charge : (N, P) array, p.e.
        Zero where cleaning dropped the pixel.
    parameters : dict of str to (N,) array
        Of `image_parameters`, without timing.
    event : (N,) int array
        Row of the test file that each image stands for.
    """

    def __init__(self, subarray, charge, event):
        charge = clean(subarray, charge)
        survived = charge.any(axis=1)
        self.charge, self.event = charge[survived], event[survived]
        times = np.zeros_like(self.charge)
        parameters = image_parameters(subarray, subarray.tel_ids[0], self.charge, times)
        self.parameters = {k: v for k, v in parameters.items() if not k.startswith("timing")}

    def features(self, conditions):
        """Parameters beside the conditions (E,) of each image's event, (N, F)."""
        return np.column_stack([*self.parameters.values(), *(c[self.event] for c in conditions)])


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model")
    options.add_argument("train")
    options.add_argument("test")
    options.add_argument("--protons")
    options.add_argument("--gallery")
    options.add_argument("--epochs", type=int, default=20)
    options.add_argument("--seed", type=int, default=0)
    options = options.parse_args()

    model, _ = read_model(model_path(options.model))
    subarray, test = one_type(options.test)
    kind = model.telescope_types[str(test.telescope)]
    _, train = one_type(options.train)
    _, protons = one_type(options.protons) if options.protons else (None, None)
    gammas = clean(subarray, train.charge)
    lit = gammas.any(axis=1)
    camera = test.telescope.camera.geometry
    cvae = paper_cvae.train(camera, gammas[lit], options.epochs, options.seed)

    monte_carlo = Sample(subarray, test.charge, np.arange(len(test.charge)))
    requested = monte_carlo.charge.sum(axis=1)
    rng = random_stream("paper comparison", options.seed)
    painted = paper_cvae.generate(cvae, requested, rng)
    paper = Sample(subarray, painted, monte_carlo.event)
    values, counts, charge = generate(kind, test, rng)
    ours = Sample(subarray, charge, np.arange(len(charge)))

    samples = monte_carlo, paper, ours
    sizes = (painted.sum(axis=1), requested), (counts.sum(axis=1), test.size)
    ours_name = f"ours ({Path(options.model).name})"
    print(f"| figure | Monte Carlo (floor) | paper-style CVAE | {ours_name} |")
    print("|---|---|---|---|")
    print_rows(size_rows(samples, sizes, test.size))
    print_rows(classifier_rows(samples, test, values, options.seed))
    print_rows(parameter_rows(samples, test.shower_number, options.seed))
    if protons:
        hadrons = clean(subarray, protons.charge)
        kept = hadrons.any(axis=1)
        showers = train.shower_number[lit], protons.shower_number[kept]
        print_rows([gamma_scores(gammas[lit], hadrons[kept], showers, samples, options.seed)])
    if options.gallery:
        draw_gallery(camera, samples, rng, options.gallery)


def one_type(path):
    """First telescope type of a file: a subarray of one such telescope, and its images."""
    production = read_production([path])
    name, images = next(iter(production.images.items()))
    tel_id = next(i for i, tel in production.subarray.tel.items() if str(tel) == name)
    return production.subarray.select_subarray([tel_id]), images


def clean(subarray, charge):
    """Charges in steps of `STEP`, zero where ctapipe's default cleaning drops the pixel."""
    cleaner = ImageProcessor(subarray=subarray).clean
    charge = np.round(charge / STEP) * STEP
    kept = [cleaner(subarray.tel_ids[0], image) for image in charge]
    return np.where(kept, charge, 0)


def generate(kind, test, rng):
    """Our images of the test events, at their sizes.

    Returns
    -------
    values : dict of str to (N,) array
        What the model is told beside the size.
    counts : (N, P) array, p.e.
    charge : (N, P) array, p.e.
    """
    values = condition_values(test.showers, test.geometry, *test.pointing)
    values = {name: values[name] for name in kind.conditions.names}
    generator = ImageGenerator(kind, test.telescope.camera.geometry, device="cpu")
    blocks = np.array_split(np.arange(len(test.counts)), len(test.counts) // 256 + 1)
    drawn = [
        generator.draw(
            {k: v[b] for k, v in values.items()}, test.geometry[b], rng, size=test.size[b]
        )
        for b in blocks
    ]
    _, counts, charge, _ = (np.concatenate(part) for part in zip(*drawn))
    return values, counts, charge


def classifier_rows(samples, test, values, seed):
    """AUC of trees and network that tell each column from Monte Carlo."""
    groups = [test.shower_number[sample.event] for sample in samples]
    size = [np.log10(test.size)]
    told = {
        f"AUC of trees on {len(samples[0].parameters)} image parameters": [],
        "the same, with the event's photo-electrons": size,
        "the same, with all that ours is told (not fair to the paper's)": size + [*values.values()],
    }
    for label, conditions in told.items():
        features = [sample.features(conditions) for sample in samples]
        yield label, *columns(tree_auc, features, groups, seed)
    charges = [np.arcsinh(sample.charge) for sample in samples]
    yield "AUC of a dense network on cleaned charges", *columns(network_auc, charges, groups, seed)


def columns(figure, features, groups, seed):
    """Floor, then Monte Carlo against each other sample."""
    yield floor(figure, features[0], groups[0], seed)
    for other, group in zip(features[1:], groups[1:]):
        yield figure(features[0], other, (groups[0], group), seed)


def size_rows(samples, sizes, photo_electrons):
    """How many survive cleaning, and how far sizes are from what was requested."""
    n_survived = [len(sample.event) / len(samples[0].event) for sample in samples]
    yield "images that survive cleaning, for each of Monte Carlo that does", *n_survived
    ratios = [made / requested for made, requested in sizes]
    yield "size requested and made, mean of abs(log10 ratio)", "", *map(mean_decades, ratios)
    relative = [np.abs(ratio - 1).mean() for ratio in ratios]
    yield "size requested and made, mean of abs(ratio - 1)", "", *relative
    cleaned = [s.charge.sum(axis=1) / photo_electrons[s.event] for s in samples]
    yield (
        "cleaned size and the event's photo-electrons, mean of abs(log10 ratio)",
        *map(mean_decades, cleaned),
    )


def mean_decades(ratio):
    """Mean absolute log10; an empty image counts as 1e-3 of its request."""
    return np.abs(np.log10(np.maximum(ratio, 1e-3))).mean()


def parameter_rows(samples, shower_number, seed):
    """Wasserstein distances to Monte Carlo; the floor's for samples of the same size."""
    reference, *others = samples
    for name, label in SHOWN.items():
        found = [
            compared(
                relative_wasserstein,
                *(reference.parameters[name], other.parameters[name]),
                (shower_number[reference.event], shower_number[other.event]),
                seed,
            )
            for other in others
        ]
        distances = [distance.value for distance, _ in found]
        yield f"{label}: Wasserstein distance / sd", found[0][1].value, *distances


def gamma_scores(gammas, protons, showers, samples, seed):
    """Mean score of each sample by a network that learned gammas from protons.

    A fifth of the showers says when to stop; another fifth of the protons is only scored.
    """
    gamma_part = np.where(showers[0] % 5 == 0, "validation", "train")
    proton_part = np.choose(np.minimum(showers[1] % 5, 2), ["validation", "test", "train"])
    charges = [sample.charge for sample in samples]
    images = np.arcsinh(np.concatenate([gammas, protons, *charges]))
    n_scored = sum(map(len, charges))
    part = np.concatenate([gamma_part, proton_part, np.full(n_scored, "test")])
    is_gamma = np.arange(len(images)) < len(gammas)
    score = expit(held_out_score(dense_network, images, is_gamma, part, seed))
    ends = np.cumsum([np.sum(proton_part == "test"), *map(len, charges[:-1])])
    of_protons, *means = (s.mean() for s in np.split(score, ends))
    return f"mean gamma score (protons {of_protons:.3f})", *means


def print_rows(rows):
    """Markdown, as soon as each row is there."""
    for label, *cells in rows:
        cells = [f"{c:.3f}" if isinstance(c, float | np.floating) else str(c) for c in cells]
        print(f"| {label} | {' | '.join(cells).replace('+-', '±')} |", flush=True)


def draw_gallery(camera, samples, rng, path):
    """Four events of at least 200 p.e.: Monte Carlo, paper-style and ours, cleaned."""
    bright = samples[0].event[samples[0].charge.sum(axis=1) > 200]
    common = np.intersect1d(np.intersect1d(bright, samples[1].event), samples[2].event)
    events = rng.choice(common, 4, replace=False)
    figure, axes = plt.subplots(3, 4, figsize=(14, 10.5))
    for row, title, sample in zip(axes, ("Monte Carlo", "paper-style", "ours"), samples):
        for axis, event in zip(row, events):
            image = sample.charge[np.searchsorted(sample.event, event)]
            display = CameraDisplay(camera, image, ax=axis, cmap="viridis", show_frame=False)
            display.add_colorbar(ax=axis, shrink=0.75, label="p.e.")
            axis.set_title(f"{title}, {image.sum():.0f} p.e.", fontsize=10)
            axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
