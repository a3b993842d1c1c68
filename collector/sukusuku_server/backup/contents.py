"""What is in a backup, and where that is on a server."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sukusuku_core import toml_text
from sukusuku_core.errors import ConfigError
from sukusuku_server.settings.operations import OperationsSettings
from sukusuku_server.settings.store import StoreSettings

STORE, OPERATIONS, SETTINGS = "readings.db", "operations.db", "facility.toml"
HISTORY = "facility.history"
"""The versions of the settings before, each a file in this folder."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the data of a facility are. `history` is a folder; there may be none."""

    settings: Path
    history: Path
    store: Path
    operations: Path

    def databases(self) -> Mapping[str, Path]:
        """Return the databases by their names in a backup."""
        return {STORE: self.store, OPERATIONS: self.operations}

    def texts(self) -> Mapping[str, Path]:
        """Return the settings and their history by their names in a backup."""
        versions = sorted(path for path in self.history.glob("[0-9]*") if path.suffix in {".json", ".toml"})
        return {SETTINGS: self.settings} | {f"{HISTORY}/{path.name}": path for path in versions}

    def of(self, name: str) -> Path:
        """Return where a file of a backup belongs."""
        if name.startswith(f"{HISTORY}/"):
            return self.history / name.removeprefix(f"{HISTORY}/")
        return {SETTINGS: self.settings, **self.databases()}[name]

    def all(self) -> list[Path]:
        """Return each of them."""
        return [self.settings, self.history, self.store, self.operations]

    def present(self) -> list[Path]:
        """Return what is there now. The logs of a database belong to it: a new file would take them for its own."""
        logs = [Path(f"{path}{end}") for path in self.databases().values() for end in ("-wal", "-shm")]
        return [path for path in (*self.all(), *logs) if path.exists()]

    def beside(self, end: str) -> Self:
        """Return the same places with something added to each name."""
        return type(self)(*(path.with_name(path.name + end) for path in self.all()))


def places(settings: Path, text: str) -> Places:
    """Return where the settings of this text, at this path, say that data are. Other mistakes in it do not matter.

    Raises ConfigError when the text is no TOML, or the readings or operations data are not in an SQLite file.
    """
    found = toml_text.loads(text)
    readings = found.get("store", {})
    if readings.get("kind") == "postgres":
        raise ConfigError("store.kind: `postgres`: readings there are backed up with pg_dump, see docs/postgres.md")
    store = readings.get("path", StoreSettings().path)
    url = str(found.get("operations", {}).get("url", OperationsSettings().url))
    operations = OperationsSettings(url=url).file
    if operations is None:
        raise ConfigError(
            f"operations.url: {url.partition(':')[0]}: only operations data in an SQLite file can be backed up and "
            "restored. Other database servers have their own tools (PostgreSQL: pg_dump), and a copy of readings.db "
            "beside them is of another moment"
        )
    folder, file = settings.parent, settings.resolve()
    return Places(file, file.with_suffix(".history"), (folder / str(store)).resolve(), (folder / operations).resolve())
