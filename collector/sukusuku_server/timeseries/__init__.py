"""Where readings live. One Protocol, one test suite, several stores.

The collector writes, the API reads. Times are UTC ms; an asset is named by its id, an edge node by its own.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_server.model.series import (
    Bucket,
    Committed,
    DerivedByAsset,
    Late,
    LatestByAsset,
    Moved,
    Point,
    Quarantined,
    RoomHour,
    Row,
    Tally,
    Unassigned,
)


def twins_key(node: str) -> str:
    """Under which the collector notes when (UTC ms) it last found that two edge nodes use one identity."""
    return f"twins/{node}"


THINNED_READINGS = "thinned-readings"
"""Under which it is noted before what time (UTC ms) the raw readings of rooms are deleted."""


def thinned_key(asset: str) -> str:
    """Under which it is noted before what time (UTC ms) the points and readings of a room are thinned out."""
    return f"thinned/{asset}"


SETTLED_MS = 15_000
"""Readings that are committed longer than this after their measurement are late: what was derived of their time
may have to be derived again."""


class Store(Protocol):
    """Raw readings, hourly roll-ups, the latest values and the quarantine.

    Every method may raise TransientError when the store does not answer; nothing of that call has then happened.
    Reading is safe from several threads.
    """

    def series(self, asset: str, metric: str, datatype: DataType) -> int:
        """The number that stands for a series in rows, valid while the store is open. All its values are of one type.

        A new series becomes durable with the next commit.
        """

    def commit_rows(
        self,
        rows: Sequence[Row],
        quarantined: Sequence[Quarantined],
        received: int,
        moved: Sequence[Moved] = (),
        unassigned: Sequence[Unassigned] = (),
    ) -> Committed:
        """Store everything in one durable transaction.

        A reading that is there already (same series and time, or moved from there) is ignored and does not count in
        the roll-up again. Unassigned messages are kept whole; when they are too many, the oldest make room.
        """

    def mark_offline(self, changes: Mapping[str, int | None]) -> None:
        """Since when (UTC ms) assets and edge nodes are dead; None: alive again. Durable.

        Their latest values are stale from then on. Readings are not touched.
        """

    def latest(self) -> LatestByAsset:
        """The newest value of every series, by asset id and metric."""

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Readings with start <= time < end in order of time, at most `limit`."""

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Hours that begin in start <= time < end, in order."""

    def quarantine(self, limit: int) -> list[Quarantined]:
        """The newest rows of the quarantine, newest first."""

    def tallies(self, since: int = 0) -> list[Tally]:
        """What has come into the quarantine since a time (UTC ms) and is still there, counted by reason."""

    def unassigned(self) -> list[Tally]:
        """What waits for facility.toml to be put right, counted by topic and reason."""

    def waiting(self, topic: str, after: int, limit: int) -> list[tuple[int, Unassigned]]:
        """Unassigned messages of a topic in the order of their arrival, with their numbers, beyond number `after`."""

    def assigned(self, numbers: Sequence[int]) -> None:
        """Forget unassigned messages whose readings are committed."""

    def prune(self, before: int, rows: int) -> int:
        """Delete about so many of the raw readings that were measured before a time (UTC ms); tells how many went.

        Roll-ups and latest values stay. Readings that arrive when their time has been pruned already stay too.
        """

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """All readings of these assets with start <= time < end, in order of time."""

    def first(self) -> int | None:
        """The time of the oldest reading; None: there is none."""

    def put_derived(self, asset: str, after: int, until: int, points: Sequence[Reading]) -> None:
        """Everything that was derived of an asset in after < time <= until is replaced by these points. Durable.

        They are numbers of quality GOOD. Derived series have no roll-ups: they are on a coarse grid already.
        """

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """Points of a derived series with start <= time < end, in order of time."""

    def derived_latest(self) -> DerivedByAsset:
        """The newest point of every derived series, by asset and metric."""

    def derived_metrics(self, asset: str) -> list[str]:
        """The metrics of the derived series of an asset."""

    def first_derived(self, metric: str) -> Mapping[str, int]:
        """The time of the oldest point of a derived metric, by asset."""

    def thin(self, asset: str, start: int, end: int, points: Sequence[Reading], hours: Sequence[RoomHour]) -> None:
        """What was derived of an asset in start <= time < end becomes these points, and its hours are kept. Durable.

        It is noted that everything before `end` is thinned out, which must have been so before `start`.
        """

    def drop_readings(self, assets: Collection[str], start: int, end: int) -> bool:
        """Delete the raw readings of some assets with start <= time < end; False: they are still needed.

        Roll-ups and latest values stay. It is noted that all before `end` are gone, as those before `start` must be.
        """

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """The hours that are kept of a room and begin in start <= time < end, in order."""

    def late(self) -> list[Late]:
        """Assets of which readings came late and that were not settled since."""

    def settle(self, late: Late) -> None:
        """What came late has been derived anew. When more has come since `late` was read, that stays."""

    def version(self) -> int:
        """A number that changes when another connection or process has committed; cheap to ask every second."""

    def note(self, key: str, value: int) -> None:
        """Keep a number of the collector's own under a name, durably."""

    def noted(self, key: str) -> int | None:
        """The number under that name; None when there is none."""

    def close(self) -> None:
        """Give back files and connections."""
