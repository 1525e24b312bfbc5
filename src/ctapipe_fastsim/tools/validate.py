"""ctapipe-fastsim-validate: Monte Carlo against generated images, one report."""

import hashlib
import os
import pathlib
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from ctapipe.core import Provenance
from ctapipe.core.traits import Bool, Int, List, Path, Unicode, classes_with_traits, flag
from ctapipe.image import ImageProcessor
from ctapipe.instrument import CameraGeometry, SubarrayDescription
from traitlets.config import Config

from .. import __version__
from ..array_types import FloatArray
from ..bundled import model_path
from ..errors import InputError
from ..model import Model, TelescopeTypeModel
from ..training_data import Production, TelescopeImages, read_production
from .known_options import KnownOptionsTool

if TYPE_CHECKING:
    from ..validation.comparison import Comparison
    from ..validation.goals import Goals
    from ..validation.sample import Sample
    from ..validation_samples import RawImages

__all__ = ["ValidateTool", "main"]


FILE_OPTIONS = ("--reference", "--generated", "--protons")

# mean, log variance and prior, see `posterior_and_prior`
Latents = tuple[FloatArray, FloatArray, FloatArray]


def file_list(help: str) -> List:
    """Files of one role."""
    return List(Path(directory_ok=False), default_value=[], help=help).tag(config=True)


class ValidateTool(KnownOptionsTool):
    """Compare generated images with Monte Carlo and write a report.

    With a model, every Monte Carlo image gets one generated image of the same energy,
    direction, core and X_max. Images of generated files are compared as they are. Use Monte
    Carlo that training never saw. Numbers go to a JSON file beside the report.
    """

    name = "ctapipe-fastsim-validate"
    description = __doc__
    examples = """
    > ctapipe-fastsim-validate --reference mc.dl1.h5 --model taiga-gamma -o report.html
    > ctapipe-fastsim-validate --reference mc_run1.dl1.h5 mc_run2.dl1.h5 \\
        --generated events.dl1.h5 --protons proton.dl1.h5 -o report.html -n 5000
    """

    reference = file_list("DL1 files of Monte Carlo that training never saw.")
    generated = file_list("DL1 files of generated events, in place of a model.")
    protons = file_list("DL1 files of Monte Carlo protons, for the gamma/hadron figure.")
    model = Unicode("", help="Model file, or the name of a bundled model.").tag(config=True)
    output_path = Path(
        default_value=None, allow_none=True, directory_ok=False, help="HTML report to write."
    ).tag(config=True)
    max_images = Int(
        10_000, min=1, help="Most images of each telescope type, as whole showers."
    ).tag(config=True)
    seed = Int(0, min=0, help="Seed of all random numbers.").tag(config=True)
    progress_bar = Bool(True, help="Show progress bars.").tag(config=True)

    classes = [ImageProcessor, *classes_with_traits(ImageProcessor)]

    aliases = {
        "reference": "ValidateTool.reference",
        "model": "ValidateTool.model",
        "generated": "ValidateTool.generated",
        "protons": "ValidateTool.protons",
        ("o", "output"): "ValidateTool.output_path",
        ("n", "max-images"): "ValidateTool.max_images",
        "seed": "ValidateTool.seed",
    }
    flags = {
        **flag(
            "progress",
            "ValidateTool.progress_bar",
            "show progress bars",
            "don't show progress bars",
        ),
    }

    def parse_command_line(self, argv: Sequence[str] | None = None) -> None:
        """Parse options, of which some take several files."""
        super().parse_command_line(one_file_each(sys.argv[1:] if argv is None else argv))

    def setup(self) -> None:
        """Check what was given, then read the files."""
        self._check_options()
        self._check_output()
        self._inputs: list[dict[str, str]] = []
        self._model = self._read_model() if self.model else None
        self._reference = self._read(self.reference, "reference")
        self._generated = self._read(self.generated, "generated") if self.generated else None
        self._protons = self._read(self.protons, "protons") if self.protons else None
        self._names = self._common_types()

    def start(self) -> None:
        """Compare the images of each telescope type."""
        self._comparisons = [self._compare(name) for name in self._names]

    def finish(self) -> None:
        """Write the report and its numbers, both or neither."""
        from ..sealed_file import write_atomically
        from ..validation.report import report_html, report_json

        run = self._run_description()
        page = report_html(run, self._comparisons)
        numbers = report_json(run, self._comparisons)
        for path, text in ((self._json_path, numbers), (self.output_path, page)):
            write_atomically(path, text.encode())
            Provenance().add_output_file(path, role="validation report", add_meta=False)
        self.log.info("Wrote %s and %s", self.output_path, self._json_path)

    @property
    def _json_path(self) -> pathlib.Path:
        return self.output_path.with_suffix(".json")

    def _check_options(self) -> None:
        if self.extra_args:
            raise InputError(
                f"{self.extra_args[0]}: give files after --reference, --generated or --protons"
            )
        if not self.reference:
            raise InputError("no reference: give Monte Carlo DL1 files with --reference")
        if bool(self.model) == bool(self.generated):
            raise InputError(
                f"{'both' if self.model else 'neither'} of model and generated events; give one "
                "model with --model, or DL1 files with --generated"
            )

    def _check_output(self) -> None:
        if self.output_path is None:
            raise InputError("no output: give the HTML report to write with -o")
        if self.output_path.suffix not in (".html", ".htm"):
            raise InputError(f"{self.output_path}: the report is HTML; let its name end in .html")
        folder = self.output_path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"{folder}: no such folder, or no permission to write there")
        self.check_output(self.output_path, self._json_path)

    def _read_model(self) -> Model:
        from ..model_file import read_model

        path = model_path(self.model)
        model, _ = read_model(path)
        self._note_input(path, "model")
        return model

    def _read(self, paths: Sequence[pathlib.Path], role: str) -> Production:
        self.log.info("Reading %d files of the %s", len(paths), role)
        production = read_production(paths)
        for path in paths:
            self._note_input(path, role)
        return production

    def _note_input(self, path: pathlib.Path, role: str) -> None:
        Provenance().add_input_file(path, role=role, add_meta=False)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._inputs.append({"role": role, "file": path.name, "sha256": digest})

    def _common_types(self) -> list[str]:
        """Telescope types that both sides have, with the same cameras and primary."""
        other = cast(Model | Production, self._model or self._generated)
        kinds: Iterable[str] = other.telescope_types if isinstance(other, Model) else other.images
        what = self.model or f"the generated events of {self.generated[0].name}"
        names = [name for name in self._reference.images if name in kinds]
        if not names:
            raise InputError(
                f"no common telescope type: the reference has {', '.join(self._reference.images)}"
                f"; {what} has {', '.join(kinds)}"
            )
        self._check_cameras(names, other.subarray, what)
        reference_primary = self._reference.thrown[0].primary_id
        if other.thrown[0].primary_id != reference_primary:
            raise InputError(
                f"the reference holds primary {reference_primary}, but {what} makes primary "
                f"{other.thrown[0].primary_id}; compare showers of one kind"
            )
        if self._protons:
            missing = [name for name in names if name not in self._protons.images]
            if missing:
                raise InputError(f"the protons have no images of {missing[0]}; give such files")
            self._check_cameras(names, self._protons.subarray, "the proton file")
        return names

    def _check_cameras(
        self, names: Iterable[str], subarray: SubarrayDescription, what: str
    ) -> None:
        for name in names:
            geometry = camera_geometry(subarray, name)
            if geometry != self._reference.images[name].telescope.camera.geometry:
                raise InputError(
                    f"the camera of {name} in the reference differs from that in {what}; "
                    "compare images of one camera"
                )

    def _compare(self, name: str) -> "Comparison":
        from ..validation.comparison import compare

        samples, steps, latents = self._samples(name)
        geometry = self._reference.images[name].telescope.camera.geometry
        self.log.info("%s: comparing %d images", name, len(samples["reference"]))
        goals = self._goals(name)
        return compare(name, geometry, samples, steps, latents, goals, self.seed, self.progress_bar)

    def _goals(self, name: str) -> "Goals":
        from ..validation.goals import goals_for

        n_telescopes = sum(str(t) == name for t in self._reference.subarray.tel.values())
        return goals_for(self._reference.thrown[0].primary_id, n_telescopes)

    def _samples(self, name: str) -> "tuple[dict[str, Sample], dict[str, float], Latents | None]":
        """Samples by role, the steps of their grid, and the model's latents."""
        from ..validation_samples import chosen_images, recorded, samples

        images = chosen_images(
            self._reference.images[name], self.max_images, self.seed, "reference"
        )
        raw, latents = {"reference": recorded(images)}, None
        if self._model:
            raw["generated"], latents = self._generate(
                self._model.telescope_types[name], images, raw["reference"]
            )
        for role, production in (("generated", self._generated), ("protons", self._protons)):
            if production:
                chosen = chosen_images(production.images[name], self.max_images, self.seed, role)
                first = 1 + max(part.shower.max() for part in raw.values())
                raw[role] = recorded(chosen, first)
        subarray = self._reference.subarray
        tel_id = next(i for i, telescope in subarray.tel.items() if str(telescope) == name)
        return *samples(raw, subarray, tel_id, self._cleaning(), self.progress_bar), latents

    def _generate(
        self, kind: TelescopeTypeModel, images: TelescopeImages, reference: "RawImages"
    ) -> "tuple[RawImages, Latents]":
        """One image at the conditions of each given one, and the latents."""
        from ..paired_images import paired_images
        from ..posterior import posterior_and_prior
        from ..validation_samples import RawImages, progress_bar

        with progress_bar("generated images", len(images.counts), self.progress_bar) as progress:
            size, counts, charge, peak_time = paired_images(kind, images, self.seed, progress)
        conditions = reference.conditions | {"size": size}
        generated = RawImages(counts, charge, peak_time, conditions, reference.shower)
        return generated, posterior_and_prior(kind, images, self.seed)

    def _cleaning(self) -> Config:
        """Configuration of the image processor, as `parent=self` would find it."""
        config = Config({k: v for k, v in self.config.items() if k != self.__class__.__name__})
        config.merge(self.config.get(self.__class__.__name__, {}))
        return config

    def _run_description(self) -> dict[str, Any]:
        packages = ("ctapipe", "torch", "scikit-learn", "scipy", "numpy", "astropy", "matplotlib")
        return {
            "command": shlex.join([self.name, *self.argv]),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": self.seed,
            "max_images": self.max_images,
            "paired": bool(self.model),
            "inputs": self._inputs,
            "versions": {
                "ctapipe-fastsim": __version__,
                "python": ".".join(map(str, sys.version_info[:3])),
                **{package: version(package) for package in packages},
            },
        }


def one_file_each(words: Sequence[str]) -> list[str]:
    """Repeat the option before each of several files, as traitlets gives an option one value."""
    option = None
    repeated: list[str] = []
    for word in words:
        if word.startswith("-"):
            name = word.split("=")[0]
            option = name if name in FILE_OPTIONS else None
        elif option and repeated[-1] != option:
            repeated.append(option)
        repeated.append(word)
    return repeated


def camera_geometry(subarray: SubarrayDescription, name: str) -> CameraGeometry:
    """Of the telescope type of that name."""
    return next(t for t in subarray.tel.values() if str(t) == name).camera.geometry


def main() -> None:
    """Entry point."""
    ValidateTool().run()


if __name__ == "__main__":
    main()
