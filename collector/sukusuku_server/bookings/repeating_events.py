"""When an event that repeats takes place (RFC 5545: RRULE, RDATE, EXDATE, RECURRENCE-ID). Pure."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING

from dateutil.rrule import rrule, rruleset, rrulestr  # type: ignore[import-untyped]  # the library has no types

from sukusuku_core.time import JAPAN
from sukusuku_server.bookings.problems import CellError
from sukusuku_server.i18n import N_

if TYPE_CHECKING:
    from icalendar import Event
    from icalendar.prop import vRecur

_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_WITHIN_A_DAY = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_UNREADABLE = N_("how the event repeats cannot be read; export single events")


def repeats(event: "Event") -> bool:
    """Whether an event stands for several."""
    return "RRULE" in event or "RDATE" in event


def replaced(events: Iterable["Event"]) -> dict[str, list[date]]:
    """Return for the UID of each series when those of its events would begin of which another event speaks."""
    found: dict[str, list[date]] = {}
    for event in events:
        told = getattr(event.get("RECURRENCE-ID"), "dt", None)
        if isinstance(told, date):
            found.setdefault(str(event.get("UID", "")), []).append(told)
    return found


def starts(event: "Event", begins: date, others: Collection[date], end: datetime) -> Iterator[date]:
    """Yield when an event that repeats begins, in order and before `end`: days if `begins` is a day, else moments.

    `others` are those beginnings of which other events speak. A time without a zone is one of Japan. Raises CellError
    when it cannot be read how the event repeats, or when it repeats more often than once a day.
    """
    zone = (begins.tzinfo if isinstance(begins, datetime) else None) or JAPAN
    last, whole_days = _wall(end, zone), not isinstance(begins, datetime)
    try:
        series = rruleset()
        for rule in event.rrules:
            series.rrule(_rule(rule, _wall(begins, zone), last, zone))
        for start in _more(event) if event.rrules else (begins, *_more(event)):
            series.rdate(_alike(start, zone, whole_days=whole_days))
        for start in (*event.exdates, *others):
            series.exdate(_alike(start, zone, whole_days=whole_days))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        raise CellError("repeats", _UNREADABLE, "") from error
    for wall in series:
        if wall >= last:
            return
        yield wall.date() if whole_days else wall.replace(tzinfo=zone)


def check(event: "Event") -> None:
    """Raise CellError when an event changes all that follow it in its series: these are not known here."""
    told = event.get("RECURRENCE-ID")
    if told is not None and "RANGE" in told.params:
        raise CellError("repeats", _UNREADABLE, "")


def _rule(told: "vRecur", begins: datetime, last: datetime, zone: tzinfo) -> rrule:
    """Return a rule up to `last` on the clock of a zone; dateutil wants all moments on the same clock."""
    if told["FREQ"][0] in _TOO_OFTEN or _WITHIN_A_DAY & told.keys():
        raise ValueError(told["FREQ"][0])
    rest = type(told)({key: value for key, value in told.items() if key != "UNTIL"})
    if (until := next(iter(told.get("UNTIL", ())), None)) is not None:
        whole = not isinstance(until, datetime)
        last = min(last, datetime.combine(until, time.max) if whole else _wall(until, zone))
    found: rrule = rrulestr(rest.to_ical().decode(), dtstart=begins)  # type: ignore[no-untyped-call]
    return found if "COUNT" in told else found.replace(until=last)


def _more(event: "Event") -> list[date]:
    """Return single days or moments of a series. Raises ValueError for those that have an end of their own."""
    if any(end is not None for _, end in event.rdates):
        raise ValueError("RDATE")
    return [start for start, _ in event.rdates]


def _alike(moment: date, zone: tzinfo, *, whole_days: bool) -> datetime:
    """Raise ValueError when one is a day and the other a moment: it would never be the same."""
    if isinstance(moment, datetime) is whole_days:
        raise ValueError(moment)
    return _wall(moment, zone)


def _wall(moment: date, zone: tzinfo) -> datetime:
    """Return what a clock in a zone shows; that of a day is its first moment."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min)
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)
