"""Thins out the past of rooms: who came and went by the minute is nobody's business after some weeks.

Day by day, oldest first, the derived series of a room become means of hours, the hours that reports are made of are
kept, and then the raw readings go. A day is thinned out only when everything is derived.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, day_start, local_day
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.series import Point, RoomHour
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.intervals import of_room, stretches
from sukusuku_server.rooms.retrospective import reach
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage_hours import COMPLETENESS, SERIES, coarse, in_hindsight, kept, zone_part, zone_series
from sukusuku_server.settings import Room
from sukusuku_server.timeseries import PACKED, THINNED_READINGS, thinned_key
from sukusuku_server.timeseries.protocols import DerivedSeries, HistoryReader, NoteReader, Retention

_WAYS_MS = 31 * DAY_MS
"""Corrections of so long tell whether the children of a room are counted by themselves."""


class ThinningStore(HistoryReader, DerivedSeries, Retention, NoteReader, Protocol):
    """Where the past of rooms is read and thinned out."""


class Thinning:
    """One small step after another. `current` tells whether everything is derived."""

    def __init__(
        self,
        index: FacilitySchedules,
        store: ThinningStore,
        records: RoomRecords,
        current: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._index = index
        self._store = store
        self._records = records
        self._current = current
        self._clock = clock

    def step(self) -> bool:
        """Thin out a day of a room, or drop some readings; False: there is nothing to do. Raises TransientError."""
        days = self._index.facility.store.keep_occupancy_days
        if not days or not self._current():
            return False
        before = day_start(local_day(self._clock() - days * DAY_MS))
        marks = self._marks()
        for asset, mark in marks.items():
            if mark < before:
                self._thin(asset, mark)
                return True
        first = self._store.first()
        if first is None or not marks:
            return False
        begin = max(self._store.noted(THINNED_READINGS) or 0, first // HOUR_MS * HOUR_MS)
        return begin < before and self._store.drop_readings(list(marks), begin, self._drop_until(begin))

    def _drop_until(self, begin: int) -> int:
        """Return the end of the hour, or of the day where it is packed: then its readings go at once."""
        day_end = day_start(local_day(begin)) + DAY_MS
        return day_end if day_end <= (self._store.noted(PACKED) or 0) else begin + HOUR_MS

    def _marks(self) -> dict[str, int]:
        """Before what time each room is thinned out."""
        first = self._store.first_derived(COMPLETENESS)
        return {
            asset: max(self._store.noted(thinned_key(asset)) or 0, day_start(local_day(time)))
            for asset, time in first.items()
        }

    def _thin(self, asset: str, start: int) -> None:
        end = start + DAY_MS
        points = [
            Reading(asset, metric, point.time, point.value)
            for metric in self._store.derived_metrics(asset)
            for point in coarse(self._store.derived(asset, metric, start, end), start, end)
        ]
        _, room = self._index.rooms.get(asset, (None, None))
        hours = [] if room is None else list(self._hours(room, start, end))
        self._store.thin(asset, start, end, points, hours)

    def _hours(self, room: Room, start: int, end: int) -> Iterator[RoomHour]:
        spans = self._index.hours[room.id].spans(start, end)
        complete = self._store.derived(room.id, COMPLETENESS, start, end)
        _, last = reach(start, end)
        corrections = self._records.corrections(room.id, end - _WAYS_MS, last)

        def derived(metric: str) -> list[Point]:
            return self._store.derived(room.id, metric, start, last)

        for channel, metric in SERIES.items():
            if derived(metric):
                seen = in_hindsight(channel, derived, corrections, start)
                yield from kept(channel, usage.hours(of_room(room, seen, complete, spans)))
        for zone in room.zone:
            if counts := self._store.derived(room.id, zone_series(zone.id), start, end):
                parts = stretches(counts, complete, zone.capacity or 0, spans)
                yield from kept(zone_part(zone.id), usage.hours(parts))
