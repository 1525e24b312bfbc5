"""One sample of images, Monte Carlo or generated, with all that the figures ask of it."""

from dataclasses import dataclass

from ctapipe_fastsim.array_types import BoolArray, Columns, FloatArray, IntArray, Rows

from .image_parameters import survives

__all__ = ["Sample"]


@dataclass(frozen=True)
class Sample:
    """Images of one telescope type, one row each.

    Attributes
    ----------
    charge : (N, P) float32 array, p.e.
    peak_time : (N, P) float32 array, ns
    counts : (N, P) int32 array or None
        True photo-electrons.
    parameters : dict of str to (N,) float array
        Of `image_parameters`; NaN where an image did not survive the cleaning.
    conditions : dict of str to (N,) float array
        Of `condition_values`, and the fields of `ImageGeometry`. Generated images have the
        requested ``size`` (p.e.) as well, if there was one.
    shower : (N,) int array
        Shower number. A generated image bears the number of the shower whose conditions it
        was given; images that were generated at conditions of their own bear numbers that
        the reference does not have.
    """

    charge: FloatArray
    peak_time: FloatArray
    counts: IntArray | None
    parameters: Columns
    conditions: Columns
    shower: IntArray

    def __len__(self) -> int:
        return len(self.charge)

    def __getitem__(self, index: Rows) -> "Sample":
        """The images that an index array, a mask or a slice picks, as a `Sample`."""
        return Sample(
            self.charge[index],
            self.peak_time[index],
            None if self.counts is None else self.counts[index],
            {name: values[index] for name, values in self.parameters.items()},
            {name: values[index] for name, values in self.conditions.items()},
            self.shower[index],
        )

    @property
    def survived(self) -> BoolArray:
        """Which images survived the cleaning, (N,) bool array."""
        return survives(self.parameters)
