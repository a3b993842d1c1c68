"""Which sources of doors there should be, and whether what they said is too old. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sukusuku_core.time import HOUR_MS
from sukusuku_server.live.report_mails import LATE_MS, due_since
from sukusuku_server.model import doors
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.settings import Facility

BROKER_MS = 2 * HOUR_MS
"""A context broker is told everything once an hour; nothing taken for longer than this, something is in the way."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source of a door. `late`: it has been failing, or nothing was taken, for too long."""

    door: str
    id: str
    exchanged: Exchanged
    late: bool


def sources(facility: Facility, noted: Mapping[tuple[str, str], Exchanged], now: int) -> Iterator[Source]:
    """Yield each source that the settings name. `now`: UTC ms.

    A folder has no hours at which something must come, so it is late only while something in it is refused.
    """
    for door, source, most in _expected(facility, now):
        found = noted.get((door, source))
        if found is None:  # it was never looked at: nobody knows whether it works
            late = True
        elif most is None:
            late = found.failing is not None
        else:
            late = found.taken is None or now - found.taken > most
        yield Source(door, source, found or Exchanged(), late)


def _expected(facility: Facility, now: int) -> Iterator[tuple[str, str, int | None]]:
    """Yield door, source, and after how many ms without anything taken it is late."""
    bookings = facility.bookings
    if bookings is not None:
        if bookings.folder is not None:
            yield doors.BOOKINGS, doors.FOLDER, None
        for feed in bookings.feed:
            yield doors.BOOKINGS, doors.feed(feed.id), round((feed.every / 3600 + bookings.stale_hours) * HOUR_MS)
    if facility.backup is not None:
        yield doors.BACKUP, doors.FOLDER, round(facility.backup.late_hours * HOUR_MS)
    if facility.report_mail:
        yield doors.REPORTS, doors.OUTBOX, now - due_since(now - LATE_MS)
    if facility.ngsi_ld is not None:
        yield doors.NGSI_LD, doors.BROKER, BROKER_MS
