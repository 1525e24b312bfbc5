#!/usr/bin/env bash
# Train at zenith angles of 10, 25, 40 and 50 deg, and compare with Monte Carlo at 33 deg.
#
#     examples/pointing_in_between.sh [FOLDER] [SHOWERS] [EPOCHS] [OPTIONS ...]
#
# SHOWERS are those of each zenith angle: 180 by default, which takes about half an hour on one busy
# core; 700 gave the figures of docs/arrays.md, in an hour on two busy ones. OPTIONS are for
# ctapipe-fastsim-simulate, such as --telescopes mst-array.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
folder=${1:-pointing-in-between}
showers=${2:-180}
epochs=${3:-25}
shift $(($# < 3 ? $# : 3))
mkdir -p "$folder"
cd "$folder"
export OMP_NUM_THREADS=1

obs_id=0
for zenith in 33 10 50 25 40; do
    obs_id=$((obs_id + 1))
    ctapipe-fastsim-simulate -o "zenith-$zenith.dl1.h5" --altitude "$((90 - zenith)) deg" \
        --seed 3 --obs-id "$obs_id" -n "$showers" --reuse 20 --progress "$@"
done
ctapipe-fastsim-train -i zenith-10.dl1.h5 zenith-25.dl1.h5 zenith-40.dl1.h5 zenith-50.dl1.h5 \
    -o zenith.fastsim.h5 --epochs "$epochs" --progress
ctapipe-fastsim-generate -i zenith.fastsim.h5 -o generated-33.dl1.h5 --parameters \
    --CVAEEventSource.pointing_altitude="57 deg" --n-showers $((20 * showers))
ctapipe-fastsim-validate --reference zenith-33.dl1.h5 --model zenith.fastsim.h5 -o zenith.html
python "$examples/trigger_fraction.py" zenith.fastsim.h5 zenith-33.dl1.h5
