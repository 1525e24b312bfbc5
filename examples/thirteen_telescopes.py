"""Write an array of thirteen telescopes of mst-array: one, six around it and six farther out.

python examples/thirteen_telescopes.py thirteen.h5
"""

import sys

import astropy.units as u
import numpy as np
from ctapipe.instrument import SubarrayDescription

from ctapipe_fastsim.montecarlo.telescope_sets import TELESCOPE_SETS

RINGS = [(0, 1, 0), (120, 6, 0), (240, 6, 30)]  # radius (m), telescopes, angle of the first (deg)


def main():
    four = TELESCOPE_SETS["mst-array"].subarray("mst-array")
    places = [
        radius * np.array([np.cos(angle), np.sin(angle), 0])
        for radius, n, first in RINGS
        for angle in np.radians(first + 360 / n * np.arange(n))
    ]
    tel_ids = range(1, len(places) + 1)
    SubarrayDescription(
        "thirteen",
        {tel_id: place * u.m for tel_id, place in zip(tel_ids, places)},
        dict.fromkeys(tel_ids, four.tel[1]),
        four.reference_location,
    ).to_hdf(sys.argv[1])


if __name__ == "__main__":
    main()
