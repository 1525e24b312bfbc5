"""ctapipe-fastsim-info: which models there are, and what one of them is."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import astropy.units as u
import numpy as np

from ..bundled import bundled_models, model_path
from ..errors import InputError
from ..model import Model, TelescopeTypeModel
from ..model_file import read_model
from ..primaries import primary_name
from ..shower_ties import size_shared
from ..showers import ThrownDistribution

__all__ = ["main"]

UNITS = {"impact_distance": "m", "x_max": "g/cm2", "offset": "deg", "offset_along": "deg"}
UNITS |= {"zenith": "deg"}


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point."""
    options = _parser().parse_args(argv)
    try:
        if options.path:
            print(model_path(options.path))
        elif options.model:
            print(card(model_path(options.model)))
        else:
            print(bundled_list())
    except InputError as error:
        print(f"ctapipe-fastsim-info: {error}", file=sys.stderr)
        sys.exit(2)


def bundled_list() -> str:
    """One line for each bundled model."""
    lines = []
    for name, path in bundled_models().items():
        model, _ = read_model(path)
        runs = [next(r for r in model.thrown if r.primary_id == i) for i in model.primary_ids]
        primaries = ", ".join(
            f"{primary_name(run.primary_id)} {run.energy_min:g}-{run.energy_max:g} TeV"
            for run in runs
        )
        lines.append(f"{name:24s} {primaries}, {', '.join(model.telescope_types)}")
    return "\n".join(lines or ["no bundled models"])


def card(path: Path) -> str:
    """What a model file holds, as text for people.

    Parameters
    ----------
    path : path

    Returns
    -------
    str
    """
    model, digest = read_model(path)
    provenance = model.provenance
    lines = [
        f"model         {path.name}, {path.stat().st_size / 1e6:.1f} MB, sha256 {digest}",
        f"made          {provenance.get('created', '?')}, seed {provenance.get('seed', '?')}",
        f"command       {provenance.get('command', '?')}",
        *(f"training file {name}, sha256 {h}" for name, h in provenance.get("input", {}).items()),
        "versions      " + ", ".join(f"{k} {v}" for k, v in provenance.get("versions", {}).items()),
        f"array         {model.subarray.name}, {len(model.subarray.tel)} telescope(s), "
        f"at least {model.min_telescopes} in an event",
        *(_thrown_line(thrown) for thrown in model.thrown),
    ]
    for kind in model.telescope_types.values():
        lines += _type_lines(model, kind)
    return "\n".join(map(_printable, lines))


def _printable(text: str) -> str:
    """A terminal obeys what cannot be printed, and the file says what it likes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _thrown_line(thrown: ThrownDistribution) -> str:
    return (
        f"thrown        {thrown.n_thrown} {primary_name(thrown.primary_id)} "
        f"showers, {thrown.energy_min:g} to {thrown.energy_max:g} TeV, "
        f"index {thrown.spectral_index:g}, altitude {np.degrees(thrown.altitude):.2f} deg, "
        f"azimuth {np.degrees(thrown.azimuth):.2f} deg, "
        f"viewcone {thrown.viewcone_min:g} to {thrown.viewcone_max:g} deg, "
        f"cores {thrown.scatter_min:g} to {thrown.scatter_max:g} m"
    )


def _type_lines(model: Model, kind: TelescopeTypeModel) -> list[str]:
    telescope = next(d for d in model.subarray.tel.values() if str(d) == kind.name)
    camera, optics, figures = telescope.camera, telescope.optics, kind.figures
    low, high = kind.training_images["size"].min(), kind.training_images["size"].max()
    return [
        "",
        f"telescope     {kind.name}: mirror {optics.mirror_area.to_value(u.m**2):.1f} m2, "
        f"focal length {optics.equivalent_focal_length.to_value(u.m):.2f} m",
        f"camera        {camera.name}: {camera.geometry.n_pixels} pixels",
        "conditions (range in training)",
        *(
            f"  {name:16s} {a:.4g} to {b:.4g} {UNITS.get(name, '')}".rstrip()
            for name, a, b in zip(
                kind.conditions.names, kind.conditions.minimum, kind.conditions.maximum
            )
        ),
        f"  {'size':16s} {low} to {high} p.e.",
        f"shared by the telescopes of one event: {float(kind.ties['trigger']):.2f} of the trigger, "
        f"{size_shared(kind.ties):.2f} of the size",
        f"training      {figures['images']:.0f} images, {figures['held_out_images']:.0f} of them "
        f"held out, {figures['epochs']:.0f} epochs",
        "held-out figures (natural logarithms per image, bright ones weighted down; "
        "counts without their constant)",
        *(
            f"  {name.removeprefix('held_out_'):16s} {value:.3f}"
            for name, value in figures.items()
            if name.startswith("held_out_") and name not in ("held_out_images",)
        ),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ctapipe-fastsim-info",
        description="List the bundled models, or print the card of one model.",
    )
    parser.add_argument("model", nargs="?", help="name of a bundled model, or a model file")
    parser.add_argument("--path", metavar="NAME", help="print the path of a bundled model")
    return parser


if __name__ == "__main__":
    main()
