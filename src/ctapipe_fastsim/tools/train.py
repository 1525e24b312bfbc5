"""ctapipe-fastsim-train: simulated DL1 files in, model file out (the loop is ../training.py)."""

import hashlib
import os
import pathlib
import shlex
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ctapipe.core import Provenance
from ctapipe.core.traits import Bool, CaselessStrEnum, Float, Int, List, Path, flag
from tqdm.auto import tqdm

from .. import __version__
from ..array_types import Tree
from ..errors import InputError, reason
from ..network_sizes import MOST
from ..training_data import read_production
from .known_options import KnownOptionsTool

if TYPE_CHECKING:
    from ..training import TrainingOptions, TrainingRun

__all__ = ["TrainTool", "main"]


class TrainTool(KnownOptionsTool):
    """Train a model on simulated DL1 images that hold true photo-electrons.

    Any DL1 files of one production serve; each telescope type gets a network of its own, and
    files of several primaries, one in each run, make a model that is told the primary.
    A tenth of the showers is held out to tell when to stop. Ctrl-C writes the best model so
    far; --resume goes on from the last finished epoch. Started as "torchrun
    --nproc-per-node=2 -m ctapipe_fastsim.tools.train", two processes share the batches; then
    Ctrl-C leaves the last finished epoch to --resume.
    """

    name = "ctapipe-fastsim-train"
    description = __doc__
    examples = """
    > ctapipe-fastsim-train -i gamma_run1.dl1.h5 gamma_run2.dl1.h5 -o gamma.fastsim.h5
    > ctapipe-fastsim-train -i gamma.dl1.h5 -o gamma.fastsim.h5 --epochs 60 --resume
    """

    input_files = List(
        Path(directory_ok=False), default_value=[], help="DL1 files to train on."
    ).tag(config=True)
    output_path = Path(
        default_value=None, allow_none=True, directory_ok=False, help="Model file to write."
    ).tag(config=True)
    epochs = Int(40, min=1, help="Most epochs to train.").tag(config=True)
    patience = Int(
        10, min=1, help="Stop after this many epochs without a better held-out loss."
    ).tag(config=True)
    batch_size = Int(64, min=1, help="Images per optimiser step.").tag(config=True)
    learning_rate = Float(1e-3, min=1e-8, help="Highest learning rate.").tag(config=True)
    n_latent = Int(8, min=2, max=MOST["n_latent"], help="Latent variables.").tag(config=True)
    n_local = Int(
        0,
        min=0,
        max=MOST["n_local"],
        help="Latent variables of each place in the image, 2 for hadrons; 0 for none.",
    ).tag(config=True)
    hidden = Int(384, min=8, max=MOST["hidden"], help="Width of the hidden layers.").tag(
        config=True
    )
    seed = Int(0, min=0, help="Seed of all random numbers.").tag(config=True)
    resume = Bool(False, help="Go on from the checkpoint beside the output.").tag(config=True)
    progress_bar = Bool(True, help="Show a progress bar with the held-out ELBO.").tag(config=True)
    device = CaselessStrEnum(
        ["auto", "cpu", "cuda"], default_value="auto", help="Where to train."
    ).tag(config=True)

    aliases = {
        ("i", "input"): "TrainTool.input_files",
        ("o", "output"): "TrainTool.output_path",
        "epochs": "TrainTool.epochs",
        "patience": "TrainTool.patience",
        "batch-size": "TrainTool.batch_size",
        "learning-rate": "TrainTool.learning_rate",
        "latent": "TrainTool.n_latent",
        "local": "TrainTool.n_local",
        "hidden": "TrainTool.hidden",
        "seed": "TrainTool.seed",
        "device": "TrainTool.device",
    }
    flags = {
        "resume": ({"TrainTool": {"resume": True}}, "Go on from the checkpoint."),
        **flag(
            "progress",
            "TrainTool.progress_bar",
            "show a progress bar during training",
            "don't show a progress bar during training",
        ),
    }

    def setup(self) -> None:
        """Check what was given, then read the files."""
        # traitlets takes one value after -i, and leaves the other files that a shell expands
        self.input_files = [*self.input_files, *self.extra_args]
        if not self.input_files:
            raise InputError("no input: give one or more DL1 files with -i")
        if self.output_path is None:
            raise InputError("no output: give the model file to write with -o")
        self._check_output_place()
        self.log.info("Reading %d files", len(self.input_files))
        self.production = read_production(self.input_files)
        for path in self.input_files:
            Provenance().add_input_file(path, role="training images", add_meta=False)

    def start(self) -> None:
        """Train every telescope type; torch is first needed here."""
        from ..checkpoint import read_checkpoint
        from ..data_parallel import is_first, together
        from ..training import TrainingRun

        options = self._options()
        self._purpose = {"options": asdict(options), "input": self._input_hashes()}
        states = read_checkpoint(self._checkpoint, self._purpose) if self.resume else {}
        self._runs, self._interrupted, self._writes = {}, False, is_first()
        with together(options.device):
            for name, images in self.production.images.items():
                run = self._runs[name] = TrainingRun(images, options)
                if name in states:
                    self._restore(run, states[name])
                try:
                    self._train(name, run)
                except KeyboardInterrupt:
                    self._interrupted = True
                    break

    def _restore(self, run: "TrainingRun", state: Tree) -> None:
        try:
            run.restore(state)
        except Exception as error:  # whatever torch makes of arrays that are not of this network
            raise InputError(
                f"{self._checkpoint}: does not fit the network ({reason(error)}); "
                "start without --resume"
            ) from error

    def finish(self) -> None:
        """Learn response and triggers with the best networks, and write the model."""
        from ..model_file import write_model
        from ..model_fit import fit_telescope_type
        from ..thrown_showers_fit import fit_thrown_showers

        if not self._writes:
            return
        missing = [
            name
            for name in self.production.images
            if name not in self._runs or not self._runs[name].epoch
        ]
        if missing:
            self.log.warning("Interrupted before %s had an epoch: no model", ", ".join(missing))
            raise KeyboardInterrupt
        self.log.info("Learning shower development, camera response and trigger")
        model, triggers = fit_thrown_showers(self.production, self.seed, self._provenance())
        kinds = {
            name: fit_telescope_type(
                *(run, self.production.images[name], triggers[name]),
                self.production.min_telescopes,
                self.progress_bar,
            )
            for name, run in self._runs.items()
        }
        write_model(self.output_path, replace(model, telescope_types=kinds))
        Provenance().add_output_file(self.output_path, role="ctapipe-fastsim model", add_meta=False)
        if self._interrupted:
            self.log.warning(
                "Interrupted: wrote the best model so far to %s; --resume goes on",
                self.output_path,
            )
            raise KeyboardInterrupt
        self._checkpoint.unlink(missing_ok=True)

    @property
    def _checkpoint(self) -> pathlib.Path:
        return self.output_path.with_name(self.output_path.name + ".checkpoint")

    def _check_output_place(self) -> None:
        folder = self.output_path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"{folder}: no such folder, or no permission to write there")
        if self.resume:
            if not self._checkpoint.is_file():
                raise InputError(f"{self._checkpoint}: no checkpoint to resume; leave out --resume")
            return
        self.check_output(self.output_path)
        if self._checkpoint.exists() and not self.overwrite:
            raise InputError(
                f"{self._checkpoint}: left by an unfinished training; "
                "go on with --resume, or start anew with --overwrite"
            )

    def _options(self) -> "TrainingOptions":
        import torch

        from ..training import TrainingOptions

        device = self.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        elif device == "cuda" and not torch.cuda.is_available():
            raise InputError("device cuda: torch finds no GPU here; use --device cpu")
        return TrainingOptions(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            patience=self.patience,
            n_latent=self.n_latent,
            n_local=self.n_local,
            hidden=self.hidden,
            seed=self.seed,
            device=device,
        )

    def _train(self, name: str, run: "TrainingRun") -> None:
        with tqdm(
            desc=name,
            unit="batch",
            total=self.epochs * run.batches_per_epoch,
            initial=run.epoch * run.batches_per_epoch,
            disable=not (self.progress_bar and self._writes),
        ) as bar:
            while not run.finished:
                run.run_epoch(bar.update)
                elbo = run.held_out_elbo
                bar.set_postfix(epoch=run.epoch, held_out_ELBO=f"{elbo:.2f}")
                if self._writes:
                    self.log.info("%s: epoch %d, held-out ELBO %.3f", name, run.epoch, elbo)
                    self._save_checkpoint()

    def _save_checkpoint(self) -> None:
        from ..checkpoint import write_checkpoint

        states = {name: run.state() for name, run in self._runs.items()}
        try:
            write_checkpoint(self._checkpoint, self._purpose, states)
        except InputError as error:  # training is worth more than its checkpoint
            self.log.warning("No checkpoint: %s", error)

    def _input_hashes(self) -> dict[str, str]:
        hashes = {}
        for i, path in enumerate(self.input_files):
            name = path.name if path.name not in hashes else f"{path.name} ({i})"
            with open(path, "rb") as file:
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
        return hashes

    def _provenance(self) -> dict[str, Any]:
        packages = ("ctapipe", "torch", "zuko", "numpy", "astropy")
        return {
            "command": shlex.join([self.name, *self.argv]),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": self.seed,
            "input": self._purpose["input"],
            "versions": {
                "ctapipe-fastsim": __version__,
                "python": ".".join(map(str, sys.version_info[:3])),
                **{package: version(package) for package in packages},
            },
        }


def main() -> None:
    """Entry point."""
    TrainTool().run()


if __name__ == "__main__":
    main()
