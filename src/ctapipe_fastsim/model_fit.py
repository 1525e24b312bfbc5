"""All that a model holds, learned from a production: networks first, then what builds on them."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm

from .acceptance import fit_acceptance
from .array_types import BoolArray, Columns, FloatArray, IntArray
from .conditions import (
    INDICATORS,
    ConditionScaling,
    condition_values,
    primary_indicators,
    values_at,
)
from .event_drawing import EventDrawing
from .event_features import in_events_of_several
from .flow_fit import fit_flow
from .flows import shower_development_flow
from .image_generator import ImageGenerator
from .model import Model, TelescopeTypeModel
from .module_arrays import save_arrays
from .random_streams import random_stream
from .response import fit_response
from .shower_frame import image_geometry
from .shower_ties import fit_ties
from .thrown_anew import recorded_showers
from .time_links import degrees_of_freedom
from .trained_images import arrival_times, encoded, fit_local_prior, fit_prior, noise
from .training import TrainingRun
from .training_data import Production, TelescopeImages
from .trigger_ties import fit_trigger_tie

__all__ = ["fit_development", "fit_telescope_type"]

DEVELOPMENT = ("x_max", "h_first_int")
HELD_OUT_FIGURES = ("loss", "counts", "times", "kl", "size")
DEVELOPMENT_PLAN = 40, 64, 2e-3  # epochs, showers in a batch, learning rate
MOST_TRAINING_IMAGES = 50_000
MOST_ACCEPTANCE_IMAGES = 100_000
IMAGES_PER_BLOCK = 256
DRAWS_OF_EACH = 3  # that recorded images are told from
MOST_ACCEPTANCE_EVENTS = 50_000
FEWEST_ACCEPTANCE_EVENTS = 1000
EVENTS_PER_BLOCK = 128


def fit_development(
    production: Production, seed: int, provenance: dict[str, Any], weight: FloatArray | None = None
) -> Model:
    """A model with the shower development learned, and no telescope types yet.

    Every recorded shower counts once, however many images it gave, or by its weight.

    Parameters
    ----------
    production : Production
    seed : int
    provenance : dict
    weight : (M,) array, optional
        Of each of `recorded_showers`.

    Returns
    -------
    Model
    """
    values = _unique_showers(production)
    features = ConditionScaling.fit(values, DEVELOPMENT)
    conditions = ConditionScaling.fit(values, ("log10_energy", "zenith", *INDICATORS))
    arrays = {}
    if features.names:
        target = torch.as_tensor(features.transform(values))
        context = torch.as_tensor(conditions.transform(values))
        weight = np.ones(len(target)) if weight is None else weight / weight.mean()
        arrays = _fit_development(target, context, torch.as_tensor(weight).float(), seed)
    return Model(
        *(production.subarray, production.thrown, arrays, features, conditions, {}, provenance),
        min_telescopes=production.min_telescopes,
    )


def fit_telescope_type(
    run: TrainingRun,
    images: TelescopeImages,
    trigger: dict[str, Any],
    min_telescopes: int,
    progress: bool = False,
) -> TelescopeTypeModel:
    """What was learned of one telescope type: the trained run, response, trigger, acceptance.

    Parameters
    ----------
    run : TrainingRun
        Trained; its best weights are taken.
    images : TelescopeImages
        What it was trained on.
    trigger : dict
        The fields that are about the trigger.
    min_telescopes : int
        Triggered telescopes that an event needs.
    progress : bool
        Show progress bars.

    Returns
    -------
    TelescopeTypeModel
    """
    run.keep_best()
    as_they_are, reflected = encoded(run, 1), encoded(run, -1)
    fit_prior(run, as_they_are, reflected, progress)
    if run.with_local:
        fit_local_prior(run, progress)
    time, spread = arrival_times(run, as_they_are)
    response = fit_response(
        *(images.counts, images.charge, images.peak_time, time, spread),
        float(degrees_of_freedom(run.cvae).detach()),
    )
    kind = TelescopeTypeModel(
        name=str(images.telescope),
        conditions=run.conditions,
        size=run.size,
        network_sizes=run.cvae.sizes.to_dict(),
        network=save_arrays(run.cvae),
        size_flow=save_arrays(run.size_flow),
        **trigger,
        response=response,
        ties=fit_ties(
            *(noise(run, as_they_are), noise(run, reflected)), images.geometry, _events(images)
        ),
        acceptance={},
        event_acceptance={},
        training_images=_truth_table(images, run.options.seed),
        history={name: np.asarray(values) for name, values in run.history.items()},
        figures={
            "images": len(images.counts),
            "held_out_images": int(run.held_out.sum()),
            "epochs": run.epoch,
            **{f"held_out_{name}": run.history[name][run.best_epoch] for name in HELD_OUT_FIGURES},
        },
    )
    tie = fit_trigger_tie(*_trigger_patterns(images, kind, run.options.device), min_telescopes)
    kind = replace(kind, ties=kind.ties | {"trigger": np.array(tie)})
    kind = replace(kind, acceptance=_fit_acceptance(images, kind, run, progress))
    return replace(kind, event_acceptance=_fit_event_acceptance(images, kind, run, progress))


def _trigger_patterns(
    images: TelescopeImages, kind: TelescopeTypeModel, device: str
) -> tuple[FloatArray, BoolArray]:
    """Of each event the probability of all telescopes to trigger, and which did, (E, T) arrays."""
    generator = ImageGenerator(kind, images.telescope.camera.geometry, device)
    place, telescope = np.unique(images.telescope_position, axis=0, return_inverse=True)
    event = _events(images)
    triggered = np.zeros((event.max() + 1, len(place)), dtype=bool)
    triggered[event, telescope.ravel()] = True
    _, first = np.unique(event, return_index=True)
    showers = images.showers[first]
    pointing = images.pointing_altitude[first], images.pointing_azimuth[first]
    probability = np.empty(triggered.shape)
    for column, position in enumerate(place):
        geometry = image_geometry(showers, *pointing, np.tile(position, (len(first), 1)))
        values = condition_values(showers, geometry, *pointing)
        probability[:, column] = generator.trigger_probability(values)
    return probability, triggered


def _fit_acceptance(
    images: TelescopeImages, kind: TelescopeTypeModel, run: TrainingRun, progress: bool
) -> Columns:
    """Recorded images against generated ones of the same conditions."""
    generator = ImageGenerator(kind, images.telescope.camera.geometry, run.options.device)
    rng = random_stream("acceptance", run.options.seed)
    n = len(images.counts)
    rows = rng.permutation(n)[:MOST_ACCEPTANCE_IMAGES]
    values = condition_values(images.showers, images.geometry, *images.pointing)
    recorded, probability = [], []
    generated: list[list[FloatArray]] = [[] for _ in range(DRAWS_OF_EACH)]
    blocks = np.array_split(rows, len(rows) // IMAGES_PER_BLOCK + 1)
    for block in tqdm(blocks, "images to redraw by", unit="block", disable=not progress):
        at, geometry = values_at(values, block), images.geometry[block]
        charge, peak_time = map(np.nan_to_num, (images.charge[block], images.peak_time[block]))
        recorded.append(generator.features(at, geometry, images.counts[block], charge, peak_time))
        for draws in generated:
            anew = generator.draw_once(at, geometry, rng)
            draws.append(generator.features(at, geometry, *anew[1:]))
        probability.append(generator.trigger_probability(at))
    seed = int(rng.integers(2**31))
    features, *of_draws, chance = map(np.concatenate, (recorded, *generated, probability))
    return fit_acceptance(features, of_draws, chance, run.held_out[rows], seed)


def _fit_event_acceptance(
    images: TelescopeImages, kind: TelescopeTypeModel, run: TrainingRun, progress: bool
) -> Columns:
    """Recorded events of several images against generated ones of the same conditions."""
    rng = random_stream("event acceptance", run.options.seed)
    event = _events(images)
    several = rng.permutation(np.unique(event[in_events_of_several(event)]))
    if len(several) < FEWEST_ACCEPTANCE_EVENTS:
        return {}
    drawing = EventDrawing(
        ImageGenerator(kind, images.telescope.camera.geometry, run.options.device)
    )
    values = condition_values(images.showers, images.geometry, *images.pointing)
    samples: list[tuple[FloatArray, FloatArray, FloatArray, BoolArray]] = []
    several = several[:MOST_ACCEPTANCE_EVENTS]
    blocks = np.array_split(several, len(several) // EVENTS_PER_BLOCK + 1)
    for block in tqdm(blocks, "events to redraw by", unit="block", disable=not progress):
        rows = np.flatnonzero(np.isin(event, block))
        _, first, number = np.unique(event[rows], return_index=True, return_inverse=True)
        at, geometry = values_at(values, rows), images.geometry[rows]
        recorded, generated = (
            drawing.features(at, geometry, number, charge)
            for charge in (
                np.nan_to_num(images.charge[rows]),
                drawing.draw(at, geometry, rng, None, number)[2],
            )
        )
        probability = drawing.trigger_probability(at, number)
        samples.append((recorded, generated, probability, run.held_out[rows[first]]))
    features, anew, chance, held_out = map(np.concatenate, zip(*samples))
    return fit_acceptance(features, [anew], chance, held_out, int(rng.integers(2**31)))


def _fit_development(
    target: torch.Tensor, context: torch.Tensor, weight: torch.Tensor, seed: int
) -> Columns:
    """Maximum weighted likelihood."""
    torch.manual_seed(int(random_stream("development weights", seed).integers(2**62)))
    generator = torch.Generator().manual_seed(
        int(random_stream("development batches", seed).integers(2**62))
    )
    flow = shower_development_flow(target.shape[1], context.shape[1])

    def log_likelihood(rows: torch.Tensor) -> torch.Tensor:
        return weight[rows] * flow(context[rows]).log_prob(target[rows])

    rows = torch.arange(len(target))
    fit_flow(flow, log_likelihood, rows, *DEVELOPMENT_PLAN, generator)
    return save_arrays(flow)


def _unique_showers(production: Production) -> Columns:
    """Truth of each recorded shower, once."""
    showers, altitude, _ = recorded_showers(production)
    return {
        "log10_energy": np.log10(showers.energy),
        "zenith": 90 - np.degrees(altitude),
        "x_max": showers.x_max,
        "h_first_int": showers.h_first_int,
        **primary_indicators(showers),
    }


def _events(images: TelescopeImages) -> IntArray:
    """Which event each image is of: that of its shower and core."""
    showers = images.showers
    same = np.stack([images.shower_number, showers.core_x, showers.core_y], axis=1)
    return np.unique(same, axis=0, return_inverse=True)[1].ravel()


def _truth_table(images: TelescopeImages, seed: int) -> Columns:
    """What size mode draws from; at most `MOST_TRAINING_IMAGES` rows, shared by the primaries."""
    primaries = np.unique(images.showers.primary_id)
    most = MOST_TRAINING_IMAGES // len(primaries)
    rng = random_stream("truth table", seed)
    rows = [np.flatnonzero(images.showers.primary_id == number) for number in primaries]
    rows = [some if len(some) <= most else rng.choice(some, most, replace=False) for some in rows]
    chosen = np.sort(np.concatenate(rows))
    showers, geometry = images.showers[chosen], images.geometry[chosen]
    position = images.telescope_position[chosen]
    table = {
        "energy": showers.energy,
        "source_lon": geometry.source_lon,
        "source_lat": geometry.source_lat,
        "core_x": showers.core_x - position[:, 0],
        "core_y": showers.core_y - position[:, 1],
        "x_max": showers.x_max,
        "h_first_int": showers.h_first_int,
    }
    known = {name: v.astype(np.float32) for name, v in table.items() if np.isfinite(v).all()}
    known["size"] = images.size[chosen].astype(np.int32)
    if len(primaries) > 1:
        known["primary_id"] = showers.primary_id.astype(np.int32)
    return known
