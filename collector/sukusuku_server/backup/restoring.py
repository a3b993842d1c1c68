"""Brings a backup back: everything is read and checked beside its place before anything is replaced.

What is there is moved aside and not deleted, so that a restore that was wrong can be undone.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_server.backup.contents import SETTINGS, Places, places
from sukusuku_server.backup.copying import rows_of
from sukusuku_server.backup.encryption import DamagedError
from sukusuku_server.backup.manifest import KeptFile, Manifest, name_of
from sukusuku_server.backup.repository import Repository
from sukusuku_server.backup.verifying import contents
from sukusuku_server.facility_document.version_folder import flush_folder

NEW = ".restoring"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: where the data are now, and what was there before, under its new names."""

    places: Places
    aside: Sequence[Path]


def restore(repository: Repository, manifest: Manifest, settings: Path, now: int, *, replace: bool = False) -> Restored:
    """Put everything where the settings of the backup say, when they are at this path.

    `replace`: move aside what is there. Raises PermanentError when something is there and may not be replaced, or a
    collector is running; DamagedError when the backup is not whole. Nothing is changed then.
    """
    text = b"".join(contents(repository, manifest, manifest.file(SETTINGS))).decode()
    where = places(settings, text)
    if where.present() and not replace:
        names = ", ".join(map(str, where.present()))
        raise PermanentError(f"there is something already: {names}; --replace moves it aside first, nothing is deleted")
    new = where.beside(NEW)
    with _files(), _stopped(where.store):
        _discard(new)
        try:
            for file in manifest.files:
                _extract(repository, manifest, file, new.of(file.path))
            _give_to_owner(new.settings, 0o640, readers=where.store.parent)
            aside = [path.rename(path.with_name(f"{path.name}.before-{name_of(now)}")) for path in where.present()]
            for made, target in zip(new.all(), where.all(), strict=True):
                if made.exists():
                    made.rename(target)
                    flush_folder(target.parent)
        finally:
            _discard(new)
    return Restored(where, aside)


def _extract(repository: Repository, manifest: Manifest, file: KeptFile, target: Path) -> None:
    """Write a file durably, and check it."""
    if not target.parent.exists():
        target.parent.mkdir(mode=0o700, parents=True)
        _give_to_owner(target.parent, 0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
        for content in contents(repository, manifest, file):
            out.write(content)
        out.flush()
        os.fsync(out.fileno())
    _give_to_owner(target, 0o600)
    expected = manifest.rows.get(file.path)
    if expected is not None and rows_of(target) != expected:
        raise DamagedError(f"backup {manifest.name}: {file.path} has other rows than were copied")


def _give_to_owner(path: Path, mode: int, readers: Path | None = None) -> None:
    """Give what was made to whom the folder around it belongs, when root restores: the services must be able to use it.

    Its group is that of the folder, or of `readers`: the services read settings that lie in a folder of root.
    """
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, (readers or path.parent).stat().st_gid)
        path.chmod(mode)


def _discard(new: Places) -> None:
    for path in new.present():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextlib.contextmanager
def _stopped(store: Path) -> Iterator[None]:
    """Keep a collector from beginning meanwhile. Raises PermanentError when one is running."""
    store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_path = store.with_name(store.name + ".lock")
    with lock_path.open("w", encoding="utf-8") as lock:
        _give_to_owner(lock_path, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermanentError(f"{store}: a collector is running; stop collector and API first") from None
        yield


@contextlib.contextmanager
def _files() -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise ConfigError(
            f"{error.filename}: this account may not write there; run it as root or the service"
        ) from error
    except OSError as error:
        raise TransientError(f"cannot be restored: {error}") from error
