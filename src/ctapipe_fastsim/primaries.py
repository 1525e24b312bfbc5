"""Primary particles by name, with the numbers that simulation files have for them."""

__all__ = ["PRIMARIES", "primary_name"]

# of sim_telarray, which ctapipe takes over: 100 A + Z for nuclei
PRIMARIES = {
    "gamma": 0,
    "electron": 1,
    "muon": 2,
    "proton": 101,
    "helium": 402,
    "carbon": 1206,
    "nitrogen": 1407,
    "oxygen": 1608,
    "silicon": 2814,
    "iron": 5626,
}


def primary_name(primary_id: int) -> str:
    """Name of a primary, or its number as text where it has none here."""
    names = {number: name for name, number in PRIMARIES.items()}
    return names.get(primary_id, str(primary_id))
