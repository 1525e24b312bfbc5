"""Changes to HDF5 files that only somebody who means harm makes."""

import io
import json
import pickle
import zlib

import h5py
import numpy as np

HUGE = 2**40
MANY = 20_000  # rows; as many squared do not fit into memory
SOMEWHERE_ELSE = "/etc/hostname"
STRANGE_NAMES = [
    "x" * 5000,
    "ö\N{SNOWMAN}",
    " ",
    ".x",
    "a__b",
    "__",
    "\N{RIGHT-TO-LEFT OVERRIDE}n",
    "c\nd",
]
STRANGE_VALUES = [
    np.nan,
    np.inf,
    -1,
    0,
    2**63 - 1,
    -(2**63),
    1e300,
    True,
    "text",
    b"bytes",
    1 + 2j,
    np.zeros(0),
    np.zeros((3, 0, 2)),
    np.zeros((1, 1, 1, 1)),
    np.full(7, np.nan),
    np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
]
JSON_VALUES = [None, True, "x", -1, 0, 1e308, 10**400, [], {}, [[]], {"a": {}}, "\0", [1, 2, 3]]
JSON_TEXTS = [
    "[" * 200_000,
    '{"a":' * 50_000,
    "",
    "null",
    "NaN",
    "9" * 100_000,
    '"\\ud800"',
    "[" + "1," * 100_000 + "1]",
]


class Pickled:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (open, ("unpickled", "w"))


def structured(change):
    """A change of an open h5py file and one of its names, as a change of bytes."""

    def changed(content, rng):
        file = io.BytesIO(content)
        with h5py.File(file, "r+") as h5file:
            names = []
            h5file.visit(names.append)
            change(h5file, names, rng)
        return file.getvalue()

    return changed


def one_of(items, rng):
    """Any of them."""
    return items[rng.integers(len(items))]


def dataset(h5file, names, rng):
    """Name of any dataset that h5py can read, which has not all of PyTables' compression."""
    return one_of([name for name in names if _plain(h5file[name])], rng)


def _plain(node):
    if not isinstance(node, h5py.Dataset):
        return False
    filters = node.id.get_create_plist()
    codes = [filters.get_filter(i)[0] for i in range(filters.get_nfilters())]
    return all(code < h5py.h5z.FILTER_RESERVED for code in codes)


def put(h5file, name, **options):
    """Another dataset in place of one, with its attributes as PyTables wrote them."""
    old = h5file[name]
    del h5file[name]
    copy_attributes(old, h5file.create_dataset(name, **options))


def copy_attributes(old, new):
    """Byte by byte."""
    for name in old.attrs:
        attribute = old.attrs.get_id(name)
        kind, space = attribute.get_type(), attribute.get_space()
        copy = h5py.h5a.create(new.id, name.encode(), kind, space)
        if attribute.shape is not None:
            value = np.empty(attribute.shape, f"V{kind.get_size()}")
            attribute.read(value, kind)
            copy.write(value, kind)


@structured
def remove(h5file, names, rng):
    """A node is missing."""
    del h5file[one_of(names, rng)]


@structured
def strange_value(h5file, names, rng):
    """Another kind or shape of value."""
    put(h5file, dataset(h5file, names, rng), data=one_of(STRANGE_VALUES, rng))


@structured
def other_numbers(h5file, names, rng):
    """The same shape and kind, with numbers that may be anything, in one column of a table."""
    name = dataset(h5file, names, rng)
    data = h5file[name][()]
    column = one_of(data.dtype.names, rng) if data.dtype.names else ...
    old = np.asarray(data[column])
    if old.dtype.kind not in "iufb" or not old.size:
        return
    scale = 10.0 ** rng.integers(-3, 12)
    with np.errstate(all="ignore"):
        numbers = (scale * rng.standard_normal(old.shape)).astype(old.dtype)
    some = rng.random(old.shape) < one_of([0.001, 0.1, 1], rng)
    data = np.array(data)
    data[column] = np.where(some, one_of([numbers, 0 * old, numbers.flat[:1]], rng), old)
    put(h5file, name, data=data)


@structured
def other_kind(h5file, names, rng):
    """The same numbers in another kind."""
    name = dataset(h5file, names, rng)
    if h5file[name].dtype.kind in "iufb":
        kind = one_of(["i1", "u8", "f2", "f4", "i8", ">f8", "?", "c8", "S3"], rng)
        with np.errstate(all="ignore"):
            put(h5file, name, data=h5file[name][()].astype(kind))


@structured
def other_shape(h5file, names, rng):
    """A row or an axis more or less."""
    name = dataset(h5file, names, rng)
    old = h5file[name][()]
    shapes = [lambda a: a[:-1], lambda a: np.repeat(a, 2, axis=0), lambda a: a[None], np.ravel]
    shapes += [lambda a: np.repeat(a[:1], MANY, axis=0), lambda a: a[:0]]
    if np.ndim(old):
        put(h5file, name, data=one_of(shapes, rng)(old))


@structured
def empty_and_huge(h5file, names, rng):
    """Says that it is huge and holds nothing."""
    name = dataset(h5file, names, rng)
    shape = one_of([(HUGE,), (2**20, 2**20), (2**31, 1, 1), (2**28,)], rng)
    put(h5file, name, shape=shape, dtype=one_of(["f8", "u1", "f4"], rng), chunks=True)


@structured
def bomb(h5file, names, rng):
    """Zeros that are small on disk and large in memory."""
    name = dataset(h5file, names, rng)
    shape, chunk = (2**18, 2**11), (2**11, 2**11)
    put(h5file, name, shape=shape, dtype="f8", chunks=chunk, compression="gzip", fillvalue=1.0)
    h5file[name][:2048] = 0


@structured
def strange_chunk(h5file, names, rng):
    """A chunk that unpacks to too much, too little, nothing, or not at all."""
    name = dataset(h5file, names, rng)
    old = h5file[name]
    if not old.size or not old.shape:
        return
    chunks = tuple(map(min, old.chunks or old.shape, old.shape))
    put(h5file, name, shape=old.shape, dtype=old.dtype, chunks=chunks, compression="gzip")
    unpacked = one_of([0, 1, 10**5, 10**6, 10**8], rng)
    packed = one_of([zlib.compress(bytes(int(unpacked))), rng.bytes(99), b"x"], rng)
    first = (0,) * len(old.shape)
    h5file[name].id.write_direct_chunk(first, packed, filter_mask=int(rng.integers(4)))


@structured
def huge_table(h5file, names, rng):
    """A table of rows without end."""
    tables = [n for n in names if isinstance(h5file[n], h5py.Dataset) and h5file[n].dtype.names]
    if tables:
        name = one_of(tables, rng)
        put(h5file, name, shape=(2**33,), maxshape=(None,), dtype=h5file[name].dtype, chunks=(64,))


@structured
def deep_groups(h5file, names, rng):
    """Groups in groups in groups."""
    group = h5file[one_of(["/", *names], rng)]
    group = group if isinstance(group, h5py.Group) else group.parent
    for _ in range(1500):
        group = group.create_group("g")


@structured
def many_nodes(h5file, names, rng):
    """Three thousand groups beside each other."""
    for i in range(3000):
        h5file.create_group(f"many/{i}")


@structured
def strange_link(h5file, names, rng):
    """A link out of the file, to nothing, to itself, or to a parent."""
    group = h5file[one_of(["/", *names], rng)]
    group = group if isinstance(group, h5py.Group) else group.parent
    name = one_of(list(group) or ["x"], rng)
    link = one_of(
        [
            h5py.ExternalLink(SOMEWHERE_ELSE, "/"),
            h5py.ExternalLink("mutated.h5", "/"),
            h5py.SoftLink("/nowhere"),
            h5py.SoftLink(f"{group.name}/{name}"),
            h5py.SoftLink("/"),
            h5file["/"],
            group,
        ],
        rng,
    )
    if name in group:
        del group[name]
    group[name] = link


@structured
def elsewhere(h5file, names, rng):
    """Data that lie in another file."""
    name = dataset(h5file, names, rng)
    if rng.random() < 0.5:
        external = [(SOMEWHERE_ELSE, 0, 8)]
        return put(h5file, name, shape=(1,), dtype="f8", external=external)
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource(SOMEWHERE_ELSE, "data", shape=(4,))
    old = h5file[name]
    del h5file[name]
    copy_attributes(old, h5file.create_virtual_dataset(name, layout))


@structured
def strange_name(h5file, names, rng):
    """A name that nobody gives."""
    name = one_of(names, rng)
    parent = h5file[name].parent
    parent.move(name.rsplit("/", 1)[-1], one_of(STRANGE_NAMES, rng))


@structured
def strange_attribute(h5file, names, rng):
    """An attribute of another kind, or one that runs code."""
    node = h5file[one_of(["/", *names], rng)]
    name = one_of([*node.attrs, "CLASS", "TITLE", "VERSION", "FIELD_0_NAME", "new"], rng)
    pickled = np.bytes_(pickle.dumps(Pickled(), protocol=0))
    value = one_of([pickled, *STRANGE_VALUES, "y" * 60_000, h5file.ref], rng)
    node.attrs.pop(name, None)
    if rng.random() < 0.1:  # text of any length that nobody wrote
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(h5py.h5t.VARIABLE)
        h5py.h5a.create(node.id, name.encode(), kind, h5py.h5s.create(h5py.h5s.SCALAR))
        return
    try:
        node.attrs[name] = value
    except (OSError, TypeError, ValueError):  # too large, or not for HDF5
        node.attrs["PYTABLES_FORMAT_VERSION"] = pickled


@structured
def strange_type(h5file, names, rng):
    """References, texts of any length, arrays within, enumerations."""
    kind = one_of(
        [
            h5py.ref_dtype,
            h5py.regionref_dtype,
            h5py.string_dtype(),
            h5py.vlen_dtype(np.float64),
            h5py.enum_dtype({"A": 1, "B": 2}),
            np.dtype(("f8", (50, 50))),
            np.dtype("V16"),
        ],
        rng,
    )
    put(h5file, dataset(h5file, names, rng), shape=one_of([(), (3,)], rng), dtype=kind)


@structured
def strange_header(h5file, names, rng):
    """JSON in which one entry is something else; or no JSON."""
    if "header" not in h5file:
        return
    if rng.random() < 0.2:
        text = one_of(JSON_TEXTS, rng)
    else:
        header = json.loads(bytes(h5file["header"][:]))
        parent, key = one_of(list(_entries(header)), rng)
        match rng.integers(3):
            case 0:
                del parent[key]
            case 1:
                parent[key] = one_of(JSON_VALUES, rng)
            case 2 if isinstance(parent[key], int | float):
                parent[key] *= one_of([-1, 1e-12, 1e12, float("nan"), 10**30], rng)
        text = json.dumps(header)
    put(h5file, "header", data=np.frombuffer(text.encode("utf-8", "replace"), np.uint8))


def _entries(value):
    """All places in nested dictionaries and lists: container and key."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in items:
        yield value, key
        if isinstance(entry, dict | list):
            yield from _entries(entry)


STRUCTURED = [
    *(remove, strange_value, other_numbers, other_kind, other_shape, empty_and_huge, bomb),
    *(strange_chunk, other_shape),
    *(huge_table, deep_groups, many_nodes, strange_link, elsewhere, strange_name),
    *(strange_attribute, strange_type, strange_header, other_numbers, strange_header),
]
