"""Numbers of the telescope response that a user wants otherwise, by telescope type."""

from dataclasses import fields, replace
from typing import Any

from ctapipe.core import TelescopeComponent
from ctapipe.core.traits import FloatTelescopeParameter, IntTelescopeParameter

from ..errors import InputError
from .telescope_response import TelescopeResponse

__all__ = ["ResponseOptions"]


def number(help: str) -> FloatTelescopeParameter:
    """A number per telescope, by default that of the telescope's response."""
    return FloatTelescopeParameter(default_value=None, allow_none=True, help=help).tag(config=True)


class ResponseOptions(TelescopeComponent):
    """Changes to the response of telescopes; what is not given stays."""

    photon_efficiency = number("Mirrors, window and collection, times quantum efficiency.")
    optical_spread = number("Gaussian width of the point spread function (deg).")
    night_sky = number("Mean photo-electrons of the night sky in a pixel's charge.")
    single_photoelectron_width = number("Width of the charge of one photo-electron (p.e.).")
    electronics_noise = number("Width of the charge without light (p.e.).")
    trigger_threshold = number("Charge that a pixel needs (p.e.).")
    trigger_multiplicity = IntTelescopeParameter(
        default_value=None,
        allow_none=True,
        help="Pixels above threshold, one and its neighbours, that a trigger needs.",
    ).tag(config=True)

    def applied_to(self, responses: dict[int, TelescopeResponse]) -> dict[int, TelescopeResponse]:
        """Changed responses.

        Parameters
        ----------
        responses : dict of int to TelescopeResponse

        Returns
        -------
        dict of int to TelescopeResponse

        Raises
        ------
        InputError
            When a number is negative.
        """
        return {tel_id: self._applied(tel_id, response) for tel_id, response in responses.items()}

    def _applied(self, tel_id: int, response: TelescopeResponse) -> TelescopeResponse:
        names = [field.name for field in fields(TelescopeResponse)]
        given: dict[str, Any] = {name: _value(getattr(self, name), tel_id) for name in names}
        for name, value in given.items():
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"{name} {value}: give a number that is not negative")
        return replace(response, **{n: v for n, v in given.items() if v is not None})


def _value(option: Any, tel_id: int) -> float | None:
    """What is given for a telescope, None for nothing (ctapipe then raises)."""
    try:
        return option.tel[tel_id]
    except KeyError:
        return None
