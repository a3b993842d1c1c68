"""How a room is used: tallies by hour, joined to days, months, fiscal years, heat map and zone share. Pure.

Everything is computed on opening hours. One pass over a year gives the hours; the rest is joining them.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_number, local_day, time_of_day, weekday
from sukusuku_server.rooms.intervals import Stretch
from sukusuku_server.rooms.usage_sums import OVER, UNDER, USED_MS, UsageSums, total

K = TypeVar("K", bound=Hashable)

APRIL = 4
STAYS_MS = 5 * MINUTE_MS
"""Who is in for less has not come to stay, and who is out for less has not left: parents at the door, errands."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The tally of one hour that begins at `start` (UTC ms)."""

    start: int
    tally: UsageSums

    @property
    def day(self) -> date:
        """Its local day."""
        return local_day(self.start)

    @property
    def weekday(self) -> int:
        """Monday is 0."""
        return weekday(self.start)

    @property
    def hour(self) -> int:
        """Its local hour, 0-23."""
        return time_of_day(self.start) // HOUR_MS


def hours(parts: Iterable[Stretch]) -> list[Hour]:
    """Return the hours of stretches in order.

    The points should have been seen in hindsight (`hindsight.seen_after`).
    """
    of_hours: list[Hour] = []
    sums: _Sums | None = None
    coming = _Coming()
    last, end = None, -1
    for part in parts:
        start = part.start - part.start % HOUR_MS
        if sums is None or sums.start != start:
            if sums is not None:
                of_hours.append(sums.hour())
            sums = _Sums(start)
        visits, arrivals = coming.after(part)
        sums.add(part, in_use=bool(part.start == end and last), visits=visits, arrivals=arrivals)
        end, last = part.end, part.people
    if sums is not None:
        of_hours.append(sums.hour())
    return of_hours


def joined(found: Iterable[Hour], key: Callable[[Hour], K]) -> dict[K, UsageSums]:
    """Return the hours joined by a key, such as `by_day`."""
    groups: dict[K, list[UsageSums]] = {}
    for hour in found:
        groups.setdefault(key(hour), []).append(hour.tally)
    return {name: total(tallies) for name, tallies in groups.items()}


def by_day(hour: Hour) -> date:
    """Key of days."""
    return hour.day


def by_month(hour: Hour) -> tuple[int, int]:
    """Key of calendar months: year and month."""
    return hour.day.year, hour.day.month


def heat_map(found: Iterable[Hour]) -> dict[tuple[int, int], UsageSums]:
    """Return the use by weekday (Monday is 0) and local hour."""
    return joined(found, lambda hour: (hour.weekday, hour.hour))


def ranked(cells: Mapping[tuple[int, int], UsageSums], number: int, *, least_hours: int = 2) -> list[tuple[int, int]]:
    """Return the busiest cells of a heat map by average occupancy, the busiest first; a negative number: the quietest.

    Cells of which fewer than `least_hours` hours are known are left out.
    """
    known = {
        cell: tally.average_occupancy
        for cell, tally in cells.items()
        if tally.hours_known >= least_hours and tally.average_occupancy is not None
    }
    ordered = sorted(known, key=lambda cell: (-known[cell], cell))
    return ordered[:number] if number >= 0 else ordered[::-1][:-number]


def zone_share(zones: Mapping[str, UsageSums]) -> dict[str, float | None]:
    """Return each zone's share of the person-hours of all zones, in percent; None when nobody was in any."""
    together = sum(tally.person_ms for tally in zones.values())
    return {zone: 100.0 * tally.person_ms / together if together else None for zone, tally in zones.items()}


@dataclass(frozen=True, slots=True)
class Against:
    """The visits of a fiscal year against the ward's plan: demand (量の見込み) and secured supply (確保量)."""

    visits: int
    demand: int | None
    supply: int | None

    @property
    def of_demand(self) -> float | None:
        """Visits of the planned demand, in percent."""
        return 100.0 * self.visits / self.demand if self.demand else None

    @property
    def of_supply(self) -> float | None:
        """Visits of the secured supply, in percent."""
        return 100.0 * self.visits / self.supply if self.supply else None


class _Sums:
    """The sums of one hour in the making."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._open = self._known = self._used = self._rated = self._under = self._over = self._uses = 0
        self._visits = self._arrivals = 0
        self._complete = self._person = self._ratio = 0.0
        self._peak: float | None = None
        self._peak_at: int | None = None
        self._peak_ratio: float | None = None

    def add(self, part: Stretch, *, in_use: bool, visits: int, arrivals: int) -> None:
        """Add an interval, with those who came by its end; `in_use`: somebody was in until it began."""
        start, end, people, places, complete = part
        time = end - start
        self._open += time
        self._visits += visits
        self._arrivals += arrivals
        if people is None:
            return
        self._known += time
        self._complete += time * complete / 100.0
        self._person += time * people
        if people > 0:
            self._used += time
            self._uses += not in_use
        if self._peak is None or people > self._peak:
            self._peak, self._peak_at = people, start
        if places:
            self._rate(time, people / places)

    def _rate(self, time: int, ratio: float) -> None:
        self._rated += time
        self._ratio += time * ratio
        self._under += time * (ratio < UNDER)
        self._over += time * (ratio > OVER)
        self._peak_ratio = ratio if self._peak_ratio is None else max(self._peak_ratio, ratio)

    def hour(self) -> Hour:
        """Return the hour when it is done."""
        return Hour(
            self.start,
            UsageSums(
                self._open,
                self._known,
                self._complete,
                self._person,
                self._used,
                self._rated,
                self._ratio,
                self._under,
                self._over,
                self._uses,
                self._visits,
                self._peak,
                self._peak_at,
                self._peak_ratio,
                1,
                int(self._known > 0),
                int(self._used >= USED_MS),
                self._arrivals,
            ),
        )


class _Coming:
    """Counts who comes: a level that follows the count once it has stayed above or below for long enough.

    Whoever comes within `STAYS_MS` of another's leaving does not move that level. A second one (`_floor`) falls at once
    and sees them; it takes a child that was overlooked for a moment for one that came.
    """

    def __init__(self) -> None:
        self._level = self._floor = 0
        self._since = -1
        """Begin of the time of which everything is known."""
        self._until = -1
        self._recent: deque[tuple[int, int]] = deque()
        """Counts of the last minutes, each with the time until which it held."""

    def after(self, part: Stretch) -> tuple[int, int]:
        """Return how many have come by the end of a stretch, by the one level and by the other."""
        if part.people is None:
            self._recent.clear()
            return 0, 0
        if day_number(part.start) != day_number(self._until):
            self._level = self._floor = 0
        if part.start != self._until or not self._recent:
            self._recent.clear()
            self._since = part.start
        self._until = part.end
        recent, people = self._recent, int(part.people)
        low = high = people
        if part.end - part.start >= STAYS_MS:
            recent.clear()
            recent.append((people, part.end))
        else:
            recent.append((people, part.end))
            while recent[0][1] <= part.end - STAYS_MS:
                recent.popleft()
            if part.end - self._since < STAYS_MS:
                return 0, 0
            counts = [count for count, _ in recent]
            low, high = min(counts), max(counts)
        come = max(low - self._level, 0)
        self._level = min(max(self._level, low), high)
        arrivals = max(low - self._floor, 0)
        self._floor = low
        return come, arrivals
