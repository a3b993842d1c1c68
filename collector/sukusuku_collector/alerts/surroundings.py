"""What rules look at beside the readings, from the store, the operations data and the settings."""

from collections import defaultdict
from itertools import pairwise

from sukusuku_collector.alerts.scene import Around, Supply
from sukusuku_collector.derive.model import Emptying, EmptyingState
from sukusuku_collector.derive.stock import LOOK_BACK_DAYS, Shelf, shelf
from sukusuku_collector.opening import DAY_MS, day_start, local_day
from sukusuku_collector.operations import Operations
from sukusuku_collector.operations.emptyings import Emptyings
from sukusuku_collector.operations.modes import Modes
from sukusuku_collector.operations.stock import Stock, StockKind
from sukusuku_collector.rounds.calendar import Timetable
from sukusuku_collector.settings import Facility, Site
from sukusuku_collector.store import Store

SLOW_MS = 60_000
"""How often rounds, weights and shelves are looked up; the rest every time."""
NEW_FILM_PERCENT = 30.0
"""The film remaining rises by at least so much from one hour to a later one when a new cassette is put in."""


class Surroundings:
    """Collects what is around the units of one facility. Raises TransientError when a database does not answer."""

    def __init__(self, facility: Facility, store: Store, operations: Operations) -> None:
        self._facility = facility
        self._store = store
        self._modes = Modes(operations)
        self._emptyings = Emptyings(operations)
        self._stock = Stock(operations)
        self._timetables = [(settings, Timetable(settings, facility.calendar)) for settings in facility.round]
        self._slow: tuple[int, Around] | None = None

    def at(self, now: int) -> Around:
        """Everything as it is at `now` (UTC ms)."""
        if self._slow is None or not 0 <= now - self._slow[0] < SLOW_MS:
            slow = Around(next_round=self._next_rounds(now), kg_today=self._kg_today(now), supplies=self._supplies(now))
            self._slow = now, slow
        slow = self._slow[1]
        return Around(
            derived=self._store.derived_latest(),
            modes=tuple(self._modes.active(now)),
            next_round=slow.next_round,
            kg_today=slow.kg_today,
            supplies=slow.supplies,
        )

    def _next_rounds(self, now: int) -> dict[str, int]:
        """When the next round departs that serves a site, or is over when it is under way; by site."""
        found: dict[str, int] = {}
        for settings, timetable in self._timetables:
            trip = timetable.coming(now)
            if trip is None:
                continue
            comes = trip.departs if trip.departs > now else trip.returns
            for site in settings.sites or [site.id for site in self._facility.site]:
                found[site] = min(comes, found.get(site, comes))
        return found

    def _kg_today(self, now: int) -> dict[str, float]:
        """What was taken out since local midnight, by site."""
        per_nappy = {unit.id: unit.collection.kg_per_nappy for site in self._facility.site for unit in site.unit}
        found: dict[str, float] = defaultdict(float)
        for emptying in self._counted(None, day_start(local_day(now)), now):
            found[emptying.asset] += emptying.nappies * per_nappy.get(emptying.asset, 0.0)
        return {site.id: sum(found[unit.id] for unit in site.unit) for site in self._facility.site if site.unit}

    def _supplies(self, now: int) -> dict[str, tuple[Supply, ...]]:
        """What people have said is on the shelves, less what was used since; by site."""
        return {
            site.id: tuple(
                Supply(kind.value, max(0, left.left), left.days)
                for kind in StockKind
                if (left := self._shelf(site, kind, now)) is not None
            )
            for site in self._facility.site
        }

    def _shelf(self, site: Site, kind: StockKind, now: int) -> Shelf | None:
        entries = self._stock.entries(site.id, kind)
        if not entries:
            return None
        since = min([now - LOOK_BACK_DAYS * DAY_MS, *(entry.time for entry in entries)])
        if kind is StockKind.BAG:
            uses = [item.time for unit in site.unit for item in self._counted(unit.id, since, now)]
        else:
            uses = [time for unit in site.unit for time in self._film_changes(unit.id, since, now)]
        return shelf(entries, uses, now)

    def _film_changes(self, unit: str, since: int, now: int) -> list[int]:
        hours = self._store.hourly(unit, "Film/Remaining", since, now)
        return [later.time for one, later in pairwise(hours) if later.last - one.last >= NEW_FILM_PERCENT]

    def _counted(self, asset: str | None, start: int, now: int) -> list[Emptying]:
        found = self._emptyings.of(asset, start, now + 1)
        return [emptying for emptying in found if emptying.state is not EmptyingState.REJECTED]
