"""Many showers, each used with several cores, on all cores of the machine."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

import numpy as np
from ctapipe.instrument import SubarrayDescription

from ..array_types import FloatArray, IntArray
from ..errors import InputError
from ..random_streams import random_stream
from ..shower_frame import camera_axes, image_geometry, unit_vector
from ..showers import Showers, ThrownDistribution
from ..worker_processes import worker_pool
from .camera import Camera
from .cherenkov import photon_yield
from .shower import Sky, simulate_shower
from .telescope_response import TelescopeResponse, photomultiplier_efficiency

__all__ = ["Production", "SimulatedShower"]

# by telescope id: image, peak time, true image, impact distance, see `SimulatedShower`
CoreImages = dict[int, tuple[FloatArray, FloatArray, IntArray, float]]

LOOK_AHEAD = 4  # showers per worker that may wait to be written
FEWEST_PER_WORKER = 16  # below, starting a worker takes longer than it saves


@dataclass(frozen=True)
class SimulatedShower:
    """One shower with all its cores.

    Attributes
    ----------
    number : int
    showers : Showers
        One entry for each core.
    images : list of dict
        For each core, by telescope id: image (p.e.), peak time (ns), true image, impact
        distance (m). Empty when the array did not trigger.
    """

    number: int
    showers: Showers
    images: list[CoreImages]


class Production:
    """Simulates showers of a thrown distribution in a subarray.

    Every shower has random streams of its own, so it is the same however many workers
    there are.

    Parameters
    ----------
    subarray : SubarrayDescription
    responses : dict of int to TelescopeResponse
        By telescope id.
    thrown : ThrownDistribution
        ``n_thrown`` is the number of showers times ``shower_reuse``.
    primary : str
    field : tuple of 3 floats, tesla
        Geomagnetic field: north, west, up.
    min_telescopes : int
        Triggered telescopes that an event needs.
    seed, obs_id : int
    """

    def __init__(
        self,
        subarray: SubarrayDescription,
        responses: dict[int, TelescopeResponse],
        thrown: ThrownDistribution,
        primary: str,
        *,
        field: Sequence[float] | FloatArray,
        min_telescopes: int,
        seed: int,
        obs_id: int,
    ) -> None:
        self.thrown, self.primary = thrown, primary
        self.min_telescopes = min_telescopes
        self.keys = seed, obs_id
        self.tel_ids = list(subarray.tel)
        self.positions = np.stack([subarray.positions[i].to_value("m") for i in self.tel_ids])
        optics = [subarray.tel[i].optics for i in self.tel_ids]
        self.mirror_area = np.array([o.mirror_area.to_value("m2") for o in optics])
        self.efficiency = np.array([responses[i].photon_efficiency for i in self.tel_ids])
        self.cameras = _cameras(subarray, responses)
        ground = 100 * thrown.site_altitude
        pointing = unit_vector(thrown.altitude, thrown.azimuth)
        axes = np.stack([*camera_axes(thrown.altitude, thrown.azimuth), pointing])
        yields = photon_yield(*photomultiplier_efficiency(), ground, pointing[2])
        self.sky = Sky(ground, (field[0], field[1], field[2]), axes, yields)

    @property
    def n_showers(self) -> int:
        """Showers, each used ``shower_reuse`` times."""
        return self.thrown.n_thrown // self.thrown.shower_reuse

    def run(self) -> Iterator[SimulatedShower]:
        """Simulate all showers in parallel; yield each `SimulatedShower`, in order.

        Raises
        ------
        InputError
            When a process cannot start or is ended.
        """
        n_workers = min(os.cpu_count() or 1, self.n_showers // FEWEST_PER_WORKER)
        if n_workers < 2:
            yield from map(self.shower, range(self.n_showers))
            return
        waiting: deque[Future[SimulatedShower]] = deque()
        with worker_pool(n_workers) as pool:
            try:
                for number in range(self.n_showers):
                    waiting.append(pool.submit(self.shower, number))
                    if len(waiting) > LOOK_AHEAD * n_workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BrokenProcessPool as error:
                raise InputError(
                    "a process that simulates was ended: is memory scarce? A script that runs this "
                    "needs 'if __name__ == \"__main__\":' around it"
                ) from error
            finally:
                pool.shutdown(cancel_futures=True)

    def shower(self, number: int) -> SimulatedShower:
        """Simulate one shower.

        Returns
        -------
        SimulatedShower
        """
        showers = self._throw(number)
        n_cores, n_telescopes = len(showers), len(self.tel_ids)
        core = np.stack([showers.core_x, showers.core_y, 0 * showers.core_x], axis=-1)
        direction = unit_vector(showers.altitude[0], showers.azimuth[0])
        light = simulate_shower(
            self.primary,
            showers.energy[0],
            direction,
            (
                (self.positions - core[:, None]).reshape(-1, 3),
                np.tile(self.mirror_area, n_cores),
                np.tile(self.efficiency, n_cores),
            ),
            self.sky,
            lambda: random_stream("shower", *self.keys, number),
        )
        showers = replace(
            showers,
            x_max=np.full(n_cores, light.x_max / direction[2]),
            h_first_int=np.full(n_cores, light.first_interaction / 100),
        )
        edges = np.searchsorted(light.telescope, np.arange(n_cores * n_telescopes + 1))
        parts = [light.photons[a:b] for a, b in zip(edges, edges[1:])]
        rng = random_stream("camera", *self.keys, number)
        images = [
            self._expose(showers[i : i + 1], parts[i * n_telescopes :], rng) for i in range(n_cores)
        ]
        return SimulatedShower(number, showers, images)

    def _throw(self, number: int) -> Showers:
        """Truth of one shower, one entry per core."""
        rng = random_stream("thrown", *self.keys, number)
        reuse = self.thrown.shower_reuse
        shower = self.thrown.replace(n_thrown=1).throw(rng)[np.zeros(reuse, dtype=int)]
        core_x, core_y = self.thrown.cores(rng, reuse)
        return replace(shower, core_x=core_x, core_y=core_y)

    def _expose(
        self, shower: Showers, photons: list[FloatArray], rng: np.random.Generator
    ) -> CoreImages:
        """Images of one core by telescope id; none when too few telescopes trigger."""
        images = {}
        for i, tel_id in enumerate(self.tel_ids):
            recorded = self.cameras[tel_id].expose(photons[i], rng)
            if recorded is not None:
                thrown = self.thrown
                geometry = image_geometry(
                    shower, thrown.altitude, thrown.azimuth, self.positions[i]
                )
                images[tel_id] = *recorded, float(geometry.impact_distance[0])
        return images if len(images) >= self.min_telescopes else {}


def _cameras(
    subarray: SubarrayDescription, responses: dict[int, TelescopeResponse]
) -> dict[int, Camera]:
    """By telescope id; telescopes of one camera and response share theirs."""
    cameras: dict[int, Camera] = {}
    for tel_id, telescope in subarray.tel.items():
        geometry, response = telescope.camera.geometry, responses[tel_id]
        same = (c for c in cameras.values() if c.geometry == geometry and c.response == response)
        cameras[tel_id] = next(same, None) or Camera(geometry, response)
    return cameras
