"""Where readings live. One Protocol, one test suite, several stores.

The collector writes, the API reads. Times are UTC ms; an asset is named by its id, an edge node by its own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Quality, Reading, Value

HOUR_MS = 3_600_000

Row = tuple[int, int, Value | None, int]
"""One reading on its way in: time, series, value, quality as a plain number.

The hot path makes hundreds of thousands of these a second, so it is a bare tuple, and the very one a store inserts.
`value` is None only when quality is not GOOD; a GOOD number is finite.
"""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of a metric by time of measurement, and when the collector got it.

    `stale_since` is when its asset or edge node was told dead (UTC ms): the value is only the last one known.
    `good_before` is when the last GOOD value was measured, for a value that is not GOOD; None: never, or a text.
    """

    time: int
    value: Value | None
    quality: Quality
    received: int
    stale_since: int | None = None
    good_before: int | None = None

    @property
    def last_good(self) -> int | None:
        """When the metric was last measured with a GOOD value; None: never."""
        return self.time if self.quality is Quality.GOOD else self.good_before


@dataclass(frozen=True, slots=True)
class Point:
    """One stored reading of a series."""

    time: int
    value: Value | None
    quality: Quality


@dataclass(frozen=True, slots=True)
class Bucket:
    """One hour of a numeric series, GOOD readings only. `time` is the start of the hour; `last` its latest value.

    `mean` is the mean of the readings, not weighted by how long each value stood.
    """

    time: int
    count: int
    mean: float
    low: float
    high: float
    last: float


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message, or one metric of it, that was not stored as a reading, with the reason in one word."""

    received: int
    topic: str
    reason: str
    detail: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A message of a known edge node that has no place under `facility.toml` as it is now; see `ingest`.

    Its metrics carry their datatypes, so that it can be read for itself. `clock_set`: False when the sender had said
    that its clock was not set.
    """

    received: int
    topic: str
    reason: str
    detail: str
    payload: bytes
    clock_set: bool = True


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages of one kind there are, and when (UTC ms) the first and the last one arrived.

    `topic` is empty where messages of all topics are counted together.
    """

    reason: str
    count: int
    first: int
    last: int
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A reading whose own time, `original`, cannot be believed, and which is stored at the time in `row`.

    It is stored once per series and original time, also when it comes again and would then be placed elsewhere; when
    something is at its place already, at the next millisecond that is free. The original time is kept.
    With both times equal it is an ordinary reading, but for one thing: it may have been stored as a moved one before.
    """

    row: Row
    original: int


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit changed: new readings, readings that were there already, quarantine rows."""

    stored: int
    duplicates: int
    quarantined: int


LatestByAsset = Mapping[str, Mapping[str, Latest]]
DerivedByAsset = Mapping[str, Mapping[str, Point]]


def twins_key(node: str) -> str:
    """Under which the collector notes when (UTC ms) it last found that two edge nodes use one identity."""
    return f"twins/{node}"


@dataclass(frozen=True, slots=True)
class Late:
    """Readings of an asset that came late: the time (UTC ms) of the earliest one. `changed` grows with each of them."""

    asset: str
    since: int
    changed: int


@dataclass(frozen=True, slots=True)
class RoomHour:
    """What is kept of an hour of a room whose points are thinned out. `part` is a channel or `zone/<id>`."""

    part: str
    time: int
    sums: bytes


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

    def commit(self, readings: Sequence[Reading], quarantined: Sequence[Quarantined], received: int) -> Committed:
        """`commit_rows` for those who hold readings; the datatype of a new series follows from its first value."""

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
