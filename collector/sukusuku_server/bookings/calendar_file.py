"""Bookings as a calendar (iCalendar, RFC 5545): one event is one child, or as many as `X-CHILDREN` says. Pure.

Nothing of an event is read but its times, its place and its status.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sukusuku_core.time import DAY_MS, JAPAN, day_start, local_day
from sukusuku_server.bookings import cells
from sukusuku_server.bookings.days import Days
from sukusuku_server.bookings.places import Places
from sukusuku_server.bookings.problems import BookingsError, CellError, Problem
from sukusuku_server.bookings.table import MOST_ROWS, covers, spans
from sukusuku_server.i18n import N_
from sukusuku_server.model.bookings import Bookings

if TYPE_CHECKING:
    from icalendar import Component

_BEGIN, _END = b"BEGIN:VCALENDAR", b"END:VCALENDAR"
_CUT = Problem(0, "cut", N_("The calendar is cut off: it does not end with END:VCALENDAR. Export it again"))


def read(content: bytes, places: Places, days: Days, *, may_be_empty: bool) -> Bookings:
    """Return the counts in a calendar. Raises BookingsError with every event that cannot be read."""
    calendars = _whole(content)
    counts: Counter[tuple[str, int, int]] = Counter()
    seen: dict[str, list[int]] = {}
    problems: list[Problem] = []
    number = skipped = 0
    for event in (event for calendar in calendars for event in calendar.walk("VEVENT")):
        number += 1
        if number > MOST_ROWS:
            raise BookingsError([Problem(number, "rows", N_("more than %(most)d rows"), {"most": MOST_ROWS}, "event")])
        try:
            room, start, end, children = _booked(event, places, days)
        except CellError as error:
            problems.append(Problem(number, error.kind, error.text, {"found": error.found}, "event"))
            continue
        edges = seen.setdefault(room, [start, end - 1])
        edges[:] = [min(edges[0], start), max(edges[1], end - 1)]
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            skipped += 1
            continue
        while start < end:  # each local day by itself
            until = min(end, day_start(local_day(start)) + DAY_MS)
            counts[room, start, until] += children
            start = until
    if not number and not may_be_empty:
        problems.append(Problem(0, "empty", N_("The calendar has no events")))
    if problems:
        raise BookingsError(problems)
    return Bookings(spans(counts), covers(seen), number, skipped)


def _whole(content: bytes) -> "list[Component]":
    """Return the calendars of a file, none of them cut off: that would read as fewer bookings. Raises BookingsError."""
    from icalendar import Calendar  # noqa: PLC0415 - it takes a tenth of a start, and few send calendars

    upper = content.upper()
    if not upper.rstrip().endswith(_END):
        raise BookingsError([_CUT])
    try:
        calendars = Calendar.from_ical(content, multiple=True)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BookingsError([Problem(0, "ics", N_("The file is no iCalendar file"))]) from error
    if len(calendars) != upper.count(_BEGIN):  # something within has a beginning and no end
        raise BookingsError([_CUT])
    return list(calendars)


def _booked(event: "Component", places: Places, days: Days) -> tuple[str, int, int, int]:
    """Raise CellError."""
    if "RRULE" in event or "RDATE" in event:
        raise CellError("repeats", N_("the event repeats; export single events"), "")
    try:
        begins = _told(event, "DTSTART")
        ends = _told(event, "DTEND") if "DTEND" in event else _default_end(event, begins)
        start, end = _ms(begins), _ms(ends)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise CellError("time", N_("the event has no DTSTART or DTEND that can be read"), "") from error
    days.check(start, start, str(begins))
    if not start < end <= start + 31 * DAY_MS:
        raise CellError("order", N_("it ends (%(found)s) before it begins, or lasts longer than a month"), str(ends))
    days.check(start, end, str(ends))
    room = places.find("", str(event.get("LOCATION", "")).strip())
    given = event.get("X-CHILDREN")
    return room, start, end, 1 if given is None else cells.count(str(given))


def _told(event: "Component", name: str) -> date:
    """Return a day or a moment. Raises TypeError for what else may stand there, and where there are two."""
    found = event.decoded(name)
    if not isinstance(found, date):
        raise TypeError(name)
    return found


def _default_end(event: "Component", begins: date) -> date:
    if "DURATION" in event:
        return begins + event.decoded("DURATION")  # type: ignore[no-any-return]
    return begins if isinstance(begins, datetime) else begins + timedelta(days=1)


def _ms(moment: date) -> int:
    """Return a moment; a time without a zone is one of Japan."""
    if not isinstance(moment, datetime):
        return day_start(moment)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=JAPAN)
    return round(aware.timestamp() * 1000)
