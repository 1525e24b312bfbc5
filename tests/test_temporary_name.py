"""Every file that is being written has a hidden name of its own in the same folder."""

from ctapipe_fastsim.temporary_name import temporary_name


def test_names_are_hidden_beside_the_file_and_differ(tmp_path):
    one, other = (temporary_name(tmp_path / "out.dl1.h5") for _ in range(2))
    assert one != other
    for name in (one, other):
        assert name.parent == tmp_path
        assert name.name.startswith(".out.dl1.h5.")
        assert name.suffix == ".tmp"
