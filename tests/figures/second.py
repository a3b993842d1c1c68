"""The figures of rooms a second time, from the files alone: plain SQL and the standard library.

Written from the definitions in docs/rooms.md and docs/collection.md, by brute force; the product is not imported.
All times are UTC ms. The opening hours are those of `bench/figures/world.py`, written out again.
"""

import collections
import fractions
import itertools
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

JAPAN = timezone(timedelta(hours=9))
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
HOLDS, STAYS = 16 * MINUTE, 5 * MINUTE
HOLIDAYS = {
    *("2025-10-13", "2025-11-03", "2025-11-23", "2025-11-24", "2026-01-01", "2026-01-12", "2026-02-11", "2026-02-23"),
    *("2026-03-20", "2026-04-29", "2026-05-03", "2026-05-04", "2026-05-05", "2026-05-06", "2026-07-20", "2026-08-11"),
    *("2026-09-21", "2026-09-22", "2026-09-23", "2026-10-12", "2026-11-03", "2026-11-23"),
}
Piece = tuple[int, int, float | None]
"""From, to, and how many were in; None: not known."""


def midnight(day: date) -> int:
    """The beginning of a local day."""
    return round(datetime(day.year, day.month, day.day, tzinfo=JAPAN).timestamp() * 1000)


def local(time: int) -> date:
    """The local day of a moment."""
    return datetime.fromtimestamp(time / 1000, JAPAN).date()


def opened(day: date) -> list[tuple[int, int]]:
    """When the centres are open on a day."""
    hours: list[tuple[float, float]] = [(9, 18)]
    if (
        day.weekday() == 6
        or (day.month, day.day) in {(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)}
        or day.isoformat() == "2026-07-15"
    ):
        hours = []
    elif day.isoformat() == "2026-07-22":
        hours = [(10, 15)]
    elif day.isoformat() in HOLIDAYS:
        hours = []
    elif day.weekday() == 2:
        hours = [(9, 12), (13, 18)]
    elif day.weekday() == 5:
        hours = [(9, 12)]
    start = midnight(day)
    return [(start + round(a * HOUR), start + round(b * HOUR)) for a, b in hours]


@dataclass
class RoomFigures:
    """Sums of a room over some days, in ms and numbers."""

    open: int = 0
    known: int = 0
    complete: float = 0.0
    person: float = 0.0
    used: int = 0
    under: int = 0
    over: int = 0
    uses: int = 0
    visits: int = 0
    peak: float | None = None


@dataclass
class Files:
    """The two databases of a facility."""

    readings: Path
    operations: Path
    _series: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=dict)

    def series(self, asset: str, metric: str) -> list[tuple[int, float]]:
        """All points of a derived series."""
        if (asset, metric) not in self._series:
            with sqlite3.connect(self.readings) as connection:
                self._series[asset, metric] = connection.execute(
                    "SELECT d.time, d.value FROM derived d JOIN derived_series s ON s.id = d.series "
                    "WHERE s.asset = ? AND s.metric = ? ORDER BY d.time",
                    (asset, metric),
                ).fetchall()
            connection.close()
        return self._series[asset, metric]

    def corrections(self, room: str) -> list[tuple[int, str, str, int | None, int | None]]:
        """Time, kind, channel, count before and after, of every correction."""
        with sqlite3.connect(self.operations) as connection:
            found = connection.execute(
                "SELECT time, kind, channel, before, after FROM occupancy_correction WHERE asset = ? ORDER BY time, id",
                (room,),
            ).fetchall()
        connection.close()
        return found

    def heard(self, unit: str) -> list[int]:
        """The hours (ms) in which a unit was heard."""
        with sqlite3.connect(self.readings) as connection:
            found = connection.execute(
                "SELECT DISTINCT h.hour FROM hourly h JOIN series s ON s.id = h.series WHERE s.asset = ? ORDER BY 1",
                (unit,),
            ).fetchall()
        connection.close()
        return [hour * HOUR for (hour,) in found]

    def codes(self, unit: str) -> list[tuple[int, float]]:
        """The fault codes that a unit told; 0 where it had none, or its word is not to be trusted."""
        with sqlite3.connect(self.readings) as connection:
            found = connection.execute(
                "SELECT r.time, CASE WHEN r.quality = 192 THEN r.value ELSE 0 END FROM reading r "
                "JOIN series s ON s.id = r.series WHERE s.asset = ? AND s.metric = 'Fault/Code' ORDER BY r.time",
                (unit,),
            ).fetchall()
        connection.close()
        return found

    def emptied(self, unit: str) -> list[tuple[int, float, float]]:
        """Time, percent and nappies of the emptyings that count."""
        with sqlite3.connect(self.operations) as connection:
            found = connection.execute(
                "SELECT time, percent, nappies FROM emptying WHERE asset = ? AND state != 'rejected' ORDER BY time",
                (unit,),
            ).fetchall()
        connection.close()
        return found


def in_hindsight(files: Files, room: str) -> list[tuple[int, float]]:
    """The children as they must have been; where they are people less staff, they are so in hindsight."""
    rows = files.corrections(room)
    mine = [row for row in rows if row[2] == "children"]
    people = [row for row in rows if row[2] == "people"]
    points = files.series(room, "Occupancy/ChildrenCorrected")
    if not people or not all(kind in {"entered", "source"} for _, kind, *_ in mine):
        return _seen(points, mine)
    staff = files.series(room, "Occupancy/StaffAssumed")
    own = [(time, value) for time, value in _seen(points, people) if at(staff, time) is None]
    everybody = _seen(files.series(room, "Occupancy/Corrected"), people)
    begins = {time for n, (time, value) in enumerate(staff) if not n or at(staff[:n], time) != value}
    followed = [
        (time, max(count - taken, 0.0))
        for time in begins | {time for time, _ in everybody}
        if (count := at(everybody, time)) is not None and (taken := at(staff, time)) is not None
    ]
    return sorted([*own, *followed])


def _seen(
    points: list[tuple[int, float]], mine: list[tuple[int, str, str, int | None, int | None]]
) -> list[tuple[int, float]]:
    """A series in hindsight: what was off is spread over the movements of its stretch."""
    steps_of = [
        (time, 1 if new > old else -1)
        for (then, old), (time, new) in itertools.pairwise(points)
        if local(then) == local(time)
        for _ in range(abs(int(new - old)))
    ]
    moves = [time for time, _ in steps_of]
    stretches, unknown = _known_stretches(mine, moves)
    off_on: collections.Counter[date] = collections.Counter()
    for since, guesses, told, _ in stretches:
        off_on[local(since)] += _needed(guesses, told)
    shifts = []
    for stretch in stretches:
        day, needed = local(stretch[0]), _needed(*stretch[1:3])
        came = sum(step > 0 and local(time) == day for time, step in steps_of)
        far = abs(off_on[day]) >= max(3, 0.1 * max(came, came + off_on[day]))
        way = (needed > 0) - (needed < 0) if far and needed * off_on[day] > 0 else 0
        shifts += _shifts(*stretch, [time for time, step in steps_of if step == way] if way else moves)
    times = sorted({*(time for time, _ in points), *(time for time, _ in shifts)})
    steps = collections.Counter[int]()
    for time, step in shifts:
        steps[time] += step
    known, found, off = dict(points), [], 0
    held: tuple[int, float] | None = None
    for time in times:
        off += steps[time]
        held = (time, known[time]) if time in known else held
        if held is not None and time <= held[0] + HOLDS and not any(a <= time < b for a, b in unknown):
            found.append((time, max(held[1] + off, 0.0)))
    return found


def _needed(guesses: list[tuple[int, int]], told: tuple[int, int] | None) -> int:
    """So many people had been missed by the end of a stretch."""
    return sum(number for _, number in guesses) + (told[1] if told else 0)


def _known_stretches(
    rows: list[tuple[int, str, str, int | None, int | None]], moves: list[int]
) -> tuple[list[tuple[int, list[tuple[int, int]], tuple[int, int] | None, int]], list[tuple[int, int]]]:
    """Beginning, guesses, the end at which the count was known, and until when movements share in what was off."""
    found: list[tuple[int, list[tuple[int, int]], tuple[int, int] | None, int]] = []
    unknown: list[tuple[int, int]] = []
    since, guesses = 0, list[tuple[int, int]]()
    for time, kind, _, before, after in sorted(rows, key=lambda row: (row[0], row[1] != "swapped")):
        if after is None or kind in {"restarted", "replaced"} or (before is None and kind != "entered"):
            continue
        mark, today = -(-time // MINUTE) * MINUTE, midnight(local(time))
        quiet = not any(today <= move < time for move in moves)
        night = kind == "reset" and time < today + 12 * HOUR
        yesterday = night or (kind in {"empty", "timed_out", "swapped"} and quiet)
        first = today - DAY if yesterday else today
        if since < first:
            found.append((since, guesses, None, 0))
            since, guesses = first, []
        if kind == "frozen":
            unknown.append((max([first, *(move + 1 for move in moves if move < mark)]), mark))
            continue
        if kind in {"clamped", "timed_out"}:
            guesses.append((mark, after - (before or 0)))
            continue
        if kind == "swapped":
            unknown.append((since, mark))
        else:
            told = None if kind in {"agreed", "source"} or before is None else (mark, after - before)
            found.append((since, guesses, told, first + DAY))
        since, guesses = mark, []
    return [*found, (since, guesses, None, 0)], unknown


def _shifts(
    since: int, guesses: list[tuple[int, int]], told: tuple[int, int] | None, last: int, moves: list[int]
) -> list[tuple[int, int]]:
    """When by how many people the count differs from what was shown, as steps."""
    if not guesses and told is None:
        return []
    end = guesses[-1][0] if told is None else max(min(told[0], last), since)
    between = [move for move in moves if since < move < end]
    shifts = [(time, -number) for time, number in guesses]
    total, needed = 0, [(0, 0, since)]
    for time, number in guesses:
        total += number
        if number > 0:
            needed.append((sum(move < time for move in between), total, time))
    if told is not None:
        shifts.append((told[0], -told[1]))
        total += told[1]
    corners = [*needed, (len(between), total, end)]
    final, place = len(corners) - 1, 0
    while place < final:  # the next corner of the string is where it must rise most steeply
        x, y, then = corners[place]
        ahead = range(place + 1, final + 1)
        level = [n for n in ahead if corners[n][0] == x]
        steep = [n for n in level if corners[n][1] > y] or ([] if len(level) < len(ahead) else level)
        if steep:
            best = max(steep, key=lambda n: (corners[n][1], n))
        else:
            rest = [n for n in ahead if corners[n][0] > x]
            best = max(rest, key=lambda n: (fractions.Fraction(corners[n][1] - y, corners[n][0] - x), n))
        bx, by, until = corners[best]
        number = abs(by - y)
        for n in range(number):
            share = (n + 0.5) / number
            if bx > x:
                begin = between[x + int(share * (bx - x))]
            else:
                begin = until if x else then + round(share * (until - then))
            shifts.append((-(-begin // MINUTE) * MINUTE, 1 if by > y else -1))
        place = best
    return shifts


def pieces(points: list[tuple[int, float]], complete: list[tuple[int, float]], start: int, end: int) -> Iterator[Piece]:
    """An opening cut wherever a value begins, or has held too long, and at whole hours."""
    edges = {start, end}
    for series in (points, complete):
        for time, _ in series:
            edges |= {moment for moment in (time, time + HOLDS) if start < moment < end}
    edges |= set(range(start - start % HOUR + HOUR, end, HOUR))
    ordered = sorted(edges)
    for a, b in itertools.pairwise(ordered):
        share = at(complete, a)
        yield a, b, at(points, a) if share else None


def at(points: list[tuple[int, float]], time: int) -> float | None:
    """The value that holds at a moment."""
    n = bisect_right(points, (time, float("inf"))) - 1
    return points[n][1] if n >= 0 and time < points[n][0] + HOLDS else None


def room_day(files: Files, seen: list[tuple[int, float]], room: str, places: int, day: date) -> RoomFigures:
    """The sums of one day of a room. Nothing before its first count belongs to it."""
    found = RoomFigures()
    whole = files.series(room, "Occupancy/ChildrenCorrected")
    begins = whole[0][0] - whole[0][0] % HOUR
    near = bisect_left(seen, (midnight(day) - DAY, 0.0)), bisect_left(seen, (midnight(day) + DAY, 0.0))
    points = seen[near[0] : near[1]]
    shares = files.series(room, "Occupancy/Completeness")
    near = bisect_left(shares, (midnight(day) - DAY, 0.0)), bisect_left(shares, (midnight(day) + DAY, 0.0))
    shares = shares[near[0] : near[1]]
    level, last = 0, None
    recent: list[Piece] = []
    for opens, closes in opened(day):
        for a, b, people in pieces(points, shares, max(opens, begins), closes) if closes > begins else ():
            found.open += b - a
            if people is None:
                last, recent = None, []
                continue
            found.known += b - a
            found.complete += (b - a) * (at(shares, a) or 0.0) / 100
            found.person += (b - a) * people
            found.used += (b - a) * (people > 0)
            ratio = people / places
            found.under += (b - a) * (ratio < 0.6)
            found.over += (b - a) * (ratio > 1.0)
            found.uses += people > 0 and not (last is not None and last[1] == a and last[2])
            found.peak = people if found.peak is None else max(found.peak, people)
            if last is None or last[1] != a:
                recent = []
            last = (a, b, people)
            recent.append(last)
            if b - recent[0][0] >= STAYS:
                counts = [int(count or 0) for _, until, count in recent if until > b - STAYS]
                found.visits += max(min(counts) - level, 0)
                level = min(max(level, min(counts)), max(counts))
    return found
