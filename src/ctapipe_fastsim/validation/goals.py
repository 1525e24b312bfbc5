"""What is asked of a generator, by what it generates: hadrons and arrays are harder."""

from dataclasses import dataclass

from .bootstrap import Estimate

__all__ = ["GAMMAS", "Goals", "goals_for"]

_ELECTROMAGNETIC = (0, 1)  # CORSIKA's numbers of gammas and electrons, as in ctapipe files


@dataclass(frozen=True)
class Goals:
    """Largest values that pass, of either sign.

    Attributes
    ----------
    auc : float
        Boosted trees with conditions, and the convolutional network.
    floor_factor, floor_margin : float
        A Wasserstein distance over the standard deviation may be this many times its
        floor, and so much more.
    survival : float
        Difference of the fraction of images and pixels that survive cleaning.
    size_bias : float
        Relative difference of the reconstructed size.
    gamma_score : float
        Difference of the mean gamma score.
    """

    auc: float
    floor_factor: float
    floor_margin: float
    survival: float
    size_bias: float
    gamma_score: float = 0.001

    def wasserstein(self, floor: Estimate) -> float:
        """Largest Wasserstein distance, in standard deviations, that passes."""
        return self.floor_factor * floor.value + self.floor_margin


GAMMAS = Goals(0.51, 1.2, 0.005, 0.003, 0.01)
_GAMMAS_ARRAY = Goals(0.52, 1.5, 0.005, 0.003, 0.01)
_HADRONS = Goals(0.52, 2.0, 0.01, 0.01, 0.02)
_HADRONS_ARRAY = Goals(0.54, 2.0, 0.01, 0.01, 0.02)


def goals_for(primary_id: int, n_telescopes: int) -> Goals:
    """Goals for images of a primary, given by its number in ctapipe files, and an array."""
    if primary_id in _ELECTROMAGNETIC:
        return GAMMAS if n_telescopes == 1 else _GAMMAS_ARRAY
    return _HADRONS if n_telescopes == 1 else _HADRONS_ARRAY
