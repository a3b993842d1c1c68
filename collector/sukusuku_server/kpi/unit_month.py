"""The figures of a month: visits, levels, over-full time, availability, alerts, how long it took. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_core.time import HOUR_MS, local_day
from sukusuku_server.kpi.disposal_fee import Fees
from sukusuku_server.kpi.intervals import Spans, both, hours, standing, union
from sukusuku_server.kpi.visits import Spread, Visit, levels, spread
from sukusuku_server.model.rounds import VisitKind

FULL_FROM, FULL_UNTIL = 102.0, 96.0
"""A bag is over full from the estimate's first value to its last. The estimate of a bag that is exactly full wavers
about 100 %, so neither bound is there: both are beyond what it wavers by."""
HOLD_MS = 2 * HOUR_MS
"""A value of the estimate stands so long when no other follows; after that nothing is known."""


@dataclass(frozen=True, slots=True)
class UnitMonth:
    """What is known of a unit in a stretch of time (`start` <= time < `end`, UTC ms).

    `opened` are the opening hours of its centre. `percent` is the estimate, (time, percent) in order, from before
    the bag of `start` was put in; `emptied` are the times of all emptyings since then. `heard` is when the unit was not
    silent, `bad` when it was silent or had a fault. `due_percent` is the level from which it is due, `bag_ms` how long
    a bag may stay. `before` is the last emptying before `start`. `alerts` is how many fired.
    """

    asset: str
    start: int
    end: int
    opened: Spans
    percent: Sequence[tuple[int, float]]
    emptied: Sequence[int]
    heard: Spans
    bad: Spans
    visits: Sequence[Visit]
    due_percent: float
    bag_ms: float
    before: int | None
    kg_per_nappy: Callable[[date], float]
    alerts: int


@dataclass(frozen=True, slots=True)
class Kpi:
    """The figures of a unit, or of all together (`asset` None), in a stretch of time.

    `visits` counts by kind. `open_hours` are the hours that the centres were open, times their units; `known_hours`
    those of them with an estimate, `overflow_hours` those over full (`over_full`), `good_hours` those without fault or
    silence. `wait_hours` is from due to emptied, over the emptyings that came after due.
    """

    asset: str | None
    start: int
    end: int
    visits: Mapping[VisitKind, int]
    emptyings: int
    level: Spread | None
    open_hours: float
    known_hours: float
    overflow_hours: float
    good_hours: float
    wait_hours: Spread | None
    alerts: int
    kg: float

    @property
    def availability(self) -> float | None:
        """Share (0-1) of the open time without fault or silence; None: never open, or not there yet."""
        return min(1.0, self.good_hours / self.open_hours) if self.open_hours else None


@dataclass(frozen=True, slots=True)
class OpenTime:
    """Of the time that a centre is open: that with an estimate of a unit's level, and that over full."""

    known: Spans
    over: Spans


def open_time(
    percent: Sequence[tuple[int, float]], emptied: Sequence[int], opened: Spans, heard: Spans, end: int
) -> OpenTime:
    """From the estimate, (time, percent) in order, up to `end`.

    `heard` is when the unit was heard: what the estimate goes on to say in silence is not known.
    """
    watched = both(opened, heard)
    known = standing(percent, float("-inf"), end, HOLD_MS)
    return OpenTime(both(known, watched), both(over_full(percent, emptied, end), watched))


def over_full(percent: Sequence[tuple[int, float]], emptied: Sequence[int], end: int) -> list[tuple[int, int]]:
    """Return when a bag was over full: from `FULL_FROM` until below `FULL_UNTIL`, its emptying, or a gap."""
    stretches, full, n = [], False, 0
    after = [*(time for time, _ in percent[1:]), end]
    for (time, value), following in zip(percent, after, strict=False):
        full = value >= (FULL_UNTIL if full else FULL_FROM)
        while n < len(emptied) and emptied[n] <= time:
            n += 1
        until = min(following, time + HOLD_MS, end, emptied[n] if n < len(emptied) else end)
        if full:
            stretches.append((time, until))
        full = full and until == following
    return union(stretches)


def unit_kpi(month: UnitMonth) -> Kpi:
    """Return the figures of one unit."""
    opened = both(month.opened, [(month.start, month.end)])
    time = open_time(month.percent, month.emptied, opened, month.heard, month.end)
    emptied = [visit for visit in month.visits if visit.emptied is not None]
    return Kpi(
        asset=month.asset,
        start=month.start,
        end=month.end,
        visits=_counts(month.visits),
        emptyings=len(emptied),
        level=levels(month.visits),
        open_hours=hours(opened),
        known_hours=hours(time.known),
        overflow_hours=hours(time.over),
        good_hours=hours(opened) - hours(both(month.bad, opened)),
        wait_hours=spread(waits(month)),
        alerts=month.alerts,
        kg=sum((visit.nappies or 0.0) * month.kg_per_nappy(local_day(visit.time)) for visit in emptied),
    )


def waits(month: UnitMonth) -> list[float]:
    """Hours from the moment a bag was due (its level, or its age) to its emptying; those emptied before are not in."""
    hours = []
    put_in = month.before
    times = [time for time, _ in month.percent]
    for visit in sorted((it for it in month.visits if it.emptied is not None), key=lambda it: it.time):
        bag = month.percent[0 if put_in is None else bisect_right(times, put_in) : bisect_right(times, visit.time)]
        moments = [time for time, percent in bag if percent >= month.due_percent][:1]
        if put_in is not None:
            moments.append(round(put_in + month.bag_ms))
        if moments and min(moments) <= visit.time:
            hours.append((visit.time - min(moments)) / HOUR_MS)
        put_in = visit.time
    return hours


def total(units: Sequence[Kpi], start: int, end: int) -> Kpi:
    """All units together. Hours add up; means are means over the single values, not over the units."""
    return Kpi(
        asset=None,
        start=start,
        end=end,
        visits={kind: sum(unit.visits[kind] for unit in units) for kind in VisitKind},
        emptyings=sum(unit.emptyings for unit in units),
        level=_merge(unit.level for unit in units),
        open_hours=sum(unit.open_hours for unit in units),
        known_hours=sum(unit.known_hours for unit in units),
        overflow_hours=sum(unit.overflow_hours for unit in units),
        good_hours=sum(unit.good_hours for unit in units),
        wait_hours=_merge(unit.wait_hours for unit in units),
        alerts=sum(unit.alerts for unit in units),
        kg=sum(unit.kg for unit in units),
    )


@dataclass(frozen=True, slots=True)
class SiteWeight:
    """What a centre put out: kg a day on average and at most, and the days on which it was the ward's limit or more."""

    site: str
    mean_kg: float
    most_kg: float
    days_over: int


def site_weight(site: str, emptied: Iterable[tuple[date, float]], days: int, fees: Fees) -> SiteWeight:
    """From (local day, kg) of its emptyings in so many days."""
    by_day = kg_by_day(emptied)
    total_kg = sum(by_day.values())
    return SiteWeight(
        site, total_kg / days if days else 0.0, max(by_day.values(), default=0.0), len(fees.days_over(by_day))
    )


def kg_by_day(emptied: Iterable[tuple[date, float]]) -> dict[date, float]:
    """Return what a site put out on each local day, from (day, kg) of its emptyings."""
    found: dict[date, float] = {}
    for day, kg in emptied:
        found[day] = found.get(day, 0.0) + kg
    return found


def _counts(found: Iterable[Visit]) -> dict[VisitKind, int]:
    counts = dict.fromkeys(VisitKind, 0)
    for visit in found:
        counts[visit.kind] += 1
    return counts


def _merge(spreads: Iterable[Spread | None]) -> Spread | None:
    parts = [part for part in spreads if part is not None]
    if not parts:
        return None
    count = sum(part.count for part in parts)
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    mean = sum(part.mean * part.count for part in parts) / count
    return Spread(min(max(mean, low), high), low, high, count)
