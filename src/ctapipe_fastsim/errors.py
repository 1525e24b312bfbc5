"""The one exception that users see: bad input, said in one line."""

from ctapipe.core import ToolConfigurationError

__all__ = ["InputError"]


class InputError(ToolConfigurationError):
    """Something given by the user cannot be used.

    The message is a single line that says what is wrong, where, and what to do.
    ctapipe's tools print it without a traceback and end with exit code 2.
    """
