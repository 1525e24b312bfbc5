#!/usr/bin/env bash
# Train a model on simulated DL1 files, look at it, and process its events.
#
#     examples/train_your_own.sh [FOLDER] [DL1 FILE ...]
#
# Without files, 200 gamma showers are simulated first and trained on for 8 epochs, which takes two
# minutes on one core and gives a poor model: good ones take tens of thousands of images.
set -euo pipefail
folder=${1:-own-model}
shift || true
mkdir -p "$folder"

files=("$@")
epochs=40
if [ $# -eq 0 ]; then
    files=("$folder/gamma.dl1.h5")
    epochs=8
    ctapipe-fastsim-simulate -o "${files[0]}" --n-showers 200 --reuse 20 --overwrite
fi

ctapipe-fastsim-train -i "${files[@]}" -o "$folder/own.fastsim.h5" --epochs "$epochs" --overwrite
ctapipe-fastsim-info "$folder/own.fastsim.h5"
ctapipe-process -i "$folder/own.fastsim.h5" -o "$folder/generated.dl1.h5" \
    --write-images --max-events 500 --overwrite
