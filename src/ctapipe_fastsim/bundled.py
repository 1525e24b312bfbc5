"""Models that come with the package."""

from importlib.resources import files
from pathlib import Path

from .errors import InputError

__all__ = ["bundled_models", "model_path"]

SUFFIX = ".fastsim.h5"


def bundled_models() -> dict[str, Path]:
    """Paths of the bundled models by name, sorted."""
    folder = Path(str(files("ctapipe_fastsim") / "resources"))
    return {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def model_path(name_or_path: Path | str) -> Path:
    """Path of a bundled model by its name, or of a model file that exists.

    Raises
    ------
    InputError
        When it is neither.
    """
    bundled = bundled_models()
    if str(name_or_path) in bundled:
        return bundled[str(name_or_path)]
    if not Path(name_or_path).exists():
        raise InputError(
            f"{name_or_path}: no such file, nor a bundled model ({', '.join(bundled) or 'none'})"
        )
    return Path(name_or_path)
