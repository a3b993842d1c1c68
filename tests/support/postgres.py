"""A real PostgreSQL (Debian's 15) on a socket of its own, with a schema for each store."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries.sql_store import SqlStore
from tests.support.patience import PATIENCE, until

_BINARIES = Path("/usr/lib/postgresql")
_QUICK = ("fsync=off", "autovacuum=off", "shared_buffers=32MB", "max_wal_size=256MB")


@dataclass
class PostgresServer:
    """The server process. `unsafe`: it does not wait for the disk."""

    folder: Path
    unsafe: bool = True
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)
    _made: bool = False

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = ["listen_addresses=", f"unix_socket_directories={self.folder}", *(_QUICK if self.unsafe else ())]
        arguments = [part for option in options for part in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", self._data, *arguments], stdout=log, stderr=log, user=_user()
            )
        until(self._answers, self._log)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log()
        asked = subprocess.run([program("pg_isready"), "-q", "-h", self.folder], user=_user(), check=False)
        return asked.returncode == 0

    def _log(self) -> str:
        return f"PostgreSQL did not start: {(self.folder / 'log').read_text(errors='replace')[-800:]}"

    def stop(self, number: int = signal.SIGINT) -> None:
        """End the process: by SIGINT it drops all connections, by SIGQUIT it is a crash."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)
            self.process = None

    def make(self) -> None:
        """Make the files of an empty database."""
        shutil.chown(self.folder, _user())
        options = ["--auth=trust", "--username=sukusuku", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [program("initdb"), "-D", self._data, *options], user=_user(), capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr

    def make_standby(self, of: "PostgresServer") -> None:
        """Make the files of a server that follows another one, which from then on waits for it with each commit."""
        shutil.chown(self.folder, _user())
        options = ["-D", str(self._data), "-h", str(of.folder), "-U", "sukusuku", "--write-recovery-conf"]
        copy = [program("pg_basebackup"), *options, "--checkpoint=fast"]
        made = subprocess.run(copy, user=_user(), capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr

    def ask(self, statement: str) -> Any:
        """Return the first value that the server answers."""
        import psycopg  # noqa: PLC0415 - as below

        with psycopg.connect(f"postgresql://sukusuku@/postgres?host={self.folder}", autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall()[0][0] if found.description else None

    def settings(self, schema: str | None = None) -> Postgres:
        """Return how to reach a store; a new and empty one when no schema is named."""
        name = f"readings_{next(self.numbers)}" if schema is None else schema
        return Postgres(url=f"postgresql://sukusuku@/postgres?host={self.folder}", schema=name)

    def store(self) -> SqlStore:
        """Return a new and empty store."""
        from sukusuku_server.timeseries.postgres.store import PostgresStore  # noqa: PLC0415 - other tests need no psycopg

        return PostgresStore.open(self.settings())

    def operations(self) -> str:
        """Return the URL of new and empty operations data, copied from ones that were made once."""
        from sukusuku_server.db import Operations  # noqa: PLC0415 - few tests need it

        if not self._made:
            Operations(self._made_in("template0", "made")).close()
            self._made = True
        return self._made_in("made", f"operations_{next(self.numbers)}")

    def _made_in(self, template: str, name: str) -> str:
        import psycopg  # noqa: PLC0415 - as above

        with psycopg.connect(f"postgresql://sukusuku@/postgres?host={self.folder}", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://sukusuku@/{name}?host={self.folder}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"


@contextlib.contextmanager
def postgres(*, unsafe: bool = True) -> Iterator[PostgresServer]:
    """Yield a running server; it is stopped on exit."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = PostgresServer(Path(folder), unsafe)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)


def _user() -> str | int:
    """It refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_uid


def program(name: str) -> str:
    """Return the newest one that is installed: Debian does not put them on the path."""
    found = sorted(_BINARIES.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        pytest.fail("PostgreSQL is needed: apt-get install postgresql")
    return program
