"""Constants of nature and of air (Particle Data Group), in MeV, cm, ns, g."""

LIGHT_SPEED = 29.9792458  # cm / ns
FINE_STRUCTURE = 1 / 137.036
ELECTRON_MASS = 0.51099895  # MeV
MUON_MASS = 105.658
PION_MASS = 139.57
NEUTRAL_PION_MASS = 134.977
PROTON_MASS = 938.272
MUON_DECAY_LENGTH = 6.586e4  # c tau, cm
PION_DECAY_LENGTH = 780.45
RADIATION_LENGTH = 36.66  # of air, g / cm2
ELECTRON_CUT = 20.0  # MeV; nowhere in air do electrons below it make Cherenkov light
STEEPEST = -0.2  # particles nearer to the horizon (z component of the direction) are dropped
