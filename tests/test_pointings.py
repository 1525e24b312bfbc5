"""Training at several pointings, generating in between: against a toy production there."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import angular_separation
from conftest import read, train
from ctapipe.core import run_tool
from ctapipe.io import EventSource, HDF5EventSource
from ctapipe.tools.merge import MergeTool
from ctapipe.tools.process import ProcessorTool
from helpers import one_line_refusal
from toy_production import write_toy_production
from traitlets import TraitError

from ctapipe_fastsim import CVAEEventSource, trigger
from ctapipe_fastsim.tools.generate import GenerateTool
from ctapipe_fastsim.training_data import read_production

TRAINED = (10, 30, 50)  # zenith angles, deg
N_SHOWERS = 1500


@pytest.fixture(scope="module")
def zenith_model(tmp_path_factory):
    """Trained on three zenith angles, with an azimuth for each."""
    folder = tmp_path_factory.mktemp("pointings")
    paths = [folder / f"zenith_{zenith}.dl1.h5" for zenith in TRAINED]
    for number, (path, zenith) in enumerate(zip(paths, TRAINED), start=1):
        settings = dict(zenith_deg=zenith, azimuth_deg=90 + zenith, obs_id=number, seed=30 + number)
        write_toy_production(path, n_showers=100 + 10 * (zenith == 30), **settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trigger, "BATCH", 1024)
        patch.setattr(trigger, "STEPS", 1200)
        return train(paths, folder / "zenith.fastsim.h5")


def at(model, zenith, **options):
    options = dict(n_showers=N_SHOWERS, seed=3) | options
    pointing = dict(pointing_altitude=(90 - zenith) * u.deg, pointing_azimuth=(90 + zenith) * u.deg)
    return EventSource(model, **pointing, **options)


def test_zenith_and_azimuth_are_conditions(zenith_model):
    (kind,) = read(zenith_model).telescope_types.values()
    for scaling in (kind.conditions, kind.trigger_conditions):
        assert {"zenith", "azimuth_cosine", "azimuth_sine"} < set(scaling.names)
    model = read(zenith_model)
    assert "zenith" in model.development_conditions.names
    assert len(model.thrown) == 3


def test_the_pointing_thrown_most_is_the_default(zenith_model):
    source = EventSource(zenith_model)
    config = source.simulation_config[1]
    assert config.min_alt == config.max_alt
    assert u.isclose(config.max_alt, 60 * u.deg)
    assert u.isclose(config.max_az, 120 * u.deg)
    assert config.n_showers == 550


@pytest.mark.parametrize("zenith", [20, 40])
def test_as_many_events_are_recorded_in_between_as_simulated_there(zenith_model, zenith, tmp_path):
    """Within 12 % (error 5 %)."""
    settings = dict(zenith_deg=zenith, azimuth_deg=90 + zenith, seed=77)
    simulated = write_toy_production(tmp_path / "toy.h5", n_showers=N_SHOWERS // 5, **settings)
    found = len(at(zenith_model, zenith))
    assert found == pytest.approx(len(simulated.recorded), rel=0.12)


def test_what_is_said_is_what_was_pointed_at(zenith_model):
    source = at(zenith_model, 33, n_showers=100)
    event = next(iter(source))
    for altitude in (
        source.simulation_config[1].max_alt,
        source.observation_blocks[1].subarray_pointing_lat,
        event.monitoring.pointing.array_altitude,
        event.monitoring.tel[1].pointing.altitude,
    ):
        assert u.isclose(altitude, 57 * u.deg)
    assert u.isclose(event.monitoring.tel[1].pointing.azimuth, 123 * u.deg)


LIST = dict(pointing_altitude=[70, 57] * u.deg, pointing_azimuth=[110, 123] * u.deg)


@pytest.fixture(scope="module")
def listed(zenith_model):
    """Two pointings in one source, obs_id 5 and 6, and its events."""
    source = EventSource(zenith_model, **LIST, n_showers=N_SHOWERS, seed=3, obs_id=5)
    return source, list(source)


def test_each_of_several_pointings_is_a_run(listed):
    source, events = listed
    assert list(source.simulation_config) == [5, 6]
    for obs_id, altitude, azimuth in ((5, 70, 110), (6, 57, 123)):
        config, block = source.simulation_config[obs_id], source.observation_blocks[obs_id]
        assert config.n_showers == N_SHOWERS
        assert u.isclose(config.min_alt, altitude * u.deg)
        assert u.isclose(config.max_az, azimuth * u.deg)
        assert u.isclose(block.subarray_pointing_lat, altitude * u.deg)
        run = [event for event in events if event.index.obs_id == obs_id]
        assert len(run) > 100
        for event in run:
            pointing = event.monitoring.tel[1].pointing
            assert u.isclose(pointing.altitude, altitude * u.deg)
            assert u.isclose(pointing.azimuth, azimuth * u.deg)
            shower = event.simulation.shower
            away = angular_separation(shower.az, shower.alt, pointing.azimuth, pointing.altitude)
            assert away < 1.6 * u.deg


def test_several_pointings_are_recorded_as_often_as_each_alone(zenith_model, listed):
    """Within 12 % (error 5 % each)."""
    source, events = listed
    for obs_id, zenith in ((5, 20), (6, 33)):
        alone = len(at(zenith_model, zenith, seed=8))
        found = sum(event.index.obs_id == obs_id for event in events)
        assert found == pytest.approx(alone, rel=0.12)
        histogram = source.simulated_shower_distributions[obs_id].histogram
        assert histogram.sum() == N_SHOWERS


def test_one_azimuth_serves_all_altitudes(zenith_model):
    source = EventSource(zenith_model, pointing_altitude=["70 deg", "1 rad"], n_showers=10)
    runs = source.simulation_config.values()
    assert [run.max_alt.to_value(u.deg) for run in runs] == pytest.approx([70, np.degrees(1)])
    assert len({run.max_az for run in runs}) == 1


def test_pointings_are_given_in_a_configuration_or_on_the_command_line(zenith_model, tmp_path):
    """And ctapipe's own tool writes the pointing of each run."""
    path = tmp_path / "two.dl1.h5"
    argv = [f"-i={zenith_model}", f"-o={path}", "--write-images", "--CVAEEventSource.n_showers=60"]
    argv += ["--CVAEEventSource.pointing_altitude=70 deg, 57 deg"]
    argv += ["--CVAEEventSource.pointing_azimuth=110 deg, 123 deg"]
    assert run_tool(ProcessorTool(), argv, cwd=tmp_path) == 0
    production = read_production([path])
    assert len(production.thrown) == 2
    (images,) = production.images.values()
    altitude = np.degrees(images.pointing_altitude)
    assert np.allclose(altitude, np.where(images.obs_id == 1, 70, 57), atol=0.01)
    assert set(images.obs_id) == {1, 2}


def test_another_number_of_azimuths_is_refused(zenith_model):
    pointing = dict(LIST, pointing_azimuth=[110, 115, 120] * u.deg)
    one_line_refusal(lambda: CVAEEventSource(zenith_model, **pointing), "2 angles", "azimuth 3")


@pytest.mark.parametrize("value", ["70", "70 m", [], [["70 deg"]], "70 deg, x", {"unit": "deg"}])
def test_what_is_no_angle_is_refused(zenith_model, value):
    with pytest.raises(TraitError):
        CVAEEventSource(zenith_model, pointing_altitude=value)


def test_bulk_files_have_one_pointing(zenith_model, tmp_path, capsys):
    argv = [f"-i={zenith_model}", f"-o={tmp_path / 'any.dl1.h5'}", "--n-showers=10"]
    argv += ["--CVAEEventSource.pointing_altitude=70 deg, 57 deg"]
    argv += ["--CVAEEventSource.pointing_azimuth=110 deg, 123 deg"]
    assert run_tool(GenerateTool(), argv, cwd=tmp_path, raises=False) == 2
    assert "ctapipe-merge" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.h5"))


def test_pointings_outside_are_refused_or_warned_of(zenith_model):
    for zenith in (5, 55):
        one_line_refusal(
            lambda z=zenith: CVAEEventSource(zenith_model, pointing_altitude=(90 - z) * u.deg),
            "altitude",
            "extrapolate",
        )
    one_line_refusal(lambda: CVAEEventSource(zenith_model, pointing_azimuth=200 * u.deg), "azimuth")
    with pytest.warns(UserWarning, match="outside the training range"):
        source = CVAEEventSource(zenith_model, pointing_altitude=35 * u.deg, extrapolate=True)
    assert u.isclose(source.simulation_config[1].max_alt, 35 * u.deg)


def test_runs_of_several_pointings_can_be_merged(zenith_model, tmp_path):
    """One after the other, each with an obs_id; the file tells the pointing of each."""
    paths = []
    for obs_id, zenith in ((1, 20), (2, 45)):
        paths.append(tmp_path / f"{obs_id}.dl1.h5")
        options = {
            "obs_id": obs_id,
            "n_showers": 60,
            "pointing_altitude": f"{90 - zenith} deg",
            "pointing_azimuth": f"{90 + zenith} deg",
        }
        argv = [f"-i={zenith_model}", f"-o={paths[-1]}", "--write-images"]
        argv += [f"--CVAEEventSource.{name}={value}" for name, value in options.items()]
        assert run_tool(ProcessorTool(), argv, cwd=tmp_path) == 0
    merged = tmp_path / "merged.dl1.h5"
    run_tool(MergeTool(), [*map(str, paths), f"--output={merged}"], cwd=tmp_path, raises=True)
    with HDF5EventSource(merged) as source:
        altitudes = {
            (
                int(event.index.obs_id),
                round(event.monitoring.tel[1].pointing.altitude.to_value("deg")),
            )
            for event in source
        }
    assert altitudes == {(1, 70), (2, 45)}
