"""What several tests do: look at refusals, seal and compare files, read tables, make faults."""

import errno
import hashlib
import io
import os

import h5py
import numpy as np
import pytest
from ctapipe.io import TableLoader

from ctapipe_fastsim.errors import InputError
from ctapipe_fastsim.showers import ThrownDistribution

TABLES = dict(dl1_images=True, true_images=True, simulated=True, pointing=True)
TABLES |= dict(dl1_parameters=False, true_parameters=False, dl2=False)
TOY_THROWN = ThrownDistribution(
    energy_min=1.0,
    energy_max=50.0,
    spectral_index=-2.0,
    viewcone_min=0.0,
    viewcone_max=1.5,
    scatter_min=0.0,
    scatter_max=250.0,
    altitude=np.radians(70),
    azimuth=np.radians(180),
    n_thrown=1500,
    shower_reuse=1,
    primary_id=0,
    site_altitude=700.0,
)


def one_line_refusal(action, *parts):
    """The message with which something is refused, checked to be one line that holds the parts."""
    with pytest.raises(InputError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    for part in parts:
        assert str(part) in message
    return message


def seal(content, kind="thing", version=1):
    """Any bytes with a valid seal."""
    digest = hashlib.sha256(content).hexdigest()
    first = f"ctapipe-fastsim {kind} {version} {digest}\n".encode()
    return first.ljust(511) + b"\n" + content


def resealed(path, kind, spoil):
    """Bytes of a sealed file whose content a function spoils through h5py."""
    content = io.BytesIO(path.read_bytes()[512:])
    with h5py.File(content, "r+") as h5file:
        spoil(h5file)
    return seal(content.getvalue(), kind)


def replace_array(h5file, name, value):
    """Put another array in place, with the attributes that PyTables wants."""
    attributes = dict(h5file[name].attrs)
    del h5file[name]
    h5file[name] = value
    h5file[name].attrs.update(attributes)


def same_tree(one, other):
    """Whether nested dictionaries hold the same arrays, in whatever order."""
    if not isinstance(one, dict):
        return np.array_equal(one, other) and one.dtype == np.asarray(other).dtype
    return one.keys() == other.keys() and all(same_tree(one[key], other[key]) for key in one)


def read_telescopes(path):
    """Subarray and the tables of its telescopes as ctapipe reads them."""
    with TableLoader(path) as loader:
        return loader.subarray, loader.read_telescope_events_by_id(**TABLES)


def full_disk(*arguments):
    """In place of a function that writes."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt(*arguments):
    """Ctrl-C, in place of a function."""
    raise KeyboardInterrupt
