"""Reads a backup back: every block is there, opens with the key, and together they are the files that were copied.

The copies were whole and had all rows when the backup was made (`copying.py`), and the manifest has their digests. So
equal digests say that nothing is missing.
"""

from collections.abc import Iterator
from hashlib import sha256

from sukusuku_server.backup.encryption import DamagedError
from sukusuku_server.backup.manifest import KeptFile, Manifest
from sukusuku_server.backup.repository import Repository


def verify(repository: Repository, manifest: Manifest) -> None:
    """Read everything. Raises DamagedError that names the file and the block; the block is set aside."""
    for file in manifest.files:
        for _ in contents(repository, manifest, file):
            pass


def contents(repository: Repository, manifest: Manifest, file: KeptFile) -> Iterator[bytes]:
    """Yield the file in pieces. Raises DamagedError, at the latest after the last piece, when it is not the same."""
    digest = sha256()
    for name in file.blocks:
        try:
            content = repository.get(name)
        except DamagedError as error:
            repository.set_aside(name)
            raise DamagedError(
                f"backup {manifest.name}: {file.path} cannot be read: {error}. The next backup writes what is damaged "
                "again, if the data still have it; restore from another backup until then"
            ) from error
        digest.update(content)
        yield content
    if digest.hexdigest() != file.digest:
        raise DamagedError(f"backup {manifest.name}: {file.path} is not what was copied")
