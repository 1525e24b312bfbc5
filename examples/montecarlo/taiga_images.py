"""Compare sizes and shapes of TAIGA-IACT gamma images with those of CORSIKA simulations.

    ctapipe-fastsim-simulate -o taiga.dl1.h5 --energy-min "20 TeV" --energy-max "200 TeV" \
        --altitude "55 deg" --viewcone "1 deg" --scatter-radius "450 m" -n 73 --reuse 40
    ctapipe-fastsim-simulate -o taiga2.dl1.h5 --energy-min "60 TeV" --energy-max "200 TeV" \
        --altitude "55 deg" --viewcone "1 deg" --scatter-radius "450 m" -n 60 --reuse 40 --obs-id 9
    python examples/montecarlo/taiga_images.py taiga.dl1.h5 taiga2.dl1.h5

The reference numbers are medians over 5698 published TAIGA-IACT Monte Carlo images (CORSIKA
showers, zenith angles of 30 to 40 deg, cleaning at 14 and 7 p.e.), in bins of impact distance
and energy: size over energy (p.e. per TeV), width and length (deg).
"""

import argparse

import numpy as np
from ctapipe.image import TailcutsImageCleaner, hillas_parameters
from ctapipe.image.hillas import HillasParameterizationError

from ctapipe_fastsim.training_data import read_production

IMPACT = np.array([0, 80, 120, 160, 200, 260, 340, 450])  # m
ENERGY = np.array([20, 60, 200])  # TeV
REFERENCE = {
    "size / E": [
        *((42.9, 52.0), (45.5, 52.8), (43.6, 48.8), (29.4, 30.6)),
        *((15.8, 17.0), (8.5, 9.0), (4.4, 4.2)),
    ],
    "width": [
        *((0.154, 0.186), (0.140, 0.156), (0.124, 0.139), (0.128, 0.146)),
        *((0.131, 0.151), (0.128, 0.148), (0.119, 0.141)),
    ],
    "length": [
        *((0.315, 0.404), (0.342, 0.414), (0.359, 0.468), (0.424, 0.557)),
        *((0.473, 0.580), (0.496, 0.586), (0.465, 0.558)),
    ],
}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("production", nargs="+")
    options = options.parse_args()

    production = read_production(options.production)
    (images,) = production.images.values()
    measured = parameters(production.subarray, images)
    row = np.digitize(images.geometry.impact_distance, IMPACT) - 1
    column = np.digitize(images.showers.energy, ENERGY) - 1
    print("impact (m)   TeV     " + "".join(f"{name:>26s}" for name in REFERENCE) + "   images")
    for i in range(len(IMPACT) - 1):
        for j in range(len(ENERGY) - 1):
            chosen = (row == i) & (column == j) & np.isfinite(measured["width"])
            line = f"{IMPACT[i]:3d}-{IMPACT[i + 1]:3d}   {ENERGY[j]:3d}-{ENERGY[j + 1]:3d}  "
            for name, reference in REFERENCE.items():
                median, expected = np.median(measured[name][chosen]), reference[i][j]
                line += f"  {median:8.3f} {expected:7.3f} {median / expected - 1:+7.1%}"
            print(line, f"{chosen.sum():6d}")


def parameters(subarray, images):
    """Size over energy, width and length of every image; NaN where cleaning leaves nothing."""
    cleaner = TailcutsImageCleaner(
        subarray=subarray,
        picture_threshold_pe=14,
        boundary_threshold_pe=7,
        min_picture_neighbors=1,
    )
    geometry = subarray.tel[1].camera.geometry
    focal_length = geometry.frame.focal_length.to_value("m")
    result = {name: np.full(len(images.charge), np.nan) for name in REFERENCE}
    for i, charge in enumerate(images.charge):
        mask = cleaner(tel_id=1, image=charge)
        if mask.sum() < 4:
            continue
        try:
            hillas = hillas_parameters(geometry[mask], charge[mask])
        except HillasParameterizationError:
            continue
        result["size / E"][i] = hillas.intensity / images.showers.energy[i]
        result["width"][i] = np.degrees(hillas.width.to_value("m") / focal_length)
        result["length"][i] = np.degrees(hillas.length.to_value("m") / focal_length)
    return result


if __name__ == "__main__":
    main()
