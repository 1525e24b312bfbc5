"""Options inside the training range are honoured, others are refused or warned of."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import TOY_THROWN as TRAINED
from helpers import one_line_refusal

from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.thrown_options import check_size, requested_distributions

MODEL = SimpleNamespace(thrown=(TRAINED,))
SIZES = 20, 1000
PROTON = TRAINED.replace(primary_id=101, energy_min=3.0, energy_max=200.0, n_thrown=500)
TWO = SimpleNamespace(thrown=(TRAINED, PROTON))
OUTSIDE = [
    (dict(energy_min=0.5), "1 to 50 TeV"),
    (dict(energy_max=60.0), "1 to 50 TeV"),
    (dict(viewcone_max=2.0), "0 to 1.5 deg"),
    (dict(scatter_max=300.0), "0 to 250 m"),
    (dict(altitude=np.radians(60)), "altitude 70.0 to 70.0 deg"),
    (dict(azimuth=0.0), "azimuth 180.0 deg"),
]
SENSELESS = [
    (dict(energy_min=20.0, energy_max=10.0), "energy_min"),
    (dict(energy_min=10.0, energy_max=10.0), "energy_min"),
    (dict(energy_min=0.0), "energy_min"),
    (dict(energy_min=np.nan), "energ"),
    (dict(energy_max=np.inf), "energ"),
    (dict(viewcone_max=-1.0), "viewcone_radius"),
    (dict(viewcone_max=np.nan), "viewcone_radius"),
    (dict(scatter_max=0.0), "max_scatter_range"),
    (dict(scatter_max=np.nan), "max_scatter_range"),
    (dict(n_thrown=0), "n_showers"),
    (dict(altitude=np.nan), "altitude"),
    (dict(azimuth=np.nan), "azimuth"),
    (dict(spectral_index=np.nan), "spectral_index"),
    (dict(spectral_index=-np.inf), "spectral_index"),
]


def request(extrapolate=False, model=MODEL, **changes):
    (thrown,) = requested_distributions(model, None, changes, extrapolate)
    return thrown


def mixture(weights, model=TWO, **changes):
    return requested_distributions(model, weights, changes, extrapolate=False)


def test_without_options_the_training_distribution_is_thrown():
    assert request() == TRAINED
    assert request(energy_min=None, n_thrown=None, azimuth=None) == TRAINED


@pytest.mark.parametrize(
    "changes",
    [
        dict(energy_min=2.0, energy_max=20.0),
        dict(energy_min=1.0, energy_max=50.0),
        dict(viewcone_max=0.0),
        dict(viewcone_max=0.5, scatter_max=100.0),
        dict(spectral_index=-3.0),
        dict(n_thrown=1),
        dict(n_thrown=10**9),
        dict(altitude=TRAINED.altitude, azimuth=TRAINED.azimuth),
    ],
)
def test_narrower_options_are_taken_as_they_are(changes):
    assert request(**changes) == TRAINED.replace(**changes)


@pytest.mark.parametrize(("changes", "trained"), OUTSIDE)
def test_outside_the_training_range_is_refused(changes, trained):
    one_line_refusal(lambda: request(**changes), trained, "extrapolate")


@pytest.mark.parametrize(("changes", "trained"), OUTSIDE)
def test_extrapolation_warns_and_does_what_was_asked(changes, trained):
    with pytest.warns(UserWarning, match="outside the training range") as caught:
        wanted = request(extrapolate=True, **changes)
    assert wanted == TRAINED.replace(**changes)
    assert len(caught) == 1
    assert trained in str(caught[0].message)


def test_extrapolation_inside_the_range_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        request(extrapolate=True, energy_min=2.0)
        check_size((20, 1000), SIZES, extrapolate=True)


@pytest.mark.parametrize("extrapolate", [False, True])
@pytest.mark.parametrize(("changes", "option"), SENSELESS)
def test_senseless_options_are_refused_even_when_extrapolating(changes, option, extrapolate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one_line_refusal(lambda: request(extrapolate, **changes), option)


def test_rounding_of_units_is_not_outside():
    assert request(energy_min=1 - 1e-9).energy_min == 1 - 1e-9
    assert request(altitude=TRAINED.altitude + np.radians(0.01)).altitude > TRAINED.altitude


def test_altitudes_between_those_of_the_training_are_inside():
    runs = (TRAINED, TRAINED.replace(altitude=np.radians(50)))
    model = SimpleNamespace(thrown=runs)
    assert request(model=model, altitude=np.radians(60)).altitude == np.radians(60)
    with pytest.raises(InputError, match=r"altitude 50\.0 to 70\.0 deg"):
        request(model=model, altitude=np.radians(45))


def test_azimuths_far_from_those_of_the_training_are_outside():
    """North and south do not tell of the east."""
    runs = (TRAINED, TRAINED.replace(azimuth=0.0))
    model = SimpleNamespace(thrown=runs)
    assert request(model=model, azimuth=0.0).azimuth == 0.0
    with pytest.raises(InputError, match=r"azimuth 0\.0, 180\.0 deg"):
        request(model=model, azimuth=np.radians(90))


@pytest.mark.parametrize("azimuth", [350, 0, 20, 99, 181, 330])
def test_azimuths_between_near_ones_of_the_training_are_inside(azimuth):
    runs = [TRAINED.replace(azimuth=np.radians(angle)) for angle in (10, 100, 180, 270, 330)]
    model = SimpleNamespace(thrown=tuple(runs))
    assert request(model=model, azimuth=np.radians(azimuth)).azimuth == np.radians(azimuth)


def test_the_azimuth_of_a_gap_is_outside():
    runs = [TRAINED.replace(azimuth=np.radians(angle)) for angle in (10, 105)]
    model = SimpleNamespace(thrown=tuple(runs))
    for azimuth in (50, 200, 0):
        one_line_refusal(
            lambda a=azimuth: request(model=model, azimuth=np.radians(a)), "azimuth 10"
        )


def test_what_is_thrown_is_that_of_the_nearest_pointing():
    """The pointing thrown most is the default; its number of showers too."""
    low = TRAINED.replace(altitude=np.radians(50), scatter_max=400.0, n_thrown=700)
    model = SimpleNamespace(thrown=(TRAINED, low))
    assert request(model=model) == TRAINED
    assert request(model=model, altitude=low.altitude) == low
    for altitude, nearest in ((57, low), (63, TRAINED)):
        wanted = request(model=model, altitude=np.radians(altitude))
        assert wanted == nearest.replace(altitude=np.radians(altitude))


def test_azimuth_is_compared_on_the_circle():
    model = SimpleNamespace(thrown=(TRAINED.replace(azimuth=0.0),))
    azimuth = np.radians(359.99)
    assert request(model=model, azimuth=azimuth).azimuth == azimuth


def test_range_is_that_of_all_training_runs():
    runs = (TRAINED, TRAINED.replace(energy_max=100.0, viewcone_max=3.0))
    model = SimpleNamespace(thrown=runs)
    assert request(model=model, energy_max=100.0).energy_max == 100.0
    with pytest.raises(InputError, match="1 to 100 TeV"):
        request(model=model, energy_max=101.0)


def test_cone_inside_the_hole_of_the_training_is_refused():
    model = SimpleNamespace(thrown=(TRAINED.replace(viewcone_min=0.5, scatter_min=50.0),))
    with pytest.raises(InputError, match=r"inner radius, 0\.5 deg"):
        request(model=model, viewcone_max=0.2)
    with pytest.raises(InputError, match="inner radius, 50 m"):
        request(model=model, scatter_max=40.0)


def test_dim_showers_must_look_like_trained_ones():
    """Those of 2 TeV at half of the light like ones of 1 TeV."""

    def dim(efficiency, **changes):
        return requested_distributions(MODEL, None, changes, False, photon_efficiency=efficiency)

    assert dim(0.5, energy_min=2.0) == (TRAINED.replace(energy_min=2.0),)
    one_line_refusal(lambda: dim(0.5), "photon_efficiency 0.5", "2 TeV")
    one_line_refusal(lambda: dim(0.4, energy_min=2.4), "2.5 TeV")


def test_the_primary_thrown_most_is_the_default():
    assert mixture(None) == (TRAINED,)
    turned = SimpleNamespace(thrown=(PROTON, TRAINED))
    assert mixture(None, turned) == (PROTON,)


def test_another_primary_has_its_own_distribution():
    assert mixture({"proton": 1.0}) == (PROTON,)
    assert mixture({"proton": 3.0}, energy_max=150.0) == (PROTON.replace(energy_max=150.0),)


def test_a_primary_without_a_name_is_known_by_its_number():
    odd = SimpleNamespace(thrown=(TRAINED.replace(primary_id=-1),))
    assert mixture(None, odd) == mixture({"-1": 1.0}, odd) == odd.thrown


def test_a_mixture_is_thrown_in_proportion():
    """The total is what is asked for, or what the training threw of the chosen primaries."""
    gamma, proton = mixture({"gamma": 1.0, "proton": 10.0}, n_thrown=11_000)
    assert gamma == TRAINED.replace(n_thrown=1000)
    assert proton == PROTON.replace(n_thrown=10_000)
    proton, gamma = mixture({"proton": 1.0, "gamma": 3.0})
    assert (proton.primary_id, proton.n_thrown, gamma.n_thrown) == (101, 500, 1500)
    rounded = mixture({"gamma": 1.0, "proton": 2.0}, n_thrown=100)
    assert [thrown.n_thrown for thrown in rounded] == [33, 67]


def test_options_hold_for_every_primary_and_lie_inside_the_range_of_each():
    for thrown in mixture({"gamma": 1, "proton": 1}, energy_min=4.0, energy_max=40.0):
        assert (thrown.energy_min, thrown.energy_max) == (4, 40)
    one_line_refusal(
        lambda: mixture({"gamma": 1, "proton": 1}, energy_min=2.0), "3 to 200 TeV for proton"
    )
    one_line_refusal(
        lambda: mixture({"gamma": 1, "proton": 1}, energy_max=100.0), "1 to 50 TeV for gamma"
    )


def test_a_mixture_has_one_pointing():
    """That of its first primary, if the others were trained there too."""
    north = SimpleNamespace(thrown=(TRAINED, PROTON.replace(azimuth=0.0)))
    weights = {"gamma": 1.0, "proton": 1.0}
    one_line_refusal(lambda: mixture(weights, north), "azimuth 0.0 deg for proton")
    runs = (TRAINED, PROTON.replace(azimuth=0.0), PROTON.replace(n_thrown=10))
    gamma, proton = mixture(weights, SimpleNamespace(thrown=runs))
    assert proton.azimuth == gamma.azimuth == TRAINED.azimuth


def test_unknown_primaries_are_refused():
    one_line_refusal(lambda: mixture({"iron": 1.0}), "primary iron", "gamma, proton only")
    one_line_refusal(lambda: mixture({"gamma": 1.0, "irn": 1.0}), "primary irn")


def test_too_few_showers_for_a_mixture_are_refused():
    one_line_refusal(lambda: mixture({"gamma": 1, "proton": 10}, n_thrown=5), "n_showers", "gamma")


def test_sizes_are_rounded_to_whole_photoelectrons():
    assert check_size((99.6, 300), SIZES, extrapolate=False) == (100, 300)


@pytest.mark.parametrize("size", [(0, 0), (0, 100), (-5, 100), (300, 100), (0.2, 0.4)])
@pytest.mark.parametrize("extrapolate", [False, True])
def test_senseless_sizes_are_refused(size, extrapolate):
    one_line_refusal(lambda: check_size(size, SIZES, extrapolate), "size", "p.e.")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("extrapolate", [False, True])
def test_sizes_that_are_no_numbers_are_refused(value, extrapolate):
    one_line_refusal(lambda: check_size((100, value), SIZES, extrapolate), "size")


@pytest.mark.parametrize("size", [(19, 100), (100, 1001), (5, 5)])
def test_sizes_outside_the_training_images_are_refused_or_warned_of(size):
    one_line_refusal(lambda: check_size(size, SIZES, extrapolate=False), "20 to 1000 p.e.")
    with pytest.warns(UserWarning, match="20 to 1000 p.e."):
        assert check_size(size, SIZES, extrapolate=True) == size
