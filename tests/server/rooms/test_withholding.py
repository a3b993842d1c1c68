"""An attacker has every report that can ever be handed out, and solves the system of all told numbers."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from random import Random

import pytest

from sukusuku_server.model.withheld import CountKey, Decision
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.rooms.withholding import WIDTH, YearCounts, decide
from sukusuku_server.rooms.withholding_changes import ALL

YEAR = 2026
MONTHS = [f"{YEAR + (month < 4)}-{month:02d}" for month in (*range(4, 13), 1, 2, 3)]
Days = dict[str, dict[date, int]]
Equation = tuple[CountKey, tuple[CountKey, ...]]
"""A sum and its parts."""


def year(
    rng: Random, sites: Mapping[str, Iterable[str]], sizes: Mapping[str, float], alone: Iterable[str] = ()
) -> Days:
    """Days of a year in rooms that are visited by so many children a day; few days, so that months are small too."""
    found: Days = {}
    for room in [*(room for rooms in sites.values() for room in rooms), *alone]:
        days = {}
        for n in range(0, 365, rng.choice((1, 3, 6))):
            count = round(rng.expovariate(1 / sizes[room])) if sizes[room] else 0
            if count and rng.random() < 0.9:
                days[date(YEAR, 4, 1) + timedelta(days=n)] = count
        found[room] = days
    return found


def counts_of(days: Days, sites: Mapping[str, Iterable[str]]) -> dict[CountKey, int]:
    """The count behind every cell that is ever printed."""
    site_of = {room: site for site, rooms in sites.items() for room in rooms}
    found: dict[CountKey, int] = {}
    for room, own in days.items():
        for day, count in own.items():
            found[f"room/{room}", day.isoformat()] = count
            owners = [f"room/{room}", *([f"site/{site_of[room]}", ALL] if room in site_of else [])]
            for who in owners:
                for part in (f"{day:%Y-%m}", f"fy{YEAR}"):
                    found[who, part] = found.get((who, part), 0) + count
    return found


def equations_of(cells: Iterable[CountKey], sites: Mapping[str, Iterable[str]]) -> Iterator[Equation]:
    """Every sum that a reader can set up: days of a month, months of a year, rooms of a centre, centres of all."""
    known = set(cells)
    for who, part in known:
        if len(part) == len("2026-04") and not part.startswith("fy"):
            yield (who, part), tuple(cell for cell in known if cell[0] == who and cell[1].startswith(f"{part}-"))
        if part.startswith("fy"):
            yield (who, part), tuple((who, month) for month in MONTHS if (who, month) in known)
        if who == ALL:
            yield (who, part), tuple((f"site/{site}", part) for site in sites if (f"site/{site}", part) in known)
        if who.startswith("site/"):
            rooms = sites[who.removeprefix("site/")]
            yield (who, part), tuple((f"room/{room}", part) for room in rooms if (f"room/{room}", part) in known)


class Attacker:
    """Looks for other worlds that fit everything that is told, in whole numbers; withheld counts are at least 1.

    What it finds is held against every equation, so nothing has to be believed of how it searches.
    """

    def __init__(
        self, counts: Mapping[CountKey, int], hidden: frozenset[CountKey], sites: Mapping[str, Iterable[str]]
    ) -> None:
        self._truth = {cell: counts[cell] for cell in hidden}
        self._by_month: dict[CountKey, list[int]] = {}
        for (who, part), count in self._truth.items():
            if len(part) == len("2026-06-03"):
                self._by_month.setdefault((who, part[:7]), []).append(count)
        self._equations: list[list[tuple[CountKey, int]]] = []
        self._of: dict[CountKey, list[int]] = {}
        self._ways: dict[CountKey, list[int]] = {}
        for whole, parts in equations_of(counts, sites):
            terms = [(cell, 1) for cell in parts if cell in hidden] + ([(whole, -1)] if whole in hidden else [])
            if not terms or not parts:
                continue
            of_days = len(parts[0][1]) == len("2026-06-03")
            follows = whole[0].startswith("site/") and parts[0][0] == whole[0]  # from those of its rooms
            for cell, _ in terms:
                self._of.setdefault(cell, []).append(len(self._equations))
                if not of_days and not follows:
                    self._ways.setdefault(cell, []).append(len(self._equations))
            self._equations.append(terms)

    def width(self, cell: CountKey) -> int:
        """How far the bounds of a withheld count are apart, up to WIDTH, proved by worlds that fit."""
        if len(cell[1]) == len("2026-06-03"):
            month = (cell[0], cell[1][:7])
            free = sum(count - 1 for count in self._by_month[month])  # what is more than one each can be on any day
            return min(WIDTH, free + (self._moves(month, 1) if month in self._truth else 0))
        return min(WIDTH, self._moves(cell, 1) + self._moves(cell, -1))

    @functools.cache  # noqa: B019 - an attacker lives as long as a test
    def _moves(self, cell: CountKey, sign: int) -> int:
        """How often a count can go one up or down, up to WIDTH."""
        world: dict[CountKey, int] = {}
        for found in range(WIDTH):
            changes = self._around(world, cell, sign)
            if changes is None:
                return found
            for other, step in changes:
                world[other] = world.get(other, 0) + step
            assert self._fits(world)
        return WIDTH

    def _around(self, world: Mapping[CountKey, int], cell: CountKey, sign: int) -> list[tuple[CountKey, int]] | None:
        """Return changes by one that mend every equation which a change of a count by `sign` breaks."""
        if not self._can(world, cell, sign):
            return None
        first, *others = self._ways[cell]
        end = others[0] if others else None
        came: dict[int, tuple[int, CountKey, int]] = {}
        off = {first: dict(self._equations[first])[cell] * sign}
        queue = [first]
        for n in queue:
            for other, factor in self._equations[n]:
                step = -off[n] * factor
                if other == cell or not self._can(world, other, step):
                    continue
                after = next((e for e in self._ways[other] if e != n), None)
                if after == end:
                    changes = [(cell, sign), (other, step)]
                    while n != first:
                        n, other, step = came[n]  # noqa: PLW2901 - back along the way
                        changes.append((other, step))
                    return changes
                if after is not None and after not in off:
                    off[after] = dict(self._equations[after])[other] * step
                    came[after] = (n, other, step)
                    queue.append(after)
        return None

    def _can(self, world: Mapping[CountKey, int], cell: CountKey, step: int) -> bool:
        least = max(1, len(self._by_month.get(cell, ())))
        return self._truth[cell] + world.get(cell, 0) + step >= least

    def _fits(self, world: dict[CountKey, int]) -> bool:
        """Whether every sum of months, years, rooms and centres holds, and the days of each month have room for it."""
        touched = {n for cell in world for n in self._of[cell]}
        off = [sum(f * world.get(cell, 0) for cell, f in self._equations[n]) for n in touched]
        broken = [n for n, by in zip(touched, off, strict=True) if by]
        assert all(len(self._equations[n][0][0][1]) == len("2026-06-03") for n in broken), "days can follow their month"
        return all(self._can(world, cell, 0) for cell in world)


def decided(days: Days, sites: Mapping[str, tuple[str, ...]], *, monthly: bool) -> Decision:
    """All at once when the year is over, or month by month as reports are made in life."""
    if not monthly:
        return decide(YearCounts(YEAR, MONTHS, over=True, sites=sites, days=days), Decision())
    found = Decision()
    for n in range(1, 13):
        past = {room: {day: c for day, c in own.items() if f"{day:%Y-%m}" in MONTHS[:n]} for room, own in days.items()}
        found = decide(YearCounts(YEAR, MONTHS[:n], over=n == 12, sites=sites, days=past), found)
        assert not found.open
    return found


SITES = {"tobu": ("big", "small"), "seibu": ("middle",), "nanbu": ("rare",)}
SIZES = {"big": 8.0, "small": 0.15, "middle": 1.0, "rare": 0.4, "people": 0.5}


@pytest.mark.parametrize("monthly", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_no_small_count_can_be_computed_from_all_that_is_ever_handed_out(seed: int, *, monthly: bool) -> None:
    days = year(Random(seed), SITES, SIZES, ["people"])
    counts = counts_of(days, SITES)

    decision = decided(days, SITES, monthly=monthly)

    small = {cell for cell, count in counts.items() if is_small(count)}
    assert small, "or the test proves nothing"
    assert small <= decision.withheld
    assert decision.withheld | decision.told == set(counts)
    attacker = Attacker(counts, decision.withheld, SITES)
    weak = {cell: width for cell in sorted(small) if (width := attacker.width(cell)) < WIDTH}
    assert not weak


def test_the_attacker_finds_what_one_report_alone_would_have_withheld() -> None:
    """The judge is not blind: without companions every small count is recovered."""
    days = year(Random(1), SITES, SIZES)
    counts = counts_of(days, SITES)
    small = frozenset(cell for cell, count in counts.items() if is_small(count))
    attacker = Attacker(counts, small, SITES)
    assert sum(attacker.width(cell) < WIDTH for cell in small) > len(small) / 3


def test_what_was_told_stays_told_and_what_was_withheld_stays_withheld() -> None:
    days = year(Random(5), SITES, SIZES)
    first = decided(days, SITES, monthly=True)
    assert decide(YearCounts(YEAR, MONTHS, over=True, sites=SITES, days=days), first) == first


def test_the_sum_of_the_year_is_told_before_any_month_is() -> None:
    """A council wants the year: in a centre of one small room another month is withheld, and not the year."""
    first = date(YEAR, 4, 1)
    days = {"only": {first + timedelta(days=n): 8 for n in range(0, 365, 2)}}
    days["only"] = {day: count for day, count in days["only"].items() if day.month != 6}
    days["only"][date(YEAR, 6, 10)] = 2
    decision = decided(days, {"here": ("only",)}, monthly=False)
    assert ("room/only", f"fy{YEAR}") in decision.told
    assert sum(who == "room/only" and len(part) == 7 for who, part in decision.withheld) == 2


def test_a_room_in_which_nobody_was_all_year_is_decided_about() -> None:
    days: Days = {"only": {date(YEAR, 4, n): 8 for n in range(1, 7)}, "empty": {}}
    first = decided(days, {"here": ("only", "empty")}, monthly=False)
    assert ("room/empty", f"fy{YEAR}") in first.told
    assert decide(YearCounts(YEAR, MONTHS, over=True, sites={"here": ("only", "empty")}, days=days), first) == first


def test_days_that_are_all_ones_are_not_given_away_by_their_sum() -> None:
    days = {"only": {date(YEAR, 4, n): 1 for n in range(1, 7)}}
    assert ("room/only", "2026-04") in decided(days, {"here": ("only",)}, monthly=False).withheld


@pytest.mark.parametrize("seed", range(3))
def test_no_difference_of_two_reports_tells_a_withheld_count(seed: int) -> None:
    """Readings come late, and a room leaves the settings."""
    rng = Random(seed)
    before = year(rng, SITES, SIZES, ["people"])
    first = decided(before, SITES, monthly=True)
    after = {room: dict(own) for room, own in before.items()}
    for room in rng.sample(sorted(after), 2):
        for _ in range(3):
            after[room][date(YEAR, 4, 1) + timedelta(days=rng.randrange(365))] = rng.choice((1, 2, 9))
    sites = SITES if seed else {"tobu": ("big",), "seibu": ("middle",), "nanbu": ("rare",)}
    if not seed:
        del after["small"]

    second = decide(YearCounts(YEAR, MONTHS, over=True, sites=sites, days=after), first)

    old, new = counts_of(before, SITES), counts_of(after, sites)
    assert {cell for cell, count in new.items() if is_small(count)} <= second.withheld
    assert first.withheld <= second.withheld
    told_both = {cell for cell in old.keys() | new.keys() if _told(cell, first, old) and _told(cell, second, new)}
    assert second.withheld - first.withheld, "or the test proves nothing"
    for whole, parts in equations_of(old.keys() | new.keys(), SITES):
        if parts and whole in told_both and whole in old and whole in new:
            known = sum(new.get(cell, 0) - old.get(cell, 0) for cell in parts if cell in told_both)
            assert new[whole] - old[whole] == known, whole
    assert decide(YearCounts(YEAR, MONTHS, over=True, sites=sites, days=after), second) == second


def _told(cell: CountKey, decision: Decision, counts: Mapping[CountKey, int]) -> bool:
    return cell in decision.told or cell not in counts
