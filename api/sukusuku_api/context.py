"""What every request handler works with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from sukusuku_collector import live
from sukusuku_collector.operations import Alert
from sukusuku_collector.settings import Facility
from sukusuku_collector.store import Bucket, LatestByAsset, Point
from sukusuku_core.clock import Clock


class Readings(Protocol):
    """The reading half of a store."""

    def latest(self) -> LatestByAsset:
        """The newest value of every series."""

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Readings with start <= time < end in order of time, at most `limit`."""

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Hours that begin in start <= time < end, in order."""

    def version(self) -> int:
        """A number that changes when another process has committed."""

    def noted(self, key: str) -> int | None:
        """A number that the collector keeps under a name; None when there is none."""


class Alerts(Protocol):
    """The part of the operations data that the API serves. Called in worker threads."""

    def alerts(self, *, open_only: bool, site: str | None = None, limit: int = 200) -> Sequence[Alert]:
        """Alerts, newest first."""

    def alert(self, ident: int, /) -> Alert | None:
        """One alert."""

    def acknowledge(self, ident: int, who: str, now: int, /) -> Alert:
        """Note who looks after it. Raises UnknownAlertError or AlertStateError."""


@dataclass(frozen=True, slots=True)
class Context:
    """The facility, where its data is, and the clock."""

    facility: Facility
    store: Readings
    operations: Alerts
    clock: Clock

    def views(self, now: int) -> "list[live.UnitView | live.RoomView]":
        """How every asset stands at the time `now`."""
        return live.views(self.facility, self.store.latest(), now)


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


ContextDep = Annotated[Context, Depends(_context)]
