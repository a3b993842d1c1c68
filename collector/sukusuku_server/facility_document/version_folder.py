"""The history of a document as files in a folder: the text of each version, and beside it who, when and why.

The folder stands beside the document and not in a database: where the databases are is said by the document, and the
history is needed most when that is broken. Texts may hold passwords, so only the owner can read them.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.facility_document.source import MOST_VERSIONS, Version

_NEW = ".new"


class VersionFolder:
    """One history. Methods raise TransientError or PermanentError when its files cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let no other process change the document or its history meanwhile."""
        with _files("written"):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def versions(self) -> list[Version]:
        """Return all versions, the oldest first."""
        with _files("read"):
            paths = sorted(self._folder.glob("*.json"))
            return [msgspec.json.decode(path.read_bytes(), type=Version) for path in paths]

    def text_of(self, number: int) -> str:
        """Return the text of a version. Raises KeyError when there is none of that number."""
        path = self._path(number, "toml")
        if not self._path(number, "json").is_file() or not path.is_file():
            raise KeyError(number)
        with _files("read"):
            return path.read_bytes().decode()

    def prepare(self, version: Version, text: str) -> None:
        """Write a version; it counts only when it is kept. So a full disk shows before anything has changed."""
        with _files("written"):
            store(self._path(version.number, "toml"), text.encode(), 0o600)
            store(self._path(version.number, f"json{_NEW}"), msgspec.json.encode(version), 0o600)

    def keep(self, version: Version) -> None:
        """Let a version that was prepared count, and drop the oldest where there are too many."""
        with _files("written"):
            self._path(version.number, f"json{_NEW}").replace(self._path(version.number, "json"))
            flush_folder(self._folder)
            for path in sorted(self._folder.glob("*.json"))[:-MOST_VERSIONS]:
                path.unlink()
                path.with_suffix(".toml").unlink(missing_ok=True)

    def prepared(self) -> Version | None:
        """Return a version that was prepared and neither kept nor dropped: its process has died between the two."""
        with _files("read"):
            paths = sorted(self._folder.glob(f"*.json{_NEW}"))
            return msgspec.json.decode(paths[-1].read_bytes(), type=Version) if paths else None

    def drop(self, version: Version) -> None:
        """Forget a version that was prepared."""
        with _files("written"):
            self._path(version.number, f"json{_NEW}").unlink(missing_ok=True)
            self._path(version.number, "toml").unlink(missing_ok=True)

    def _path(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:06d}.{suffix}"


def store(path: Path, content: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace a file in one step, durably: a power cut leaves the old or the new one whole. Raises OSError."""
    own = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(handle, mode)
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                with contextlib.suppress(PermissionError):  # only root may give files away
                    os.fchown(handle, *owner)
            file.flush()
            os.fsync(handle)
        own.replace(path)
    finally:
        own.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _files(done: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        lasting = isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
        kind = PermanentError if lasting else TransientError
        raise kind(f"the history of the document cannot be {done}: {error}") from error
