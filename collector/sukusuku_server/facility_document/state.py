"""What the collector notes in the store of the document, for health and pages."""

from dataclasses import dataclass

from sukusuku_server.facility_document.restart import NEEDS_RESTART
from sukusuku_server.timeseries.protocols import NoteReader

WRONG_SINCE = "document/wrong_since"
"""Since when (UTC ms) the document is wrong; 0: it is right."""
TOLD = "document/told"
"""Of which such time a mail has told; 0: of none."""


@dataclass(frozen=True, slots=True)
class DocumentState:
    """Since when (UTC ms) the document is wrong, None: it is right; and the keys whose change waits for a restart."""

    wrong_since: int | None
    waiting: tuple[str, ...]


def waits_key(key: str) -> str:
    """Return where the store keeps whether a change of a key waits for a restart."""
    return f"document/restart/{key}"


def read(notes: NoteReader) -> DocumentState:
    """Return what the collector has noted last."""
    waiting = tuple(key for key in NEEDS_RESTART if notes.noted(waits_key(key)))
    return DocumentState(notes.noted(WRONG_SINCE) or None, waiting)
