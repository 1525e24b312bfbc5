#!/usr/bin/env bash
# Make the bundled models from nothing: simulate training and test sets, train, validate.
#
#     examples/bundled_models.sh [FOLDER] [MODEL ...]
#
# MODEL is taiga-gamma or taiga-proton, by default both. Two cores take about two hours.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
folder=${1:-bundled-models}
shift || true
models=${*:-taiga-gamma taiga-proton}
mkdir -p "$folder"
cd "$folder"
export OMP_NUM_THREADS=1

simulate() { # name, obs_id, showers and cores of the training set, showers of the test set, options
    local name=$1 obs_id=$2 showers=$3 reuse=$4 test_showers=$5
    shift 5
    ctapipe-fastsim-simulate -o "$name.dl1.h5" --seed 1 --obs-id "$obs_id" \
        -n "$showers" --reuse "$reuse" --progress "$@"
    ctapipe-fastsim-simulate -o "$name-test.dl1.h5" --seed 1 --obs-id $((obs_id + 1)) \
        -n "$test_showers" --reuse 10 --progress "$@"
}

for model in $models; do
    case $model in
    taiga-gamma)
        simulate gamma 1 8500 20 740 \
            --energy-min "1 TeV" --energy-max "100 TeV" --viewcone "3 deg"
        ctapipe-fastsim-train -i gamma.dl1.h5 -o taiga-gamma.fastsim.h5 --progress
        validate taiga-gamma.fastsim.h5 gamma-test.dl1.h5
        python "$examples/trigger_fraction.py" taiga-gamma.fastsim.h5 gamma-test.dl1.h5
        ;;
    taiga-proton)
        simulate proton 3 2287 25 500 --primary proton \
            --energy-min "3 TeV" --energy-max "200 TeV" --viewcone "4 deg"
        ctapipe-fastsim-train -i proton.dl1.h5 -o taiga-proton.fastsim.h5 --progress
        validate taiga-proton.fastsim.h5 proton-test.dl1.h5
        python "$examples/trigger_fraction.py" taiga-proton.fastsim.h5 proton-test.dl1.h5
        ;;
    *)
        echo "unknown model $model: give taiga-gamma or taiga-proton" >&2
        exit 2
        ;;
    esac
done
