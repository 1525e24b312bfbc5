"""An example of the DL1 file to write, made by ctapipe itself: all its tables, but one event.

Tables, columns, types, units and descriptions of bulk files are copied from it, so that they
are those of the installed ctapipe.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from ctapipe.instrument import CameraGeometry
from ctapipe.io import DataWriter, write_table
from ctapipe.io.hdf5dataformat import DL1_IMAGE_STATISTICS_TABLE

from .array_types import FloatArray, IntArray
from .eventsource import CVAEEventSource
from .random_streams import random_stream
from .recorded_event import recorded_event
from .showers import ThrownDistribution
from .simulation_records import shower_distribution, shower_quantities, simulated_shower
from .trigger_time import trigger_times

if TYPE_CHECKING:
    from ctapipe.image import ImageProcessor

__all__ = ["write_template"]

BRIGHT = 100  # p.e., enough for any cleaning


def write_template(
    path: Path | str,
    source: CVAEEventSource,
    thrown: ThrownDistribution,
    process: "ImageProcessor | None",
    **options: Any,
) -> None:
    """Write a file of one bright event that all telescopes see.

    Parameters
    ----------
    path : path
    source : CVAEEventSource
    thrown : ThrownDistribution
        What the source throws.
    process : ctapipe.image.ImageProcessor or None
        Computes image parameters, where they are wanted.
    **options
        Traits of ctapipe's DataWriter, its ``parent`` among them.
    """
    shower = thrown.replace(n_thrown=1).throw(random_stream("template"))
    event = recorded_event(
        *(0, np.uint64(source.obs_id), np.uint64(0), trigger_times(0)),
        simulated_shower(shower_quantities(shower), 0, thrown.primary_id),
        *(thrown.altitude * u.rad, thrown.azimuth * u.rad),
        {
            int(tel_id): _light_spot(telescope.camera.geometry)
            for tel_id, telescope in source.subarray.tel.items()
        },
    )
    if process is not None:
        process(event)
    options = dict(options, write_dl1_parameters=process is not None)
    with DataWriter(event_source=source, output_path=path, **options) as writer:
        writer(event)
        distribution = shower_distribution(thrown, source.obs_id, shower[:0])
        writer.write_simulated_shower_distributions({source.obs_id: distribution})
    if process is not None:
        statistics = process.check_image.to_table(functions=True)
        write_table(statistics, path, DL1_IMAGE_STATISTICS_TABLE, append=True)


def _light_spot(geometry: CameraGeometry) -> tuple[FloatArray, FloatArray, IntArray, u.Quantity]:
    """Image, peak time, true image and impact distance: a pixel and its neighbours are lit."""
    neighbours = geometry.neighbor_matrix_sparse
    middle = np.argmax(np.diff(neighbours.indptr))
    around = neighbours.indices[neighbours.indptr[middle] : neighbours.indptr[middle + 1]]
    true_image = np.zeros(geometry.n_pixels, dtype=np.int32)
    true_image[middle], true_image[around] = 2 * BRIGHT, BRIGHT
    image = true_image.astype(np.float32)
    return image, np.zeros_like(image), true_image, 0 * u.m
