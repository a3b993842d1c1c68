"""A facility whose data can be backed up: settings, readings and operations data in one folder."""

from collections.abc import Iterable
from pathlib import Path

from sukusuku_core.model import Reading
from sukusuku_server.backup.contents import Places, places
from sukusuku_server.backup.encryption import BackupKey
from sukusuku_server.backup.repository import Repository
from sukusuku_server.settings.backup import BackupSettings
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility_file

T = 1_796_000_000_000
KEPT = BackupSettings(folder="unused", key_file="unused")


def readings(numbers: Iterable[int]) -> list[Reading]:
    """Readings of one unit, a second apart."""
    return [Reading("unit-1", "Cycles/Total", T + 1000 * n, n) for n in numbers]


def times(store: Path) -> set[int]:
    """The times of all readings in a store."""
    opened = SqliteStore.open_reader(store)
    found = {point.time for point in opened.raw("unit-1", "Cycles/Total", 0, 2**53, 10**6)}
    opened.close()
    return found


def expected(numbers: Iterable[int]) -> set[int]:
    """The times of readings with these numbers."""
    return {T + 1000 * n for n in numbers}


def facility(folder: Path) -> Places:
    """A new facility."""
    folder.mkdir(exist_ok=True)
    path = facility_file(folder, 1883)
    return places(path, path.read_text(encoding="utf-8"))


def repository(folder: Path) -> Repository:
    """A folder of backups, with a key of its own."""
    return Repository(folder / "backups", BackupKey.new())
