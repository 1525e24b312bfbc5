"""Files are written under a name of their own, and moved when they are whole."""

from pathlib import Path
from secrets import token_hex

__all__ = ["temporary_name"]


def temporary_name(path: Path) -> Path:
    """Hidden name beside a file, that no other process takes, on whatever machine it runs."""
    return path.with_name(f".{path.name}.{token_hex(8)}.tmp")
