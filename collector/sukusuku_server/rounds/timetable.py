"""On which dates a round goes, and at which moments. Pure; times are UTC ms, dates are those of Japan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sukusuku_core.time import MINUTE_MS, day_start, local_day
from sukusuku_server.calendar.opening_hours import LOOK_AHEAD_DAYS, OpeningHours
from sukusuku_server.settings import Facility
from sukusuku_server.settings.base import WEEKDAYS
from sukusuku_server.settings.opening import Calendar, Opening, Slots
from sukusuku_server.settings.rounds import Round

_ALL_DAY: Slots = ("00:00-24:00",)
_WORKING_DAYS = Opening(
    mon=_ALL_DAY, tue=_ALL_DAY, wed=_ALL_DAY, thu=_ALL_DAY, fri=_ALL_DAY, sat=_ALL_DAY, sun=_ALL_DAY, holidays="closed"
)


@dataclass(frozen=True, slots=True)
class Trip:
    """The moments of a round on one date."""

    round: str
    date: date
    mail_at: int
    answer_by: int
    departs: int
    returns: int


def working_days(calendar: Calendar) -> OpeningHours:
    """Return the days on which a round goes that keeps the holidays of the operator's calendar."""
    return OpeningHours(calendar, (_WORKING_DAYS,))


class Timetable:
    """The dates of one round; `working` are the days that are no holidays."""

    def __init__(self, settings: Round, working: OpeningHours) -> None:
        self._round = settings
        self._working = working

    def goes(self, day: date) -> bool:
        """Whether the round goes on a date."""
        if WEEKDAYS[day.weekday()] not in self._round.days or day in self._round.without:
            return False
        return self._round.holidays or self._working.closed_reason(day) is None

    def trip(self, day: date) -> Trip:
        """Return the moments of the round on a date, also on one on which it does not go by itself."""
        moments = {
            key: moment(day, getattr(self._round, key)) for key in ("mail_at", "answer_by", "departs", "returns")
        }
        return Trip(round=self._round.id, date=day, **moments)

    def following(self, day: date) -> Trip | None:
        """Return the first trip on a later date; None: none within 400 days."""
        return next((self.trip(later) for later in _days(day + timedelta(days=1)) if self.goes(later)), None)

    def ahead(self, now: int) -> Iterator[Trip]:
        """Yield the trips of the next 400 days that have not departed by then."""
        trips = (self.trip(day) for day in _days(local_day(now)) if self.goes(day))
        return (trip for trip in trips if trip.departs > now)

    def coming(self, now: int) -> Trip | None:
        """Return the trip under way or the next one: the first not over by then; None: none within 400 days."""
        trips = (self.trip(day) for day in _days(local_day(now)) if self.goes(day))
        return next((trip for trip in trips if trip.returns > now), None)


def reaches(opening: OpeningHours, trip: Trip, service_minutes: float) -> bool:
    """Whether a centre is open long enough while a round is under way for the work at one unit."""
    service = service_minutes * MINUTE_MS
    return any(closes - opens >= service for opens, closes in opening.spans(trip.departs, trip.returns))


def serves(settings: Round, site: str) -> bool:
    """Whether a round may stop at a site."""
    return not settings.sites or site in settings.sites


def timetables(facility: Facility) -> Mapping[str, Timetable]:
    """Return the dates of every round, by its id. They share what they keep of the calendar: make them once."""
    working = working_days(facility.calendar)
    return {settings.id: Timetable(settings, working) for settings in facility.round}


def moment(day: date, clock: str) -> int:
    """Return the moment of a local time (`HH:MM`) on a date."""
    hours, minutes = clock.split(":")
    return day_start(day) + (int(hours) * 60 + int(minutes)) * MINUTE_MS


def _days(first: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(LOOK_AHEAD_DAYS))
