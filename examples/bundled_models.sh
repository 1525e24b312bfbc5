#!/usr/bin/env bash
# Make the bundled models from nothing: simulate training and test sets, train, validate.
#
#     examples/bundled_models.sh [FOLDER] [MODEL ...]
#
# MODEL is taiga-gamma, taiga-proton, mst-array-gamma or mst-array-proton, by default all of
# them. Two cores take about four hours.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
folder=${1:-bundled-models}
shift || true
models=${*:-taiga-gamma taiga-proton mst-array-gamma mst-array-proton}
mkdir -p "$folder"
cd "$folder"
export OMP_NUM_THREADS=1

make_model() { # name, obs_id, showers to train on, showers to test on, epochs, options
    local name=$1 obs_id=$2 train=$3 test=$4 epochs=$5
    shift 5
    ctapipe-fastsim-simulate -o "$name-train.dl1.h5" --seed 1 --obs-id "$obs_id" \
        -n "$train" --progress "$@"
    ctapipe-fastsim-simulate -o "$name-test.dl1.h5" --seed 1 --obs-id $((obs_id + 1)) \
        -n "$test" --progress "$@"
    ctapipe-fastsim-train -i "$name-train.dl1.h5" -o "$name.fastsim.h5" \
        --epochs "$epochs" --progress
    ctapipe-fastsim-validate --reference "$name-test.dl1.h5" --model "$name.fastsim.h5" \
        -o "$name.html"
    python "$examples/trigger_fraction.py" "$name.fastsim.h5" "$name-test.dl1.h5"
}

mst=(--telescopes mst-array --altitude "70 deg" --scatter-radius "450 m")
for model in $models; do
    case $model in
    taiga-gamma)
        make_model taiga-gamma 1 8500 1500 40 --reuse 20 \
            --energy-min "1 TeV" --energy-max "100 TeV" --viewcone "3 deg"
        ;;
    taiga-proton)
        make_model taiga-proton 3 2287 1050 40 --reuse 25 --primary proton \
            --energy-min "3 TeV" --energy-max "200 TeV" --viewcone "4 deg"
        ;;
    mst-array-gamma)
        make_model mst-array-gamma 11 4000 800 10 "${mst[@]}" \
            --energy-min "0.1 TeV" --energy-max "30 TeV" --viewcone "2.5 deg"
        ;;
    mst-array-proton)
        make_model mst-array-proton 13 5853 1000 5 "${mst[@]}" --primary proton \
            --energy-min "0.3 TeV" --energy-max "100 TeV" --viewcone "4 deg"
        ;;
    *)
        echo "unknown model $model: taiga-gamma, taiga-proton, mst-array-gamma, mst-array-proton" >&2
        exit 2
        ;;
    esac
done
