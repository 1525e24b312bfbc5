#!/usr/bin/env bash
# Make the bundled models from nothing: simulate training and test sets, train, validate.
#
#     examples/bundled_models.sh [FOLDER] [MODEL ...]
#
# MODEL is taiga-gamma, taiga-proton, mst-array-gamma or mst-array-proton, by default all of
# them. Two cores take about five hours.
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
folder=${1:-bundled-models}
shift || true
models=${*:-taiga-gamma taiga-proton mst-array-gamma mst-array-proton}
mkdir -p "$folder"
cd "$folder"
export OMP_NUM_THREADS=1

simulate() { # file, run (obs_id:showers:cores of each), options
    local file=$1 obs_id showers reuse
    IFS=: read -r obs_id showers reuse <<< "$2"
    shift 2
    ctapipe-fastsim-simulate -o "$file" --seed 1 --obs-id "$obs_id" -n "$showers" \
        --reuse "$reuse" --progress "$@"
}

make_model() { # name, runs to train on, run to test on, epochs, latents of places, options
    local name=$1 train=$2 test=$3 epochs=$4 places=$5 files=() run
    shift 5
    for run in $train; do
        files+=("$name-train-${run%%:*}.dl1.h5")
        simulate "${files[-1]}" "$run" "$@"
    done
    simulate "$name-test.dl1.h5" "$test" "$@"
    ctapipe-fastsim-train -i "${files[@]}" -o "$name.fastsim.h5" --epochs "$epochs" \
        --local "$places" --progress
    ctapipe-fastsim-validate --reference "$name-test.dl1.h5" --model "$name.fastsim.h5" \
        -o "$name.html"
    python "$examples/trigger_fraction.py" "$name.fastsim.h5" "$name-test.dl1.h5"
}

mst=(--telescopes mst-array --altitude "70 deg" --scatter-radius "450 m")
for model in $models; do
    case $model in
    taiga-gamma)
        make_model taiga-gamma "1:5952:20 41:1700:20 51:11000:10" 42:1300:25 14 0 \
            --energy-min "1 TeV" --energy-max "100 TeV" --viewcone "3 deg"
        ;;
    taiga-proton)
        make_model taiga-proton "3:1246:25 43:422:25" 4:500:40 24 0 --primary proton \
            --energy-min "3 TeV" --energy-max "200 TeV" --viewcone "4 deg"
        ;;
    mst-array-gamma)
        make_model mst-array-gamma "11:4000:10 21:4000:10" 12:800:10 12 0 "${mst[@]}" \
            --energy-min "0.1 TeV" --energy-max "30 TeV" --viewcone "2.5 deg"
        ;;
    mst-array-proton)
        make_model mst-array-proton "13:1509:10 23:3500:10 33:6000:10" 15:4500:2 18 2 "${mst[@]}" \
            --primary proton --energy-min "0.3 TeV" --energy-max "100 TeV" --viewcone "4 deg"
        ;;
    *)
        echo "unknown model $model: taiga-gamma, taiga-proton, mst-array-gamma, mst-array-proton" >&2
        exit 2
        ;;
    esac
done
