"""The one exception that users see: bad input, said in one line."""

from ctapipe.core import ToolConfigurationError

__all__ = ["InputError", "reason"]


class InputError(ToolConfigurationError):
    """Something given by the user cannot be used.

    The message is a single line that says what is wrong, where, and what to do.
    ctapipe's tools print it without a traceback and end with exit code 2.
    """


def reason(error: Exception) -> str:
    """What went wrong, in one line: the last of the message, or the kind of error."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
