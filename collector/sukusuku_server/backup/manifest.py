"""What a backup says about itself. A backup is there when its manifest is, and that is written last."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

NAME = re.compile(r"\d{8}T\d{9}Z")
"""Date, time and thousandths: names stand in the order of time."""


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a backup. `path` is what it is (`STORE`, `OPERATIONS`, ...); `blocks` are names, in order."""

    path: str
    size: int
    digest: str
    """SHA-256 of the whole file."""
    blocks: tuple[str, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One backup. `made` (UTC ms): whatever was committed before is in it. `newest` is the time of a reading."""

    made: int
    program: str
    """The version of Sukusuku that made it."""
    files: tuple[KeptFile, ...]
    rows: Mapping[str, Mapping[str, int]]
    """Rows by database and table, counted in the running databases and again in their copies."""
    newest: int | None

    @property
    def name(self) -> str:
        """The name of the backup: when it was made."""
        return name_of(self.made)

    def file(self, path: str) -> KeptFile:
        """Return one of the files."""
        return next(file for file in self.files if file.path == path)

    @property
    def blocks(self) -> set[str]:
        """All blocks of all files."""
        return {name for file in self.files for name in file.blocks}


def name_of(time: int) -> str:
    """Return the name of a backup that was made at a moment (UTC ms)."""
    seconds, thousandths = divmod(time, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}{thousandths:03d}Z"


def time_of(name: str) -> datetime:
    """Return the moment that a name says (UTC)."""
    return datetime.strptime(name, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
