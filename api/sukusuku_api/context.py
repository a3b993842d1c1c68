"""What every request handler works with."""

from dataclasses import dataclass
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from sukusuku_collector import live
from sukusuku_collector.operations import Operations
from sukusuku_collector.settings import Facility
from sukusuku_collector.store import Bucket, DerivedByAsset, LatestByAsset, Point, Quarantined, RoomHour, Tally
from sukusuku_core.clock import Clock


class Readings(Protocol):
    """The reading half of a store. Safe to use from several threads."""

    def available(self) -> bool:
        """Whether there is a store, and it answers."""

    def quarantine(self, limit: int) -> list[Quarantined]:
        """The newest rows of the quarantine, newest first."""

    def tallies(self) -> list[Tally]:
        """The quarantine, counted by reason."""

    def unassigned(self) -> list[Tally]:
        """What waits for facility.toml to be put right, counted by topic and reason."""

    def latest(self) -> LatestByAsset:
        """The newest value of every series."""

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """Points of a derived series with start <= time < end, in order of time."""

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """The hours that are kept of a room and begin in start <= time < end, in order."""

    def derived_latest(self) -> DerivedByAsset:
        """The newest point of every derived series."""

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Readings with start <= time < end in order of time, at most `limit`."""

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Hours that begin in start <= time < end, in order."""

    def version(self) -> int:
        """A number that changes when another process has committed."""

    def noted(self, key: str) -> int | None:
        """A number that the collector keeps under a name; None when there is none."""


@dataclass(frozen=True, slots=True)
class Context:
    """The facility, where its data is, and the clock."""

    facility: Facility
    store: Readings
    operations: Operations
    clock: Clock

    def views(self, now: int) -> "list[live.UnitView | live.RoomView]":
        """How every asset stands at the time `now`."""
        return live.views(self.facility, self.store.latest(), now, self.store.derived_latest())


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


ContextDep = Annotated[Context, Depends(_context)]
