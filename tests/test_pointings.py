"""Training at several pointings, generating in between: against a toy production there."""

import astropy.units as u
import pytest
from conftest import read, train
from ctapipe.core import run_tool
from ctapipe.io import EventSource, HDF5EventSource
from ctapipe.tools.merge import MergeTool
from ctapipe.tools.process import ProcessorTool
from helpers import one_line_refusal
from toy_production import write_toy_production

from ctapipe_fastsim import CVAEEventSource, trigger

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
