"""What the user wants of the array, checked against what the model was trained on."""

from pathlib import Path

import numpy as np
from ctapipe.instrument import SubarrayDescription

from .errors import InputError
from .layout import read_layout
from .model import Model
from .observing import Observing
from .thrown_options import outside_training

__all__ = ["requested_array", "requested_observing"]

LEAST_EFFICIENCY, BRIGHTEST_SKY = 0.6, 1.5  # see examples/other_conditions.py


def requested_array(
    model: Model, layout: Path | None, allowed_tels: set[int] | None
) -> SubarrayDescription:
    """Subarray to generate.

    Parameters
    ----------
    model : Model
    layout : path or None
        As for `read_layout`; None stands for the array of the training.
    allowed_tels : set of int or None
        Telescopes to keep; None or none for all.

    Returns
    -------
    SubarrayDescription

    Raises
    ------
    InputError
    """
    subarray = model.subarray if layout is None else read_layout(layout, model)
    if not allowed_tels:
        return subarray
    unknown = sorted(allowed_tels - set(subarray.tel))
    if unknown:
        known = ", ".join(map(str, subarray.tel))
        raise InputError(f"allowed_tels {unknown}: the telescopes are {known}")
    return subarray.select_subarray(sorted(allowed_tels))


def requested_observing(
    model: Model, subarray: SubarrayDescription, observing: Observing, extrapolate: bool
) -> Observing:
    """Check how the array shall observe.

    Parameters
    ----------
    model : Model
    subarray : SubarrayDescription
        To generate.
    observing : Observing
        With None for a multiplicity as in training.
    extrapolate : bool
        Warn, rather than refuse, outside the range that was compared with Monte Carlo.

    Returns
    -------
    Observing

    Raises
    ------
    InputError
    """
    multiplicity = observing.min_telescopes or model.min_telescopes
    if multiplicity > len(subarray.tel):
        raise InputError(
            f"min_telescopes {multiplicity}: there are only {len(subarray.tel)} telescopes; "
            "set a smaller one"
        )
    efficiency, sky = observing.photon_efficiency, observing.night_sky
    if not 0 < efficiency <= 1:
        raise InputError(f"photon_efficiency {efficiency:g}: must be above 0 and at most 1")
    if not 1 <= sky < np.inf:
        raise InputError(f"night_sky {sky:g}: must be at least 1")
    if efficiency < LEAST_EFFICIENCY:
        outside_training(
            f"photon_efficiency {efficiency:g}", f"{LEAST_EFFICIENCY:g} to 1", extrapolate
        )
    if sky > BRIGHTEST_SKY:
        outside_training(f"night_sky {sky:g}", f"1 to {BRIGHTEST_SKY:g}", extrapolate)
    return Observing(multiplicity, efficiency, sky)
