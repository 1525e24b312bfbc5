"""Runs that make no sense are refused in one line; telescopes come by name or from a file."""

from copy import deepcopy

import astropy.units as u
import numpy as np
import pytest
import tables
from astropy.coordinates import EarthLocation
from ctapipe.instrument import SubarrayDescription
from helpers import TOY_THROWN, one_line_refusal
from toy_production import toy_subarray

from ctapipe_fastsim.montecarlo.requested_run import (
    LOWEST_ENERGY,
    check_field,
    check_run,
    read_telescopes,
)
from ctapipe_fastsim.montecarlo.shower import PRIMARIES
from ctapipe_fastsim.montecarlo.telescope_response import TelescopeResponse
from ctapipe_fastsim.montecarlo.telescope_sets import TELESCOPE_SETS


def written(folder, **changes):
    """File of the toy array with something changed."""
    toy = toy_subarray(2)
    arguments = dict(
        name="changed",
        tel_positions=toy.positions,
        tel_descriptions=toy.tel,
        reference_location=toy.reference_location,
    )
    SubarrayDescription(**(arguments | changes)).to_hdf(folder / "array.h5")
    return folder / "array.h5"


def with_optics(**changes):
    """Telescopes of the toy array with other optics."""
    telescope = deepcopy(toy_subarray(1).tel[1])
    for name, value in changes.items():
        setattr(telescope.optics, name, value)
    return {1: telescope, 2: telescope}


def refused_file(path, *parts):
    return one_line_refusal(lambda: read_telescopes(str(path)), *parts)


def refused_run(*parts, primary="gamma", min_telescopes=1, **changes):
    thrown = TOY_THROWN.replace(**changes)
    subarray = toy_subarray(3)
    return one_line_refusal(lambda: check_run(subarray, thrown, primary, min_telescopes), *parts)


@pytest.mark.parametrize("name", TELESCOPE_SETS)
def test_telescopes_are_known_by_name(name):
    subarray, field, responses = read_telescopes(name)
    assert subarray.name == name
    assert field == TELESCOPE_SETS[name].field
    assert responses == dict.fromkeys(subarray.tel, TELESCOPE_SETS[name].response)


def test_a_subarray_written_by_ctapipe_is_taken(tmp_path):
    path = written(tmp_path)
    subarray, field, responses = read_telescopes(str(path))
    assert subarray == SubarrayDescription.from_hdf(path)
    assert field == (0, 0, 0)
    assert responses == {1: TelescopeResponse(), 2: TelescopeResponse()}


def test_a_dl1_file_is_taken(toy_array_file):
    subarray, _, responses = read_telescopes(str(toy_array_file))
    assert list(subarray.tel) == list(responses) == [1, 2, 3]


def test_the_equivalent_focal_length_is_enough(tmp_path):
    telescopes = with_optics(effective_focal_length=np.nan * u.m)
    subarray, _, _ = read_telescopes(str(written(tmp_path, tel_descriptions=telescopes)))
    assert subarray.tel[1].optics.effective_focal_length == 5 * u.m


def test_an_unknown_name_is_refused_with_the_known_ones():
    refused_file("hess", "hess", *TELESCOPE_SETS)


def test_a_folder_is_no_file_of_telescopes(tmp_path):
    refused_file(tmp_path, tmp_path, "neither a file")


def test_a_missing_file_is_refused(tmp_path):
    refused_file(tmp_path / "missing.h5", "missing.h5", "neither a file")


@pytest.mark.parametrize("content", [b"", b"no subarray in here\n" * 50, b"\x89HDF\r\n\x1a\n"])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "other.txt").write_bytes(content)
    refused_file(tmp_path / "other.txt", "other.txt", "no subarray can be read")


def test_an_hdf5_file_without_a_subarray_is_refused(tmp_path):
    with tables.open_file(tmp_path / "empty.h5", "w") as h5file:
        h5file.create_array("/", "numbers", [1, 2, 3])
    refused_file(tmp_path / "empty.h5", "empty.h5", "no subarray can be read")


def test_a_file_without_reference_location_is_refused(tmp_path):
    """ctapipe reads older files that have none as if they were at zero degrees."""
    path = written(tmp_path)
    with tables.open_file(path, "r+") as h5file:
        attributes = h5file.root.configuration.instrument.subarray.layout.attrs
        for axis in "xyz":
            del attributes[f"reference_itrs_{axis}"]
    refused_file(path, "array.h5", "no reference location")


def test_a_subarray_without_reference_location_is_refused(tmp_path, monkeypatch):
    """ctapipe does not write such files, but its other readers make such subarrays."""
    path = written(tmp_path)
    subarray = SubarrayDescription.from_hdf(path)
    subarray.reference_location = None
    monkeypatch.setattr(SubarrayDescription, "from_hdf", lambda *args, **options: subarray)
    refused_file(path, "array.h5", "no reference location")


@pytest.mark.parametrize("length", [np.nan, 0])
def test_a_telescope_without_focal_length_is_refused(tmp_path, length):
    telescopes = with_optics(
        effective_focal_length=length * u.m, equivalent_focal_length=length * u.m
    )
    refused_file(written(tmp_path, tel_descriptions=telescopes), "telescope 1", "focal length")


def test_a_telescope_without_mirror_is_refused(tmp_path):
    telescopes = with_optics(mirror_area=0 * u.m**2)
    refused_file(written(tmp_path, tel_descriptions=telescopes), "telescope 1", "mirror area")


@pytest.mark.parametrize("height", [-3, np.nan])
def test_a_telescope_below_the_ground_is_refused(tmp_path, height):
    positions = {1: [0, 0, 5] * u.m, 2: [50, 0, height] * u.m}
    refused_file(written(tmp_path, tel_positions=positions), "telescope 2", "below the ground")


def test_a_site_at_sea_level_is_taken(tmp_path):
    site = EarthLocation(lon=0 * u.deg, lat=45 * u.deg, height=0 * u.m)
    subarray, _, _ = read_telescopes(str(written(tmp_path, reference_location=site)))
    assert abs(subarray.reference_location.geodetic.height) < 1e-3 * u.m


def test_a_usual_run_is_taken():
    assert check_run(toy_subarray(3), TOY_THROWN, "gamma", 3) is None


def test_limits_are_still_inside():
    thrown = TOY_THROWN.replace(altitude=np.pi / 2, viewcone_max=0, energy_min=1, energy_max=1)
    assert check_run(toy_subarray(1), thrown, "gamma", 1) is None


@pytest.mark.parametrize(
    "changes, part",
    [
        (dict(energy_min=0.0), "energy_min"),
        (dict(energy_min=-1.0), "energy_min"),
        (dict(energy_min=np.nan), "energy_min"),
        (dict(energy_min=60.0), "energy_max"),
        (dict(energy_max=np.inf), "energy_max"),
        (dict(energy_max=np.nan), "energy_max"),
        (dict(spectral_index=np.nan), "spectral_index"),
        (dict(spectral_index=-np.inf), "spectral_index"),
        (dict(spectral_index=1000.0), "spectral_index"),
        (dict(altitude=np.radians(12)), "altitude"),
        (dict(altitude=np.radians(91)), "altitude"),
        (dict(altitude=np.nan), "altitude"),
        (dict(altitude=np.radians(20), viewcone_max=10.0), "viewcone"),
        (dict(azimuth=np.nan), "azimuth"),
        (dict(viewcone_max=-1.0), "viewcone"),
        (dict(viewcone_max=25.0), "viewcone"),
        (dict(viewcone_max=np.nan), "viewcone"),
        (dict(scatter_max=0.0), "scatter_radius"),
        (dict(scatter_max=-5.0), "scatter_radius"),
        (dict(scatter_max=np.inf), "scatter_radius"),
        (dict(scatter_max=np.nan), "scatter_radius"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(changes, part):
    refused_run(part, **changes)


def test_the_viewcone_counts_for_the_lowest_altitude():
    """A shower nearer to the horizon than 11.5 deg would be dropped."""
    thrown = TOY_THROWN.replace(altitude=np.radians(20), viewcone_max=5.0)
    assert check_run(toy_subarray(1), thrown, "gamma", 1) is None
    refused_run("altitude 20 deg", altitude=np.radians(20), viewcone_max=9.0)


def test_more_telescopes_than_there_are_cannot_trigger():
    refused_run("min_telescopes 4", "only 3", min_telescopes=4)


@pytest.mark.parametrize(
    "changes",
    [
        dict(n_thrown=10**7),
        dict(n_thrown=10**9),
        dict(n_thrown=1000, energy_min=2e3, energy_max=2e5),
    ],
)
def test_a_run_of_days_is_refused_with_the_estimate(changes, monkeypatch):
    """Many showers, or a few of more than 2 PeV."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    message = refused_run("days", f"{changes['n_thrown']} showers", **changes)
    assert float(message.split("about ")[1].split(" days")[0]) > 1


def test_twice_the_showers_take_twice_the_time(monkeypatch):
    """And twice the processors half of it."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    days = [
        float(refused_run(n_thrown=n).split("about ")[1].split(" days")[0])
        for n in (10**8, 2 * 10**8)
    ]
    assert days[1] / days[0] == pytest.approx(2, rel=1e-2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    message = refused_run(n_thrown=2 * 10**8)
    assert float(message.split("about ")[1].split(" days")[0]) == pytest.approx(days[0], rel=1e-2)


@pytest.mark.parametrize("primary", PRIMARIES)
def test_energies_too_low_for_the_particle_are_refused(primary):
    lowest = LOWEST_ENERGY[primary]
    refused_run(primary, f"{lowest:g} TeV", primary=primary, energy_min=0.9 * lowest)
    thrown = TOY_THROWN.replace(energy_min=lowest)
    assert check_run(toy_subarray(1), thrown, primary, 1) is None


@pytest.mark.parametrize("field", [(np.nan, 0, 0), (0, np.inf, 0), (0, 20_000, 0)])
def test_fields_that_are_nowhere_on_earth_are_refused(field):
    """NaN made the compiled code end with a segmentation fault."""
    one_line_refusal(lambda: check_field(field), "magnetic_field", "microtesla")


@pytest.mark.parametrize("field", [(0, 0, 0), *(s.field for s in TELESCOPE_SETS.values())])
def test_fields_of_the_earth_are_taken(field):
    assert check_field(field) is None
