"""Resolution of ctapipe's HillasReconstructor on a simulated array.

    ctapipe-fastsim-simulate -o mst.dl1.h5 --telescopes mst-array --energy-min "1 TeV" \
        --energy-max "5 TeV" --altitude "70 deg" --viewcone "2 deg" --scatter-radius "200 m" \
        --min-telescopes 2 -n 100
    ctapipe-process -i mst.dl1.h5 -o mst.dl2.h5 --write-showers
    python examples/montecarlo/stereo.py mst.dl2.h5

Prints the distances from the true direction and core that hold 68 % of the events in which all
telescopes see the shower well.
"""

import argparse

import astropy.units as u
import numpy as np
from astropy.coordinates import angular_separation
from ctapipe.io import TableLoader

BRIGHT = 100  # p.e., in every telescope


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("events")
    options = options.parse_args()

    with TableLoader(options.events) as loader:
        events = loader.read_subarray_events(simulated=True, dl2=True)
        n_telescopes = len(loader.subarray.tel)
        images = loader.read_telescope_events(dl1_parameters=True)
    images["bright"] = np.nan_to_num(images["hillas_intensity"]) > BRIGHT
    seen = images.group_by(["obs_id", "event_id"])["obs_id", "event_id", "bright"]
    bright = seen.groups.aggregate(np.sum)
    number = dict(zip(zip(bright["obs_id"], bright["event_id"]), bright["bright"]))
    well = np.array([number[key] for key in zip(events["obs_id"], events["event_id"])])
    prefix = "HillasReconstructor_"
    good = np.asarray(events[f"{prefix}is_valid"]) & (well == n_telescopes)
    events = events[good]
    offset = angular_separation(
        *(u.Quantity(events[f"true_{name}"]).to("rad") for name in ("az", "alt")),
        *(u.Quantity(events[f"{prefix}{name}"]).to("rad") for name in ("az", "alt")),
    ).to_value("deg")
    core = np.hypot(
        *(
            (u.Quantity(events[f"true_core_{a}"]) - u.Quantity(events[f"{prefix}core_{a}"])).to("m")
            for a in "xy"
        )
    ).to_value("m")
    print(f"{len(events)} events with {n_telescopes} telescopes above {BRIGHT} p.e.")
    print(f"68 % of directions within {np.quantile(offset, 0.68):.3f} deg")
    print(f"68 % of cores within {np.quantile(core, 0.68):.1f} m")


if __name__ == "__main__":
    main()
