"""Numbers of the decoder's maps, for the network that is trained and for compiled reading alike."""

__all__ = [
    "ACROSS_SCALE",
    "FARTHEST",
    "FEWEST_DEGREES",
    "N_COARSE_MAPS",
    "N_DISPLACEMENT",
    "SHIFT",
    "SMALLEST_CLUMP",
    "SMALLEST_SPREAD",
    "TILT",
]

N_COARSE_MAPS = 5
N_DISPLACEMENT = 3
SHIFT, TILT = 0.5, 0.1  # pixel spacings and rad, that a displacement of 1 means
FARTHEST = 20.0  # displacement, in these units
ACROSS_SCALE = 6  # nodes across stand evenly up to about this part of the extent
SMALLEST_CLUMP = 0.02
SMALLEST_SPREAD = 0.02  # ns
FEWEST_DEGREES = 1.0  # of freedom, below which a mean time has no meaning
