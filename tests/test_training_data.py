"""What is read for training is what ctapipe's TableLoader holds, or an error in one line."""

import shutil
from dataclasses import fields

import astropy.units as u
import numpy as np
import pytest
import tables
from ctapipe.containers import SimulatedShowerContainer
from ctapipe.coordinates import shower_impact_distance
from ctapipe.core import run_tool
from ctapipe.io import TableLoader
from ctapipe.tools.merge import MergeTool
from helpers import TABLES, one_line_refusal, read_telescopes
from toy_production import toy_subarray, write_toy_production

from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.table_columns import set_columns
from ctapipe_fastsim.training_data import read_production

SMALL = dict(n_showers=12, reuse=3)


@pytest.fixture(scope="module")
def loaded(toy_array_file):
    """Production, and the tables of its telescopes as ctapipe reads them."""
    subarray, telescopes = read_telescopes(toy_array_file)
    return read_production([toy_array_file]), telescopes, subarray


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("productions")


@pytest.fixture(scope="module")
def small_file(folder):
    """File of a single telescope, 12 showers of 3 cores each, as the toy file but for the seed."""
    write_toy_production(folder / "small.h5", **SMALL, seed=5)
    return folder / "small.h5"


@pytest.fixture
def copied(small_file, tmp_path):
    """A copy to spoil."""
    path = tmp_path / "spoiled.h5"
    path.write_bytes(small_file.read_bytes())
    return path


def refusal(*paths):
    """The message with which files are refused, checked to be one line that names the last."""
    return one_line_refusal(lambda: read_production(paths), paths[-1])


def test_every_image_of_the_file_is_there(loaded):
    production, telescopes, subarray = loaded
    assert len(production.images) == 2
    for name, images in production.images.items():
        tel_ids = [i for i, telescope in subarray.tel.items() if str(telescope) == name]
        assert len(images.counts) == sum(len(telescopes[i]) for i in tel_ids) > 0
        assert str(images.telescope) == name


def test_images_are_those_of_the_file(loaded):
    """Pixel values and truth of every image, matched by telescope, energy and core."""
    production, telescopes, subarray = loaded
    for tel_id, table in telescopes.items():
        images = production.images[str(subarray.tel[tel_id])]
        position = subarray.positions[tel_id].to_value(u.m)
        here = np.flatnonzero((images.telescope_position == position).all(axis=1))
        here = here[np.lexsort((images.showers.core_x[here], images.showers.energy[here]))]
        table = table[np.lexsort((table["true_core_x"], table["true_energy"]))]
        for name, column in (
            ("counts", "true_image"),
            ("charge", "image"),
            ("peak_time", "peak_time"),
            ("obs_id", "obs_id"),
        ):
            assert np.array_equal(getattr(images, name)[here], table[column])
        showers = images.showers[here]
        for found, column, unit in (
            (showers.energy, "true_energy", u.TeV),
            (showers.altitude, "true_alt", u.rad),
            (showers.azimuth, "true_az", u.rad),
            (showers.core_x, "true_core_x", u.m),
            (showers.core_y, "true_core_y", u.m),
            (showers.x_max, "true_x_max", u.g / u.cm**2),
            (showers.h_first_int, "true_h_first_int", u.m),
            (images.pointing_altitude[here], "telescope_pointing_altitude", u.rad),
            (images.pointing_azimuth[here], "telescope_pointing_azimuth", u.rad),
        ):
            assert np.allclose(found, table[column].quantity.to_value(unit), rtol=1e-6)
        assert np.array_equal(images.size[here], table["true_image_sum"])


def test_geometry_belongs_to_each_image(loaded):
    """Impact distances are those in the file."""
    production, telescopes, _ = loaded
    found = np.concatenate([i.geometry.impact_distance for i in production.images.values()])
    expected = np.concatenate([t["true_impact_distance"] for t in telescopes.values()])
    assert np.allclose(np.sort(found), np.sort(expected), rtol=1e-5)


def test_geometry_is_that_of_ctapipe_for_single_images(loaded):
    production, _, subarray = loaded
    images = next(iter(production.images.values()))
    for row in (0, len(images.counts) - 1):
        shower = images.showers[row]
        container = SimulatedShowerContainer(
            alt=shower.altitude * u.rad,
            az=shower.azimuth * u.rad,
            core_x=shower.core_x * u.m,
            core_y=shower.core_y * u.m,
        )
        distances = shower_impact_distance(container, subarray).to_value(u.m)
        assert np.abs(distances - images.geometry.impact_distance[row]).min() < 1e-3


def test_thrown_distribution_is_that_of_the_configuration(loaded):
    (thrown,) = loaded[0].thrown
    assert (thrown.n_thrown, thrown.shower_reuse) == (300, 5)
    assert (thrown.energy_min, thrown.energy_max, thrown.spectral_index) == (1, 50, -2)
    assert (thrown.viewcone_min, thrown.viewcone_max) == (0, 1.5)
    assert (thrown.scatter_min, thrown.scatter_max) == (0, 250)
    assert np.degrees([thrown.altitude, thrown.azimuth]) == pytest.approx([70, 180])
    assert (thrown.primary_id, thrown.site_altitude) == (0, pytest.approx(700))


def test_thrown_cores_are_counted_as_in_the_file(toy_array_file, loaded):
    with TableLoader(toy_array_file) as loader:
        histogram = loader.read_shower_distribution()["histogram"][0]
    counts, energy, distance = loaded[0].thrown_histograms[loaded[0].thrown[0]]
    assert np.array_equal(counts, histogram)
    assert counts.sum() == 300
    assert counts.shape == (len(energy) - 1, len(distance) - 1)
    assert energy[[0, -1]] == pytest.approx([1, 50])
    assert distance[[0, -1]] == pytest.approx([0, 250])


def test_all_cores_of_a_shower_have_its_number(toy_file):
    """The toy's event_id tells: shower * 100 + core."""
    with TableLoader(toy_file) as loader:
        events = loader.read_telescope_events(**TABLES)
    (images,) = read_production([toy_file]).images.values()
    shower_of = dict(zip(events["true_energy"].tolist(), events["event_id"] // 100, strict=True))
    expected = np.array([shower_of[energy] for energy in images.showers.energy.tolist()])
    pairs = np.unique(np.stack([expected, images.shower_number]), axis=1)
    assert pairs.shape[1] == len(np.unique(expected)) == len(np.unique(images.shower_number))
    assert len(np.unique(expected)) < 0.7 * len(expected)


def test_all_telescopes_see_a_shower_under_its_number(loaded):
    for images in loaded[0].images.values():
        same_energy = images.showers.energy[:, None] == images.showers.energy
        assert np.array_equal(images.shower_number[:, None] == images.shower_number, same_energy)


def test_two_files_are_joined(small_file, folder):
    path = folder / "second.h5"
    write_toy_production(path, **SMALL, seed=6, obs_id=2)
    parts = [read_production([p]) for p in (small_file, path)]
    joined = read_production([small_file, path])
    name = next(iter(joined.images))
    one, other = (part.images[name] for part in parts)
    for field in ("counts", "charge", "peak_time", "obs_id", "telescope_position"):
        expected = np.concatenate([getattr(one, field), getattr(other, field)])
        assert np.array_equal(getattr(joined.images[name], field), expected)
    for group in ("showers", "geometry"):
        for field in fields(getattr(one, group)):
            pair = [getattr(getattr(part, group), field.name) for part in (one, other)]
            found = getattr(getattr(joined.images[name], group), field.name)
            assert np.array_equal(found, np.concatenate(pair))
    assert [thrown.n_thrown for thrown in joined.thrown] == [72]
    counts = [part.thrown_histograms[part.thrown[0]][0] for part in (*parts, joined)]
    assert np.array_equal(counts[0] + counts[1], counts[2])
    numbers = joined.images[name].shower_number
    assert not set(numbers[: len(one.counts)]) & set(numbers[len(one.counts) :])


def test_files_of_two_pointings_are_two_distributions(small_file, folder):
    path = folder / "north.h5"
    write_toy_production(path, n_showers=20, reuse=3, azimuth_deg=0, zenith_deg=25)
    thrown = read_production([small_file, path]).thrown
    assert [t.n_thrown for t in thrown] == [60, 36]  # most thrown first
    assert np.degrees([t.azimuth for t in thrown]) == pytest.approx([0, 180])
    assert np.degrees([t.altitude for t in thrown]) == pytest.approx([65, 70])


def test_every_run_has_a_histogram_of_its_own(small_file, folder):
    path = folder / "harder.h5"
    write_toy_production(path, **SMALL, energy_range=(3, 100))
    production = read_production([small_file, path])
    assert sorted(t.energy_max for t in production.thrown) == [50, 100]
    for run in production.thrown:
        counts, energy, _ = production.thrown_histograms[run]
        assert counts.sum() == run.n_thrown
        assert energy[-1] == pytest.approx(run.energy_max)


def test_histograms_with_other_edges_are_not_added(small_file, folder):
    path = folder / "coarser.h5"
    shutil.copy(small_file, path)
    with tables.open_file(path, "a") as h5file:
        distribution = h5file.root.simulation.service.shower_distribution
        set_columns(distribution, bins_energy=1.1 * distribution.col("bins_energy"))
    production = read_production([small_file, path])
    assert list(production.thrown_histograms.values()) == [None]


def test_files_without_a_histogram_can_be_read(copied):
    with tables.open_file(copied, "a") as h5file:
        h5file.remove_node("/simulation/service/shower_distribution")
    production = read_production([copied])
    assert list(production.thrown_histograms.values()) == [None]
    assert production.images


def test_the_equivalent_focal_length_stands_in_for_an_unknown_effective_one(tmp_path):
    subarray = toy_subarray()
    subarray.tel[1].optics.effective_focal_length = np.nan * u.m
    write_toy_production(tmp_path / "equivalent.h5", subarray, **SMALL)
    production = read_production([tmp_path / "equivalent.h5"])
    assert production.subarray.tel[1].optics.effective_focal_length == 5 * u.m
    assert production.subarray.tel[1].camera.geometry.frame.focal_length == 5 * u.m
    assert len(next(iter(production.images.values())).counts) > 5


def test_a_missing_file_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "missing.h5")


def test_a_folder_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all\n" * 100])
def test_something_else_than_hdf5_is_refused(tmp_path, content):
    path = tmp_path / "text.h5"
    path.write_bytes(content)
    assert "cannot be read as a ctapipe DL1 file" in refusal(path)


def test_hdf5_without_ctapipe_content_is_refused(tmp_path):
    path = tmp_path / "other.h5"
    with tables.open_file(path, "w") as h5file:
        h5file.create_array("/", "numbers", np.arange(10))
    refusal(path)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.999])
def test_truncated_files_are_refused(copied, share):
    content = copied.read_bytes()
    copied.write_bytes(content[: int(share * len(content))])
    refusal(copied)


@pytest.mark.parametrize(
    "node",
    [
        "/dl1/event/subarray/trigger",
        "/dl1/event/telescope/trigger",
        "/configuration/instrument/subarray/layout",
        "/configuration/instrument/telescope/camera/geometry_0",
        "/simulation/event/telescope/impact",
    ],
)
def test_files_with_a_missing_table_are_refused_or_read(copied, node):
    """Not every table is needed, but then nothing else than an error in one line is raised."""
    with tables.open_file(copied, "a") as h5file:
        h5file.remove_node(node, recursive=True)
    try:
        production = read_production([copied])
    except InputError as error:
        assert "\n" not in str(error)
        assert str(copied) in str(error)
    else:
        assert production.images


def test_files_without_true_images_are_refused(tmp_path):
    path = tmp_path / "no_true_images.h5"
    write_toy_production(path, **SMALL, true_images=False)
    assert "no true images" in refusal(path)


def test_true_images_that_are_not_known_are_refused(copied):
    """simtel files without photo-electrons have them filled with -1."""
    with tables.open_file(copied, "a") as h5file:
        (table,) = h5file.list_nodes("/simulation/event/telescope/images")
        table.cols.true_image[0] = np.full_like(table.cols.true_image[0], -1)
    assert "without true photo-electrons" in refusal(copied)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("/simulation", "no simulated showers"),
        ("/configuration/simulation", "no simulation configuration"),
        ("/dl1/event/telescope/images", "--write-images"),
    ],
)
def test_files_without_simulation_or_images_are_refused(copied, node, message):
    with tables.open_file(copied, "a") as h5file:
        h5file.remove_node(node, recursive=True)
    assert message in refusal(copied)


@pytest.mark.parametrize(
    "node",
    [
        "/dl1/event/subarray/trigger",
        "/simulation/event/subarray/shower",
        "/simulation/event/telescope/images/tel_001",
        "/simulation/event/telescope/impact/tel_001",
        "/dl1/event/telescope/trigger",
        "/configuration/telescope/pointing/tel_001",
    ],
)
def test_events_that_come_twice_are_refused(copied, node):
    """As in a file that was merged with itself."""
    with tables.open_file(copied, "a") as h5file:
        table = h5file.get_node(node)
        table.append(table.read())
    assert f"{node} holds an event or run twice" in refusal(copied)


@pytest.mark.parametrize(("name", "value"), [("true_energy", -1.0), ("true_core_x", np.nan)])
def test_showers_that_are_not_known_are_refused(copied, name, value):
    with tables.open_file(copied, "a") as h5file:
        set_columns(h5file.root.simulation.event.subarray.shower, **{name: value})
    assert "not known" in refusal(copied)


def test_a_refused_file_does_not_stay_open(copied):
    with tables.open_file(copied, "a") as h5file:
        h5file.root.configuration.instrument.subarray.layout.attrs.TAB_VER = "99"
    refusal(copied)
    assert str(copied) not in tables.file._open_files.filenames


def test_an_incomplete_simulation_configuration_is_refused(copied):
    with tables.open_file(copied, "a") as h5file:
        table = h5file.root.configuration.simulation.run
        set_columns(table, max_scatter_range=np.nan)
    assert "scatter_max" in refusal(copied)


def test_files_without_events_are_refused(tmp_path):
    path = tmp_path / "empty.h5"
    write_toy_production(path, n_showers=3, light_yield=0.0)
    refusal(path)


def test_files_whose_event_tables_are_empty_are_refused(copied):
    with tables.open_file(copied, "a") as h5file:
        for table in h5file.walk_nodes("/", "Table"):
            if "/event/" in table._v_pathname:
                table.remove_rows(0)
    assert "no events" in refusal(copied)


def test_another_camera_in_the_second_file_is_refused(small_file, tmp_path):
    path = tmp_path / "other_camera.h5"
    write_toy_production(path, toy_subarray(n_pixels=127), **SMALL)
    assert "one instrument" in refusal(small_file, path)


def test_another_telescope_type_in_the_second_file_is_refused(small_file, toy_array_file):
    assert "OtherCam" in refusal(small_file, toy_array_file)


@pytest.fixture(scope="module")
def proton_file(folder):
    """As `small_file`, of protons of other energies, in another observation."""
    path = folder / "protons.h5"
    options = dict(primary_id=101, energy_range=(3, 100), obs_id=2, n_showers=20, reuse=2)
    write_toy_production(path, **options, seed=5)
    return path


def in_order(images):
    """Pixels, truth and run of every image, sorted by primary and core."""
    order = np.lexsort((images.showers.core_x, images.showers.primary_id))
    showers = images.showers
    columns = images.counts, images.charge, images.obs_id, showers.energy, showers.primary_id
    return [column[order] for column in columns]


def test_each_primary_has_its_own_distribution_and_histogram(small_file, proton_file):
    parts = [read_production([path]) for path in (small_file, proton_file)]
    both = read_production([small_file, proton_file])
    assert [(t.primary_id, t.n_thrown, t.energy_max) for t in both.thrown] == [
        (101, 40, 100),
        (0, 36, 50),
    ]
    for part in parts:
        (run,) = part.thrown
        for one, other in zip(both.thrown_histograms[run], part.thrown_histograms[run]):
            assert np.array_equal(one, other)
    (images,) = both.images.values()
    n_gammas, n_protons = (len(next(iter(part.images.values())).counts) for part in parts)
    assert images.showers.primary_id.tolist() == n_gammas * [0] + n_protons * [101]


def test_merged_primaries_are_read_as_two_files_are(small_file, proton_file, tmp_path):
    path = tmp_path / "merged.h5"
    arguments = [str(small_file), str(proton_file), f"--output={path}"]
    run_tool(MergeTool(), arguments, cwd=tmp_path, raises=True)
    merged, both = read_production([path]), read_production([small_file, proton_file])
    assert merged.thrown == both.thrown
    assert merged.thrown_histograms.keys() == both.thrown_histograms.keys()
    for name, images in both.images.items():
        for one, other in zip(in_order(images), in_order(merged.images[name]), strict=True):
            assert np.array_equal(one, other)


def test_showers_of_two_primaries_are_two_showers(small_file, tmp_path):
    """Even with the same energy and direction, in files of one observation number."""
    path = tmp_path / "same.h5"
    write_toy_production(path, **SMALL, seed=5, primary_id=101)
    alone = next(iter(read_production([small_file]).images.values()))
    both = next(iter(read_production([small_file, path]).images.values()))
    assert len(np.unique(both.shower_number)) == 2 * len(np.unique(alone.shower_number))


def test_several_primaries_in_a_run_are_refused(copied):
    """What was thrown of each is then not known."""
    with tables.open_file(copied, "a") as h5file:
        table = h5file.root.simulation.event.subarray.shower
        primary_id = table.col("true_shower_primary_id")
        primary_id[0] = 101
        set_columns(table, true_shower_primary_id=primary_id)
    assert "2 primaries [0, 101]" in refusal(copied)


def test_a_primary_without_a_name_is_read_alone_only(small_file, tmp_path):
    path = tmp_path / "odd.h5"
    write_toy_production(path, **SMALL, primary_id=-1)
    assert read_production([path]).thrown[0].primary_id == -1
    one_line_refusal(lambda: read_production([small_file, path]), "primary -1", "gamma, electron")


def test_every_telescope_type_needs_images_of_every_primary(toy_array_file, proton_file):
    """Protons that the first type alone has seen."""
    one_line_refusal(
        lambda: read_production([toy_array_file, proton_file]), "no image of proton", "OtherCam"
    )
