"""ctapipe-fastsim-generate: many generated events as a DL1 file, without a container for each."""

import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import Any

import tables
from ctapipe import __version__ as ctapipe_version
from ctapipe.core import Provenance
from ctapipe.core.traits import Bool, Float, Int, classes_with_traits, flag
from ctapipe.core.traits import Path as PathTrait
from ctapipe.image import ImageCleaner, ImageProcessor
from ctapipe.io import metadata
from tables.parameters import CHUNK_CACHE_SIZE
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from .. import __version__
from ..bulk_images import BulkImages, TelescopeImages, check_processor
from ..bulk_writer import BulkWriter, new_bulk_file
from ..dl1_template import write_template
from ..errors import InputError
from ..eventsource import CVAEEventSource
from ..generator import EVENTS_PER_BLOCK, EventGenerator
from ..interrupt import first_interrupt
from ..made_ahead import made_ahead
from ..montecarlo.dl1_file import read_back
from ..recorded_blocks import RecordedBlock, recorded_blocks
from ..safe_hdf5 import refuse_hostile_input
from ..temporary_name import temporary_name
from .known_options import KnownOptionsTool

__all__ = ["GenerateTool", "main"]

REQUEST = "FASTSIM REQUEST"
UNLIMITED = 10**12  # showers, more than anyone throws
MOST_WORKERS = 4  # more make images faster than they are written, and take memory


class GenerateTool(KnownOptionsTool):
    """Generate events with a trained model and write them as a DL1 file, in bulk.

    The events are those that ctapipe-process gets from the same model and options, and so is
    the file; it is made some ten times faster. Ctrl-C ends after the block in hand and leaves a
    file of the events so far, which --resume continues; the exit code then is not 0.
    """

    name = "ctapipe-fastsim-generate"
    description = __doc__
    examples = """
    > ctapipe-fastsim-generate -i gamma.fastsim.h5 -o gamma.dl1.h5 -n 100000
    > ctapipe-fastsim-generate -i gamma.fastsim.h5 -o gamma_run2.dl1.h5 --n-showers 1000000 \\
        --obs-id 2 --no-images --parameters
    """

    output_path = PathTrait(
        default_value=None, allow_none=True, directory_ok=False, help="DL1 file to write."
    ).tag(config=True)
    n_events = Int(
        None,
        min=1,
        allow_none=True,
        help=(
            "Recorded events to write; showers are thrown until there are as many. Default: all "
            "of CVAEEventSource.n_showers."
        ),
    ).tag(config=True)
    images = Bool(True, help="Write charges, peak times and true images.").tag(config=True)
    true_images = Bool(
        True, help="Write true images; without, they are marked as missing, as ctapipe does."
    ).tag(config=True)
    parameters = Bool(False, help="Clean images, and write image parameters.").tag(config=True)
    image_resolution = Float(
        1 / 64,
        min=0,
        max=1,
        help=(
            "Round charges to multiples of this many p.e., and peak times of this many ns, so "
            "that the file compresses. A power of two; 0 leaves them as they are."
        ),
    ).tag(config=True)
    compression_level = Int(1, min=0, max=9, help="Of zstd; 0 for none.").tag(config=True)
    resume = Bool(False, help="Continue the output file.").tag(config=True)
    progress_bar = Bool(True, help="Show a progress bar.").tag(config=True)

    classes = [
        CVAEEventSource,
        ImageProcessor,
        *classes_with_traits(ImageCleaner),
        metadata.Contact,
        metadata.Instrument,
    ]

    aliases = {
        ("i", "input"): "CVAEEventSource.input_url",
        ("o", "output"): "GenerateTool.output_path",
        ("n", "n-events"): "GenerateTool.n_events",
        "n-showers": "CVAEEventSource.n_showers",
        "seed": "CVAEEventSource.seed",
        "obs-id": "CVAEEventSource.obs_id",
        "energy-min": "CVAEEventSource.energy_min",
        "energy-max": "CVAEEventSource.energy_max",
        "spectral-index": "CVAEEventSource.spectral_index",
        "size": "CVAEEventSource.size",
        "min-telescopes": "CVAEEventSource.min_telescopes",
        "layout": "CVAEEventSource.layout",
        "device": "CVAEEventSource.device",
        "image-resolution": "GenerateTool.image_resolution",
        "compression-level": "GenerateTool.compression_level",
    }
    flags = {
        **flag("images", "GenerateTool.images", "write images", "don't write images"),
        **flag(
            "true-images",
            "GenerateTool.true_images",
            "write true images",
            "mark true images as missing",
        ),
        **flag(
            "parameters",
            "GenerateTool.parameters",
            "clean images and write their parameters",
            "don't write image parameters",
        ),
        "resume": ({"GenerateTool": {"resume": True}}, "Continue the output file."),
        **flag(
            "progress",
            "GenerateTool.progress_bar",
            "show a progress bar",
            "don't show a progress bar",
        ),
    }

    def setup(self) -> None:
        """Check everything that was asked for."""
        self._check_output()
        if not (self.images or self.parameters):
            raise InputError("nothing to write: give --images or --parameters")
        if self.image_resolution and math.frexp(self.image_resolution)[0] != 0.5:
            raise InputError(
                f"image_resolution {self.image_resolution:g}: must be a power of two, as 0.0625, "
                "or 0"
            )
        self._source = self.enter_context(self._event_source())
        self._process = None
        if self.parameters:
            self._process = ImageProcessor(subarray=self._source.subarray, parent=self)
            check_processor(self._process)
        self._request = self._all_that_events_depend_on()
        if self.resume:
            self._check_same_request()

    def start(self) -> None:
        """Write under a temporary name."""
        self._interrupted = False
        temporary = temporary_name(self.output_path)
        try:
            with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
                self._write(temporary, Path(folder) / "template.dl1.h5")
            read_back(temporary, CHUNK_CACHE_SIZE)
            os.replace(temporary, self.output_path)
        except (OSError, tables.HDF5ExtError) as error:
            reason = getattr(error, "strerror", None) or "is the disk full?"
            raise InputError(
                f"{self.output_path}: cannot be written ({reason}); nothing was changed"
            ) from error
        finally:
            temporary.unlink(missing_ok=True)

    def finish(self) -> None:
        """Tell ctapipe's provenance of the file's real name."""
        Provenance().add_output_file(str(self.output_path), role="DL1/Event")
        if self._interrupted:
            self.log.warning("Interrupted; --resume continues the file")
            raise KeyboardInterrupt

    def _write(self, path: Path | str, template: Path | str) -> None:
        generator = self._source.event_generator(enough=0)
        if len(generator.thrown) > 1:
            raise InputError(
                "several pointings or primaries: write a file of each, with another --obs-id, and "
                "join them with ctapipe-merge"
            )
        write_template(
            *(template, self._source, generator.thrown[0], self._process),
            parent=self,
            write_dl1_images=self.images,
            compression_level=self.compression_level,
            context_metadata={REQUEST: self._request},
        )
        if self.resume:
            shutil.copyfile(self.output_path, path)
        else:
            new_bulk_file(path, template)
        make = BulkImages(
            generator,
            resolution=self.image_resolution,
            true_images=self.true_images,
            process=self._process,
        )
        with BulkWriter(path, template, generator, self._source.obs_id) as writer:
            n_before = writer.n_events
            for block, images in self._made(generator, make, writer):
                writer.append(block, images)
            n_events, n_thrown = writer.n_events, writer.n_thrown
        if not n_events:
            raise InputError(
                f"none of {n_thrown} showers was recorded, so nothing was written; throw more "
                "with --n-showers, or at higher energies"
            )
        added = f", {n_events - n_before} of them new" if self.resume else ""
        self.log.info("%d events of %d showers%s", n_events, n_thrown, added)

    def _made(
        self, generator: EventGenerator, make: BulkImages, writer: BulkWriter
    ) -> Iterator[tuple[RecordedBlock, list[TelescopeImages]]]:
        """Blocks and their images with a progress bar, until all are done or Ctrl-C."""
        done, limit = writer.n_events, self.n_events or math.inf
        if done >= limit or writer.n_thrown >= generator.n_thrown:
            self.log.warning("%s has all that was asked for already", self.output_path)
            return
        whole = done - done % EVENTS_PER_BLOCK
        n_thrown = writer.event_id(whole - 1) + 1 if whole else 0
        blocks = takewhile(
            lambda block: block.number * EVENTS_PER_BLOCK < limit,
            recorded_blocks(generator, whole, n_thrown),
        )
        n_workers = min(MOST_WORKERS, len(os.sched_getaffinity(0)))
        with (
            first_interrupt() as interrupted,
            self._progress(done, writer.n_thrown, generator.n_thrown) as progress,
            closing(made_ahead(make, blocks, n_workers)) as made,
        ):
            for block, images in made:
                first = block.number * EVENTS_PER_BLOCK
                start = max(0, done - first)
                stop = int(limit - first) if first + len(block.event_id) >= limit else None
                if start or stop is not None:
                    images = [part.of_events(start, stop) for part in images]
                    block = block.of_events(start, stop)
                yield block, images
                progress.update(len(block.event_id if self.n_events else block.thrown))
                progress.set_postfix(events=writer.n_events)
                if interrupted():
                    self._interrupted = True
                    return

    def _progress(self, n_events: int, n_thrown: int, n_showers: int) -> tqdm:
        """In events where it is known how many there will be, else in showers."""
        total, done, unit = n_showers, n_thrown, "shower"
        if self.n_events:
            total, done, unit = self.n_events, n_events, "event"
        options = dict(unit=unit, smoothing=0.1, disable=not self.progress_bar)
        return tqdm(total=total, initial=done, **options)

    def _check_output(self) -> None:
        if self.output_path is None:
            raise InputError("no output: give the DL1 file to write with -o")
        folder = self.output_path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"{folder}: no such folder, or no permission to write there")
        if self.resume:
            if not self.output_path.is_file():
                raise InputError(f"{self.output_path}: nothing to resume; leave out --resume")
        elif self.output_path.exists() and not self.overwrite:
            raise InputError(
                f"{self.output_path}: exists; continue it with --resume, or give --overwrite"
            )

    def _event_source(self) -> CVAEEventSource:
        """The source that the options describe; no end of showers where events are counted."""
        options: dict[str, Any] = {"max_events": None}
        if not self.config.CVAEEventSource.get("input_url"):
            raise InputError("no input: give a model file with -i")
        if self.n_events and "n_showers" not in self.config.CVAEEventSource:
            options["n_showers"] = UNLIMITED
        return CVAEEventSource(parent=self, **options)

    def _all_that_events_depend_on(self) -> str:
        """As text, to be found in the file when it is continued."""
        source = self._source
        with open(source.input_url, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        traits = [name for name in source.trait_names(config=True) if name != "input_url"]
        request = dict(
            model=digest,
            versions={"ctapipe": ctapipe_version, "ctapipe-fastsim": __version__},
            images=self.images,
            true_images=self.true_images,
            parameters=self._process and str(self._process.get_current_config()),
            image_resolution=self.image_resolution,
            **{name: repr(getattr(source, name)) for name in traits},
        )
        return json.dumps(request, sort_keys=True)

    def _check_same_request(self) -> None:
        try:
            refuse_hostile_input(self.output_path)
            with tables.open_file(self.output_path) as h5file:
                found = json.loads(str(h5file.root._v_attrs[f"CONTEXT {REQUEST}"]))
        except (tables.HDF5ExtError, KeyError, ValueError) as error:
            raise InputError(
                f"{self.output_path}: not written by {self.name}; leave out --resume"
            ) from error
        for name, value in json.loads(self._request).items():
            if found.get(name) != value:
                raise InputError(
                    f"{self.output_path}: was made with another {name}; resume with the same "
                    "model and options, or start anew with --overwrite"
                )


def main() -> None:
    """Run the tool."""
    GenerateTool().run()


if __name__ == "__main__":
    main()
