"""Reads what a report needs of rooms: the derived series in hindsight, joined to hours. A year takes some seconds."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sukusuku_api.context import Readings
from sukusuku_collector.derive.model import CorrectionKind
from sukusuku_collector.live import SIMULATED
from sukusuku_collector.opening import day_start, opening_of_asset
from sukusuku_collector.operations import Operations
from sukusuku_collector.operations.rooms import RoomRecords
from sukusuku_collector.rooms import metrics
from sukusuku_collector.rooms.hindsight import of_channel, seen_after
from sukusuku_collector.rooms.metrics import Hour
from sukusuku_collector.rooms.stretches import stretches
from sukusuku_collector.rooms.tally import Tally, total
from sukusuku_collector.settings import Facility, Room, Site
from sukusuku_collector.store import Point

SERIES = {"children": "Occupancy/ChildrenCorrected", "people": "Occupancy/Corrected"}

Progress = Callable[[int, int], None]
"""Told how many rooms are done, of how many."""


@dataclass(frozen=True, slots=True)
class RoomUse:
    """How a room was used, by the hour. `channel` is what is counted: children, or people where nothing tells them."""

    site: Site
    room: Room
    channel: str
    hours: tuple[Hour, ...]
    zones: Mapping[str, Tally]
    corrections: Mapping[CorrectionKind, int]
    simulated: bool

    @property
    def tally(self) -> Tally:
        """All hours together."""
        return total(hour.tally for hour in self.hours)


class Gatherer:
    """Reads the rooms of a facility at the moment `now` (UTC ms); what lies after it is no gap but left out."""

    def __init__(self, facility: Facility, store: Readings, operations: Operations, now: int) -> None:
        self._facility = facility
        self._store = store
        self._records = RoomRecords(operations)
        self._now = now

    def rooms(self, first: date, end: date, site: str | None, progress: Progress = lambda _, __: None) -> list[RoomUse]:
        """The rooms of one centre or of all, from the local day `first` to that before `end`."""
        wanted = [(s, room) for s in self._facility.site if site in {None, s.id} for room in s.room]
        found = []
        for n, (where, room) in enumerate(wanted):
            progress(n, len(wanted))
            found.append(self.room(where, room, day_start(first), day_start(end)))
        progress(len(wanted), len(wanted))
        return found

    def room(self, site: Site, room: Room, start: int, end: int) -> RoomUse:
        """One room over start <= time < end."""
        end = max(start, min(end, self._now))
        spans = opening_of_asset(self._facility, room.id).spans(start, end)
        corrections = self._records.corrections(room.id, start, end)
        complete = self._store.derived(room.id, "Occupancy/Completeness", start, end)
        children = self._store.derived(room.id, SERIES["children"], start, end)
        channel = "children" if children else "people"
        counts = children or self._store.derived(room.id, SERIES["people"], start, end)
        seen = seen_after(counts, of_channel(corrections, channel))
        hours = metrics.hours(stretches(seen, complete, room.capacity, spans))
        zones = dict(self._zones(room, complete, spans, start, end))
        source = self._store.latest().get(room.id, {}).get("Info/Source")
        return RoomUse(
            site=site,
            room=room,
            channel=channel,
            hours=tuple(hours),
            zones=zones,
            corrections=Counter(item.kind for item in corrections),
            simulated=source is not None and source.value == SIMULATED,
        )

    def _zones(
        self, room: Room, complete: list[Point], spans: list[tuple[int, int]], start: int, end: int
    ) -> Iterator[tuple[str, Tally]]:
        for zone in room.zone:
            points = self._store.derived(room.id, f"Zones/{zone.id}/Corrected", start, end)
            parts = stretches(points, complete, zone.capacity or 0, spans)
            yield zone.id, total(hour.tally for hour in metrics.hours(parts))
