"""A file of bookings, whatever kind it is. Pure."""

import msgspec

from sukusuku_server.bookings import calendar_file, table
from sukusuku_server.bookings.places import Places
from sukusuku_server.bookings.problems import BookingsError, Problem
from sukusuku_server.i18n import N_
from sukusuku_server.model.bookings import Bookings
from sukusuku_server.settings import BookingSettings, Facility

LARGEST = 4_000_000
"""Bytes."""


def read(content: bytes, facility: Facility, room: str | None = None) -> Bookings:
    """Return the counts in a file; `room` is meant where it names none.

    Raises BookingsError with everything that is wrong; nothing of the file is taken then.
    """
    if len(content) > LARGEST:
        text = N_("The file has more than %(most)d MB")
        raise BookingsError([Problem(0, "size", text, {"most": LARGEST // 1_000_000})])
    if content.startswith(b"PK"):
        raise BookingsError([Problem(0, "xlsx", N_("The file is an Excel workbook; save it as CSV (UTF-8) first"))])
    places = Places(facility, room)
    if b"BEGIN:VCALENDAR" in content[:1000]:
        return calendar_file.read(content, places)
    settings = facility.bookings or BookingSettings()
    own = msgspec.structs.asdict(settings.columns)
    columns = {name: heading for name, heading in own.items() if heading is not None}
    return table.read(table.decoded(content), places, columns, settings.slots)
