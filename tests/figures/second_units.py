"""The figures of units a second time, from the files alone: plain SQL and the standard library.

Written from the definitions in docs/collection.md, by brute force; the product is not imported.
"""

import itertools
import sqlite3
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.figures.second import DAY, HOUR, Files, local, opened

DUE, BAG, KG, NEEDLESS = 80.0, 72 * HOUR, 0.15, 30.0
EARLY, AFTER, LATE = 2 * HOUR, 2 * HOUR, 72 * HOUR


@dataclass
class UnitFigures:
    """The figures of a unit in some time; None: nothing to take them from."""

    open: float
    known: float
    over: float
    availability: float | None
    emptyings: int
    kg: float
    level: float | None
    wait: float | None
    visits: Counter[str]


@dataclass(frozen=True)
class Stop:
    """A stop of a round; `deadline` None: there is none."""

    id: int
    departs: int
    returns: int
    arrives: int
    deadline: int | None
    answer: str


def figures(files: Files, unit: str, start: int, end: int) -> UnitFigures:
    """All figures of a unit over start <= time < end, at the moment `end`."""
    emptied = [row for row in files.emptied(unit) if start <= row[0] < end]
    hours = files.heard(unit)
    begins = min([end, *hours]) if not any(hour < start for hour in hours) else start
    spans = [(max(a, begins, start), min(b, end)) for a, b in _openings(start, end) if max(a, begins) < min(b, end)]
    open_ = sum(b - a for a, b in spans)
    heard, codes = set(hours), files.codes(unit)
    bad = sum(_bad(heard, codes, a, b) for a, b in spans)
    known, over = over_full(files, unit, start, end)
    waits = _waits(files, unit, start, end)
    return UnitFigures(
        open=open_ / HOUR,
        known=known,
        over=over,
        availability=1 - bad / open_ if open_ else None,
        emptyings=len(emptied),
        kg=sum(nappies for _, _, nappies in emptied) * KG,
        level=sum(percent for _, percent, _ in emptied) / len(emptied) if emptied else None,
        wait=sum(waits) / len(waits) / HOUR if waits else None,
        visits=_visits(files, unit, start, end),
    )


def over_full(files: Files, unit: str, start: int, end: int) -> tuple[float, float]:
    """Known hours and hours over full of a unit, by the minute of its estimate: 102 % until below 96 %."""
    estimate = files.series(unit, "Fill/Estimate")
    emptied = [time for time, _, _ in files.emptied(unit)]
    heard = set(files.heard(unit))
    fresh = _of_their_bags(estimate, emptied)
    days = {local(time) for time in range(start, end, DAY)}
    spans = [span for day in sorted(days) for span in opened(day)]
    ends = [closes for _, closes in spans]
    known = over = 0
    full, last = False, None
    for n, (time, value) in enumerate(fresh):
        full = value >= 102 or (full and value >= 96 and last is not None and time - last <= 2 * HOUR)
        last = time
        following = fresh[n + 1][0] if n + 1 < len(fresh) else end
        until = min(following, time + 2 * HOUR, end)
        next_emptied = bisect_right(emptied, time)
        stops = min(until, emptied[next_emptied] if next_emptied < len(emptied) else until)
        for opens, closes in spans[bisect_right(ends, time) :]:
            if opens >= until:
                break
            a, b = max(time, opens, start), min(until, closes)
            for hour in range(a - a % HOUR, b, HOUR) if a < b else ():
                if hour in heard:
                    known += max(0, min(b, hour + HOUR) - max(a, hour))
                    over += full * max(0, min(b, stops, hour + HOUR) - max(a, hour))
        full = full and stops == following
    return known / HOUR, over / HOUR


def _of_their_bags(points: list[tuple[int, float]], emptied: list[int]) -> list[tuple[int, float]]:
    """Without the points that show a bag for up to six hours after it was taken out."""
    found: list[tuple[int, float]] = []
    bag, old, waits = 0, 0.0, False
    before: float | None = None
    for time, content in points:
        own = bisect_left(emptied, time)
        own += own < len(emptied) and emptied[own] == time and before is not None and content < before / 2
        before = content
        if own != bag:
            waits, old, bag = bool(found), found[-1][1] if found else 0.0, own
        if waits and content > old / 2 and time - emptied[bag - 1] < 6 * HOUR:
            continue
        waits = False
        found.append((time, content))
    return found


def stops(files: Files, unit: str) -> list[Stop]:
    """The stops of all rounds at a unit, in order."""
    with sqlite3.connect(files.operations) as connection:
        found = connection.execute(
            "SELECT s.id, r.departs, r.returns, COALESCE(s.arrives, r.departs), s.deadline, s.answer "
            "FROM round_stop s JOIN round_run r ON r.id = s.run_id WHERE s.asset = ? AND s.joined ORDER BY r.departs",
            (unit,),
        ).fetchall()
    connection.close()
    return [Stop(*row) for row in found]


def judged(planned: Sequence[Stop], bags: Iterable[tuple[int, float]], now: int) -> dict[int, str]:
    """What became of each stop, by id; `bags` are time and percent of the emptyings."""
    taken = _taken(planned, bags)
    return {stop.id: _kind(stop, taken.get(stop.id), now) for stop in planned}


def _taken(planned: Sequence[Stop], bags: Iterable[tuple[int, float]]) -> dict[int, tuple[int, float]]:
    """The emptying of each stop: the first after its time began, before that of the next, within 72 hours.

    Its time begins two hours early, but while the round before is under way it has not begun.
    """
    back = [0, *(stop.returns for stop in planned)]
    begins = [max(stop.departs - EARLY, min(back[n], stop.departs)) for n, stop in enumerate(planned)]
    found: dict[int, tuple[int, float]] = {}
    for time, percent in bags:
        n = bisect_right(begins, time) - 1
        if n >= 0 and planned[n].id not in found and time < planned[n].returns + LATE:
            found[planned[n].id] = (time, percent)
    return found


def _kind(stop: Stop, bag: tuple[int, float] | None, now: int) -> str:
    over = stop.returns + AFTER
    if bag is None:
        if now < over and stop.answer in {"none", "done"}:
            return "due"
        return {"none": "missed", "done": "unseen", "cannot": "cannot", "needless": "needless"}[stop.answer]
    time, percent = bag
    if percent < NEEDLESS:
        return "needless"
    if time >= over:
        return "cannot" if stop.answer == "cannot" else "late"
    return "late" if stop.deadline is not None and time > stop.deadline else "emptied"


def _visits(files: Files, unit: str, start: int, end: int) -> Counter[str]:
    planned = stops(files, unit)
    bags = [(time, percent) for time, percent, _ in files.emptied(unit)]
    taken, kinds = _taken(planned, bags), judged(planned, bags, end)
    of_rounds = {time for time, _ in taken.values()}
    found = Counter(
        kinds[stop.id] for stop in planned if start <= (taken[stop.id][0] if stop.id in taken else stop.arrives) < end
    )
    found["unplanned"] += sum(start <= time < end and time not in of_rounds for time, _ in bags)
    return found


def _openings(start: int, end: int) -> list[tuple[int, int]]:
    days = sorted({local(time) for time in range(start, end, DAY)})
    return [span for day in days for span in opened(day)]


def _bad(heard: set[int], codes: Sequence[tuple[int, float]], start: int, end: int) -> int:
    """How much of an opening a unit was silent, by the hour, or said that it has a fault."""
    near = bisect_left(codes, (start - DAY, 0.0)), bisect_left(codes, (end, 0.0))
    codes = codes[near[0] : near[1]]
    times = [time for time, _ in codes]
    edges = {start, end, *range(start - start % HOUR + HOUR, end, HOUR)}
    for time in times:
        edges |= {moment for moment in (time, time + DAY) if start < moment < end}
    ordered, found = sorted(edges), 0
    for a, b in itertools.pairwise(ordered):
        n = bisect_right(times, a) - 1
        fault = n >= 0 and bool(codes[n][1]) and a < times[n] + DAY
        found += (b - a) * (fault or a - a % HOUR not in heard)
    return found


def _waits(files: Files, unit: str, start: int, end: int) -> list[int]:
    """From due to emptied, of each bag that was due: its level, or its age."""
    emptied = [time for time, _, _ in files.emptied(unit)]
    points = _of_their_bags(files.series(unit, "Fill/Estimate"), emptied)
    times = [time for time, _ in points]
    found = []
    for n, time in enumerate(emptied):
        if not start <= time < end:
            continue
        put_in = emptied[n - 1] if n else None
        bag = points[bisect_right(times, put_in or 0) : bisect_right(times, time)]
        full = next((at for at, level in bag if level >= DUE), None)
        due = [moment for moment in (full, None if put_in is None else put_in + BAG) if moment is not None]
        if due and min(due) <= time:
            found.append(time - min(due))
    return found
