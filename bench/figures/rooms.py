"""How far the figures of rooms are off the truth, and what is withheld of them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date

from tests.figures import second

from bench.figures import goals
from bench.figures.off import off
from bench.figures.world import CAPACITY, World
from sukusuku_api.queries.room_history import Gatherer
from sukusuku_api.queries.withheld import Withholding
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.kpi.intervals import both, hours
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.intervals import Stretch
from sukusuku_server.rooms.usage import Hour, by_day, by_month, joined
from sukusuku_server.rooms.usage_sums import UsageSums, total

SMALLEST = 60
"""Months of fewer child-hours are too small for a share to say anything."""


def judged(world: World, room: str) -> dict[str, float]:
    """Return how far each figure of a room is off."""
    places = CAPACITY[room]
    gatherer = Gatherer(world.index, world.store, world.operations, world.end)
    files = second.Files(world.folder / "readings.db", world.folder / "operations.db")
    site, settings = world.index.rooms[room]
    found = [hour for hour in gatherer.room(site, settings, world.start, world.end).hours if hour.tally.known_ms]
    truth = {hour.start: world.truth.integral(room, _known(world, room, hour), float) for hour in found}
    months: dict[tuple[int, int], list[float]] = {}
    for hour in found:
        sums = months.setdefault(by_month(hour), [0.0, 0.0])
        sums[0] += hour.tally.person_hours
        sums[1] += truth[hour.start]
    days = joined(found, by_day)
    whole = {day: tally for day, tally in days.items() if tally.known_ms == hours(_opened(world, room, day)) * HOUR_MS}
    together = total(whole.values())
    return {
        goals.CHILD_HOURS.name: off(sum(hour.tally.person_hours for hour in found), sum(truth.values())),
        goals.WORST_MONTH.name: max([0.0, *(off(mine, true) for mine, true in months.values() if true >= SMALLEST)]),
        goals.VISITS.name: off(together.visits, total(_true_day(world, room, day) for day in whole).visits),
        goals.ARRIVALS.name: off(together.arrivals, sum(_came(world, room, day) for day in whole)),
        goals.DIFFERENCES.name: float(_differences(files, room, places, days)),
    }


def withheld(world: World) -> dict[str, float]:
    """Return the small counts of all rooms that are told, and those that nothing protects."""
    gatherer = Gatherer(world.index, world.store, world.operations, world.end)
    withholding = Withholding(world.index, world.store, world.operations, world.end)
    told = unprotected = 0
    for year in {2025, 2026} if world.end > second.midnight(date(2026, 4, 1)) else {2025}:
        decision = withholding.of(year)
        unprotected += len(decision.open)
        for room in CAPACITY:
            site, settings = world.index.rooms[room]
            for day, tally in joined(gatherer.room(site, settings, world.start, world.end).hours, by_day).items():
                told += 0 < tally.visits < 5 and (f"room/{room}", day.isoformat()) in decision.told
    return {goals.TOLD.name: float(told), goals.OPEN.name: float(unprotected)}


def _differences(files: second.Files, room: str, places: int, days: Mapping[date, UsageSums]) -> int:
    seen = second.in_hindsight(files, room)
    found = 0
    for day, mine in days.items():
        own = second.room_day(files, seen, room, places, day)
        mine_ = (mine.visits, mine.used_ms, mine.known_ms, mine.uses, mine.peak, round(mine.person_ms))
        theirs = (own.visits, own.used, own.known, own.uses, own.peak, round(own.person))
        found += sum(one != other for one, other in zip(mine_, theirs, strict=True))
    return found


def _known(world: World, room: str, hour: Hour) -> list[tuple[int, int]]:
    """Return the part of an hour that is known; of one that is known in part, its beginning."""
    left, found = hour.tally.known_ms, []
    for start, end in both(world.index.hours[room].spans(hour.start, hour.start + HOUR_MS), [(hour.start, world.end)]):
        stop = min(end, start + left)
        left -= max(stop - start, 0)
        found.append((start, stop))
    return found


def _opened(world: World, room: str, day: date) -> list[tuple[int, int]]:
    start = second.midnight(day)
    return list(world.index.hours[room].spans(start, start + DAY_MS))


def _true_day(world: World, room: str, day: date) -> UsageSums:
    """Return a day by the same rules, applied to how many children were really in."""
    return total(hour.tally for hour in usage.hours(_true_parts(world, room, _opened(world, room, day))))


def _true_parts(world: World, room: str, spans: Iterable[tuple[int, int]]) -> Iterable[Stretch]:
    times, values = world.truth.times[room], world.truth.values[room]
    for start, end in spans:
        moment = start
        while moment < end:
            n = max(bisect_right(times, moment) - 1, 0)
            until = min(times[n + 1] if n + 1 < len(times) else end, end, moment - moment % HOUR_MS + HOUR_MS)
            yield Stretch(moment, until, values[n], None, 100.0)
            moment = until


def _came(world: World, room: str, day: date) -> int:
    """Return who came while the centre was open, with those who were in when it opened."""
    times, values = world.truth.times[room], world.truth.values[room]
    arrivals = world.truth.arrivals.get(room, [])
    found, left = 0.0, 0.0
    for start, end in _opened(world, room, day):
        inside = values[max(bisect_right(times, start) - 1, 0)]
        found += max(inside - left, 0.0)
        found += bisect_right(arrivals, end - 1) - bisect_right(arrivals, start)
        left = values[max(bisect_right(times, end) - 1, 0)]
    return round(found)
