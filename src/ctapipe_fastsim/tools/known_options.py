"""Options that a tool does not have are refused; ctapipe's tools go on without them."""

from typing import Any

from ctapipe.core import Tool
from traitlets.config.loader import KVArgParseConfigLoader

from ..errors import InputError

__all__ = ["KnownOptionsTool"]


class KnownOptionsTool(Tool):
    """A `ctapipe.core.Tool` that ends with an error where an option is misspelt."""

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> "_Loader":
        return _Loader(argv, aliases, flags, classes=classes, log=self.log)


class _Loader(KVArgParseConfigLoader):
    def _handle_unrecognized_alias(self, arg: str) -> None:
        raise InputError(f"--{arg.lstrip('-')}: there is no such option; --help lists them")
