"""Looks at this computer. Nothing is changed: databases are opened to be read."""

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from importlib import metadata
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Row, Select, create_engine, func, or_, select
from sqlalchemy.exc import DBAPIError

from sukusuku_api.reports.pdf import MissingError, library
from sukusuku_cli.doctor.computer import FileSeen, StoreSeen
from sukusuku_collector.clock.machine import ThisMachine
from sukusuku_core.certificates import first_end
from sukusuku_core.errors import SukusukuError
from sukusuku_server.db.tables_access import account
from sukusuku_server.db.tables_doors import door_source
from sukusuku_server.live import clock
from sukusuku_server.model import doors
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.model.proofs import proof_key
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import backends

_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
_FONT_FILES = ("*CJK*", "*NotoSansJP*", "ipa*", "*takao*", "*vlgothic*")
_SECONDS = 20


class ThisComputer:
    """See `computer.Computer`."""

    def database(self, path: Path) -> FileSeen:
        """See `computer.Computer`."""
        folder = next(parent for parent in path.parents if parent.exists())
        disk = shutil.disk_usage(folder)
        if not path.exists():
            return FileSeen(path, writable=os.access(folder, os.W_OK), free=disk.free, size=disk.total)
        files = [file for suffix in ("", "-wal", "-shm") if (file := path.with_name(path.name + suffix)).exists()]
        modes = {file: file.stat().st_mode & 0o777 for file in files}
        writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        return FileSeen(path, True, writable, _trouble(path), modes, disk.free, disk.total)  # noqa: FBT003 - it is there

    def store(self, facility: Facility) -> StoreSeen | str:
        """See `computer.Computer`."""
        try:
            with closing(backends.open_reader(facility)) as store:
                latest, edges = store.latest(), facility.edges()
                newest = {asset: max(value.received for value in found.values()) for asset, found in latest.items()}
                proofs = {edge: store.noted(proof_key(edge)) or 0 for edge in edges}
                return StoreSeen(newest, clock.read(store, edges), proofs)
        except SukusukuError as error:
            return str(error)

    def accounts(self, path: Path) -> int | None:
        """See `computer.Computer`."""
        if not path.exists():
            return None
        usable = select(func.count()).where(
            account.c.disabled.is_(None), or_(account.c.password.is_not(None), account.c.subject != "")
        )
        found = _asked(path, usable)
        return None if found is None else int(found[0])

    def backups(self, path: Path) -> Exchanged:
        """See `computer.Computer`."""
        own = (door_source.c.door == doors.BACKUP) & (door_source.c.source == doors.FOLDER)
        found = _asked(path, select(door_source.c.taken, door_source.c.failing, door_source.c.reason).where(own))
        return Exchanged() if found is None else Exchanged(*found)

    def japanese_fonts(self) -> Sequence[str]:
        """See `computer.Computer`."""
        if shutil.which("fc-list"):
            said = subprocess.run(
                ["fc-list", ":lang=ja", "family"], capture_output=True, text=True, timeout=_SECONDS, check=False
            ).stdout
            return sorted({line.split(",")[0] for line in said.splitlines() if line.strip()})
        folders = [Path(folder).expanduser() for folder in _FONT_FOLDERS]
        return sorted(
            {file.stem for folder in folders for kind in _FONT_FILES for file in folder.rglob(kind) if file.is_file()}
        )

    def missing_for_pdf(self) -> str:
        """See `computer.Computer`."""
        try:
            library()
        except MissingError as error:
            return error.command
        return ""

    def knows_zone(self, name: str) -> bool:
        """See `computer.Computer`."""
        try:
            ZoneInfo(name)
        except ZoneInfoNotFoundError:
            return False
        return True

    def ntp(self) -> bool:
        """See `computer.Computer`."""
        with closing(ThisMachine()) as machine:
            return machine.ntp()

    def certificate(self, path: Path) -> int | str:
        """See `computer.Computer`."""
        try:
            return first_end(path.read_bytes())
        except (OSError, ValueError) as error:
            return f"{path}: {error}"

    def versions(self) -> Mapping[str, str]:
        """See `computer.Computer`."""
        own = {name: metadata.version(name) for name in ("sukusuku", "sukusuku-edge")}
        return own | {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}


def _asked(path: Path, question: Select[Any]) -> Row[Any] | None:
    """Return the first row of what the operations data answer; None: nothing, or they do not."""
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            return connection.execute(question).first()
    except DBAPIError:
        return None
    finally:
        engine.dispose()


def _trouble(path: Path) -> str:
    """Return what SQLite finds wrong in a file; empty: nothing."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_SECONDS)) as connection:
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if said == "ok" else said
