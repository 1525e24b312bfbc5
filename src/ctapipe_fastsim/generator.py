"""From thrown showers to images: conditions, triggers, light, camera response.

Nothing here knows ctapipe's containers (eventsource.py fills those). Images are made in blocks
of a fixed number of events, each with random streams of its own, so that an event is the
same whichever way it is reached.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch

from .conditions import condition_values
from .errors import InputError
from .network import (
    CVAE,
    LightMap,
    NetworkSizes,
    flow_sample,
    load_arrays,
    shower_development_flow,
    size_flow,
)
from .random_streams import random_stream
from .shower_frame import camera_to_sky, image_geometry, pixel_directions
from .showers import Showers
from .trigger import trigger_network, trigger_probability

__all__ = ["EventGenerator", "ImageGenerator", "Images", "draw_development"]

EVENTS_PER_BLOCK = 128


@dataclass(frozen=True)
class Images:
    """Generated images of one telescope type.

    Attributes
    ----------
    event, tel_id : (B,) int arrays
        Recorded event that each image belongs to, and its telescope.
    impact_distance : (B,) array, m
    counts : (B, P) int32 array
        True photo-electrons.
    charge : (B, P) float32 array, p.e.
    peak_time : (B, P) float32 array, ns
    """

    event: np.ndarray
    tel_id: np.ndarray
    impact_distance: np.ndarray
    counts: np.ndarray
    charge: np.ndarray
    peak_time: np.ndarray


class ImageGenerator:
    """Paints images of one telescope type for given conditions.

    Parameters
    ----------
    kind : TelescopeTypeModel
    camera_geometry : ctapipe.instrument.CameraGeometry
    device : str
        For torch.

    Raises
    ------
    ValueError
        When weights do not fit the sizes.
    """

    def __init__(self, kind, camera_geometry, device):
        self.kind = kind
        self.device = device
        sizes = NetworkSizes(**kind.network_sizes)
        n_conditions = len(kind.conditions.names)
        self.cvae = load_arrays(CVAE(sizes, *pixel_directions(camera_geometry)), kind.network)
        self.cvae.to(device)
        self.size_flow = load_arrays(size_flow(n_conditions), kind.size_flow).to(device)
        self.trigger = load_arrays(
            trigger_network(len(kind.trigger_conditions.names)), kind.trigger
        )

    def trigger_probability(self, values):
        """Probability that the telescope records, (N,), for `condition_values`."""
        return trigger_probability(self.trigger, self.kind.trigger_conditions.transform(values))

    def draw(self, values, geometry, rng, size=None):
        """Draw images.

        Parameters
        ----------
        values : dict of str to (B,) array
            Of `condition_values`.
        geometry : ImageGeometry
            B entries.
        rng : numpy.random.Generator
        size : (B,) int array, optional
            Photo-electrons of each image; drawn from the size model when not given.

        Returns
        -------
        counts : (B, P) int32 array
            Each image sums to its size exactly.
        charge, peak_time : (B, P) float32 arrays, p.e. and ns
        """
        conditions = self.kind.conditions.transform(values)
        if size is None:
            size = self._draw_size(conditions, rng)
        light = self._light(conditions, geometry, size, rng)
        counts = share_light(
            size, light.fraction.double().numpy(), light.clump.double().numpy(), rng
        )
        spread = self.cvae.time_spread(light.time_spread, torch.as_tensor(counts))
        charge, peak_time = self.kind.response.draw(
            counts, light.time.numpy(), spread.detach().numpy(), rng
        )
        return counts, charge, peak_time

    def _draw_size(self, conditions, rng):
        noise = self._normal((len(conditions), 1), rng)
        with torch.no_grad():
            scaled = flow_sample(self.size_flow, self._tensor(conditions), noise)
        return self.kind.size.inverse(scaled.cpu().numpy()[:, 0])

    @torch.no_grad()
    def _light(self, conditions, geometry, size, rng):
        """`LightMap` of every image, on the CPU."""
        known = np.column_stack([conditions, self.kind.size.transform(size)])
        known = self._tensor(known.astype(np.float32))
        noise = self._normal((len(size), self.cvae.sizes.n_latent), rng)
        latent = flow_sample(self.cvae.prior, known, noise)
        mirror = self._tensor(np.where(rng.random(len(size)) < 0.5, -1, 1).astype(np.float32))
        position = self.cvae.grid_position(self._tensor(geometry.source_core_arrays()), mirror)
        light = self.cvae.decode(latent, position, known)
        return LightMap(*(getattr(light, f.name).cpu() for f in fields(light)))

    def _normal(self, shape, rng):
        return self._tensor(rng.standard_normal(shape, dtype=np.float32))

    def _tensor(self, array):
        return torch.as_tensor(array, device=self.device)


class EventGenerator:
    """Throws showers, draws which telescopes record them, and paints the images in blocks.

    Parameters
    ----------
    model : Model
    subarray : SubarrayDescription
        Telescopes of types that the model knows.
    thrown : ThrownDistribution
        What to throw; its ``n_thrown`` says how many.
    seed, obs_id : int
        Every random number follows from these two.
    size : pair of int, optional
        Draw images of sizes log-uniform in this range (p.e.) instead of thrown showers; each of
        ``n_thrown`` events is then one image, its other conditions drawn from the
        training images nearest in size.
    device : str

    Attributes
    ----------
    showers : Showers
        All thrown showers (all events in size mode).
    recorded : (E,) int array
        Index into ``showers`` of each recorded event.
    telescopes : (E, T) bool array
        Which of ``tel_ids`` record it.
    tel_ids : (T,) int array
    """

    def __init__(self, model, subarray, thrown, *, seed, obs_id, size=None, device="cpu"):
        self.subarray, self.thrown, self.keys = subarray, thrown, (seed, obs_id)
        self.tel_ids = np.array(list(subarray.tel), dtype=np.int64)
        self.generators = _image_generators(model, subarray, device)
        self.sizes = None
        if size is None:
            self._throw(model)
        else:
            self._draw_at_size(model, size)

    def block(self, number):
        """Images of the events of one block.

        Parameters
        ----------
        number : int
            Event e belongs to block ``e // EVENTS_PER_BLOCK``.

        Returns
        -------
        list of Images
            One for each telescope type with images.
        """
        first = number * EVENTS_PER_BLOCK
        part = self.telescopes[first : first + EVENTS_PER_BLOCK]
        return [
            self._images(kind, first, part, random_stream("images", *self.keys, number, i))
            for i, kind in enumerate(self.generators)
            if part[:, self._columns(kind)].any()
        ]

    def _images(self, kind, first, part, rng):
        columns = self._columns(kind)
        event, column = np.nonzero(part[:, columns])
        event, tel_id = event + first, self.tel_ids[columns[column]]
        showers = self.showers[self.recorded[event]]
        geometry = self._geometry(showers, tel_id)
        values = condition_values(showers, geometry, self.thrown.altitude)
        size = None if self.sizes is None else self.sizes[event]
        drawn = self.generators[kind].draw(values, geometry, rng, size)
        return Images(event, tel_id, geometry.impact_distance, *drawn)

    def _throw(self, model):
        showers = self.thrown.throw(random_stream("showers", *self.keys))
        rng = random_stream("development", *self.keys)
        self.showers = draw_development(model, showers, self.thrown.altitude, rng)
        rng = random_stream("trigger", *self.keys)
        triggered = np.zeros((len(showers), len(self.tel_ids)), dtype=bool)
        for column, tel_id in enumerate(self.tel_ids):
            kind = str(self.subarray.tel[tel_id])
            geometry = self._geometry(self.showers, np.full(len(showers), tel_id))
            values = condition_values(self.showers, geometry, self.thrown.altitude)
            probability = self.generators[kind].trigger_probability(values)
            triggered[:, column] = rng.random(len(showers)) < probability
        self.recorded = np.flatnonzero(triggered.any(axis=1))
        self.telescopes = triggered[self.recorded]

    def _draw_at_size(self, model, size):
        """One image per event, its conditions those of a training image of about that size."""
        rng = random_stream("sizes", *self.keys)
        n_events = self.thrown.n_thrown
        low, high = np.log(size[0]), np.log(size[1])
        wanted = np.round(np.exp(low + (high - low) * rng.random(n_events))).astype(np.int64)
        self.sizes = np.clip(wanted, *size)
        kinds = [model.telescope_types[name] for name in self.generators]
        images, kind_of = _training_images(kinds)
        row = _rows_near(images["size"], self.sizes, rng)
        column = np.empty(n_events, dtype=np.int64)
        for i, name in enumerate(self.generators):
            of_kind = np.flatnonzero(kind_of[row] == i)
            column[of_kind] = rng.choice(self._columns(name), len(of_kind))
        self.showers = self._showers_of_rows(images, row, self.tel_ids[column])
        self.recorded = np.arange(n_events)
        self.telescopes = column[:, None] == np.arange(len(self.tel_ids))

    def _showers_of_rows(self, images, row, tel_id):
        """Training truth, turned to this pointing and moved to this telescope."""
        position = self._positions(tel_id)
        unknown = np.full(len(row), np.nan)
        altitude, azimuth = camera_to_sky(
            *(images[name][row] for name in ("source_lon", "source_lat")),
            self.thrown.altitude,
            self.thrown.azimuth,
        )
        return Showers(
            energy=images["energy"][row],
            altitude=altitude,
            azimuth=azimuth,
            core_x=images["core_x"][row] + position[:, 0],
            core_y=images["core_y"][row] + position[:, 1],
            x_max=images["x_max"][row] if "x_max" in images else unknown,
            h_first_int=images["h_first_int"][row] if "h_first_int" in images else unknown,
        )

    def _geometry(self, showers, tel_id):
        thrown = self.thrown
        return image_geometry(showers, thrown.altitude, thrown.azimuth, self._positions(tel_id))

    def _positions(self, tel_id):
        table = np.stack([self.subarray.positions[i].to_value("m") for i in self.tel_ids])
        return table[np.searchsorted(self.tel_ids, tel_id)]

    def _columns(self, kind):
        """Columns of ``tel_ids`` that are of one type."""
        return np.flatnonzero([str(self.subarray.tel[i]) == kind for i in self.tel_ids])


def draw_development(model, showers, pointing_altitude, rng):
    """Showers with X_max and height of first interaction drawn, as far as the model knows them.

    Parameters
    ----------
    model : Model
    showers : Showers
        N entries.
    pointing_altitude : float, rad
    rng : numpy.random.Generator

    Returns
    -------
    Showers
    """
    features = model.development_features
    if not features.names:
        return showers
    scaling = model.development_conditions
    flow = shower_development_flow(len(features.names), len(scaling.names))
    load_arrays(flow, model.development)
    values = {
        "log10_energy": np.log10(showers.energy),
        "zenith": np.full(len(showers), 90 - np.degrees(pointing_altitude)),
    }
    context = torch.as_tensor(scaling.transform(values))
    noise = torch.as_tensor(
        rng.standard_normal((len(showers), len(features.names)), dtype=np.float32)
    )
    with torch.no_grad():
        drawn = flow_sample(flow, context, noise).numpy()
    drawn = features.inverse(drawn)
    return Showers(**{f.name: drawn.get(f.name, getattr(showers, f.name)) for f in fields(showers)})


def share_light(size, fraction, clump, rng):
    """Share ``size`` photo-electrons among pixels, in clumps, without losing or adding one.

    A negative binomial count is a Poisson count of gamma distributed light; given their sum,
    Poisson counts are multinomial in that light.

    Parameters
    ----------
    size : (B,) int array
    fraction, clump : (B, P) arrays
        As in `network.LightMap`.
    rng : numpy.random.Generator

    Returns
    -------
    (B, P) int32 array
    """
    shape = size[:, None] * fraction / clump
    light = clump * rng.standard_gamma(shape) + 1e-30 * fraction
    share = light / light.sum(axis=1, keepdims=True)
    return rng.multinomial(size, share).astype(np.int32)


def _image_generators(model, subarray, device):
    """By telescope type, for the types in the subarray."""
    generators = {}
    for description in subarray.telescope_types:
        name = str(description)
        if name not in model.telescope_types:
            known = ", ".join(model.telescope_types)
            raise InputError(f"the model knows no telescope of type {name}, only {known}")
        try:
            generators[name] = ImageGenerator(
                model.telescope_types[name], description.camera.geometry, device
            )
        except (ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"the model's network of {name} is broken: {error}") from error
    return dict(sorted(generators.items()))


def _training_images(kinds):
    """Training images of several types in one table, and the type number of each row."""
    names = set.intersection(*(set(kind.training_images) for kind in kinds))
    images = {name: np.concatenate([k.training_images[name] for k in kinds]) for name in names}
    lengths = [len(kind.training_images["size"]) for kind in kinds]
    return images, np.repeat(np.arange(len(kinds)), lengths)


def _rows_near(size, wanted, rng, neighbours=50):
    """A row for each wanted size, at random among the nearest in size."""
    order = np.argsort(size, kind="stable")
    neighbours = min(neighbours, len(size))
    first = np.searchsorted(size[order], wanted) - neighbours // 2
    first = np.clip(first, 0, len(size) - neighbours)
    return order[first + rng.integers(neighbours, size=len(wanted))]
