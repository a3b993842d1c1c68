"""What rules look at beside the readings, from the store, the operations data and the settings."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Protocol

from sukusuku_collector.alerts.context import SharedContext, Supply
from sukusuku_core.time import MINUTE_MS, day_start, local_day
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.modes import Modes
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.stock_levels import shelves
from sukusuku_server.model.collection import EmptyingState
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import next_visits
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.timeseries.protocols import HistoryReader, LiveReader

SLOW_MS = MINUTE_MS
"""How often rounds, weights and shelves are looked up; the rest every time."""


class SurroundingsStore(LiveReader, HistoryReader, Protocol):
    """Where derived points and the use of film are read."""


class Surroundings:
    """Collects what is around the units of one facility. Raises TransientError when a database does not answer."""

    def __init__(
        self,
        index: FacilitySchedules,
        timetables: Mapping[str, Timetable],
        store: SurroundingsStore,
        operations: Operations,
    ) -> None:
        self._index = index
        self._timetables = timetables
        self._store = store
        self._operations = operations
        self._modes = Modes(operations)
        self._emptyings = Emptyings(operations)
        self._rounds = Rounds(operations)
        self._slow: tuple[int, SharedContext] | None = None

    def at(self, now: int) -> SharedContext:
        """Everything as it is at `now` (UTC ms)."""
        modes = tuple(self._modes.active(now))
        if self._slow is None or not 0 <= now - self._slow[0] < SLOW_MS:
            known = {} if self._slow is None else self._slow[1].next_round
            coming = next_visits(self._index, self._timetables, self._rounds.ahead(), modes, now)
            slow = SharedContext(
                # what is as it was stays the same object
                next_round={unit: known[unit] if known.get(unit) == it else it for unit, it in coming.items()},
                kg_today=self._kg_today(now),
                supplies=self._supplies(now),
            )
            self._slow = now, slow
        slow = self._slow[1]
        return SharedContext(
            derived=self._store.derived_latest(),
            modes=modes,
            next_round=slow.next_round,
            kg_today=slow.kg_today,
            supplies=slow.supplies,
        )

    def _kg_today(self, now: int) -> dict[str, float]:
        """Return what was taken out since local midnight, by site."""
        found: dict[str, float] = defaultdict(float)
        for emptying in self._emptyings.of(None, day_start(local_day(now)), now + 1):
            if emptying.state is not EmptyingState.REJECTED and emptying.asset in self._index.units:
                _, unit = self._index.units[emptying.asset]
                found[unit.id] += emptying.nappies * unit.collection.kg_on(local_day(emptying.time))
        sites = self._index.facility.site
        return {site.id: sum(found[unit.id] for unit in site.unit) for site in sites if site.unit}

    def _supplies(self, now: int) -> dict[str, tuple[Supply, ...]]:
        """Return what people have said is on the shelves, less what was used since; by site."""
        found: dict[str, tuple[Supply, ...]] = {}
        for item in shelves(self._operations, self._store, self._index.facility.site, now):
            if item.shelf is not None:
                supply = Supply(item.kind.value, max(0, item.shelf.left), item.shelf.days)
                found[item.site] = (*found.get(item.site, ()), supply)
        return found
