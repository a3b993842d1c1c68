"""How right the occupancy of a simulated room was, told by its truth; and what comes out without any correction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bench.rooms.world import Kind, World
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.intervals import Stretch
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.usage_sums import total

MONTH_MINUTES = 10 * 540
"""Months of fewer open minutes are parts of a month and not judged."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How right an occupancy was: days (%) with at most one person of drift, mean error, and how much (%) was known."""

    days: float
    error: float
    known: float
    month: float
    """The worst whole month of child-hours, % off, in the time that is told as known."""
    filled: float
    """The same over all open time; what is not known has the month's mean of its hour of the day."""
    complete: float
    """The mean completeness (%) of the known time: how much of the figures is told as seen."""


def judge(world: World, counts: Sequence[Stretch], late: Mapping[int, float], *, small: bool) -> Figures:
    """Figures of an occupancy in open time, and of its last count an hour after closing."""
    near = [abs(late[day] - (world.children_at(day) if small else world.people_at(day))) <= 1 for day in late]
    off = known = opened = complete = 0.0
    hours: dict[tuple[tuple[int, int], int], list[float]] = {}
    for part in counts:
        of_hour = hours.setdefault(_of(part.start - part.start % HOUR_MS), [0.0] * 5)
        truths = list(world.children_by_minute(part.start, part.end))
        minutes, children = len(truths), sum(truths)
        of_hour[0] += minutes
        of_hour[1] += children
        opened += minutes
        if part.people is not None:
            off += sum(abs(part.people - truth) for truth in truths)
            known += minutes
            complete += part.complete * minutes
            of_hour[2] += minutes
            of_hour[3] += children
            of_hour[4] += part.people * minutes
    months: dict[tuple[int, int], list[float]] = {}
    for (which, _), (there, truth, knew, true_known, found) in hours.items():
        month = months.setdefault(which, [0.0] * 5)
        for n, value in enumerate((there, true_known, found, truth, found * there / max(knew, 1.0))):
            month[n] += value
    whole = [month[1:] for month in months.values() if month[0] > MONTH_MINUTES]
    return Figures(
        days=100 * sum(near) / len(near),
        error=off / known,
        known=100 * known / opened,
        month=max((_off(found, truth) for truth, found, _, _ in whole), default=0.0),
        filled=max((_off(found, truth) for _, _, truth, found in whole), default=0.0),
        complete=complete / known,
    )


@cache
def _of(start: int) -> tuple[tuple[int, int], int]:
    """Return the month of an hour (UTC ms), and which hour of the day it is."""
    hour = usage.Hour(start, total(()))
    return usage.by_month(hour), hour.hour


def _off(found: float, truth: float) -> float:
    return abs(found / truth - 1) * 100


def naive(
    world: World, timetable: Timetable, kind: Kind, spans: Sequence[tuple[int, int]]
) -> tuple[list[Stretch], dict[int, float]]:
    """Entries less exits, less the staff on duty, as they come; zones summed as they come."""
    points: list[tuple[int, float]] = [(0, 0.0)]
    values: dict[str, int] = {}
    base: dict[str, int] = {}
    for reading in world.readings:
        if isinstance(reading.value, int) and not isinstance(reading.value, bool):
            values[reading.metric] = reading.value
            base.setdefault(reading.metric, reading.value)
            if kind in {Kind.ZONES, Kind.HEADS}:
                count = sum(value for name, value in values.items() if name.startswith(("Zones/", "Occupancy/")))
            else:
                moved = {
                    name: value - base[name] for name, value in values.items() if name.startswith(("Entries", "Exits"))
                }
                count = sum(value if name.startswith("Entries") else -value for name, value in moved.items())
            if points[-1][1] != count:
                points.append((reading.time, float(count)))
    parts: list[Stretch] = []
    n = 0
    small = kind is Kind.CHILD_DOOR
    late: dict[int, float] = {}
    for start, end in spans:
        for minute in range(start, end, MINUTE_MS):
            while n + 1 < len(points) and points[n + 1][0] <= minute:
                n += 1
            inside = max(points[n][1] - (0 if small else timetable.staff(minute) or 0), 0.0)
            if parts and parts[-1].end == minute and parts[-1].people == inside and minute % HOUR_MS:
                parts[-1] = parts[-1]._replace(end=minute + MINUTE_MS)
            else:
                parts.append(Stretch(minute, minute + MINUTE_MS, inside, None, 100.0))
        m = n
        while m + 1 < len(points) and points[m + 1][0] <= end + HOUR_MS:
            m += 1
        late[end + HOUR_MS] = points[m][1]
    return parts, late
