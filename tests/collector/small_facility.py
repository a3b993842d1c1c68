"""A small facility for the tests of the data path."""

from functools import cache
from pathlib import Path

from sukusuku_core.settings import parse
from sukusuku_server import settings
from sukusuku_server.settings import Facility
from tests.support.databases import migrate_operations

FACILITY = """
[operator]
id = "toshima"
name = {{ja = "豊島区", en = "Toshima"}}

[broker]
port = {port}
keepalive = 5

[[site]]
id = "tobu"
name = {{ja = "東部", en = "Tobu"}}

[[site.unit]]
id = "unit-1"
name = {{ja = "1号機", en = "Unit 1"}}
edge = "tobu-pi"

[[site.unit]]
id = "unit-2"
name = {{ja = "2号機", en = "Unit 2"}}
edge = "seibu-pi"

[[site.room]]
id = "room"
name = {{ja = "一時保育室", en = "Childcare room"}}
edge = "tobu-pi"
capacity = 12

[[site.room.zone]]
id = "eating"
name = {{ja = "食事", en = "eating"}}
capacity = 6

[[site.room]]
id = "plain-room"
name = {{ja = "相談室", en = "Plain room"}}
edge = "tobu-pi"
capacity = 4
"""


@cache
def facility() -> Facility:
    """The facility as values; the broker's port does not matter."""
    return parse(FACILITY.format(port=1883), Facility, "facility.toml")


def facility_file(folder: Path, port: int) -> Path:
    """The facility as a file, with its data beside it."""
    path = folder / "facility.toml"
    path.write_text(FACILITY.format(port=port), encoding="utf-8")
    migrate_operations(folder)
    return path


def facility_in(folder: Path, port: int) -> Facility:
    """The facility as the collector reads it."""
    return settings.read(facility_file(folder, port))
