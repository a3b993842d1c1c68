"""What is withheld in everything that is handed out: decided from all counts, and from what was told before."""

import logging
from collections.abc import Iterator
from datetime import date

from sukusuku_api.dependencies import HistoryStore
from sukusuku_api.queries.room_history import Gatherer
from sukusuku_core.time import day_start, local_day
from sukusuku_server.db import Operations
from sukusuku_server.db.withheld import WithheldCounts
from sukusuku_server.model.withheld import Decision
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage import APRIL, by_day, joined
from sukusuku_server.rooms.withholding import YearCounts, decide

log = logging.getLogger(__name__)


def whole_months(now: int) -> int:
    """Return the end (UTC ms) of the last month that is over: nothing after it is handed out."""
    return day_start(local_day(now).replace(day=1))


class Withholding:
    """The decisions about the rooms of a facility at the moment `now` (UTC ms), each made when it is first needed."""

    def __init__(self, index: FacilitySchedules, store: HistoryStore, operations: Operations, now: int) -> None:
        self._index = index
        self._gatherer = Gatherer(index, store, operations, whole_months(now))
        self._kept = WithheldCounts(operations)
        self._now = now
        self._known: dict[int, Decision] = {}

    def of(self, year: int) -> Decision:
        """Return what is withheld of the months of a fiscal year that are over."""
        if year not in self._known:
            self._known[year] = self._of(year)
        return self._known[year]

    def _of(self, year: int) -> Decision:
        end = local_day(whole_months(self._now))
        months = [first for first in _firsts(year) if first < end]
        over = len(months) == 12 and end >= date(year + 1, APRIL, 1)  # noqa: PLR2004 - months of a year
        if not months:
            return Decision()
        names = [f"{first:%Y-%m}" for first in months]
        counts = YearCounts(year, names, over, self._sites(), self._days(months[0], end, year))
        found = self._kept.settle(year, lambda kept: decide(counts, kept), self._now)
        if found.open:
            log.warning(
                "fiscal year %d: earlier reports allow to compute %d small counts, because readings came after them",
                year,
                len(found.open),
            )
        return found

    def _sites(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for site, room in self._index.rooms.values():
            if room.counting.counted == "children":
                found.setdefault(site.id, []).append(room.id)
        return found

    def _days(self, first: date, end: date, year: int) -> dict[str, dict[date, int]]:
        stop = min(end, date(year + 1, APRIL, 1))
        return {
            room.id: {
                day: tally.guarded
                for day, tally in joined(
                    self._gatherer.room(site, room, day_start(first), day_start(stop)).hours, by_day
                ).items()
                if tally.guarded
            }
            for site, room in self._index.rooms.values()
        }


def _firsts(year: int) -> Iterator[date]:
    """Yield the first day of each month of a fiscal year."""
    return (date(year + (APRIL + n > 12), (APRIL + n - 1) % 12 + 1, 1) for n in range(12))  # noqa: PLR2004
