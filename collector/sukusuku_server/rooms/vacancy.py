"""The vacancy board: one mark per centre and day, as public child-care sites show it. Pure.

A band has a place when the limit of its room stays above what is expected there. Where bookings are known, that is
who is booked: a booked place is taken, whoever comes. Elsewhere it is the outlook's mean, rounded to whole children:
that tells how busy it will be and promises no place, so it has symbols of its own. In the running hour nobody less is
expected than the children who are in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start, local_day, time_of_day
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.rooms.booked import NOTHING, Plan
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.suppression import SMALLEST_TOLD
from sukusuku_server.settings import Service, Site, there
from sukusuku_server.settings.opening import minute, minutes

STEP_MS = 15 * MINUTE_MS
LEAD_DAYS = 30
"""How far ahead a room without services is shown."""


class Sign(StrEnum):
    """What is shown of a day."""

    FREE = "free"
    """○: every band has a place."""
    SOME = "some"
    """△: some bands are full."""
    FULL = "full"
    """×: all bands are full."""
    OUTSIDE = "outside"
    """−: booking is over, or has not begun."""
    CLOSED = "closed"
    """休: closed."""
    UNKNOWN = "unknown"
    """？: nothing is known of what is expected."""


SYMBOLS: Mapping[Sign, str] = {
    Sign.FREE: "○",
    Sign.SOME: "△",
    Sign.FULL: "×",
    Sign.OUTSIDE: "−",
    Sign.CLOSED: "休",
    Sign.UNKNOWN: "？",
}
BUSY: Mapping[Sign, str] = {**SYMBOLS, Sign.FREE: "余裕", Sign.SOME: "やや混", Sign.FULL: "混雑"}
"""Where bookings are not known."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Children at a moment: so many are `booked`, or else usual."""

    children: float
    booked: bool


Expect = Callable[[int], Foreseen | None]
"""Who is expected at a moment (UTC ms); None: not known."""


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a day (UTC ms) and the places in it that are free throughout; None: not known.

    `booked`: that follows from bookings throughout, not from what is usual.
    """

    start: int
    end: int
    free: int | None
    booked: bool = False

    @property
    def at_least(self) -> int | None:
        """The free places as they may be told outside: 0, or 5 and more; None: fewer than 5, or not known."""
        return self.free if self.free == 0 or (self.free or 0) >= SMALLEST_TOLD else None


@dataclass(frozen=True, slots=True)
class Day:
    """The board of a centre, or of a service of a room, on a local day."""

    day: date
    sign: Sign
    bands: tuple[Band, ...] = ()

    @property
    def booked(self) -> bool:
        """Whether all of it follows from bookings."""
        return all(band.booked for band in self.bands)

    @property
    def symbol(self) -> str:
        """What is shown of it."""
        return symbol(self.sign, booked=self.booked)


def symbol(sign: Sign, *, booked: bool) -> str:
    """Return what is shown for a sign: ○ means a place only where bookings are known."""
    return (SYMBOLS if booked else BUSY)[sign]


def service_days(timetable: Timetable, service: Service | None, expect: Expect, now: int, days: int) -> list[Day]:
    """Return the coming days of a service, today first; without services, of the room in its centre's hours."""
    hours = timetable.hours if service is None else timetable.services[service.id]
    today = local_day(now)
    found = []
    for n in range(days):
        day = date.fromordinal(today.toordinal() + n)
        spans = hours.spans(day_start(day), day_start(day) + DAY_MS)
        coming = [span for span in bands_of(service, day, spans) if span[1] > now]
        if not spans:
            found.append(Day(day, Sign.CLOSED))
        elif not coming or _outside(service, n, now):
            found.append(Day(day, Sign.OUTSIDE))
        else:
            bands = tuple(_band(timetable, hours, expect, span, now) for span in coming)
            found.append(Day(day, sign(bands), bands))
    return found


def site_days(
    schedules: Mapping[str, Timetable], site: Site, expected: Mapping[str, Expect], now: int, days: int
) -> list[Day]:
    """Return the coming days of a centre: the bands of all its services; `schedules` and `expected` by room."""
    boards = [
        service_days(schedules[room.id], service, expected[room.id], now, days)
        for room in there(site.room, now)
        for service in (room.service or (None,))
    ]
    return [_together(day) for day in zip(*boards, strict=True)]


def sign(bands: Sequence[Band]) -> Sign:
    """Return what is shown of a day with these bands. What is not known is neither free nor full."""
    frees = [band.free for band in bands]
    known = [free for free in frees if free is not None]
    if not known or (len(known) < len(frees) and not any(known)):
        return Sign.UNKNOWN
    if len(known) == len(frees) and all(known):
        return Sign.FREE
    return Sign.SOME if any(known) else Sign.FULL


def outlook_expect(
    hours: Mapping[int, float | None], now: int, children: float | None, booked: Plan = NOTHING
) -> Expect:
    """Return what is expected: who is booked; without bookings, by the start of the hour what is usual.

    In the running hour those who are in count, when that is known.
    """
    running = now - now % HOUR_MS

    def expect(moment: int) -> Foreseen | None:
        hour, places = moment - moment % HOUR_MS, booked.children(moment)
        if places is not None:
            return Foreseen(max(places, children or 0.0) if hour == running else places, booked=True)
        usual = children if hour == running and children is not None else hours.get(hour)
        return None if usual is None else Foreseen(usual, booked=False)

    return expect


def _together(days: Sequence[Day]) -> Day:
    bands = tuple(band for day in days for band in day.bands)
    if bands:
        return Day(days[0].day, sign(bands), tuple(sorted(bands, key=lambda band: (band.start, band.end))))
    outside = any(day.sign is Sign.OUTSIDE for day in days)
    return Day(days[0].day, Sign.OUTSIDE if outside else Sign.CLOSED)


def bands_of(service: Service | None, day: date, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the bands of a day as far as it is open; without bands, the open stretches."""
    if service is None or not service.band:
        yield from spans
        return
    base = day_start(day)
    for band in service.band:
        first, last = (base + edge * MINUTE_MS for edge in minutes(band.slot))
        for opens, closes in spans:
            if max(first, opens) < min(last, closes):
                yield max(first, opens), min(last, closes)


def _outside(service: Service | None, ahead: int, now: int) -> bool:
    if service is None:
        return ahead > LEAD_DAYS
    if ahead > service.lead_days:
        return True
    if service.closes is None or ahead > 1:
        return False
    return ahead == 0 or time_of_day(now) >= minute(service.closes) * MINUTE_MS


def _band(timetable: Timetable, hours: OpeningHours, expect: Expect, span: tuple[int, int], now: int) -> Band:
    """Return a stretch with the places that are free from now on throughout."""
    free: int | None = None
    booked = True
    start = max(span[0], now)
    for ms in range(start - start % STEP_MS, span[1], STEP_MS):
        moment = max(ms, start)
        if not hours.is_open(moment):
            continue
        foreseen = expect(moment)
        if foreseen is None:
            return Band(*span, None)
        booked &= foreseen.booked
        room = max(timetable.limit(moment, timetable.staff(moment)).children - int(foreseen.children + 0.5), 0)
        free = room if free is None else min(free, room)
    return Band(*span, free, booked)
