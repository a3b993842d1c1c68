"""Whether the collector is there: it notes now and then that it hears its broker, for those who show what it stored."""

from sukusuku_core.time import SECOND_MS
from sukusuku_server.timeseries.protocols import NoteReader, Notes

EVERY_MS = 20 * SECOND_MS
"""How often it notes it."""
AWAY_MS = 90 * SECOND_MS
"""After so long without a note it is away: a restart takes some seconds."""
_HEARING = "collector/hearing"


def keep(notes: Notes, now: int) -> None:
    """Note that the collector hears."""
    notes.note(_HEARING, now)


def is_away(notes: NoteReader, now: int) -> bool:
    """Whether nothing that is stored can be taken for the present, because the collector does not hear."""
    heard = notes.noted(_HEARING)
    return heard is None or now - heard > AWAY_MS
