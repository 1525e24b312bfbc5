"""The tutorials in the order in which they are read; other examples are not shown."""

from pathlib import Path

TUTORIALS = [
    "event_source.py",
    "stereo_reconstruction.py",
    "paper_size_mode.py",
    "training.py",
    "validation.py",
    "production.py",
]


def tutorial_order(path):
    """Sort key of the examples; those that are no tutorials come last."""
    name = Path(path).name
    return TUTORIALS.index(name) if name in TUTORIALS else len(TUTORIALS)
