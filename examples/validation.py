"""
Validate a model
================

Is a model good enough for your analysis? ``ctapipe-fastsim-validate`` compares it with Monte
Carlo of showers that training never saw, always beside the floor: Monte Carlo against Monte Carlo.
"""

# %%
# Monte Carlo that training never saw
# -----------------------------------
# The bundled ``taiga-gamma`` against 300 new showers of the same distribution, another seed. Take
# ten thousand images to publish a number; this many show the way. ::
#
#     ctapipe-fastsim-simulate -o test.dl1.h5 --n-showers 300 --reuse 20 --seed 99

import json
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

folder = Path(tempfile.mkdtemp())
test, report = folder / "test.dl1.h5", folder / "report.html"


def run(*command):
    """Run a command of the shell in the folder."""
    subprocess.run([*map(str, command)], cwd=folder, check=True)


run(
    "ctapipe-fastsim-simulate",
    "-o",
    test,
    "--n-showers",
    300,
    "--reuse",
    20,
    "--seed",
    99,
    "--no-progress",
)

# %%
# The report
# ----------
# One HTML page and all its numbers as JSON beside it. ::
#
#     ctapipe-fastsim-validate --reference test.dl1.h5 --model taiga-gamma -o report.html

run(
    "ctapipe-fastsim-validate",
    "--reference",
    test,
    "--model",
    "taiga-gamma",
    "-o",
    report,
    "--no-progress",
)
(telescope,) = json.loads(report.with_suffix(".json").read_text())["telescopes"].values()
print(telescope["images"])

# %%
# Figures
# -------
# AUC, the area under the ROC curve, is that of a classifier told to tell generated images from
# simulated ones: 0.5 when it cannot. The floor is what it finds between two halves of the Monte
# Carlo. Controls are images spoilt on purpose, so that you see what the tests would find.

print(f"{'':58s}{'value':>8s}{'error':>8s}{'floor':>8s}{'goal':>8s}")
for figure in telescope["figures"]:
    if figure["topic"] == "separability":
        numbers = [figure[key] for key in ("value", "error", "floor", "goal")]
        shown = "".join("       -" if x is None else f"{x:8.3f}" for x in numbers)
        print(f"{figure['name'][:57]:58s}{shown}")

# %%

tested = [figure for figure in telescope["figures"] if figure["topic"] == "separability"]
row = range(len(tested))
figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
for key, label in (("floor", "floor"), ("value", "generated")):
    value = [test[key] for test in tested]
    error = [test["error" if key == "value" else "floor_error"] for test in tested]
    axis.errorbar(value, row, xerr=error, fmt="o", label=label)
axis.set_yticks(row, [test["name"] for test in tested], fontsize=7)
axis.invert_yaxis()
axis.set(xlabel="AUC", xlim=(0.4, 1))
axis.legend()
plt.show()

# %%
# The summary at the top of the report counts goals that are met.

with_goal = [figure for figure in telescope["figures"] if figure["goal"] is not None]
print(sum(figure["passed"] for figure in with_goal), "of", len(with_goal), "goals met")
