"""A file of bookings, whatever kind it is. Pure."""

import msgspec

from sukusuku_server.bookings import calendar_file, table, workbook
from sukusuku_server.bookings.days import Days
from sukusuku_server.bookings.places import Places
from sukusuku_server.bookings.problems import BookingsError, Problem
from sukusuku_server.i18n import N_
from sukusuku_server.model.bookings import Bookings
from sukusuku_server.settings import BookingSettings, Facility

LARGEST = 4_000_000
"""Bytes."""
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""How .xls begins, and .xlsx with a password."""


def read(
    content: bytes, facility: Facility, now: int, room: str | None = None, *, may_be_empty: bool = False
) -> Bookings:
    """Return the counts in a file; `room` is meant where it names none. Only days around `now` (UTC ms) are taken.

    A calendar without events is an error unless it `may_be_empty`: a feed says everything, so nothing is news.
    Raises BookingsError with everything that is wrong; nothing of the file is taken then.
    """
    if len(content) > LARGEST:
        text = N_("The file has more than %(most)d MB")
        raise BookingsError([Problem(0, "size", text, {"most": LARGEST // 1_000_000})])
    if content.startswith(_OLD_EXCEL):
        text = N_("The file is an old or a protected Excel workbook; save it as .xlsx without a password, or as CSV")
        raise BookingsError([Problem(0, "xls", text)])
    places = Places(facility, room)
    settings = facility.bookings or BookingSettings()
    days = Days.around(now, settings.keep_days)
    if b"BEGIN:VCALENDAR" in content[:1000]:
        return calendar_file.read(content, places, days, may_be_empty=may_be_empty)
    own = msgspec.structs.asdict(settings.columns)
    columns = {name: heading for name, heading in own.items() if heading is not None}
    if content.startswith(b"PK"):
        return table.read_rows(workbook.Rows(content), places, columns, settings.slots, days)
    return table.read(table.decoded(content), places, columns, settings.slots, days)
