"""All that a model holds, learned from a production: networks first, then what builds on them."""

import numpy as np
import torch

from .conditions import ConditionScaling, condition_values
from .generator import draw_development
from .model import Model, TelescopeTypeModel
from .network import save_arrays, shower_development_flow
from .random_streams import random_stream
from .response import fit_response
from .shower_frame import image_geometry
from .training import held_out_showers
from .trigger import fit_trigger

__all__ = ["fit_development", "fit_telescope_type"]

DEVELOPMENT = ("x_max", "h_first_int")
HELD_OUT_FIGURES = ("loss", "counts", "times", "kl", "size")
DEVELOPMENT_EPOCHS = 60
MOST_TRAINING_IMAGES = 50_000
FEWEST_THROWN = 200_000


def fit_development(production, seed, provenance):
    """A model with the shower development learned, and no telescope types yet.

    Every recorded shower counts once, however many images it gave. The distribution of
    X_max is therefore that of recorded showers, not of thrown ones.

    Parameters
    ----------
    production : Production
    seed : int
    provenance : dict

    Returns
    -------
    Model
    """
    values = _unique_showers(production)
    features = ConditionScaling.fit(values, DEVELOPMENT)
    conditions = ConditionScaling.fit(values, ("log10_energy", "zenith"))
    arrays = {}
    if features.names:
        target = torch.as_tensor(features.transform(values))
        context = torch.as_tensor(conditions.transform(values))
        arrays = _fit_flow(target, context, seed)
    return Model(
        production.subarray, production.thrown, arrays, features, conditions, {}, provenance
    )


def fit_telescope_type(run, images, production, model):
    """What was learned of one telescope type: the trained run, camera response and trigger.

    Parameters
    ----------
    run : TrainingRun
        Trained; its best weights are taken.
    images : TelescopeImages
        What it was trained on.
    production : Production
    model : Model
        With the shower development.

    Returns
    -------
    TelescopeTypeModel
    """
    run.keep_best()
    response = fit_response(images.counts, images.charge, images.peak_time, *run.arrival_times())
    trigger_conditions, trigger = _fit_trigger(images, production, model, run.options.seed)
    best = int(np.argmin(run.history["loss"]))
    return TelescopeTypeModel(
        name=str(images.telescope),
        conditions=run.conditions,
        trigger_conditions=trigger_conditions,
        size=run.size,
        network_sizes=run.cvae.sizes.to_dict(),
        network=save_arrays(run.cvae),
        size_flow=save_arrays(run.size_flow),
        trigger=trigger,
        response=response,
        training_images=_truth_table(images, run.options.seed),
        history={name: np.asarray(values) for name, values in run.history.items()},
        figures={
            "images": len(images.counts),
            "held_out_images": int(run.held_out.sum()),
            "epochs": run.epoch,
            **{f"held_out_{name}": run.history[name][best] for name in HELD_OUT_FIGURES},
        },
    )


def _fit_trigger(images, production, model, seed):
    """Recorded images against showers thrown anew from the same distributions."""
    recorded = condition_values(images.showers, images.geometry, images.pointing_altitude)
    tel_ids = [i for i, d in production.subarray.tel.items() if str(d) == str(images.telescope)]
    n_pairs = sum(thrown.n_thrown for thrown in production.thrown) * len(tel_ids)
    thrown = _thrown_conditions(model, tel_ids, n_pairs, seed)
    names = ConditionScaling.fit(recorded).names
    scaling = ConditionScaling.fit(thrown, names)
    held_out = held_out_showers(images.shower_number, seed)
    scaled = scaling.transform(recorded)
    torch.manual_seed(int(random_stream("trigger weights", seed).integers(2**62)))
    generator = torch.Generator().manual_seed(
        int(random_stream("trigger batches", seed).integers(2**62))
    )
    arrays = fit_trigger(
        scaled[~held_out],
        scaled[held_out],
        scaling.transform(thrown),
        n_pairs / len(scaled),
        generator,
    )
    return scaling, arrays


def _thrown_conditions(model, tel_ids, n_pairs, seed):
    """Conditions of fresh thrown showers, each seen by one telescope taken at random."""
    more = max(1.0, FEWEST_THROWN / n_pairs)
    parts = []
    for i, thrown in enumerate(model.thrown):
        rng = random_stream("thrown for trigger", seed, i)
        n_showers = max(1, round(thrown.n_thrown * len(tel_ids) * more))
        showers = thrown.replace(n_thrown=n_showers).throw(rng)
        showers = draw_development(model, showers, thrown.altitude, rng)
        tel_id = rng.choice(tel_ids, n_showers)
        table = {i: model.subarray.positions[i].to_value("m") for i in tel_ids}
        position = np.stack([table[i] for i in tel_id])
        geometry = image_geometry(showers, thrown.altitude, thrown.azimuth, position)
        parts.append(condition_values(showers, geometry, thrown.altitude))
    shuffled = random_stream("thrown order", seed).permutation(sum(len(p["x_max"]) for p in parts))
    return {name: np.concatenate([p[name] for p in parts])[shuffled] for name in parts[0]}


def _fit_flow(target, context, seed):
    """Maximum likelihood, with the weights that do best on a held-out tenth."""
    torch.manual_seed(int(random_stream("development weights", seed).integers(2**62)))
    generator = torch.Generator().manual_seed(
        int(random_stream("development batches", seed).integers(2**62))
    )
    flow = shower_development_flow(target.shape[1], context.shape[1])
    optimizer = torch.optim.AdamW(flow.parameters(), lr=2e-3, weight_decay=1e-3)
    order = torch.randperm(len(target), generator=generator)
    held_out, training = order.tensor_split([max(1, len(order) // 10)])
    best, arrays = np.inf, save_arrays(flow)
    for _ in range(DEVELOPMENT_EPOCHS):
        for batch in training[torch.randperm(len(training), generator=generator)].split(256):
            loss = -flow(context[batch]).log_prob(target[batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            loss = -float(flow(context[held_out]).log_prob(target[held_out]).mean())
        if loss < best:
            best = loss
            arrays = {name: value.copy() for name, value in save_arrays(flow).items()}
    return arrays


def _unique_showers(production):
    """Truth of each recorded shower, once."""
    rows = [
        np.stack(
            [
                np.log10(images.showers.energy),
                90 - np.degrees(images.pointing_altitude),
                images.showers.x_max,
                images.showers.h_first_int,
                images.showers.azimuth,
                images.obs_id,
            ],
            axis=-1,
        )
        for images in production.images.values()
    ]
    columns = np.unique(np.concatenate(rows), axis=0).T
    return dict(zip(("log10_energy", "zenith", *DEVELOPMENT), columns))


def _truth_table(images, seed):
    """What size mode draws from; at most `MOST_TRAINING_IMAGES` rows."""
    n = len(images.counts)
    rows = np.arange(n)
    if n > MOST_TRAINING_IMAGES:
        rng = random_stream("truth table", seed)
        rows = np.sort(rng.choice(n, MOST_TRAINING_IMAGES, replace=False))
    showers, geometry = images.showers[rows], images.geometry[rows]
    position = images.telescope_position[rows]
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
    return {**known, "size": images.size[rows].astype(np.int32)}
