#!/usr/bin/env bash
# From thrown showers to instrument response functions, on generated events and on Monte Carlo.
#
#     examples/analysis/run.sh [FOLDER] [SHOWERS]
#
# Gammas and protons of the bundled mst-array models, and as many of the package's Monte Carlo
# (SHOWERS, each with ten cores, of each primary, to train on, and half of that to test on),
# go through the same chain of ctapipe tools. compare.py then prints how models trained on either
# judge events of both, and draws the response functions. 400 showers take a quarter of an hour on two
# cores, most of it for the Monte Carlo; for the real thing, take 20000. Files that are there
# already are not made again. The response functions need pyirf (pip install pyirf).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-analysis}
showers=${2:-400}
mkdir -p "$folder"
cd "$folder"
export OMP_NUM_THREADS=1

make() { # file, command that writes it with --output
    local file=$1
    shift
    if [ ! -e "$file" ]; then
        "$@" --output "unfinished-$file" --overwrite
        mv "unfinished-$file" "$file"
    fi
}

tool() { # name, arguments: a ctapipe tool with the settings above
    local name=$1
    shift
    "ctapipe-$name" --log-level ERROR -c "$here/analysis.yaml" "$@"
}

gamma=(--primary gamma --energy-min "0.1 TeV" --energy-max "30 TeV" --viewcone "2.5 deg")
proton=(--primary proton --energy-min "0.3 TeV" --energy-max "100 TeV" --viewcone "4 deg")
mst=(--telescopes mst-array --altitude "70 deg" --scatter-radius "450 m" --reuse 10)
training=$showers test=$((showers / 2))

obs_id=100
for part in training test; do
    for primary in gamma proton; do
        obs_id=$((obs_id + 1))
        options="$primary[@]"
        make "monte-carlo-$primary-$part.dl1.h5" ctapipe-fastsim-simulate \
            --seed 1 --obs-id "$obs_id" -n "${!part}" "${mst[@]}" "${!options}"
        make "generated-$primary-$part.dl1.h5" ctapipe-fastsim-generate \
            -i "$(ctapipe-fastsim-info --path "mst-array-$primary")" \
            --seed 1 --obs-id "$obs_id" --n-showers $((${!part} * 10)) --parameters --no-images
        for source in monte-carlo generated; do
            make "$source-$primary-$part.dl2.h5" tool process -i "$source-$primary-$part.dl1.h5"
        done
    done
done

for source in monte-carlo generated; do
    make "$source-energy.pkl" tool train-energy-regressor -i "$source-gamma-training.dl2.h5"
    for primary in gamma proton; do
        make "$source-$primary-training-energy.dl2.h5" tool apply-models \
            -i "$source-$primary-training.dl2.h5" --reconstructor "$source-energy.pkl"
    done
    make "$source-particle.pkl" tool train-particle-classifier \
        --signal "$source-gamma-training-energy.dl2.h5" \
        --background "$source-proton-training-energy.dl2.h5"
    make "$source-disp.pkl" tool train-disp-reconstructor -i "$source-gamma-training.dl2.h5"
    for events in monte-carlo generated; do
        for primary in gamma proton; do
            make "$events-$primary-by-$source.dl2.h5" tool apply-models \
                -i "$events-$primary-test.dl2.h5" --reconstructor "$source-energy.pkl" \
                --reconstructor "$source-particle.pkl" --reconstructor "$source-disp.pkl"
        done
    done
    files=(--gamma-file "$source-gamma-by-$source.dl2.h5"
        --proton-file "$source-proton-by-$source.dl2.h5")
    make "$source-cuts.fits" tool optimize-event-selection "${files[@]}"
    make "$source-irf.fits" tool compute-irf "${files[@]}" --cuts "$source-cuts.fits" \
        --spatial-selection-applied --do-background
done

python "$here/compare.py" .
