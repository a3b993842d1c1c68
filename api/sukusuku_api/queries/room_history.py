"""Reads what a report needs of rooms: the derived series in hindsight, joined to hours. A year takes some seconds."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sukusuku_api.dependencies import HistoryStore
from sukusuku_core.time import HOUR_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.live.views import SIMULATED
from sukusuku_server.model.collection import CorrectionKind, FindingName
from sukusuku_server.model.series import Point
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.change_effect import Effect, effect, stretch
from sukusuku_server.rooms.intervals import of_room, stretches
from sukusuku_server.rooms.retrospective import reach
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage import Hour
from sukusuku_server.rooms.usage_hours import (
    COMPLETENESS,
    SERIES,
    from_kept,
    in_hindsight,
    with_gaps,
    zone_part,
    zone_series,
)
from sukusuku_server.rooms.usage_sums import UsageSums, total
from sukusuku_server.settings import Room, Site, Text, Zone, leaves, left
from sukusuku_server.settings.rooms import Counted
from sukusuku_server.timeseries import thinned_key

Progress = Callable[[int, int], None]
"""Told how many rooms are done, of how many."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What has changed in a room and its zones with a day, from the time (UTC ms) `start` to `end`."""

    day: date
    note: Text | None
    """What was done; None: nobody has told in the settings."""
    start: int
    end: int
    room: Effect
    zones: Mapping[str, Effect]
    channel: Counted = "children"


@dataclass(frozen=True, slots=True)
class RoomUse:
    """How a room was used, by the hour. `channel` is what is counted by the settings of the room."""

    site: Site
    room: Room
    channel: Counted
    hours: tuple[Hour, ...]
    zone_hours: Mapping[str, tuple[Hour, ...]]
    corrections: Mapping[CorrectionKind, int]
    findings: frozenset[FindingName]
    """Those that held at any moment of it."""
    simulated: bool
    end: int
    """Until when (UTC ms) that is told: the end of what was asked, or the moment at which it was."""
    changes: tuple[Changed, ...] = ()

    @property
    def tally(self) -> UsageSums:
        """All hours together."""
        return total(hour.tally for hour in self.hours)

    @property
    def zones(self) -> Mapping[str, UsageSums]:
        """All hours of each zone together."""
        return {zone: total(hour.tally for hour in hours) for zone, hours in self.zone_hours.items()}


class Gatherer:
    """Reads the rooms of a facility at the moment `now` (UTC ms); what lies after it is no gap but left out."""

    def __init__(self, index: FacilitySchedules, store: HistoryStore, operations: Operations, now: int) -> None:
        self._index = index
        self._store = store
        self._records = RoomRecords(operations)
        self._findings = Findings(operations)
        self._now = now

    def rooms(self, first: date, end: date, site: str | None, progress: Progress = lambda _, __: None) -> list[RoomUse]:
        """Return the rooms of one centre or of all, from the local day `first` to that before `end`."""
        start, stop = day_start(first), day_start(end)
        wanted, found = self._wanted(start, site), []
        for n, (where, room) in enumerate(wanted):
            progress(n, len(wanted))
            found.append(replace(self.room(where, room, start, stop), changes=self.changes(where, room, start, stop)))
        progress(len(wanted), len(wanted))
        return found

    def plainly(self, first: date, end: date, site: str | None) -> list[RoomUse]:
        """Return the same without the effects of changes."""
        start, stop = day_start(first), day_start(end)
        return [self.room(where, room, start, stop) for where, room in self._wanted(start, site)]

    def _wanted(self, start: int, site: str | None) -> list[tuple[Site, Room]]:
        there = self._index.rooms.values()
        return [(where, room) for where, room in there if site in {None, where.id} and not left(room, start)]

    def room(self, site: Site, room: Room, start: int, end: int) -> RoomUse:
        """One room over start <= time < end, from its first count to its last day: outside that it was not there."""
        channel = room.counting.counted
        begins = self._store.first_derived(SERIES[channel]).get(room.id, self._now)
        start = max(start, begins - begins % HOUR_MS)
        end = max(start, min(end, self._now, leaves(room) or end))
        middle = max(start, min(end, self._store.noted(thinned_key(room.id)) or 0))
        opening = self._index.hours[room.id]
        earlier, spans = opening.spans(start, middle), opening.spans(middle, end)
        kept = from_kept(self._store.room_hours(room.id, start, middle))
        first, last = reach(middle, end)
        corrections = self._records.corrections(room.id, min(start, first), last)
        complete = self._store.derived(room.id, COMPLETENESS, middle, end)
        seen = in_hindsight(
            channel, lambda metric: self._store.derived(room.id, metric, first, last), corrections, first
        )
        hours = [
            *with_gaps(kept.get(channel, []), earlier),
            *usage.hours(of_room(room, seen, complete, spans)),
        ]
        zones = {
            zone.id: (*with_gaps(kept.get(zone_part(zone.id), []), earlier), *found)
            for zone, found in self._zones(room, complete, spans, middle, end)
        }
        source = self._store.latest().get(room.id, {}).get("Info/Source")
        return RoomUse(
            site=site,
            room=room,
            channel=channel,
            hours=tuple(hours),
            zone_hours=zones,
            corrections=Counter(item.kind for item in corrections if start <= item.time < end),
            findings=frozenset(found.name for found in self._findings.of(room.id, start, end)),
            simulated=source is not None and source.value == SIMULATED,
            end=end,
        )

    def changes(self, site: Site, room: Room, start: int, end: int) -> tuple[Changed, ...]:
        """Return the effects of the changes in the settings that tell something about start <= time < end, in order."""
        days = sorted(change.date for change in room.change)
        told = []
        for day in days:
            first, stop = stretch(day, days)
            if day_start(day) < min(end, self._now) and start < stop:
                told.append(self.changed(site, room, day, first, stop))
        return tuple(told)

    def changed(self, site: Site, room: Room, day: date, start: int, end: int) -> Changed:
        """Return the effect of a day on a room, told by start <= time < end."""
        use = self.room(site, room, start, end)
        return Changed(
            day=day,
            note=next((change.note for change in room.change if change.date == day), None),
            start=start,
            end=max(start, min(end, self._now)),
            room=effect(use.hours, day),
            zones={zone: effect(hours, day) for zone, hours in use.zone_hours.items()},
            channel=use.channel,
        )

    def _zones(
        self, room: Room, complete: list[Point], spans: list[tuple[int, int]], start: int, end: int
    ) -> Iterator[tuple[Zone, list[Hour]]]:
        for zone in room.zone:
            points = self._store.derived(room.id, zone_series(zone.id), start, end)
            yield zone, usage.hours(stretches(points, complete, zone.capacity or 0, spans))
