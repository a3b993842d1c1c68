"""Up to when the past is derived, while that is far behind: those who show figures say so."""

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.timeseries.protocols import NoteReader, Notes

FAR_MS = 15 * MINUTE_MS
"""What is less behind than this is derived at once, and changes no figure that anybody has seen."""
_UNTIL = "derivation/until"
_NOT_BEHIND = 0


def keep(notes: Notes, until: int | None, now: int) -> None:
    """Keep up to when everything is derived (UTC ms; None: not known), if that is far behind."""
    far = until is not None and until < now - FAR_MS
    value = until if far and until is not None else _NOT_BEHIND
    if value != (notes.noted(_UNTIL) or _NOT_BEHIND):
        notes.note(_UNTIL, value)


def read(notes: NoteReader) -> int | None:
    """Return up to when the past is derived (UTC ms); None: up to the present, or next to it."""
    return notes.noted(_UNTIL) or None
