"""How full a room will be in the coming week, hour by hour. Pure.

Where bookings are known, those who are booked are expected, times the share of them that has come in the past.
Elsewhere the same weekdays and hours of the past tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.rooms.booked import NOTHING, Attendance, Plan, attendance
from sukusuku_server.rooms.usage import Hour
from sukusuku_server.rooms.usage_sums import UsageSums

WEEKS = 10
"""So many weeks of the past are looked at."""
FADES = 0.85
"""Weight of a week against the one after it."""
LEAST = 2
"""Fewer hours of the same weekday than this: all weekdays are taken together."""
_BAND_80 = 1.2816
_LEAST_VARIANCE = 0.05
_NOTHING = UsageSums()


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected mean occupancy of an hour that begins at `start` (UTC ms); in 80 % of cases within the band.

    `hours` of the past stand behind it. All None: nothing like it is known. `booked` is the mean number of children
    booked in it; None: no bookings are known, and the past alone tells.
    """

    start: int
    mean: float | None
    low: float | None
    high: float | None
    hours: int
    booked: float | None = None


def outlook(
    past: Sequence[Hour], opening: OpeningHours, now: int, days: int = 7, booked: Plan = NOTHING
) -> list[Expected]:
    """Every hour in which the room is open within so many days from `now`."""
    shown = attendance(past, booked, opening, now)
    since = now - WEEKS * 7 * DAY_MS
    known = [
        (hour, mean, FADES ** ((now - hour.start) / (7 * DAY_MS)))
        for hour in past
        if since <= hour.start and hour.start + HOUR_MS <= now and (mean := hour.tally.average_occupancy) is not None
    ]
    exact: dict[tuple[int, int], list[tuple[float, float]]] = {}
    alike: dict[int, list[tuple[float, float]]] = {}
    for hour, mean, weight in known:
        exact.setdefault((hour.weekday, hour.hour), []).append((mean, weight))
        alike.setdefault(hour.hour, []).append((mean, weight))
    spread = _dispersion(list(exact.values()))
    starts = {
        start
        for opens, closes in opening.spans(now, now + days * DAY_MS)
        for start in range(opens - opens % HOUR_MS, closes, HOUR_MS)
    }
    found = []
    for start in sorted(starts):
        places = booked.mean(start, opening)
        if places is not None:
            found.append(_of_bookings(start, places, shown))
            continue
        place = Hour(start, _NOTHING)
        samples = exact.get((place.weekday, place.hour), [])
        if len(samples) < LEAST:
            samples = alike.get(place.hour, [])
        found.append(_expected(start, samples, spread))
    return found


def _of_bookings(start: int, places: float, shown: Attendance) -> Expected:
    mean = shown.factor * places
    sigma = sqrt(shown.spread * mean + _LEAST_VARIANCE)
    return Expected(start, mean, max(mean - _BAND_80 * sigma, 0.0), mean + _BAND_80 * sigma, shown.hours, booked=places)


def _expected(start: int, samples: Sequence[tuple[float, float]], spread: float) -> Expected:
    if not samples:
        return Expected(start, None, None, None, 0)
    mean, effective = _mean(samples), sum(w for _, w in samples) ** 2 / sum(w * w for _, w in samples)
    sigma = sqrt((spread * mean + _LEAST_VARIANCE) * (1 + 1 / effective))
    return Expected(start, mean, max(mean - _BAND_80 * sigma, 0.0), mean + _BAND_80 * sigma, len(samples))


def _mean(samples: Sequence[tuple[float, float]]) -> float:
    return sum(value * weight for value, weight in samples) / sum(weight for _, weight in samples)


def _dispersion(cells: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Variance per mean, over all hours together: a single one has too few weeks behind it to tell."""
    squares = means = 0.0
    for samples in cells:
        if len(samples) >= LEAST:
            mean = _mean(samples)
            rest = len(samples) / (len(samples) - 1)
            squares += rest * sum((value - mean) ** 2 for value, _ in samples)
            means += mean * len(samples)
    return squares / means if means else 1.0
