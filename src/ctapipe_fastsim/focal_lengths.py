"""Telescopes whose effective focal length is not known get one."""

from copy import copy

import numpy as np
from ctapipe.instrument import OpticsDescription, SubarrayDescription, TelescopeDescription

__all__ = ["with_effective_focal_lengths"]


def with_effective_focal_lengths(subarray: SubarrayDescription) -> SubarrayDescription:
    """Take the equivalent focal length for the effective one where only that is known.

    Parameters
    ----------
    subarray : SubarrayDescription
        Left as it is.

    Returns
    -------
    SubarrayDescription
        Every telescope with a finite effective focal length.
    """
    telescopes = {
        tel_id: TelescopeDescription(tel.name, _completed(tel.optics), tel.camera)
        for tel_id, tel in subarray.tel.items()
    }
    return SubarrayDescription(
        subarray.name, subarray.positions, telescopes, subarray.reference_location
    )


def _completed(optics: OpticsDescription) -> OpticsDescription:
    if np.isfinite(optics.effective_focal_length):
        return optics
    completed = copy(optics)
    completed.effective_focal_length = optics.equivalent_focal_length
    return completed
