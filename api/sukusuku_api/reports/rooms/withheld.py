"""Which cells of a report are withheld: rows as it was decided, and the small cells within a room's other tables. Pure.

Zones and cells of the heat map are withheld when few person-hours are behind them. A year withholds what could be
computed from it and the reports of its months.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sukusuku_api.reports.period import Period
from sukusuku_server.model.withheld import CountKey, Decision
from sukusuku_server.rooms.suppression import SMALLEST_TOLD, is_small, withheld
from sukusuku_server.rooms.usage import Hour, by_month
from sukusuku_server.rooms.usage_sums import UsageSums, total
from sukusuku_server.rooms.withholding_changes import ALL

K = TypeVar("K", bound=Hashable)

Months = dict[tuple[int, int], list[Hour]]


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is withheld of rooms and their parts, as it was decided for everything that is handed out.

    What is small, or came after the decision, is withheld too. `running`: the year is not over; its sums are told when
    all of their months are. Nothing is withheld unless `outward`.
    """

    decision: Decision
    period: Period
    running: bool
    outward: bool

    def rooms(self, site: str | None, tally: UsageSums) -> bool:
        """Whether the sum of all rooms, or of those of a centre, is withheld."""
        return self._whole(ALL if site is None else f"site/{site}", tally)

    def room(self, room: str, tally: UsageSums) -> bool:
        """Whether the sum of a room is withheld."""
        return self._whole(f"room/{room}", tally)

    def part(self, room: str, first: date, tally: UsageSums) -> bool:
        """Whether a day or a month of a room, which begins on `first`, is withheld."""
        return self._hides((f"room/{room}", f"{first:%Y-%m}" if self.period.whole_year else first.isoformat()), tally)

    def days(self, room: str, year: int, month: int) -> set[date]:
        """Return the withheld days of a month of a room."""
        start = f"{year}-{month:02d}-"
        return {
            date.fromisoformat(part)
            for who, part in self.decision.withheld
            if who == f"room/{room}" and part.startswith(start)
        }

    def month(self, room: str, year: int, month: int) -> bool:
        """Whether the sum of a month of a room is withheld."""
        return (f"room/{room}", f"{year}-{month:02d}") in self.decision.withheld

    def side(self, room: str, first: date, last: date) -> bool:
        """Whether the sum of the days from `first` to `last` of a room would tell more than is told anyway.

        It tells nothing new when every withheld day of each month is in it or none, and no month in it is withheld.
        """
        for year, month in _months(first, last):
            days = self.days(room, year, month)
            inside = {day for day in days if first <= day <= last}
            if inside and (inside != days or self.month(room, year, month)):
                return True
        return False

    def _whole(self, who: str, tally: UsageSums) -> bool:
        if not self.running:
            return self._hides((who, self.period.key), tally)
        hidden = any((who, f"{first:%Y-%m}") in self.decision.withheld for _, first in self.period.parts())
        return self.outward and (hidden or is_small(tally.guarded))

    def _hides(self, cell: CountKey, tally: UsageSums) -> bool:
        return self.outward and (is_small(tally.guarded) or self.decision.hides(cell, tally.guarded))


def heat_cells(
    hours: Sequence[Hour], cell_of: Callable[[Hour], tuple[int, int]], known: Withheld, room: str
) -> frozenset[tuple[int, int]]:
    """Return the cells of a room's heat map that are withheld."""
    months = _by_month(hours)

    def of_month(month: tuple[int, int], own: Sequence[Hour]) -> frozenset[tuple[int, int]]:
        sums = _joined(own, cell_of)
        if known.month(room, *month):
            return frozenset(sums)
        shut = _shut_weekdays(known.days(room, *month))
        return _few(sums) | {cell for cell in sums if cell[0] in shut}

    return _over(
        months, _joined(hours, cell_of), of_month, cell_of, whole=known.room(room, total(hour.tally for hour in hours))
    )


def zones(found: Mapping[str, Sequence[Hour]], known: Withheld, room: str, tally: UsageSums) -> frozenset[str]:
    """Return the zones of a room that are withheld; `tally` is that of the whole room."""
    sums = {zone: _person_hours(hours) for zone, hours in found.items()}
    if known.room(room, tally):
        return frozenset(sums)
    hidden = set(_few(sums))
    by_zone = {zone: _by_month(hours) for zone, hours in found.items()}
    months = {month for own in by_zone.values() for month in own}
    if len(months) > 1:
        small: dict[str, list[float]] = {}
        for month in months:
            own = {zone: _person_hours(by_zone[zone].get(month, [])) for zone in found}
            for zone in found if known.month(room, *month) else _few(own):
                small.setdefault(zone, []).append(own[zone])
        hidden |= {zone for zone, hours in small.items() if _gives_away(hours)}
    return frozenset(hidden)


def _over(
    months: Months,
    sums: Mapping[K, float],
    of_month: Callable[[tuple[int, int], Sequence[Hour]], frozenset[K]],
    key_of: Callable[[Hour], K],
    *,
    whole: bool,
) -> frozenset[K]:
    if whole:
        return frozenset(sums)
    if len(months) == 1:
        ((month, own),) = months.items()
        return of_month(month, own)
    small: dict[K, list[float]] = {}
    for month, own in months.items():
        values = _joined(own, key_of)
        for key in of_month(month, own):
            small.setdefault(key, []).append(values[key])
    return _few(sums) | {key for key, hours in small.items() if _gives_away(hours)}


def _gives_away(hours: Iterable[float]) -> bool:
    """Whether the year less the months that are told leaves few person-hours, or those of a single month."""
    some = [value for value in hours if value > 0]
    return bool(some) and (len(some) == 1 or sum(some) < SMALLEST_TOLD)


def _few(sums: Mapping[K, float]) -> frozenset[K]:
    counts: dict[K | None, float | None] = dict(sums.items())
    counts[None] = sum(sums.values())
    return frozenset(key for key in withheld(counts, [(None, list(sums))]) if key is not None)


def _joined(hours: Iterable[Hour], key_of: Callable[[Hour], K]) -> dict[K, float]:
    found: dict[K, float] = {}
    for hour in hours:
        key = key_of(hour)
        found[key] = found.get(key, 0.0) + hour.tally.person_hours
    return found


def _by_month(hours: Iterable[Hour]) -> Months:
    found: Months = {}
    for hour in hours:
        found.setdefault(by_month(hour), []).append(hour)
    return found


def _person_hours(hours: Iterable[Hour]) -> float:
    return sum((hour.tally for hour in hours), UsageSums()).person_hours


def _shut_weekdays(days: Iterable[date]) -> set[int]:
    """Weekdays of withheld days, if one of them could be computed from its weekday and the days that are told."""
    weekdays = [day.weekday() for day in days]
    return set(weekdays) if any(weekdays.count(weekday) == 1 for weekday in weekdays) else set()


def _months(first: date, last: date) -> Iterable[tuple[int, int]]:
    number, end = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
    return ((n // 12, n % 12 + 1) for n in range(number, end + 1))
