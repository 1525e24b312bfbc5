"""Model files give back what was written; whatever is wrong with one is said in one line."""

import hashlib
import json
from dataclasses import asdict, fields, replace

import h5py
import numpy as np
import pytest
import tables
from ctapipe.instrument import SubarrayDescription
from helpers import one_line_refusal, replace_array, resealed

from ctapipe_fastsim.bundled import model_path
from ctapipe_fastsim.conditions import INDICATORS
from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.eventsource import CVAEEventSource
from ctapipe_fastsim.model_file import FORMAT_VERSION, is_model_file, read_model, write_model
from ctapipe_fastsim.network_sizes import NetworkSizes
from ctapipe_fastsim.tools.info import card

TYPE = "telescope_types/type_0"


@pytest.fixture
def tampered(toy_model, tmp_path):
    """Spoil a copy of the model through h5py, and seal it again."""

    def tamper(spoil):
        path = tmp_path / "tampered.fastsim.h5"
        path.write_bytes(resealed(toy_model, "model", spoil))
        return path

    return tamper


@pytest.fixture
def with_header(tampered):
    """Change the header of a copy of the model."""

    def tamper(change):
        def spoil(h5file):
            header = json.loads(bytes(h5file["header"][:]))
            change(header)
            replace_array(h5file, "header", np.frombuffer(json.dumps(header).encode(), np.uint8))

        return tampered(spoil)

    return tamper


def refusal(path, action=read_model):
    """The message with which a model is refused, checked to be one line."""
    return one_line_refusal(lambda: action(path))


def use(path):
    """Everything that is done with a model: its card, thrown showers, images of one size."""
    card(path)
    for options in (dict(n_showers=100), dict(n_showers=3, size=20.0)):
        with CVAEEventSource(path, **options) as source:
            assert sum(len(event.dl1.tel) for event in source) > 0


def same(one, other):
    """Whether two models, or parts of them, are equal to the last bit."""
    if isinstance(one, SubarrayDescription):
        return one == other and str(one) == str(other)
    if hasattr(one, "__dataclass_fields__"):
        pairs = [(getattr(one, f.name), getattr(other, f.name)) for f in fields(one)]
        return type(one) is type(other) and all(same(a, b) for a, b in pairs)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other))
    return np.array_equal(one, other) and np.asarray(one).dtype == np.asarray(other).dtype


@pytest.mark.parametrize("name", ["toy_model", "toy_array_model", "gamma_proton_model"])
def test_what_is_written_is_read(name, request, tmp_path):
    model, digest = read_model(request.getfixturevalue(name))
    write_model(tmp_path / "again.fastsim.h5", model)
    again, digest_of_again = read_model(tmp_path / "again.fastsim.h5")
    assert same(again, model)
    assert len(digest) == len(digest_of_again) == 64


def test_models_are_told_from_other_files(toy_model, toy_file, tmp_path):
    assert is_model_file(toy_model)
    assert not is_model_file(toy_file)
    assert not is_model_file(tmp_path)
    assert not is_model_file(tmp_path / "missing.fastsim.h5")


def test_other_programs_open_the_file(toy_model):
    with h5py.File(toy_model) as h5file:
        header = json.loads(bytes(h5file["header"][:]))
        assert f"{TYPE}/network" in h5file
    assert header["format_version"] == FORMAT_VERSION
    assert "Polyakov" in header["licence"]
    with tables.open_file(toy_model) as h5file:
        assert h5file.root.telescope_types.type_0.training_images.size.read().min() >= 0
    assert SubarrayDescription.from_hdf(toy_model).tel[1].camera.name == "ToyCam"


def test_a_model_of_two_types_holds_both(toy_array_model):
    model, _ = read_model(toy_array_model)
    assert len(model.telescope_types) == 2
    assert model.telescope_types.keys() == {str(kind) for kind in model.subarray.telescope_types}
    use(toy_array_model)


def test_provenance_tells_how_the_model_was_made(model, toy_file):
    provenance = model.provenance
    digest = hashlib.sha256(toy_file.read_bytes()).hexdigest()
    assert provenance["input"] == {"toy.dl1.h5": digest}
    assert "ctapipe-fastsim-train" in provenance["command"]
    assert {"ctapipe", "torch", "ctapipe-fastsim"} <= provenance["versions"].keys()
    assert provenance["seed"] == 0


def test_files_cut_short_are_refused(toy_model, tmp_path):
    content, path = toy_model.read_bytes(), tmp_path / "cut.fastsim.h5"
    for length in (0, 10, 100, 511, 512, 600, 5000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert str(path) in refusal(path)


def test_flipped_bits_are_refused(toy_model, tmp_path):
    content, path = bytearray(toy_model.read_bytes()), tmp_path / "flipped.fastsim.h5"
    for place in (0, 20, 60, *np.linspace(512, len(content) - 1, 10).astype(int)):
        content[place] ^= 4
        path.write_bytes(content)
        assert str(path) in refusal(path)
        content[place] ^= 4


def versions(*numbers):
    """What the first line of model files says of their formats."""
    return [b"model %d " % number for number in numbers]


def test_a_newer_format_is_refused(toy_model, tmp_path):
    path = tmp_path / "newer.fastsim.h5"
    path.write_bytes(toy_model.read_bytes().replace(*versions(FORMAT_VERSION, FORMAT_VERSION + 1)))
    assert f"version {FORMAT_VERSION + 1}" in refusal(path)


def test_another_kind_is_refused(toy_model, toy_file, tmp_path):
    path = tmp_path / "other.fastsim.h5"
    path.write_bytes(toy_model.read_bytes().replace(b" model ", b" thing ", 1))
    assert "not a fastsim model" in refusal(path)
    assert "not a fastsim model" in refusal(toy_file)


def nodes_of(toy_model):
    """Every group and array of the model but the tables of the subarray."""
    names = []
    with h5py.File(toy_model) as h5file:
        h5file.visit(names.append)
    return [name for name in names if not name.startswith("configuration/")]


def test_whatever_is_missing_is_noticed(toy_model, tampered):
    """Every node left out in turn, weights once for each network."""
    seen = set()
    for name in nodes_of(toy_model):
        group = name.rsplit("/", 1)[0]
        if group.endswith(("network", "size_flow", "trigger", "development")):
            if group in seen:
                continue
            seen.add(group)
        if name.endswith(("training_images/x_max", "training_images/h_first_int")):
            continue  # not known for every production
        if "/history/" in name:
            continue  # for people, its entries may change
        path = tampered(lambda h5file, name=name: h5file.__delitem__(name))
        refusal(path, use)


@pytest.mark.parametrize(
    "name",
    [
        "development/hyper__0__weight",
        f"{TYPE}/network/decoder__0__weight",
        f"{TYPE}/size_flow/{{first}}",
        f"{TYPE}/trigger/layers__0__weight",
        f"{TYPE}/response/charge_quantiles",
        f"{TYPE}/response/time_step",
        f"{TYPE}/training_images/energy",
        f"{TYPE}/history/loss",
    ],
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(tampered, name, value):
    found = []

    def spoil(h5file):
        group, last = name.rsplit("/", 1)
        found.append(f"{group}/{last if last in h5file[group] else next(iter(h5file[group]))}")
        array = np.array(h5file[found[0]])
        array.flat[-1] = value
        replace_array(h5file, found[0], array)

    message = refusal(tampered(spoil))
    assert found[0] in message
    assert "not finite" in message


@pytest.mark.parametrize(
    "group",
    [
        f"{TYPE}/response",
        f"{TYPE}/training_images",
        f"{TYPE}/network",
        f"{TYPE}/size_flow",
        f"{TYPE}/trigger",
        "development",
    ],
)
def test_arrays_of_a_wrong_shape_are_refused(toy_model, tampered, group):
    """Every array of the response and the training images, and a weight of each network."""
    with h5py.File(toy_model) as h5file:
        names = [f"{group}/{name}" for name in h5file[group]]
    for name in names if group.endswith(("response", "training_images")) else names[:1]:

        def spoil(h5file, name=name):
            array = np.array(h5file[name])
            replace_array(h5file, name, np.concatenate([array.ravel(), array.ravel()]))

        refusal(tampered(spoil), use)


@pytest.mark.filterwarnings("ignore:problems loading leaf")  # PyTables, of the last
@pytest.mark.parametrize(
    "value", [np.array([b"text"] * 3), np.zeros(3, "c16"), np.zeros(3, [("x", "f8")])]
)
def test_arrays_that_are_no_numbers_are_refused(tampered, value):
    name = f"{TYPE}/network/dark"
    message = refusal(tampered(lambda h5file: replace_array(h5file, name, value)))
    assert name in message


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_header_that_is_no_object_is_refused(tampered, content):
    header = np.frombuffer(content, np.uint8)
    refusal(tampered(lambda h5file: replace_array(h5file, "header", header)))


def first_type(header):
    return next(iter(header["telescope_types"].values()))


@pytest.mark.parametrize(
    "change",
    {
        "no types": lambda h: h.update(telescope_types={}),
        "another type": lambda h: h.update(telescope_types={"LST": first_type(h)}),
        "no thrown showers": lambda h: h.update(thrown=[]),
        "unknown thrown field": lambda h: h["thrown"][0].update(surprise=1),
        "missing thrown field": lambda h: h["thrown"][0].pop("energy_min"),
        "thrown text": lambda h: h["thrown"][0].update(energy_min="low"),
        "thrown NaN": lambda h: h["thrown"][0].update(altitude=float("nan")),
        "no telescopes needed": lambda h: h.update(min_telescopes=0),
        "half a telescope needed": lambda h: h.update(min_telescopes=1.5),
        "no provenance": lambda h: h.pop("provenance"),
        "provenance list": lambda h: h.update(provenance=[]),
        "provenance of no files": lambda h: h["provenance"].update(input=["toy.dl1.h5"]),
        "no conditions": lambda h: first_type(h).pop("conditions"),
        "conditions of other lengths": lambda h: first_type(h)["conditions"]["mean"].pop(),
        "fewer conditions": lambda h: [
            values.pop() for values in first_type(h)["conditions"].values()
        ],
        "unknown condition": lambda h: first_type(h)["conditions"]["names"].__setitem__(0, "odd"),
        "zero spread": lambda h: first_type(h)["conditions"]["standard_deviation"].__setitem__(
            0, 0
        ),
        "NaN mean": lambda h: first_type(h)["conditions"]["mean"].__setitem__(0, float("nan")),
        "text mean": lambda h: first_type(h)["conditions"]["mean"].__setitem__(0, "much"),
        "no size": lambda h: first_type(h).pop("size"),
        "odd size": lambda h: first_type(h)["size"].update(mean=None),
        "unknown network size": lambda h: first_type(h)["network_sizes"].update(surprise=1),
        "other network size": lambda h: first_type(h)["network_sizes"].update(hidden=17),
        "negative network size": lambda h: first_type(h)["network_sizes"].update(hidden=-1),
        "network wider than its weights": lambda h: first_type(h)["network_sizes"].update(
            hidden=2000
        ),
        "more maps than weights": lambda h: first_type(h)["network_sizes"].update(n_u=200),
        "maps of one node": lambda h: first_type(h)["network_sizes"].update(n_u=1),
        "maps of no extent": lambda h: first_type(h)["network_sizes"].update(
            u_min=-1.0, u_max=1.0, u_centre=1e17
        ),
        "huge network size": lambda h: first_type(h)["network_sizes"].update(hidden=10**12),
        "text network size": lambda h: first_type(h)["network_sizes"].update(n_u="many"),
        "no figures": lambda h: first_type(h).update(figures={}),
        "features of another flow": lambda h: [
            values.pop() for values in h["development_features"].values()
        ],
    }.items(),
    ids=lambda item: item[0],
)
def test_a_header_that_makes_no_sense_is_refused(with_header, change):
    refusal(with_header(change[1]), use)


def test_an_unchanged_header_is_accepted(with_header):
    """What the tests above rely on: neither sealing again nor writing the header does harm."""
    use(with_header(lambda header: None))


def test_an_unknown_header_entry_does_no_harm(with_header):
    """Later versions of the same format may add some."""
    read_model(with_header(lambda header: header.update(comment="new")))


def test_the_multiplicity_is_kept_and_one_where_nothing_is_said(with_header):
    """Older models do not say it."""
    kept = read_model(with_header(lambda header: header.update(min_telescopes=2)))[0]
    assert kept.min_telescopes == 2
    assert (
        read_model(with_header(lambda header: header.pop("min_telescopes")))[0].min_telescopes == 1
    )


def test_a_model_that_cannot_be_written_leaves_nothing(model, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_model(tmp_path / "missing" / "model.fastsim.h5", model)
    assert not list(tmp_path.iterdir())


def test_sizes_in_the_header_are_those_of_the_network(model):
    (kind,) = model.telescope_types.values()
    sizes = NetworkSizes(**kind.network_sizes)
    assert asdict(sizes) == kind.network_sizes
    assert sizes.n_conditions == len(kind.conditions.names)
    assert kind.network["decoder.0.weight"].shape[0] == sizes.hidden == 48


@pytest.mark.parametrize(("name", "primary_id"), [("taiga-gamma", 0), ("taiga-proton", 101)])
def test_files_of_one_primary_need_nothing_that_tells_it(name, primary_id):
    """As those written before there could be several: no condition, no column, one table."""
    model, _ = read_model(model_path(name))
    (kind,) = model.telescope_types.values()
    names = (*kind.conditions.names, *kind.trigger_conditions.names)
    assert not {*names, *model.development_conditions.names} & set(INDICATORS)
    assert "primary_id" not in kind.training_images
    assert "logit" in kind.trigger_table
    assert model.primary_ids == (primary_id,)
    assert set(model.image_primaries(kind.training_images)) == {primary_id}
    sizes = kind.training_images["size"]
    assert model.size_range(primary_id) == (sizes.min(), sizes.max())


def test_a_file_of_two_primaries_holds_one_network_that_is_told_which(two_primaries):
    (kind,) = two_primaries.telescope_types.values()
    both = {"is_gamma", "is_proton"}
    for scaling in (kind.conditions, kind.trigger_conditions, two_primaries.development_conditions):
        assert set(scaling.names) & set(INDICATORS) == both
    assert kind.trigger_table.keys() == both
    assert two_primaries.primary_ids == (101, 0)  # more protons were thrown
    use_of = kind.training_images["primary_id"]
    for number in (0, 101):
        sizes = kind.training_images["size"][use_of == number]
        assert two_primaries.size_range(number) == (sizes.min(), sizes.max())


@pytest.mark.parametrize(
    "change",
    [
        lambda images, table: images.pop("primary_id"),
        lambda images, table: images["primary_id"].fill(0),
        lambda images, table: images["primary_id"].__setitem__(0, 402),
        lambda images, table: table.pop("is_gamma"),
        lambda images, table: table.update(is_helium=table["is_gamma"]),
        lambda images, table: table["is_proton"].pop("logit"),
        lambda images, table: [table.update(table.popitem()[1]), table.pop("is_gamma")],
    ],
)
def test_primaries_that_do_not_fit_are_refused(two_primaries, tmp_path, change):
    name, kind = next(iter(two_primaries.telescope_types.items()))
    images = {key: column.copy() for key, column in kind.training_images.items()}
    table = {key: dict(own) for key, own in kind.trigger_table.items()}
    change(images, table)
    spoiled = replace(kind, training_images=images, trigger_table=table)
    path = tmp_path / "spoiled.fastsim.h5"
    write_model(path, replace(two_primaries, telescope_types={name: spoiled}))
    assert str(path) in refusal(path)


@pytest.mark.parametrize("shape", [(3, 1), (1, 5), (4,), (2, 2, 2)])
def test_a_trigger_table_of_another_shape_is_refused(model, tmp_path, shape):
    name, kind = next(iter(model.telescope_types.items()))
    table = {**kind.trigger_table, "logit": np.zeros(shape)}
    path = tmp_path / "spoiled.fastsim.h5"
    kinds = {**model.telescope_types, name: replace(kind, trigger_table=table)}
    write_model(path, replace(model, telescope_types=kinds))
    with pytest.raises(InputError, match="trigger table"):
        read_model(path)


@pytest.mark.parametrize("zenith", [[40, 20], [20, 20], [20, np.nan]])
def test_layers_of_a_trigger_table_are_in_order(model, tmp_path, zenith):
    name, kind = next(iter(model.telescope_types.items()))
    (layer,) = kind.trigger_table["logit"]
    table = {**kind.trigger_table, "zenith": np.array(zenith), "logit": np.stack([layer, layer])}
    path = tmp_path / "spoiled.fastsim.h5"
    kinds = {**model.telescope_types, name: replace(kind, trigger_table=table)}
    write_model(path, replace(model, telescope_types=kinds))
    with pytest.raises(InputError, match="trigger table|finite"):
        read_model(path)
