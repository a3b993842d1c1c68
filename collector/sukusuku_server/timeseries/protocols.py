"""What the clients of a store need of it: one small Protocol for each thing that a client does.

A client names the Protocols that it needs, in a Protocol of its own when there are several. `Store` is all of them
together, which the contract tests hold every implementation to.

Every method may raise TransientError when the store does not answer; nothing of that call has then happened. Reading
is safe from several threads. Times are UTC ms; an asset is named by its id, an edge node by its own.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Reading
from sukusuku_server.model.imports import Imported, NewImport
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


class ReadingWriter(Protocol):
    """Stores what edge nodes send: readings, and what could not become any."""

    def series(self, asset: str, metric: str, datatype: DataType) -> int:
        """Return the number of a series in rows, valid while the store is open. All its values are of one type.

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
        """Note durably since when assets and edge nodes are dead; None: alive again.

        Their latest values are stale from then on. Readings are not touched.
        """


class Imports(Protocol):
    """Takes histories from elsewhere, and gives each one back as a whole."""

    def keep_import(self, what: NewImport, rows: Sequence[Row], now: int) -> int:
        """Store a history of one series in one durable transaction; return its number.

        Its readings come late, wherever their time lies. Raises PermanentError, and stores nothing, when one of them is
        there already.
        """

    def imports(self) -> list[Imported]:
        """Return all imports, also those that were taken back, oldest first."""

    def undo_import(self, number: int, now: int) -> Imported:
        """Take an import back: its readings, what was rolled up of them and derived since their time. Durable.

        The asset is late from its first reading on. Raises PermanentError when there is no such import, or when it has
        been taken back.
        """


class LiveReader(Protocol):
    """Reads the newest values; answers at once."""

    def latest(self) -> LatestByAsset:
        """Return the newest value of every series, by asset id and metric."""

    def derived_latest(self) -> DerivedByAsset:
        """Return the newest point of every derived series, by asset and metric."""


class HistoryReader(Protocol):
    """Reads stretches of time; may take seconds."""

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Return readings with start <= time < end in order of time, at most `limit`."""

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Return the hours that begin in start <= time < end, in order."""

    def five_minutes(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Return the buckets of five minutes that begin in start <= time < end, as long as raw readings are kept."""

    def daily(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Return the days in Japan that begin in start <= time < end, in order."""

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """Return points of a derived series with start <= time < end, in order of time."""

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """Return the hours that are kept of a room and begin in start <= time < end, in order."""

    def first_derived(self, metric: str) -> Mapping[str, int]:
        """Return the time of the oldest point of a derived metric, by asset."""


class DerivedSeries(Protocol):
    """Keeps what is derived of readings."""

    def first(self) -> int | None:
        """Return the time of the oldest reading that is not pruned, where deriving can begin; None: there is none."""

    def derived_metrics(self, asset: str) -> list[str]:
        """Return the metrics of the derived series of an asset."""

    def put_derived(self, asset: str, after: int, until: int, points: Sequence[Reading]) -> None:
        """Replace everything that was derived of an asset in after < time <= until by these points. Durable.

        They are numbers of quality GOOD. Derived series have no roll-ups: they are on a coarse grid already.
        """

    def put_all_derived(self, after: int, until: int, points: Mapping[str, Sequence[Reading]]) -> None:
        """Do the same for several assets at once, each with its points."""


class DerivationSource(Protocol):
    """Feeds derivation: readings in order of time, and which of them came late."""

    def scan(self, assets: Collection[str], start: int, end: int) -> list[Reading]:
        """Return all readings of these assets with start <= time < end, in order of time."""

    def late(self) -> list[Late]:
        """Return the assets of which readings came late and that were not settled since."""

    def settle(self, late: Sequence[Late]) -> None:
        """Forget what came late: it has been derived anew. When more has come since it was read, that stays."""


class ClockCorrection(Protocol):
    """Puts right what was stored by a wrong clock."""

    def correct_clock(self, since: int, until: int, now: int) -> int:
        """Take back what the collector stored when its clock was wrong; return how many readings were brought back.

        The clock was believed from `since` until `until`, by its own time; it is right now. Readings that were moved to
        a time of that stretch return to their own time, as far as that is not after `now`. What was derived for a time
        after `now` is deleted. When the stretch is not empty, all assets are late since its beginning, or
        for as long as it lasted, whichever is earlier.
        """


class RejectedMessages(Protocol):
    """Tells what was received and is not among the readings."""

    def quarantine(self, limit: int) -> list[Quarantined]:
        """Return the newest rows of the quarantine, newest first."""

    def tallies(self, since: int = 0) -> list[Tally]:
        """Count what has come into the quarantine since a time and is still there, by reason."""

    def unassigned(self) -> list[Tally]:
        """Count what waits for facility.toml to be corrected, by topic and reason."""

    def newest_unassigned(self, topic: str, limit: int) -> list[Unassigned]:
        """Return the newest messages of a topic that wait for facility.toml to be corrected, newest first."""


class UnassignedMessages(Protocol):
    """Gives back the messages that wait for facility.toml to be corrected."""

    def waiting(self, topic: str, after: int, limit: int) -> list[tuple[int, Unassigned]]:
        """Return messages of a topic in the order of their arrival, with their numbers, beyond number `after`."""

    def assigned(self, numbers: Sequence[int]) -> None:
        """Forget messages whose readings are committed."""


class Retention(Protocol):
    """Deletes what is kept no longer, in small steps."""

    def prune(self, before: int, rows: int) -> int:
        """Delete about so many of the raw readings that were measured before a time; return how many went.

        Roll-ups and latest values stay. Readings that arrive when their time has been pruned already stay too.
        """

    def drop_readings(self, assets: Collection[str], start: int, end: int) -> bool:
        """Delete the raw readings of some assets with start <= time < end; False: they are still needed.

        Roll-ups and latest values stay. It is noted that all before `end` are gone, as those before `start` must be.
        """

    def thin(self, asset: str, start: int, end: int, points: Sequence[Reading], hours: Sequence[RoomHour]) -> None:
        """Replace what was derived of an asset in start <= time < end by these points, and keep its hours. Durable.

        It is noted that everything before `end` is thinned out, which must have been so before `start`.
        """


class Compactable(Protocol):
    """Makes old readings small."""

    def compact(self, before: int) -> bool:
        """Do a little to pack the readings of the days in Japan that ended before a time; whether there is more to do.

        What the store tells of them stays the same, order included. Raises PermanentError when readings cannot be
        packed; they stay as they are.
        """


class NoteReader(Protocol):
    """Reads the numbers that the collector keeps of its own."""

    def noted(self, key: str) -> int | None:
        """Return the number under a name; None when there is none."""

    def noted_under(self, prefix: str) -> Mapping[str, int]:
        """Return all numbers whose names begin so, by name."""


class Notes(NoteReader, Protocol):
    """Keeps numbers under names."""

    def note(self, key: str, value: int) -> None:
        """Keep a number under a name, durably."""

    def note_all(self, values: Mapping[str, int]) -> None:
        """Keep numbers under their names, all at once."""


class StoreStatus(Protocol):
    """Tells how the store is."""

    def available(self) -> bool:
        """Tell whether the store answers. Raises nothing."""

    def version(self) -> int:
        """Return a number that changes when another connection has committed; cheap to ask every second."""


class Reader(LiveReader, HistoryReader, RejectedMessages, NoteReader, StoreStatus, Protocol):
    """Whatever only reads needs no more."""

    @property
    def name(self) -> str:
        """Return where the store is, for messages."""

    def first(self) -> int | None:
        """Return the time of the oldest reading that is not pruned; None: there is none."""

    def imports(self) -> list[Imported]:
        """Return all imports, also those that were taken back, oldest first."""

    def close(self) -> None:
        """Give back files and connections."""


class Store(
    ReadingWriter,
    Imports,
    LiveReader,
    HistoryReader,
    DerivedSeries,
    DerivationSource,
    ClockCorrection,
    RejectedMessages,
    UnassignedMessages,
    Retention,
    Compactable,
    Notes,
    StoreStatus,
    Protocol,
):
    """Everything that a store does."""

    def close(self) -> None:
        """Give back files and connections."""
