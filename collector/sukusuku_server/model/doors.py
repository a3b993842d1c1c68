"""How it stands with what doors take from, or tell to, other systems."""

from dataclasses import dataclass

BOOKINGS, NGSI_LD = "bookings", "ngsi_ld"
BACKUP = "backup"
"""The folder of backups; what was last taken there is the last good backup."""
REPORTS = "reports"
"""The reports of a month by mail; taken is when all that are due were in the outbox."""
FOLDER, BROKER, OUTBOX = "folder", "broker", "outbox"
"""Sources that need no id of their own. A feed is `feed/ID`."""


def feed(ident: str) -> str:
    """Return the source of a feed."""
    return f"feed/{ident}"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The last exchanges of a door with one source.

    `taken`: when one last succeeded; `failing`: since when none has; UTC ms, None: never, or not. `reason`: why the
    newest failed, without addresses, keys and what stands in files.
    """

    taken: int | None = None
    failing: int | None = None
    reason: str = ""
