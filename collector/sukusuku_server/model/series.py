"""Records of readings and derived series, as stores and their readers exchange them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from sukusuku_core.model import Quality, Value

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


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """One hour of a numeric series, GOOD readings only. `time` is the start of the hour; `last` its latest value.

    `mean` is the mean of the readings, not weighted by how long each value stood. A year has 8,760 of these, and a
    struct is made in a tenth of the time of a dataclass.
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
    `quality` is the one that it has at its own time, should it turn out that our clock was wrong; None: its place
    follows from its age.
    """

    row: Row
    original: int
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit changed: new readings, readings that were there already, quarantine rows."""

    stored: int
    duplicates: int
    quarantined: int


LatestByAsset = Mapping[str, Mapping[str, Latest]]


DerivedByAsset = Mapping[str, Mapping[str, Point]]


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


class SeriesOwner(StrEnum):
    """What such a series is about."""

    SITE = "site"
    ROUND = "round"
    HOST = "host"
    ROOM = "room"

    def named(self, ident: str) -> str:
        """Return the name under which the series of one centre (round, collector, room) are stored."""
        return f"{self.value}/{ident}"
