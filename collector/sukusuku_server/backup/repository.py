"""A folder of backups: blocks that are kept once, however many backups hold them, and a manifest for each backup.

    blocks/ab/abcdef...       a block: compressed, then sealed with the key
    backups/20261130T...Z     a manifest, sealed; the backup is there when this is
    lock                      held by whoever writes

Every file is written beside its place, made durable and renamed, manifests last. So whoever is killed leaves files that
no backup names, and the next `sweep` takes them away.
"""

import contextlib
import fcntl
import logging
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.backup.encryption import BackupKey, DamagedError
from sukusuku_server.backup.manifest import NAME, Manifest
from sukusuku_server.facility_document.version_folder import store

BLOCK_BYTES = 256 * 1024
"""Pages of a database that changed lie close together often enough; smaller blocks are more files to open."""
_OWN = 0o600

_log = logging.getLogger("sukusuku_server.backup")


class Repository:
    """One folder with one key. Methods raise TransientError when the folder does not answer or is full."""

    def __init__(self, folder: Path, key: BackupKey) -> None:
        self._folder = folder
        self._key = key
        self._blocks, self._backups = folder / "blocks", folder / "backups"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Make the folder where it is missing, and let nobody else write there. Raises PermanentError when one does."""
        with _files(self._folder):
            for folder in (self._folder, self._blocks, self._backups):
                folder.mkdir(mode=0o700, exist_ok=True)
            (self._folder / "lock").touch(mode=_OWN)
            lock = (self._folder / "lock").open("w", encoding="utf-8")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PermanentError(f"{self._folder}: another backup is being made; wait for its end") from None
            yield

    # ------------------------------------------------------------ blocks

    def put(self, content: bytes) -> str:
        """Keep a block unless it is there already; return its name."""
        name = self._key.name(content)
        path = self._path(name)
        with _files(self._folder):
            if not path.exists():
                path.parent.mkdir(mode=0o700, exist_ok=True)
                store(path, self._key.seal(zlib.compress(content), name), _OWN)
        return name

    def get(self, name: str) -> bytes:
        """Return a block. Raises DamagedError when it is missing or not what was put there."""
        try:
            sealed = self._path(name).read_bytes()
        except FileNotFoundError:
            raise DamagedError(f"block {name} is missing") from None
        except OSError as error:
            raise DamagedError(f"block {name} cannot be read: {error}") from error
        return zlib.decompress(self._key.open(sealed, name))

    def set_aside(self, name: str) -> None:
        """Take a damaged block out of the way: the next backup that needs it writes it again."""
        path = self._path(name)
        with _files(self._folder), contextlib.suppress(FileNotFoundError):
            path.rename(path.with_name(f".{name}.damaged"))

    # ------------------------------------------------------------ backups

    def names(self) -> list[str]:
        """Return the names of all backups, the oldest first. Raises PermanentError when there is no such folder."""
        with _files(self._folder):
            if not self._backups.is_dir():
                raise PermanentError(
                    f"{self._folder}: no backups here; `sukusuku backup FACILITY.toml make` makes the first"
                )
            return sorted(path.name for path in self._backups.iterdir() if NAME.fullmatch(path.name))

    def keep(self, manifest: Manifest) -> None:
        """Let a backup be there: all of its blocks are."""
        content = zlib.compress(msgspec.json.encode(manifest))
        with _files(self._folder):
            store(self._backups / manifest.name, self._key.seal(content, manifest.name), _OWN)

    def manifest(self, name: str) -> Manifest:
        """Return what a backup says about itself. Raises DamagedError."""
        try:
            sealed = (self._backups / name).read_bytes()
        except OSError as error:
            raise DamagedError(f"backup {name} cannot be read: {error}") from error
        return msgspec.json.decode(zlib.decompress(self._key.open(sealed, name)), type=Manifest)

    def drop(self, names: Collection[str]) -> None:
        """Forget backups. Their blocks go with the next sweep."""
        with _files(self._folder):
            for name in names:
                (self._backups / name).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Delete what no backup needs; return how many files went. Nothing goes while a manifest cannot be read."""
        try:
            needed = {block for name in self.names() for block in self.manifest(name).blocks}
        except DamagedError as error:
            _log.warning("%s; what no backup needs stays until that one is forgotten", error)
            return 0
        with _files(self._folder):
            found = [*self._blocks.glob("*/*"), *self._backups.glob(".*")]
            waste = [path for path in found if path.name not in needed]
            for path in waste:
                path.unlink()
        return len(waste)

    def _path(self, name: str) -> Path:
        return self._blocks / name[:2] / name


@contextlib.contextmanager
def _files(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(f"{folder}: backups cannot be written or read here: {error}") from error
