"""An `edge.toml` for tests."""

from pathlib import Path

from sukusuku_core.settings import parse
from sukusuku_edge.settings import Edge, EdgeSettings, check

HEAD = """
group = "toshima"
node = "tobu-pi"
primary_host = "sukusuku"
[liveness]
silence = 0
good = 1
changes = 1000
"""

BOARD = """
[[device]]
id = "board"
profile = "sukusuku-retrofit-board"
host = "127.0.0.1"
port = 502
poll = 0.05
timeout = 0.5
"""

EYE = """
[[device]]
id = "eye"
profile = "milesight-vs133"
topic = "application/1/device/eye/event/up"
"""

UNIT = """
[[asset]]
id = "unit-1"
kind = "unit"
source = "simulated"
[[asset.binding]]
metric = "Fill/Percent"
device = "board"
point = "fill_percent"
[[asset.binding]]
metric = "Cycles/Total"
device = "board"
point = "cycle_counter"
[[asset.binding]]
metric = "State"
device = "board"
point = "state"
[[asset.binding]]
metric = "Lid/Open"
device = "board"
point = "lid_open"
[[asset.binding]]
metric = "Info/Serial"
device = "board"
point = "serial"
"""

ROOM = """
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Entries/Total"
device = "eye"
point = "line_1_total_in"
[[asset.binding]]
metric = "Zones/play/Count"
device = "eye"
point = "region_1_count"
"""

WHOLE = HEAD + BOARD + EYE + UNIT + ROOM


def edge(text: str = WHOLE, name: str = "edge.toml") -> Edge:
    """The checked settings of a text. Paths are not resolved."""
    return check(parse(text, EdgeSettings, name), name)


def write(folder: Path, text: str = WHOLE) -> Path:
    """The text as a file."""
    path = folder / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return path
