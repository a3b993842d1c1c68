"""The charts of a room as values: today's course, the map of hours and weekdays, the coming week. Pure.

`pictures.py` makes pictures of them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_api.reports.charts import Picture
from sukusuku_api.reports.model import Shape
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web.rooms.queries import Day, RoomFacts, Run, Use
from sukusuku_core.time import HOUR_MS, MINUTE_MS, japan_time
from sukusuku_server.i18n import Translate
from sukusuku_server.rooms.usage import Hour, heat_map
from sukusuku_server.rooms.usage_sums import UsageSums

DAY_BREAK = 0.7
"""Width of the space between two days of the coming week, in hours."""

Step = tuple[float, float | None]
"""A value from a minute of the day on; None: a gap begins."""


@dataclass(frozen=True, slots=True)
class Course:
    """Today: minutes of the day against numbers of people. `marks` are corrections, `counted` counts by staff.

    `now` None: it is before or after the opening hours.
    """

    first: int
    last: int
    now: float | None
    children: tuple[Step, ...]
    people: tuple[Step, ...]
    limit: tuple[Step, ...]
    gaps: tuple[tuple[float, float], ...]
    marks: tuple[tuple[float, int], ...]
    counted: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class AheadHour:
    """An hour of the coming week at a place on the axis; None: nothing like it is known."""

    at: float
    hour: int
    mean: float | None
    low: float | None
    high: float | None
    limit: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """The coming week: its open hours side by side, a name for each day."""

    days: tuple[tuple[str, tuple[AheadHour, ...]], ...]
    width: float


def course(facts: RoomFacts) -> Course:
    """Today's course; the room has opening hours today."""
    day = facts.day
    first, last = _minute(day, day.spans[0][0]), _minute(day, day.spans[-1][1])
    runs = day.children if any(run.value is not None for run in day.children) else day.people

    def within(time: int) -> bool:
        return day.spans[0][0] <= time <= day.spans[-1][1]

    marks = {
        (_minute(day, item.time), item.after)
        for item in facts.corrections
        if within(item.time) and item.after is not None and item.after != item.before
    }
    return Course(
        first=round(first),
        last=round(last),
        now=_minute(day, facts.now) if within(facts.now) else None,
        children=_steps(day, day.children),
        people=_steps(day, day.people),
        limit=_steps(day, day.limit),
        gaps=tuple((_minute(day, run.start), _minute(day, run.end)) for run in runs if run.value is None),
        marks=tuple(sorted(marks)),
        counted=tuple((_minute(day, item.time), item.children) for item in facts.said if within(item.time)),
    )


def heat(hours: Sequence[Hour], translate: Translate) -> Picture | None:
    """Average utilisation in percent by hour and weekday; None: nothing is known.

    An hour that was open and known on one day only, a special one, is left out.
    """
    found = heat_map(hours)
    known = Counter(hour.hour for hour in hours if hour.tally.known_ms)
    rows = sorted(hour for hour, number in known.items() if number > 1)
    if not rows:
        return None
    return Picture(
        Shape.HEAT,
        tuple(f"{hour}:00" for hour in rows),
        tuple(translate(name) for name in WEEKDAYS),
        tuple(tuple(found.get((weekday, hour), _NOTHING).average_utilisation for weekday in range(7)) for hour in rows),
    )


def ahead(use: Use, translate: Translate) -> Ahead:
    """Return the coming week; days without opening hours take no room."""
    days: list[tuple[str, list[AheadHour]]] = []
    at, before = 0.0, None
    for item, limit in zip(use.ahead, use.limits, strict=True):
        when = japan_time(item.start)
        if when.date() != before:
            at += DAY_BREAK if days else 0.0
            days.append((f"{translate(WEEKDAYS[when.weekday()])} {when.day}", []))
            before = when.date()
        days[-1][1].append(AheadHour(at, when.hour, item.mean, item.low, item.high, limit))
        at += 1
    return Ahead(tuple((name, tuple(hours)) for name, hours in days), at)


_NOTHING = UsageSums()


def _minute(day: Day, time: int) -> float:
    return (time - day.start) / MINUTE_MS


def _steps(day: Day, runs: Sequence[Run]) -> tuple[Step, ...]:
    """Return the runs as steps; each that is followed by nothing or by a gap also has its end."""
    found: list[Step] = []
    for n, run in enumerate(runs):
        found.append((_minute(day, run.start), run.value))
        follows = runs[n + 1] if n + 1 < len(runs) else None
        if run.value is not None and (follows is None or follows.value is None or follows.start != run.end):
            found += [(_minute(day, run.end), run.value), (_minute(day, run.end), None)]
    return tuple(found)


def hourly(day: Day) -> list[tuple[int, float | None, float | None]]:
    """Each hour of a day up to now: local hour, mean and highest number of children; None: nothing is known."""
    runs = day.children if any(run.value is not None for run in day.children) else day.people
    points = []
    for start in sorted({at for run in runs for at in range(run.start - run.start % HOUR_MS, run.end, HOUR_MS)}):
        parts = [
            (min(run.end, start + HOUR_MS) - max(run.start, start), run.value)
            for run in runs
            if run.value is not None and run.start < start + HOUR_MS and run.end > start
        ]
        known = sum(time for time, _ in parts)
        mean = sum(time * value for time, value in parts) / known if known else None
        points.append((japan_time(start).hour, mean, max((value for _, value in parts), default=None)))
    return points
