"""Makes a backup: copies all at one moment, keeps them as blocks, reads them back, and only then calls it a backup."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from sukusuku_core import __version__
from sukusuku_core.clock import Clock
from sukusuku_core.errors import TransientError
from sukusuku_server.backup.contents import STORE, Places
from sukusuku_server.backup.copying import Copied, copy_together
from sukusuku_server.backup.manifest import KeptFile, Manifest
from sukusuku_server.backup.repository import BLOCK_BYTES, Repository
from sukusuku_server.backup.retention import kept
from sukusuku_server.backup.verifying import verify
from sukusuku_server.settings.backup import BackupSettings

WORK = ".backup"
"""Folder of the copies beside the store, while a backup is made: they are as secret as it is."""


def make(places: Places, repository: Repository, settings: BackupSettings, clock: Clock) -> Manifest:
    """Make a backup and forget those that are older than is kept. Returns what it says about itself.

    Whatever was committed before this was called is in it. Raises PermanentError or TransientError; then there is
    no new backup, and all before are as they were.
    """
    work = places.store.parent / WORK
    with repository.writing():
        _empty(work)
        try:
            manifest = _made(places, repository, work, clock())
            verify(repository, manifest)
            repository.keep(manifest)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        wanted = kept(repository.names(), settings.keep_days, settings.keep_weeks) | {manifest.name}
        repository.drop([name for name in repository.names() if name not in wanted])
        repository.sweep()
    return manifest


def _empty(work: Path) -> None:
    """Make the folder of the copies; one that was left behind by a backup that was killed goes."""
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(mode=0o700)
    except OSError as error:
        raise TransientError(f"{work}: no copies can be made here: {error}") from error


def _made(places: Places, repository: Repository, work: Path, now: int) -> Manifest:
    copies = copy_together(places.databases(), work)
    try:
        files = [_kept(name, copy.path, repository) for name, copy in copies.items()]
        files += [_kept(name, path, repository) for name, path in places.texts().items()]
    except FileNotFoundError as error:
        raise TransientError(f"a file went away while it was copied: {error}") from error
    return Manifest(
        made=now,
        program=__version__,
        files=tuple(files),
        rows={name: copy.rows for name, copy in copies.items()},
        newest=_newest(copies[STORE]),
    )


def _kept(name: str, path: Path, repository: Repository) -> KeptFile:
    digest, size, blocks = sha256(), 0, []
    with path.open("rb") as file:
        for content in _blocks(file):
            digest.update(content)
            size += len(content)
            blocks.append(repository.put(content))
    return KeptFile(path=name, size=size, digest=digest.hexdigest(), blocks=tuple(blocks))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while content := file.read(BLOCK_BYTES):
        yield content


def _newest(store: Copied) -> int | None:
    """Return the time of the newest reading of a store."""
    with closing(sqlite3.connect(f"{store.path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        row: Sequence[int | None] = connection.execute("SELECT max(time) FROM latest").fetchone()
    return row[0]
