"""A model of several primaries gives each of them, and mixtures that say what was thrown."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import angular_separation
from ctapipe.core import run_tool
from ctapipe.io import EventSeeker, EventSource, TableLoader
from ctapipe.tools.merge import MergeTool
from ctapipe.tools.process import ProcessorTool
from helpers import one_line_refusal
from test_eventsource import all_same, assert_fails_in_one_line, image_sizes, plain, same

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.training_data import read_production

GAMMA, PROTON = 0, 101
N_GAMMAS, N_PROTONS = 120 * 5, 180 * 5  # thrown in the training
MIXTURE = dict(primary="gamma:1,proton:3", n_showers=800)


@pytest.fixture(scope="module")
def mixture(gamma_proton_model):
    return EventSource(gamma_proton_model, **MIXTURE)


@pytest.fixture(scope="module")
def mixed(mixture):
    """Events of the mixture."""
    return list(mixture)


@pytest.fixture(scope="module")
def processed(gamma_proton_model, tmp_path_factory):
    """File of a mixture in observations 4 and 5, ended after 150 events."""
    options = ["--CVAEEventSource.obs_id=4", "--max-events=150", "--write-images"]
    path = tmp_path_factory.mktemp("mixture") / "mixture.h5"
    return process(gamma_proton_model, path, "--CVAEEventSource.primary=gamma:1,proton:3", *options)


def process(input_file, output, *options):
    """Run ctapipe-process and return the output file."""
    argv = [f"--input={input_file}", f"--output={output}", "--no-write-parameters", *options]
    assert run_tool(ProcessorTool(), argv, cwd=output.parent) == 0
    return output


def primaries(events):
    return [event.simulation.shower.shower_primary_id for event in events]


def runs(events):
    return np.array([event.index.obs_id for event in events])


def test_by_default_the_primary_thrown_most_is_thrown_as_in_the_training(gamma_proton_model):
    source = EventSource(gamma_proton_model)
    config = source.simulation_config
    assert list(config) == [1]
    assert config[1].n_showers == N_PROTONS > N_GAMMAS
    assert set(primaries(source)) == {PROTON}


@pytest.mark.parametrize(
    ("name", "number", "n_thrown", "energies"),
    [("gamma", GAMMA, N_GAMMAS, (1, 50)), ("proton", PROTON, N_PROTONS, (3, 100))],
)
def test_one_primary_is_thrown_as_in_its_training(
    gamma_proton_model, name, number, n_thrown, energies
):
    source = EventSource(gamma_proton_model, primary=name, obs_id=7)
    config, distribution = source.simulation_config, source.simulated_shower_distributions
    assert list(config) == list(distribution) == list(source.observation_blocks) == [7]
    assert config[7].n_showers == distribution[7].n_entries == n_thrown
    found = config[7].energy_range_min, config[7].energy_range_max
    assert u.Quantity(found).to_value(u.TeV) == pytest.approx(energies)
    events = list(source)
    assert set(primaries(events)) == {number}
    assert set(runs(events)) == {7}


def test_a_mixture_is_a_run_for_each_primary(mixture, mixed):
    """Every event is of the run of its primary, thrown as in the training of that one."""
    assert list(mixture.simulation_config) == [1, 2]
    assert list(mixture.observation_blocks) == list(mixture.scheduling_blocks) == [1, 2]
    assert mixture.obs_ids == [1, 2]
    assert [config.n_showers for config in mixture.simulation_config.values()] == [200, 600]
    assert [config.max_viewcone_radius for config in mixture.simulation_config.values()] == [
        1.5 * u.deg,
        2.5 * u.deg,
    ]
    numbers = np.array(primaries(mixed))
    assert np.array_equal(numbers == PROTON, runs(mixed) == 2)
    assert set(numbers) == {GAMMA, PROTON}
    for event in mixed:
        config = mixture.simulation_config[int(event.index.obs_id)]
        shower, block = event.simulation.shower, mixture.observation_blocks[event.index.obs_id]
        assert config.energy_range_min * 0.999 < shower.energy < config.energy_range_max * 1.001
        pointing = block.subarray_pointing_lon, block.subarray_pointing_lat
        offset = angular_separation(*pointing, shower.az, shower.alt)
        assert offset < config.max_viewcone_radius + 1e-4 * u.deg


def test_events_of_a_mixture_come_in_random_order(mixed):
    """Runs of equal primaries (Wald and Wolfowitz) within four standard deviations."""
    is_proton = np.array(primaries(mixed)) == PROTON
    n, m = is_proton.sum(), (~is_proton).sum()
    expected = 2 * n * m / (n + m) + 1
    variance = (expected - 1) * (expected - 2) / (n + m - 1)
    found = 1 + np.count_nonzero(np.diff(is_proton))
    assert abs(found - expected) < 4 * np.sqrt(variance)
    assert [event.count for event in mixed] == list(range(len(mixed)))
    assert len({int(event.index.event_id) for event in mixed}) == len(mixed)


@pytest.mark.parametrize("max_events", [1, 40, 10_000])
def test_a_mixture_says_what_was_thrown_up_to_its_last_event(gamma_proton_model, mixed, max_events):
    source = EventSource(gamma_proton_model, max_events=max_events, **MIXTURE)
    events = list(source)
    assert all_same(events, mixed[:max_events])
    thrown = [config.n_showers for config in source.simulation_config.values()]
    distributions = source.simulated_shower_distributions
    assert [d.n_entries for d in distributions.values()] == thrown
    assert [d.histogram.sum() for d in distributions.values()] == thrown
    if max_events < len(mixed):
        assert sum(thrown) == events[-1].index.event_id + 1 < 800
    else:
        assert thrown == [200, 600]


def test_recorded_fractions_of_a_mixture_are_those_of_each_primary(mixed, gamma_proton_files):
    """Within 25 % of the training: some 60 gammas of 200 and 130 protons of 600 are recorded."""
    production = read_production(gamma_proton_files)
    (images,) = production.images.values()
    for number, n_thrown, n_trained in ((GAMMA, 200, N_GAMMAS), (PROTON, 600, N_PROTONS)):
        expected = (images.showers.primary_id == number).sum() / n_trained
        assert primaries(mixed).count(number) / n_thrown == pytest.approx(expected, rel=0.25)


def test_events_of_a_mixture_are_sought(gamma_proton_model, mixed):
    seeker = EventSeeker(EventSource(gamma_proton_model, **MIXTURE))
    for index in (len(mixed) - 1, 3, 60):
        assert same(seeker.get_event_index(index), mixed[index])
        assert same(seeker.get_event_id(mixed[index].index.event_id), mixed[index])


def test_the_same_seed_gives_the_same_mixture(gamma_proton_model, mixture, mixed):
    again = EventSource(gamma_proton_model, primary={"gamma": 2, "proton": 6}, n_showers=800)
    assert all_same(again, mixed)
    assert plain(again.simulation_config) == plain(mixture.simulation_config)


def test_a_mixture_of_sizes_has_images_of_both_primaries(gamma_proton_model, two_primaries):
    """With the truth of a training image of the same primary."""
    source = EventSource(
        gamma_proton_model, primary="gamma:1,proton:2", n_showers=60, size=(30, 200)
    )
    events = list(source)
    assert sorted(primaries(events)) == [GAMMA] * 20 + [PROTON] * 40
    assert [config.n_showers for config in source.simulation_config.values()] == [20, 40]
    (kind,) = two_primaries.telescope_types.values()
    table = kind.training_images
    for event, number in zip(events, primaries(events)):
        energy = event.simulation.shower.energy.to_value(u.TeV)
        assert energy in table["energy"][table["primary_id"] == number]
        assert 30 <= event.simulation.tel[1].true_image_sum <= 200


def test_sizes_of_one_primary(gamma_proton_model):
    events = EventSource(gamma_proton_model, primary="gamma", n_showers=20, size=100)
    assert primaries(events) == [GAMMA] * 20


def test_a_processed_mixture_is_read_back(processed, gamma_proton_model):
    """By ctapipe's event source and its table loader."""
    source = EventSource(gamma_proton_model, obs_id=4, max_events=150, primary="gamma:1,proton:3")
    expected = list(source)
    with EventSource(processed) as reader:
        found = list(reader)
        assert list(reader.obs_ids) == [4, 5]
        config = reader.simulation_config
        assert {i: c.n_showers for i, c in config.items()} == {
            i: c.n_showers for i, c in source.simulation_config.items()
        }
    assert primaries(found) == primaries(expected)
    assert np.array_equal(runs(found), runs(expected))
    for event, other in zip(found, expected):
        image, other_image = event.dl1.tel[1].image, other.dl1.tel[1].image
        assert np.allclose(image, other_image, atol=0.1)  # written in steps
        assert u.isclose(event.simulation.shower.energy, other.simulation.shower.energy)
    with TableLoader(processed) as loader:
        events = loader.read_telescope_events(dl1_images=True, simulated=True, pointing=True)
        distribution = loader.read_shower_distribution()
    assert np.array_equal(events["true_shower_primary_id"] == PROTON, events["obs_id"] == 5)
    assert np.isfinite(events["telescope_pointing_altitude"]).all()
    assert distribution["n_entries"].sum() == expected[-1].index.event_id + 1


def test_a_processed_mixture_can_be_trained_on(processed):
    """What was thrown of each primary is in the file."""
    production = read_production([processed])
    assert {run.primary_id for run in production.thrown} == {GAMMA, PROTON}
    for run in production.thrown:
        counts, *_ = production.thrown_histograms[run]
        assert counts.sum() == run.n_thrown
        assert run.viewcone_max == (2.5 if run.primary_id == PROTON else 1.5)


def test_mixtures_are_merged(processed, gamma_proton_model, tmp_path):
    options = ["--CVAEEventSource.primary=gamma:1,proton:3", "--CVAEEventSource.obs_id=6"]
    options += ["--max-events=20", "--write-images"]
    second = process(gamma_proton_model, tmp_path / "second.h5", *options)
    path = tmp_path / "merged.h5"
    run_tool(MergeTool(), [str(processed), str(second), f"--output={path}"], cwd=tmp_path)
    with TableLoader(path) as loader:
        assert list(loader.read_simulation_configuration()["obs_id"]) == [4, 5, 6, 7]
    assert len(image_sizes(path)) == 170


def test_a_dictionary_of_weights_is_taken_from_yaml(gamma_proton_model, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "CVAEEventSource:\n  primary:\n    gamma: 1\n    proton: 4\n  n_showers: 50\n"
    )
    options = [f"--config={config}", "--write-images"]
    path = process(gamma_proton_model, tmp_path / "yaml.h5", *options)
    with TableLoader(path) as loader:
        assert list(loader.read_simulation_configuration()["n_showers"]) == [10, 40]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("primary=iron", "the model knows proton, gamma only"),
        ("primary=gamma:0,proton:1", "gamma:1,proton:10"),
        ("energy_max=80 TeV --CVAEEventSource.primary=gamma,proton", "1 to 50 TeV for gamma"),
        ("n_showers=1 --CVAEEventSource.primary=gamma,proton", "n_showers"),
    ],
)
def test_ctapipe_process_refuses_bad_mixtures_in_one_line(
    gamma_proton_model, capsys, option, message
):
    first, *more = option.split(" --")
    options = [f"--CVAEEventSource.{first}", *(f"--{other}" for other in more)]
    assert_fails_in_one_line(capsys, f"--input={gamma_proton_model}", *options, message=message)


def test_another_primary_than_the_only_one_is_refused():
    path = model_path("taiga-gamma")
    one_line_refusal(
        lambda: EventSource(path, primary="proton"), "primary proton", "knows gamma only"
    )
    assert set(primaries(EventSource(path, primary="gamma", n_showers=30))) == {GAMMA}
