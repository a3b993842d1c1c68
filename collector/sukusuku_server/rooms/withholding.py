"""Which counts of a fiscal year may not be handed out, decided once for every sum that ever can be. Pure.

Handed out are child-visits of days, months and the year, of rooms, of centres and of all together, of months that are
over. Who has all of these reports has a system of equations. Months, the year and the sums over rooms form a network:
each published equation is a node, each count an arc between the two equations that it is part of. Within it a withheld
count can be as high as the flow that leads around it and as low as the flow back, which gives exact bounds in whole
numbers (Cox 1995, Network models for complementary cell suppression). A small count is safe when its bounds are
`WIDTH` or more apart. Where they are not, the cheapest way around it is withheld too.
"""

import hashlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sukusuku_server.model.withheld import Content, CountKey, Decision
from sukusuku_server.rooms.suppression import is_small
from sukusuku_server.rooms.withholding_changes import ALL, changed, unexplained, with_years

WIDTH = 3
"""Whoever solves the system of all published counts leaves at least so much between the bounds of a small one."""
_COSTS = {"room": 1.0, "site": 4.0, ALL: 30.0}
_YEAR_COSTS = {"room": 12.0, "site": 40.0, ALL: 200.0}
"""How much it is regretted to withhold a month, or a year; the dearest last."""


@dataclass(frozen=True, slots=True)
class YearCounts:
    """The child-visits of a fiscal year as far as its months are over.

    `days` are the days on which somebody came, by room. `sites` are the rooms whose counts are summed, by centre;
    rooms in `days` that are in no centre are summed nowhere.
    """

    year: int
    months: Sequence[str]
    over: bool
    """Whether the whole year is over, so that its sums are handed out."""
    sites: Mapping[str, Sequence[str]]
    days: Mapping[str, Mapping[date, int]]


def decide(counts: YearCounts, kept: Decision) -> Decision:
    """Return what is withheld; what was decided before (`kept`) stays, except that more may be withheld.

    A sum that has changed since it was told is withheld where the difference could tell a withheld count.
    """
    site_of = {room: site for site, own in counts.sites.items() for room in own}
    now = _contents(counts, site_of)
    others = changed(kept, now)
    earlier = replace(kept, told=kept.told - others)
    unsure = with_years(others & kept.withheld, counts.year)
    while True:
        found = _Deciding(counts, earlier, unsure).decision()
        more = with_years(unexplained(kept, found, now, site_of), counts.year) | unsure
        if more == unsure:
            break
        unsure = more
    told = found.told | (kept.told - found.withheld)
    contents = {**kept.contents, **{cell: now.get(cell, Content(0)) for cell in found.told}}
    return Decision(found.withheld | kept.withheld, told - kept.withheld, found.open, contents)


def _contents(counts: YearCounts, site_of: Mapping[str, str]) -> Mapping[CountKey, Content]:
    """Return every count that can be handed out, with the rooms in it."""
    contents: dict[CountKey, Content] = {}
    for room, days in counts.days.items():
        whose = [(f"room/{room}", frozenset[str]())]
        if room in site_of:
            whose += [(f"site/{site_of[room]}", frozenset({room})), (ALL, frozenset({room}))]
        for day, count in days.items():
            contents[f"room/{room}", day.isoformat()] = Content(count)
            for who, rooms in whose:
                for part in (f"{day:%Y-%m}", *([f"fy{counts.year}"] if counts.over else [])):
                    before = contents.get((who, part), Content(0))
                    contents[who, part] = Content(before.count + count, before.rooms | rooms)
    return contents


@dataclass(slots=True)
class _Arc:
    cell: CountKey
    tail: str
    head: str
    value: int
    least: int
    cost: float


@dataclass(slots=True)
class _Deciding:
    counts: YearCounts
    kept: Decision
    unsure: frozenset[CountKey]
    """Sums that may not be told, whatever they are."""
    hidden: set[CountKey] = field(default_factory=set)
    open: set[CountKey] = field(default_factory=set)

    def decision(self) -> Decision:
        arcs = list(self._arcs())
        known = {arc.cell for arc in arcs}
        sensitive = {arc.cell for arc in arcs if is_small(arc.value) or (arc.cell in self.unsure and arc.value)}
        self.hidden = sensitive | ((self.kept.withheld | self.unsure) & known)
        found: set[CountKey] = set()
        for cell, days in self._by_month():
            few = self._few(cell, days)
            if few is None:
                self.hidden.add(cell)
                sensitive.add(cell)
            else:
                found |= few
        network = _Network(arcs, self.hidden, self.kept.told)
        for cell in sorted(sensitive):
            if not network.protect(cell):
                self.open.add(cell)
        for cell, days in self._by_month():
            if cell in self.hidden:
                found |= {(cell[0], day.isoformat()) for day in days}
        cells = self._cells(arcs)
        withheld = frozenset((self.hidden | found | self.kept.withheld) & cells)
        return Decision(withheld, frozenset(cells - withheld), frozenset(self.open))

    def _cells(self, arcs: Sequence[_Arc]) -> set[CountKey]:
        days = {(f"room/{room}", day.isoformat()) for room, days in self.counts.days.items() for day in days}
        years = f"fy{self.counts.year}"
        return days | {arc.cell for arc in arcs if self.counts.over or arc.cell[1] != years}

    def _by_month(self) -> Iterator[tuple[CountKey, Mapping[date, int]]]:
        for room, days in self.counts.days.items():
            for month in self.counts.months:
                own = {day: count for day, count in days.items() if f"{day:%Y-%m}" == month and count}
                if own:
                    yield (f"room/{room}", month), own

    def _few(self, month: CountKey, days: Mapping[date, int]) -> set[CountKey] | None:
        """Return the days of a month that are withheld when its sum is told; None: the sum may not be told."""
        who = month[0]
        hidden = {day for day, count in days.items() if is_small(count) or (who, day.isoformat()) in self.kept.withheld}
        if not any(is_small(days[day]) for day in hidden):
            return {(who, day.isoformat()) for day in hidden}
        others = (day for day in days if day not in hidden and (who, day.isoformat()) not in self.kept.told)
        more = sorted(others, key=lambda day: _chance((who, day.isoformat())))
        while sum(days[day] for day in hidden) - len(hidden) < WIDTH or len(hidden) == 1:
            if not more:
                return None
            hidden.add(more.pop())
        return {(who, day.isoformat()) for day in hidden}

    def _arcs(self) -> Iterator[_Arc]:
        """Yield months and year of every room, centre and all, each between the two equations that it is part of."""
        counts, year = self.counts, f"fy{self.counts.year}"
        rooms = {room: self._months(days) for room, days in counts.days.items()}
        most = {
            room: {month: sum(f"{day:%Y-%m}" == month for day, count in days.items() if count) for month in rooms[room]}
            for room, days in counts.days.items()
        }
        site_of = {room: site for site, own in counts.sites.items() for room in own}
        sums: dict[str, dict[str, int]] = {site: {} for site in counts.sites}
        for room, months in rooms.items():
            column = f"site/{site_of[room]}" if room in site_of else "nothing"
            row = f"room/{room}"
            for month, value in months.items():
                yield _arc((row, month), row, f"{column} {month}", value, most[room][month])
                if room in site_of:
                    own = sums[site_of[room]]
                    own[month] = own.get(month, 0) + value
            yield _arc((row, year), f"{column} {year}" if room in site_of else column, row, sum(months.values()))
        everything: dict[str, int] = {}
        for site, months in sums.items():
            who = f"site/{site}"
            for month, value in months.items():
                yield _arc((who, month), f"{who} {month}", f"{ALL} {month}", value)
                everything[month] = everything.get(month, 0) + value
            yield _arc((who, year), f"{ALL} {year}", f"{who} {year}", sum(months.values()))
        for month, value in everything.items():
            yield _arc((ALL, month), f"{ALL} {month}", "year", value)
        yield _arc((ALL, year), "year", f"{ALL} {year}", sum(everything.values()))

    def _months(self, days: Mapping[date, int]) -> dict[str, int]:
        found: dict[str, int] = {}
        for day, count in days.items():
            month = f"{day:%Y-%m}"
            if count and month in self.counts.months:
                found[month] = found.get(month, 0) + count
        return found


def _arc(cell: CountKey, tail: str, head: str, value: int, least: int = 1) -> _Arc:
    level = cell[0].partition("/")[0]
    costs = _YEAR_COSTS if cell[1].startswith("fy") else _COSTS
    if tail.startswith("nothing"):
        tail = "nothing"
    if head.startswith("nothing"):
        head = "nothing"
    return _Arc(cell, tail, head, value, least, costs[level] + _chance(cell))


def _chance(cell: CountKey) -> float:
    """Return a number of 0-1 that has nothing to do with the count, always the same for a cell."""
    return int.from_bytes(hashlib.blake2b("/".join(cell).encode(), digest_size=4).digest(), "big") / 2**32


class _Network:
    """The equations of all sums as nodes, the counts as arcs. `hidden` grows where protection needs it."""

    def __init__(self, arcs: Sequence[_Arc], hidden: set[CountKey], told: frozenset[CountKey]) -> None:
        self._arcs = {arc.cell: arc for arc in arcs if arc.value}
        self._hidden, self._told = hidden, told
        self._at: dict[str, list[tuple[_Arc, str, bool]]] = {}
        for arc in self._arcs.values():
            self._at.setdefault(arc.tail, []).append((arc, arc.head, True))
            self._at.setdefault(arc.head, []).append((arc, arc.tail, False))

    def protect(self, cell: CountKey) -> bool:
        """Withhold what it takes that the bounds of a withheld count are far enough apart; False: it cannot be."""
        arc = self._arcs[cell]
        if self.width(cell) >= WIDTH:
            return True
        path = self._cheapest(arc)
        if path is None:
            return False
        self._hidden.update(other.cell for other in path)
        return True

    def width(self, cell: CountKey) -> int:
        """Return how far the bounds of a withheld count are apart, as far as that matters."""
        arc = self._arcs[cell]
        up = self._flow(arc, arc.head, arc.tail, WIDTH)
        return up + self._flow(arc, arc.tail, arc.head, min(WIDTH, max(arc.value - arc.least, 0)))

    def _flow(self, own: _Arc, source: str, sink: str, most: int) -> int:
        """Return how much can flow through withheld counts: they rise at will and fall to their least."""
        changed: dict[CountKey, int] = {}
        flow = 0
        while flow < most:
            came: dict[str, tuple[_Arc, str, bool]] = {}
            queue = [source]
            for node in queue:
                for arc, other, rises in self._at[node]:
                    if arc is own or arc.cell not in self._hidden or other in came or other == source:
                        continue
                    if rises or arc.value + changed.get(arc.cell, 0) > arc.least:
                        came[other] = (arc, node, rises)
                        queue.append(other)
            if sink not in came:
                return flow
            node = sink
            while node != source:
                arc, node, rises = came[node]
                changed[arc.cell] = changed.get(arc.cell, 0) + (1 if rises else -1)
            flow += 1
        return flow

    def _cheapest(self, own: _Arc) -> list[_Arc] | None:
        """Return the arcs of the cheapest way around an arc by which it can rise far enough."""
        best: dict[str, float] = {own.head: 0.0}
        came: dict[str, tuple[_Arc, str]] = {}
        queue = [(0.0, own.head)]
        while queue:
            cost, node = heapq.heappop(queue)
            if node == own.tail:
                path = []
                while node != own.head:
                    arc, node = came[node]
                    path.append(arc)
                return path
            if cost > best[node]:
                continue
            for arc, other, rises in self._at[node]:
                free = arc.cell in self._hidden
                if arc is own or (not free and arc.cell in self._told):
                    continue
                if not rises and arc.value - arc.least < WIDTH:
                    continue
                total = cost + (0.0 if free else arc.cost)
                if total < best.get(other, float("inf")):
                    best[other], came[other] = total, (arc, node)
                    heapq.heappush(queue, (total, other))
        return None
