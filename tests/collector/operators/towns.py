"""Operators in a folder, each with two units, over one broker and one PostgreSQL or SQLite files."""

from collections.abc import Sequence
from pathlib import Path

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import BEGIN
from tests.support.postgres import PostgresServer

UNIT = {"Fill/Percent": DataType.DOUBLE}
FACILITY = """
host_id = "{town}-host"

[operator]
id = "{town}"
name = {{ja = "{town}", en = "{town}"}}

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
"""
SHARED = """
[operations]
url = "{operations}"
schema = "{town}"
lease_seconds = {seconds}

[store]
kind = "postgres"

[store.postgres]
url = "{readings}"
schema = "{town}_readings"
"""


def town(folder: Path, name: str, port: int, more: str = "") -> Path:
    """Write the settings of an operator. Return the file."""
    file = folder / name / "facility.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(FACILITY.format(town=name, port=port) + more, encoding="utf-8")
    return file


class OneDatabase:
    """Operators that share a database."""

    def __init__(self, postgres: PostgresServer) -> None:
        self.url = postgres.operations()
        self.readings = self.url.replace("+psycopg", "")

    def settings(self, name: str, seconds: float = 2.0) -> str:
        return SHARED.format(operations=self.url, readings=self.readings, town=name, seconds=seconds)

    def towns(self, folder: Path, names: Sequence[str], port: int) -> list[Path]:
        return [town(folder, name, port, self.settings(name)) for name in names]


def edge(name: str, port: int) -> FakeEdge:
    """The edge node of an operator."""
    return FakeEdge(port, {"unit-1": UNIT}, operator=name, host_id=f"{name}-host")


def level(number: int) -> list[Reading]:
    """A reading, another one for each number."""
    return [Reading("unit-1", "Fill/Percent", BEGIN + number * MINUTE_MS, float(number % 100))]
