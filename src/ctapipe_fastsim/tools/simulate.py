"""ctapipe-fastsim-simulate: showers from the package's own Monte Carlo as a DL1 file."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import astropy.units as u
import numpy as np
import tables
from ctapipe.containers import ArrayEventContainer
from ctapipe.core import Provenance
from ctapipe.core.traits import (
    AstroQuantity,
    Bool,
    CaselessStrEnum,
    Float,
    Int,
    List,
    Unicode,
    classes_with_traits,
    flag,
)
from ctapipe.core.traits import Path as PathTrait
from ctapipe.image import ImageProcessor
from ctapipe.instrument import SubarrayDescription
from ctapipe.io import DataWriter
from tqdm.auto import tqdm

from ..errors import InputError
from ..interrupt import first_interrupt
from ..montecarlo.dl1_file import (
    MOST_CORES,
    RunDescription,
    correct_number_of_showers,
    read_back,
    write_showers,
)
from ..montecarlo.production import Production, SimulatedShower
from ..montecarlo.requested_run import check_field, check_run, read_telescopes
from ..montecarlo.response_options import ResponseOptions
from ..montecarlo.shower import PRIMARIES
from ..showers import ThrownDistribution
from ..temporary_name import temporary_name
from .known_options import KnownOptionsTool

__all__ = ["SimulateTool", "main"]

LEAST_ROOM = 2**18  # bytes, without which HDF5 cannot even begin a file


def quantity(default: u.Quantity, physical_type: str, help: str) -> AstroQuantity:
    """A quantity that can be configured."""
    return AstroQuantity(
        default_value=default, physical_type=u.get_physical_type(physical_type), help=help
    ).tag(config=True)


class SimulateTool(KnownOptionsTool):
    """Simulate air showers and their images in Cherenkov telescopes.

    Writes a DL1 file with images, true images and image parameters. A compact Monte Carlo for
    training, tests and teaching; see the documentation for what it leaves out. Ctrl-C ends
    after the shower in hand and leaves a file of the showers so far.
    """

    name = "ctapipe-fastsim-simulate"
    description = __doc__
    examples = """
    > ctapipe-fastsim-simulate -o gamma.dl1.h5 --n-showers 1000
    > ctapipe-fastsim-simulate -o proton.dl1.h5 --primary proton --telescopes mst-array \\
        --energy-min "0.3 TeV" --energy-max "30 TeV" --viewcone "4 deg" --n-showers 500
    """

    output_path = PathTrait(
        default_value=None, allow_none=True, directory_ok=False, help="DL1 file to write."
    ).tag(config=True)
    telescopes = Unicode(
        "taiga-iact",
        help="Telescopes by name (taiga-iact, mst-array, lst-array), or a file with a subarray.",
    ).tag(config=True)
    primary = CaselessStrEnum(
        list(PRIMARIES), default_value="gamma", help="Particle that makes the showers."
    ).tag(config=True)
    energy_min = quantity(1.5 * u.TeV, "energy", "Lowest energy.")
    energy_max = quantity(60 * u.TeV, "energy", "Highest energy.")
    spectral_index = Float(-2.0, help="Index of the energy spectrum, negative.").tag(config=True)
    altitude = quantity(60 * u.deg, "angle", "Altitude of the pointing.")
    azimuth = quantity(180 * u.deg, "angle", "Azimuth of the pointing, from north to east.")
    viewcone = quantity(
        2 * u.deg, "angle", "Largest angle between shower and pointing; 0 deg for a point source."
    )
    scatter_radius = quantity(400 * u.m, "length", "Largest distance of the core.")
    n_showers = Int(1000, min=1, help="Showers to simulate.").tag(config=True)
    reuse = Int(10, min=1, max=MOST_CORES, help="Cores that each shower is used with.").tag(
        config=True
    )
    min_telescopes = Int(1, min=1, help="Triggered telescopes that an event needs.").tag(
        config=True
    )
    magnetic_field = List(
        Float(),
        default_value=None,
        allow_none=True,
        minlen=3,
        maxlen=3,
        help=(
            "Geomagnetic field to north, west and up in microtesla. Default: that of the site "
            "for telescopes by name, none for a file."
        ),
    ).tag(config=True)
    seed = Int(0, min=0, help="Seed of all random numbers.").tag(config=True)
    obs_id = Int(1, min=1, max=2**31 - 1, help="Observation id; runs of other ids are others.").tag(
        config=True
    )
    progress_bar = Bool(True, help="Show a progress bar.").tag(config=True)

    classes = [ResponseOptions, ImageProcessor, *classes_with_traits(ImageProcessor), DataWriter]

    aliases = {
        ("o", "output"): "SimulateTool.output_path",
        "telescopes": "SimulateTool.telescopes",
        "primary": "SimulateTool.primary",
        "energy-min": "SimulateTool.energy_min",
        "energy-max": "SimulateTool.energy_max",
        "spectral-index": "SimulateTool.spectral_index",
        "altitude": "SimulateTool.altitude",
        "azimuth": "SimulateTool.azimuth",
        "viewcone": "SimulateTool.viewcone",
        "scatter-radius": "SimulateTool.scatter_radius",
        ("n", "n-showers"): "SimulateTool.n_showers",
        "reuse": "SimulateTool.reuse",
        "min-telescopes": "SimulateTool.min_telescopes",
        "seed": "SimulateTool.seed",
        "obs-id": "SimulateTool.obs_id",
    }
    flags = {
        **flag(
            "progress",
            "SimulateTool.progress_bar",
            "show a progress bar during simulation",
            "don't show a progress bar during simulation",
        ),
    }

    def setup(self) -> None:
        """Check everything that was asked for."""
        self._check_output()
        subarray, field, responses = read_telescopes(self.telescopes)
        if self.magnetic_field is not None:
            field = tuple(self.magnetic_field)
        check_field(field)
        responses = ResponseOptions(subarray, parent=self).applied_to(responses)
        thrown = self._thrown(subarray)
        check_run(subarray, thrown, self.primary, self.min_telescopes)
        self._run = RunDescription(subarray, thrown, self.obs_id)
        self._production = Production(
            *(subarray, responses, thrown, self.primary),
            field=np.array(field) * 1e-6,
            min_telescopes=self.min_telescopes,
            seed=self.seed,
            obs_id=self.obs_id,
        )

    def start(self) -> None:
        """Simulate and write under a temporary name."""
        subarray, thrown = self._run.subarray, self._production.thrown
        process = ImageProcessor(subarray=subarray, parent=self)
        self._temporary = temporary_name(self.output_path)
        try:
            with DataWriter(
                event_source=self._run,
                output_path=self._temporary,
                overwrite=True,
                write_dl1_images=True,
                write_dl1_parameters=True,
                parent=self,
            ) as writer:

                def write_event(event: ArrayEventContainer) -> None:
                    process(event)
                    writer(event)

                n_showers, n_events, distribution = write_showers(
                    self._simulated(), thrown, self.obs_id, write_event
                )
                writer.write_simulated_shower_distributions({self.obs_id: distribution})
            if not n_events:
                raise InputError(
                    f"none of {n_showers} showers was recorded, so nothing was written; give more "
                    "showers, higher energies or a smaller scatter_radius"
                )
            if n_showers < self.n_showers:
                correct_number_of_showers(self._temporary, n_showers)
            read_back(self._temporary)
            os.replace(self._temporary, self.output_path)
        except (OSError, tables.HDF5ExtError) as error:
            reason = getattr(error, "strerror", None) or "is the disk full?"
            raise InputError(
                f"{self.output_path}: cannot be written ({reason}); nothing was left"
            ) from error
        finally:
            self._temporary.unlink(missing_ok=True)
        self.log.info("Wrote %d events of %d showers to %s", n_events, n_showers, self.output_path)

    def finish(self) -> None:
        """Tell ctapipe's provenance of the file's real name."""
        Provenance().add_output_file(str(self.output_path), role="DL1/Event")

    def _simulated(self) -> Iterator[SimulatedShower]:
        """Showers with a progress bar, until all are done or Ctrl-C."""
        with (
            first_interrupt() as interrupted,
            tqdm(total=self.n_showers, unit="shower", disable=not self.progress_bar) as progress,
        ):
            for shower in self._production.run():
                yield shower
                progress.update()
                if interrupted():
                    self.log.warning("Interrupted; the file holds the showers so far")
                    return

    def _check_output(self) -> None:
        if self.output_path is None:
            raise InputError("no output: give the DL1 file to write with -o")
        if self.output_path.exists() and not self.overwrite:
            raise InputError(
                f"{self.output_path}: exists; give --overwrite, or another name and --obs-id to "
                "add to a production"
            )
        folder = Path(self.output_path).parent
        if not os.access(folder, os.W_OK):
            raise InputError(f"{folder}: cannot be written to; choose another place with -o")
        if shutil.disk_usage(folder).free < LEAST_ROOM:
            raise InputError(
                f"{folder}: the disk is full; make room, or choose another place with -o"
            )

    def _thrown(self, subarray: SubarrayDescription) -> ThrownDistribution:
        return ThrownDistribution(
            energy_min=self.energy_min.to_value(u.TeV),
            energy_max=self.energy_max.to_value(u.TeV),
            spectral_index=self.spectral_index,
            viewcone_min=0.0,
            viewcone_max=self.viewcone.to_value(u.deg),
            scatter_min=0.0,
            scatter_max=self.scatter_radius.to_value(u.m),
            altitude=self.altitude.to_value(u.rad),
            azimuth=self.azimuth.to_value(u.rad) % (2 * np.pi),
            n_thrown=self.n_showers * self.reuse,
            shower_reuse=self.reuse,
            primary_id=PRIMARIES[self.primary][0],
            site_altitude=subarray.reference_location.geodetic.height.to_value(u.m),
        )


def main() -> None:
    """Run the tool."""
    SimulateTool().run()
