"""Primaries are known by the names and numbers that the Monte Carlo writes."""

import pytest

from ctapipe_fastsim.montecarlo.shower import PRIMARIES as SIMULATED
from ctapipe_fastsim.primaries import PRIMARIES, primary_name


@pytest.mark.parametrize("name", SIMULATED)
def test_numbers_are_those_of_the_monte_carlo(name):
    assert PRIMARIES[name] == SIMULATED[name][0]


@pytest.mark.parametrize(
    ("name", "nucleons", "protons"),
    [("carbon", 12, 6), ("nitrogen", 14, 7), ("oxygen", 16, 8), ("silicon", 28, 14)],
)
def test_nuclei_are_numbered_by_nucleons_and_protons(name, nucleons, protons):
    assert PRIMARIES[name] == 100 * nucleons + protons


def test_every_number_gives_its_name():
    assert [primary_name(number) for number in PRIMARIES.values()] == list(PRIMARIES)
    assert primary_name(-1) == "-1"  # a positron, say
