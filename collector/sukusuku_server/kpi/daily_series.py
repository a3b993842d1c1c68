"""The accounts as series: what happened at a centre on each local day, and what each round was. Pure.

What belongs to a day stands at its beginning; an emptying and a round stand at their own times.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.kpi import series
from sukusuku_server.kpi.intervals import both, hours
from sukusuku_server.kpi.unit_month import OpenTime, kg_by_day
from sukusuku_server.kpi.visits import Visit
from sukusuku_server.model.rounds import Run, VisitKind
from sukusuku_server.model.series import SeriesOwner

ON_TIME_DAYS = 30
"""The share of visits in time is that of so many days, the last of which is the one at which it stands."""
_NOT_IN_TIME = (VisitKind.LATE, VisitKind.MISSED, VisitKind.CANNOT)
_FULL = 100.0


@dataclass(frozen=True, slots=True)
class Diary:
    """What is known of a centre; `kg_per_nappy` and `open_times` are by unit.

    `visits` go back `ON_TIME_DAYS` before the first day that is asked for.
    """

    site: str
    kg_per_nappy: Mapping[str, Callable[[date], float]]
    visits: Sequence[Visit]
    open_times: Mapping[str, OpenTime]


def of_site(diary: Diary, first: date, last: date) -> list[Reading]:
    """Return the series of a centre from one day to another, both with it."""
    name, days = SeriesOwner.SITE.named(diary.site), [*_days(first, last)]
    kinds = {day: Counter[VisitKind]() for day in _days(first - timedelta(days=ON_TIME_DAYS - 1), last)}
    for visit in diary.visits:
        if local_day(visit.time) in kinds:
            kinds[local_day(visit.time)][visit.kind] += 1
    emptied = [visit for visit in diary.visits if visit.emptied is not None]
    bags = Counter(local_day(visit.time) for visit in emptied)
    kg = kg_by_day(
        (day := local_day(visit.time), (visit.nappies or 0.0) * diary.kg_per_nappy[visit.asset](day))
        for visit in emptied
    )
    points = [
        Reading(name, series.level_at_emptying(visit.asset), visit.time, visit.percent)
        for visit in emptied
        if visit.percent is not None and first <= local_day(visit.time) <= last
    ]
    for day in days:
        values = {series.visits_of(kind): float(kinds[day][kind]) for kind in VisitKind}
        values |= {series.BAGS: float(bags[day]), series.KILOGRAMS: kg.get(day, 0.0)}
        month = (kinds[day - timedelta(days=back)] for back in range(ON_TIME_DAYS))
        share, over = on_time(sum(month, Counter())), _over_full(diary.open_times.values(), day_start(day))
        values |= {} if share is None else {series.ON_TIME: share}
        values |= {} if over is None else {series.OVER_FULL: over}
        points += [Reading(name, metric, day_start(day), value) for metric, value in values.items()]
    return points


def of_run(run: Run) -> list[Reading]:
    """Return the series of a round at one of its departures."""
    plan = run.plan
    name = SeriesOwner.ROUND.named(plan.round)
    values = {series.STOPS: float(len(plan.joined)), series.KILOMETRES: plan.km, series.MINUTES: plan.minutes}
    return [Reading(name, metric, plan.departs, value) for metric, value in values.items()]


def on_time(kinds: Counter[VisitKind]) -> float | None:
    """Return the share (percent) of visits at which the bag was emptied in time, of those that were needed.

    Left out is what nobody had planned, what is not over, what was needless, and what the data cannot confirm.
    """
    done = kinds[VisitKind.EMPTIED]
    needed = done + sum(kinds[kind] for kind in _NOT_IN_TIME)
    return _FULL * done / needed if needed else None


def _over_full(units: Iterable[OpenTime], start: int) -> float | None:
    """Hours of all units on the day that begins at `start`; None: nothing is known of them."""
    day = [(start, start + DAY_MS)]
    times = [(both(unit.known, day), both(unit.over, day)) for unit in units]
    return sum(hours(over) for _, over in times) if any(known for known, _ in times) else None


def _days(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
