"""The model is saved and read here: one sealed HDF5 file, no pickle, format version 10.

Layout::

    /header                          JSON: thrown distributions, scalings, sizes, provenance
    /configuration/instrument        SubarrayDescription.to_hdf
    /development                     weights of the flow of X_max and first interaction
    /telescope_types/type_<i>/...    network, size_flow, trigger, trigger_table, acceptance,
                                     event_acceptance, response, training_images, history

With several primaries the conditions tell which it is, there is a trigger table for each of them,
and training_images has a column more. Files of one primary have none of that. A header without
min_telescopes means one.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import tables
from ctapipe.instrument import SubarrayDescription

from .acceptance import check_acceptance, n_acceptance_features
from .array_types import Columns, Tree
from .conditions import NAMES, ConditionScaling, SizeScaling, indicator_name
from .errors import InputError, reason
from .event_features import n_event_features
from .model import Model, TelescopeTypeModel
from .network_sizes import NetworkSizes
from .response import CLASS_LOGITS, LEVEL_LOGITS, TIME_LOGITS, CameraResponse
from .sealed_file import (
    is_sealed,
    open_sealed,
    read_tree,
    sealed_bytes,
    write_atomically,
    write_tree,
)
from .shower_ties import check_ties
from .showers import ThrownDistribution

__all__ = ["FORMAT_VERSION", "is_model_file", "read_model", "write_model"]

FORMAT_VERSION = 10
LICENCE = (
    "The weights may be used as the data they were trained on; cite that production, "
    "ctapipe-fastsim, and Polyakov et al. 2022 (arXiv 2211.12553)."
)
COMPRESSION = tables.Filters(complevel=5, complib="zlib", shuffle=True)
DEVELOPMENT = ("x_max", "h_first_int")
TRUTH = {"energy", "source_lon", "source_lat", "core_x", "core_y", "size"}
FIGURES = ("images", "held_out_images", "epochs")
ARRAY_GROUPS = (
    *("network", "size_flow", "ties", "trigger", "trigger_table", "acceptance"),
    *("event_acceptance", "training_images", "history"),
)


def is_model_file(path: Path | str) -> bool:
    """Whether a file says that it is a model; reads 512 bytes, never raises."""
    return is_sealed(path, "model")


def write_model(path: Path | str, model: Model) -> None:
    """Write a model file, all or nothing.

    Parameters
    ----------
    path : path
    model : Model

    Raises
    ------
    InputError
        When the file cannot be written.
    """

    def fill(h5file: tables.File) -> None:
        model.subarray.to_hdf(h5file)
        write_tree(h5file, "/development", model.development, COMPRESSION)
        h5file.create_group("/", "telescope_types")
        for i, kind in enumerate(model.telescope_types.values()):
            arrays = {group: getattr(kind, group) for group in ARRAY_GROUPS}
            arrays["response"] = {
                f.name: getattr(kind.response, f.name) for f in fields(kind.response)
            }
            write_tree(h5file, f"/telescope_types/type_{i}", arrays, COMPRESSION)
        header = np.frombuffer(json.dumps(_header(model), indent=1).encode(), np.uint8)
        h5file.create_array("/", "header", header)

    write_atomically(path, sealed_bytes("model", FORMAT_VERSION, fill))


def read_model(path: Path | str) -> tuple[Model, str]:
    """Read and check a model file.

    Parameters
    ----------
    path : path

    Returns
    -------
    model : Model
    digest : str
        SHA-256 of its content.

    Raises
    ------
    InputError
        With one line that says what is wrong with the file.
    """
    h5file, digest = open_sealed(path, "model", FORMAT_VERSION)
    with h5file:
        try:
            return _read(h5file), digest
        except InputError:
            raise
        except Exception as error:  # whatever HDF5, ctapipe and json make of it
            raise InputError(
                f"{path}: not a valid model ({reason(error)}); train it again"
            ) from error


def _read(h5file: tables.File) -> Model:
    header = json.loads(bytes(h5file.root.header.read().astype(np.uint8)))
    subarray = SubarrayDescription.from_hdf(h5file)
    primaries = {thrown["primary_id"] for thrown in header["thrown"]}
    kinds = {}
    for i, (name, entry) in enumerate(header["telescope_types"].items()):
        where = f"/telescope_types/type_{i}"
        pixels = [d.camera.geometry.n_pixels for d in subarray.tel.values() if str(d) == name]
        if not pixels:
            raise ValueError(f"no telescope of type {name} in the subarray")
        kinds[name] = TelescopeTypeModel(
            name,
            conditions=_scaling(entry["conditions"]),
            trigger_conditions=_scaling(entry["trigger_conditions"]),
            size=SizeScaling(**entry["size"]),
            network_sizes=entry["network_sizes"],
            response=_response(read_tree(h5file, f"{where}/response")),
            figures=entry["figures"],
            **{group: read_tree(h5file, f"{where}/{group}") for group in ARRAY_GROUPS},
        )
        _check_training_images(kinds[name].training_images, primaries)
        _check_trigger_tables(kinds[name], primaries)
        n_conditions = len(kinds[name].conditions.names)
        check_acceptance(kinds[name].acceptance, n_acceptance_features(n_conditions))
        if kinds[name].event_acceptance:
            check_acceptance(kinds[name].event_acceptance, n_event_features(n_conditions))
        sizes = NetworkSizes(**entry["network_sizes"])
        _check_largest_weights(kinds[name].network, sizes)
        check_ties(kinds[name].ties, 1 + sizes.n_latent)
        _check_numbers("figures", kinds[name].figures, FIGURES)
        _check_numbers("size", entry["size"])
    if not kinds:
        raise ValueError("no telescope types")
    for thrown in header["thrown"]:
        _check_numbers("thrown", thrown)
    if not header["thrown"]:
        raise ValueError("no thrown distribution in the header")
    provenance = header["provenance"]
    if not all(isinstance(provenance.get(name, {}), dict) for name in ("input", "versions")):
        raise ValueError("the provenance in the header does not say its input and versions")
    return Model(
        subarray,
        tuple(ThrownDistribution(**thrown) for thrown in header["thrown"]),
        read_tree(h5file, "/development"),
        _scaling(header["development_features"], DEVELOPMENT),
        _scaling(header["development_conditions"]),
        kinds,
        provenance,
        _min_telescopes(header),
    )


def _min_telescopes(header: dict[str, Any]) -> int:
    number = header.get("min_telescopes", 1)
    if type(number) is not int or number < 1:
        raise ValueError("min_telescopes is not a whole number of at least 1")
    return number


def _check_numbers(what: str, entry: dict[str, Any], names: Collection[str] = ()) -> None:
    for name in {*entry, *names}:
        if not np.isfinite(entry[name]):
            raise ValueError(f"{what} {name!r} is not a finite number")


def _check_largest_weights(network: Columns, sizes: NetworkSizes) -> None:
    """Memory for a network is taken by its sizes; all others are smaller, or checked with it."""
    hidden, maps = network["decoder.2.weight"], network["painter.1.weight"]
    at_least = sizes.n_u * sizes.n_v * sizes.rank
    if hidden.shape != (sizes.hidden, sizes.hidden) or maps.size < at_least:
        raise ValueError("the network's weights are not of its sizes")


def _check_training_images(images: Columns, primaries: set[int]) -> None:
    if missing := TRUTH - images.keys():
        raise ValueError(f"training images have no {min(missing)}")
    if {np.shape(column) for column in images.values()} != {(len(images["size"]),)}:
        raise ValueError("training images have columns of different shapes")
    if len(primaries) > 1 and set(images["primary_id"].tolist()) != primaries:
        raise ValueError("training images are not of the primaries that were thrown")


def _check_trigger_tables(kind: TelescopeTypeModel, primaries: set[int]) -> None:
    """One table, or with several primaries one for each condition that tells which it is."""
    if len(primaries) == 1:
        return _check_trigger_table(kind.trigger_table)
    names = {indicator_name(number) for number in primaries}
    if kind.trigger_table.keys() != names or not names <= set(kind.trigger_conditions.names):
        raise ValueError("the trigger has not one table and one condition for each primary")
    for table in kind.trigger_table.values():
        _check_trigger_table(table)


def _check_trigger_table(table: Tree) -> None:
    shapes = {name: np.shape(values) for name, values in table.items()}
    nodes = shapes.pop("logit", ())
    bounds: dict[str, tuple[int, ...]] = {"log10_energy": (2,), "impact_distance": (2,)}
    if len(nodes) == 3:
        bounds["zenith"] = nodes[:1]
    if len(nodes) not in (2, 3) or min(nodes[-2:]) < 2 or min(nodes) < 1 or shapes != bounds:
        raise ValueError("the trigger table has entries of other names or shapes")
    if not (np.diff(table.get("zenith", ())) > 0).all():
        raise ValueError("the trigger table has layers that are not in order")


def _header(model: Model) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "licence": LICENCE,
        "provenance": model.provenance,
        "thrown": [thrown.to_dict() for thrown in model.thrown],
        "min_telescopes": model.min_telescopes,
        "development_features": asdict(model.development_features),
        "development_conditions": asdict(model.development_conditions),
        "telescope_types": {
            name: {
                "conditions": asdict(kind.conditions),
                "trigger_conditions": asdict(kind.trigger_conditions),
                "size": asdict(kind.size),
                "network_sizes": kind.network_sizes,
                "figures": kind.figures,
            }
            for name, kind in model.telescope_types.items()
        },
    }


def _scaling(entry: dict[str, Any], known: Collection[str] = NAMES) -> ConditionScaling:
    scaling = ConditionScaling(**{name: tuple(values) for name, values in entry.items()})
    if unknown := set(scaling.names) - set(known):
        raise ValueError(f"unknown condition {min(unknown)!r}")
    numbers = np.array([v for name, v in vars(scaling).items() if name != "names"], float)
    if numbers.shape != (4, len(scaling.names)) or not np.isfinite(numbers).all():
        raise ValueError("a scaling has not one finite number for each condition")
    if not (numbers[1] > 0).all():
        raise ValueError("a scaling has a spread that is not positive")
    return scaling


def _response(arrays: Tree) -> CameraResponse:
    """Check the shapes that `CameraResponse.draw` relies on."""
    response = CameraResponse(**arrays)
    k, c, t = len(response.count_nodes), len(CLASS_LOGITS) + 1, len(TIME_LOGITS)
    if k == 0:
        raise ValueError("the response has no tables")
    shapes = {
        "count_nodes": (k,),
        "charge_mean": (2,),
        "charge_variance": (3,),
        "charge_quantiles": (k, len(LEVEL_LOGITS)),
        "noise_time": (c, t),
        "signal_fraction": (k, c),
        "signal_time": (k, c, t),
        "time_range": (2,),
        "charge_step": (),
        "time_step": (),
    }
    for name, shape in shapes.items():
        found = np.shape(getattr(response, name))
        if found != shape:
            raise ValueError(f"response {name!r} has shape {found}, not {shape}")
    return response
