import pytest

from ctapipe_fastsim.validation.bootstrap import Estimate
from ctapipe_fastsim.validation.goals import GAMMAS, goals_for

GAMMA, ELECTRON, PROTON, IRON = 0, 1, 101, 5626


@pytest.mark.parametrize("n_telescopes", [1, 4])
def test_more_is_asked_of_gammas_than_of_hadrons(n_telescopes):
    gammas, protons = (goals_for(primary, n_telescopes) for primary in (GAMMA, PROTON))
    assert gammas.auc < protons.auc
    assert gammas.size_bias < protons.size_bias
    assert gammas.survival < protons.survival


def test_more_is_asked_of_one_telescope_than_of_an_array():
    assert goals_for(GAMMA, 1) == GAMMAS
    assert GAMMAS.auc < goals_for(GAMMA, 4).auc
    assert goals_for(PROTON, 1).auc < goals_for(PROTON, 4).auc


def test_electrons_are_asked_what_gammas_are_and_iron_what_protons_are():
    assert goals_for(ELECTRON, 4) == goals_for(GAMMA, 4)
    assert goals_for(IRON, 1) == goals_for(PROTON, 1)


def test_wasserstein_goal_grows_with_the_floor():
    assert GAMMAS.wasserstein(Estimate(0.02, 0.01)) == pytest.approx(0.029)
