"""Takes a file of bookings, and tells what it means for the rooms."""

from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_server.bookings import file
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.model.bookings import Bookings, Import, UnknownImportError
from sukusuku_server.rooms.booked import Overbooked, overbooked, plan
from sukusuku_server.settings import BookingSettings


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file said, and the import that came of it; None: it said what is known already."""

    told: Bookings
    kept: Import | None
    over: tuple[tuple[str, tuple[Overbooked, ...]], ...]


def take(context: Context, content: bytes, by: str, room: str | None) -> Taken:
    """Read and keep a file that somebody uploads. Raises BookingsError; nothing is kept then."""
    now = context.clock()
    told = file.read(content, context.facility, now, room)
    keep = (context.facility.bookings or BookingSettings()).keep_days
    kept = BookingRecords(context.operations).take(told, "upload", by, now, keep_days=keep)
    return Taken(told, kept, _over(context, told))


def all_seen(context: Context, taken: Import) -> bool:
    """Whether whoever asks sees every room that an import is about; of others they learn and change nothing."""
    return all(context.sees(cover.room) for cover in taken.covers)


def known_import(context: Context, ident: int) -> Import:
    """Return an import whose counts are kept. Raises UnknownImportError, also for one of rooms that are not seen."""
    found = next((item for item in BookingRecords(context.operations).imports() if item.id == ident), None)
    if found is None or not all_seen(context, found):
        raise UnknownImportError(f"there is no import {ident}")
    return found


def _over(context: Context, told: Bookings) -> tuple[tuple[str, tuple[Overbooked, ...]], ...]:
    now = context.clock()
    imports = BookingRecords(context.operations).imports()
    found = []
    for cover in told.covers:
        booked, timetable = plan(cover.room, imports, now), context.index.schedules[cover.room]
        over = tuple(overbooked(booked, timetable, max(cover.start, now), cover.end)) if cover.end > now else ()
        if over:
            found.append((cover.room, over))
    return tuple(found)
