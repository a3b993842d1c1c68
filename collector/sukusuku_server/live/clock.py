"""What the collector says of the server's clock, as it keeps it in the store for pages, API and boards."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from sukusuku_server.timeseries.protocols import NoteReader, Notes

_SINCE, _CAUSE, _OFFSET = "clock/doubt_since", "clock/doubt_cause", "clock/doubt_offset"
_AGAINST = "clock/against/"
_SURE = _NONE = 0


class Cause(IntEnum):
    """Why the clock is in doubt. The numbers are stored."""

    OUTVOTED = 1
    """More edge nodes, or clocks known before, contradict it than agree with it."""
    STEPPED = 2
    """It has jumped against the time since boot."""
    BEHIND = 3
    """It shows a time before what is stored already."""
    LONG_AWAY = 4
    """It shows a time long after all that is stored, and nobody confirms it."""
    NOT_SET = 5
    """It shows a time before this program was written."""
    STARTING = 6
    """The collector has just started on a computer that has just started, and nobody has confirmed it yet."""


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """Why the server's clock is not believed, and since when (UTC ms, as well as that is known).

    `offset`: so many ms it is ahead of the best estimate (negative: behind); None: not known. `against`: the edge nodes
    that contradict it, by their ids, each with its own time minus that of the server (ms).
    """

    cause: Cause
    since: int
    offset: int | None
    against: tuple[tuple[str, int], ...] = ()


def keep(notes: Notes, doubt: ClockDoubt | None, edges: Iterable[str]) -> None:
    """Keep what holds now; None: the clock is believed. `edges` are all edge nodes of the facility.

    Nothing is left of a doubt that is over: several shards of an operator are read as one.
    """
    if doubt is None:
        over = {key: _NONE for key, offset in notes.noted_under(_AGAINST).items() if offset}
        notes.note_all({_SINCE: _SURE, _CAUSE: _NONE, _OFFSET: _NONE, **over})
        return
    against = dict(doubt.against)
    for edge in edges:
        key = _against(edge)
        if notes.noted(key) != (offset := against.get(edge, 0)):
            notes.note(key, offset)
    notes.note(_CAUSE, doubt.cause)
    notes.note(_OFFSET, doubt.offset or 0)
    notes.note(_SINCE, doubt.since)


def read(notes: NoteReader, edges: Iterable[str]) -> ClockDoubt | None:
    """Return what the collector kept last; None: the clock is believed."""
    since = notes.noted(_SINCE)
    if not since:
        return None
    against = ((edge, notes.noted(_against(edge)) or 0) for edge in edges)
    return ClockDoubt(
        Cause(notes.noted(_CAUSE) or Cause.OUTVOTED),
        since,
        notes.noted(_OFFSET) or None,
        tuple((edge, offset) for edge, offset in against if offset),
    )


def _against(edge: str) -> str:
    return f"{_AGAINST}{edge}"
