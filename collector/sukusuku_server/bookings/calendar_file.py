"""Bookings as a calendar (iCalendar, RFC 5545): one event is one child, or as many as `X-CHILDREN` says. Pure.

Nothing of an event is read but its times, its place and its status. One that repeats is one for each time.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sukusuku_core.time import DAY_MS, JAPAN, day_start, local_day
from sukusuku_server.bookings import cells, repeating_events
from sukusuku_server.bookings.days import Days
from sukusuku_server.bookings.places import Places
from sukusuku_server.bookings.problems import BookingsError, CellError, Problem
from sukusuku_server.bookings.table import MOST_ROWS, covers, spans
from sukusuku_server.i18n import N_
from sukusuku_server.model.bookings import Bookings

if TYPE_CHECKING:
    from icalendar import Calendar, Event

_BEGIN, _END = b"BEGIN:VCALENDAR", b"END:VCALENDAR"
_CUT = Problem(0, "cut", N_("The calendar is cut off: it does not end with END:VCALENDAR. Export it again"))


def read(content: bytes, places: Places, days: Days, *, may_be_empty: bool) -> Bookings:
    """Return the counts in a calendar. Raises BookingsError with every event that cannot be read."""
    calendars = _whole(content)
    events = [event for calendar in calendars for event in calendar.events]
    replaced = repeating_events.replaced(events)
    counts: Counter[tuple[str, int, int]] = Counter()
    seen: dict[str, list[int]] = {}
    problems: list[Problem] = []
    looked = rows = skipped = 0
    for number, event in enumerate(events, 1):
        try:
            for room, start, end, children in _booked(event, places, days, replaced):
                looked += 1
                if looked > MOST_ROWS:
                    most = {"most": MOST_ROWS}
                    raise BookingsError([Problem(number, "rows", N_("more than %(most)d rows"), most, "event")])
                if start < days.first:  # the beginnings of what has repeated for long
                    continue
                rows += 1
                edges = seen.setdefault(room, [start, end - 1])
                edges[:] = [min(edges[0], start), max(edges[1], end - 1)]
                if str(event.get("STATUS", "")).upper() == "CANCELLED":
                    skipped += 1
                else:
                    _count(counts, room, start, end, children)
        except CellError as error:
            problems.append(Problem(number, error.kind, error.text, {"found": error.found}, "event"))
    if not rows and not problems and not may_be_empty:
        problems.append(Problem(0, "empty", N_("The calendar has no events")))
    if problems:
        raise BookingsError(problems)
    return Bookings(spans(counts), covers(seen), rows, skipped)


def _whole(content: bytes) -> "list[Calendar]":
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


def _count(counts: Counter[tuple[str, int, int]], room: str, start: int, end: int, children: int) -> None:
    """Count the children of each local day by itself."""
    while start < end:
        until = min(end, day_start(local_day(start)) + DAY_MS)
        counts[room, start, until] += children
        start = until


def _booked(
    event: "Event", places: Places, days: Days, replaced: Mapping[str, Collection[date]]
) -> Iterator[tuple[str, int, int, int]]:
    """Yield room, start, end and children of an event, of one that repeats for each time. Raise CellError."""
    repeating_events.check(event)
    try:
        begins = _told(event, "DTSTART")
        ends = _told(event, "DTEND") if "DTEND" in event else _default_end(event, begins)
        start, end = _ms(begins), _ms(ends)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise CellError("time", N_("the event has no DTSTART or DTEND that can be read"), "") from error
    again = repeating_events.repeats(event)
    days.check(days.first if again else start, start, str(begins))
    if not start < end <= start + 31 * DAY_MS:
        raise CellError("order", N_("it ends (%(found)s) before it begins, or lasts longer than a month"), str(ends))
    room = places.find("", str(event.get("LOCATION", "")).strip())
    given = event.get("X-CHILDREN")
    children = 1 if given is None else cells.count(str(given))
    if not again:
        days.check(start, end, str(ends))
        yield room, start, end, children
        return
    others = replaced.get(str(event.get("UID", "")), ())
    for moment in repeating_events.starts(event, begins, others, datetime.fromtimestamp(days.end / 1000, JAPAN)):
        at = _ms(moment)
        yield room, at, at + end - start, children


def _told(event: "Event", name: str) -> date:
    """Return a day or a moment. Raises TypeError for what else may stand there, and where there are two."""
    found = event.decoded(name)
    if not isinstance(found, date):
        raise TypeError(name)
    return found


def _default_end(event: "Event", begins: date) -> date:
    if "DURATION" in event:
        return begins + event.decoded("DURATION")  # type: ignore[no-any-return]
    return begins if isinstance(begins, datetime) else begins + timedelta(days=1)


def _ms(moment: date) -> int:
    """Return a moment; a time without a zone is one of Japan."""
    if not isinstance(moment, datetime):
        return day_start(moment)
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=JAPAN)
    return round(aware.timestamp() * 1000)
