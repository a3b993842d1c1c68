"""How far an update has come, on disk before each step, so that it goes on after a power cut."""

from enum import StrEnum
from pathlib import Path

import msgspec

from sukusuku_edge import durable_file

_FILE = "journal.json"


class Phase(StrEnum):
    """What is being done."""

    RESTING = "resting"
    INSTALLING = "installing"
    TRYING = "trying"
    RETURNING = "returning"


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """The newest update. `time` is when this was written, UTC ms."""

    phase: Phase = Phase.RESTING
    before: str = ""
    after: str = ""
    why: str = ""
    """Why it failed; empty when it did not."""
    failed: tuple[str, ...] = ()
    """Versions that are not tried by themselves again."""
    time: int = 0

    @property
    def told(self) -> str:
        """The same in words; empty before the first update."""
        match self.phase:
            case Phase.INSTALLING | Phase.TRYING:
                return f"{self.after} is being tried, after {self.before}"
            case Phase.RETURNING:
                return f"{self.after} failed, going back to {self.before}: {self.why}"
            case Phase.RESTING if self.why:
                return f"{self.after} failed, {self.before} is back: {self.why}"
        return f"{self.after} is in use, after {self.before}" if self.after else ""


def read(folder: Path) -> Journal:
    """Return what was written last; an empty one when there is none that can be read."""
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Journal)
    except (OSError, msgspec.DecodeError):
        return Journal()


def write(folder: Path, journal: Journal) -> Journal:
    """Keep it, for everybody to read. Raises OSError."""
    durable_file.replace(folder / _FILE, msgspec.json.format(msgspec.json.encode(journal)).decode(), 0o644)
    return journal
