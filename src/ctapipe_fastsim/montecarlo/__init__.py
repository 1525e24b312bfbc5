"""A small air-shower Monte Carlo, for training data that need no download.

Where things are: air (`atmosphere`), straight steps and turns (`tracking`), particles that
wait for their turn (`stack`), photons and electrons (`electromagnetic`), hadrons and muons
(`hadrons`), light (`cherenkov`), one shower from top to ground (`shower`); telescopes by name
(`telescope_sets`), what they make of light (`telescope_response`, `camera`); many showers on
all cores (`production`), as a ctapipe event source (`source`) and as a file (`dl1_file`).

Inside, lengths are in cm, energies in MeV (total energy of the particle), times in ns, depths
in g/cm2; heights are above sea level, x points north, y west, z up, as in ctapipe's ground
frame. It is a compact model, not a replacement of CORSIKA: see the docstrings of the parts for
what each leaves out.
"""
