"""Imports of bookings in the operations data. What an import said is never changed; it can be withdrawn."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

from sqlalchemy import Connection, delete, func, insert, select, update

from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_rooms import booking, booking_cover, booking_import
from sukusuku_server.model.bookings import Booked, Bookings, Cover, Import, UnknownImportError

FEED_KEPT_MS = 2 * DAY_MS
"""So long all that a feed said is kept, and can be withdrawn."""
_LARGEST_ID = 2**63 - 1
"""No database holds a larger one, nor can be asked for it."""


class BookingRecords:
    """Imports of bookings of all rooms. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def take(
        self, told: Bookings, source: str, by: str, now: int, feed: str = "", keep_days: int = 90
    ) -> Import | None:
        """Keep what a file says. None, and nothing is kept: its newest import said the same and holds.

        A feed says everything from today on, so it covers what its last import covered. It repeats itself at each look:
        what it said last and somebody withdrew stays withdrawn until it says something else. Days that have passed by
        more than `keep_days` are forgotten.
        """
        covers = told.covers
        with self._operations.writing() as connection:
            newest = self._newest(source, feed)
            if feed:
                covers = _extended(covers, () if newest is None else newest.covers, day_start(local_day(now)))
            said = [(item.room, 0 if feed else item.start, item.end) for item in covers]
            digest = sha256(repr((told.spans, said)).encode()).hexdigest()
            said_last = {None if newest is None else newest.id}
            if feed:
                of_feed = select(booking_import.c.id).where(booking_import.c.feed == feed)
                said_last.add(connection.execute(of_feed.order_by(booking_import.c.id.desc()).limit(1)).scalar())
            same = booking_import.c.id.in_(said_last - {None}) & (booking_import.c.digest == digest)
            if connection.execute(select(booking_import.c.id).where(same)).first():
                return None
            values = {"source": source, "feed": feed, "digest": digest, "imported": now, "imported_by": by[:120]}
            ident: int = connection.execute(
                insert(booking_import).values(values).returning(booking_import.c.id)
            ).scalar_one()
            for table, rows in (
                (booking_cover, [_row(item) for item in covers]),
                (booking, [_row(item) | {"children": item.children} for item in told.spans]),
            ):
                if rows:
                    connection.execute(insert(table), [row | {"import_id": ident} for row in rows])
            audit_entry.note(connection, now, by, "bookings.import", f"{source} {ident}")
            old = day_start(local_day(now)) - keep_days * DAY_MS
            for table in (booking, booking_cover):
                connection.execute(delete(table).where(table.c.end < old))
            if feed:
                _thin(connection, feed, now - FEED_KEPT_MS)
        return Import(ident, source, feed, now, by[:120], None, None, tuple(covers), told.spans)

    def withdraw(self, ident: int, who: str, now: int) -> Import:
        """Take an import back: what was known before holds again. Once withdrawn it stays so.

        Raises UnknownImportError.
        """
        if not 0 < ident <= _LARGEST_ID:
            raise UnknownImportError(f"there is no import {ident}")
        table = booking_import
        with self._operations.writing() as connection:
            own = (table.c.id == ident) & table.c.withdrawn.is_(None)
            done = connection.execute(update(table).where(own).values(withdrawn=now, withdrawn_by=who[:120])).rowcount
            if done:
                audit_entry.note(connection, now, who, "bookings.withdraw", str(ident))
        found = next((item for item in self.imports() if item.id == ident), None)
        if found is None:
            raise UnknownImportError(f"there is no import {ident}")
        return found

    def state(self) -> tuple[int, int]:
        """Return the newest id and how many were withdrawn: what `imports` answers changes only with one of them."""
        found = select(func.max(booking_import.c.id), func.count(booking_import.c.withdrawn))
        with self._operations.reading() as connection:
            newest, withdrawn = connection.execute(found).one()
        return newest or 0, withdrawn

    def imports(self) -> list[Import]:
        """Return every import whose counts are kept, or that is not older than they may be; the newest first."""
        table = booking_import
        with self._operations.reading() as connection:
            rows = list(connection.execute(select(table).order_by(table.c.id.desc())))
            covers: dict[int, list[Cover]] = {}
            for row in connection.execute(select(booking_cover).order_by(booking_cover.c.id)):
                covers.setdefault(row.import_id, []).append(Cover(row.room, row.start, row.end))
            spans: dict[int, list[Booked]] = {}
            for row in connection.execute(select(booking).order_by(booking.c.id)):
                spans.setdefault(row.import_id, []).append(Booked(row.room, row.start, row.end, row.children))
        return [
            Import(
                id=row.id,
                source=row.source,
                feed=row.feed,
                imported=row.imported,
                imported_by=row.imported_by,
                withdrawn=row.withdrawn,
                withdrawn_by=row.withdrawn_by,
                covers=tuple(covers.get(row.id, ())),
                spans=tuple(spans.get(row.id, ())),
            )
            for row in rows
            if row.id in covers
        ]

    def _newest(self, source: str, feed: str) -> Import | None:
        own = (item for item in self.imports() if item.withdrawn is None)
        newest = next(own, None) if not feed else next((item for item in own if item.feed == feed), None)
        return newest if newest is None or newest.source == source else None


def _thin(connection: Connection, feed: str, before: int) -> None:
    """Of imports of a feed that another one has followed, keep the days up to that one: it tells the rest.

    One that was withdrawn follows nothing. A feed that changes every few minutes would otherwise be kept whole each
    time. `before` (UTC ms): only imports that are older than that.
    """
    table = booking_import
    own = select(table.c.id, table.c.imported).where(table.c.feed == feed, table.c.withdrawn.is_(None))
    rows = list(connection.execute(own.order_by(table.c.id)))
    for (ident, _), (_, followed) in pairwise(rows):
        if followed >= before:
            break
        until = day_start(local_day(followed))
        for rest in (booking, booking_cover):
            connection.execute(delete(rest).where(rest.c.import_id == ident, rest.c.start >= until))
        cut = (booking_cover.c.import_id == ident) & (booking_cover.c.end > until)
        connection.execute(update(booking_cover).where(cut).values(end=until))


def _row(item: Booked | Cover) -> dict[str, object]:
    return {"room": item.room, "start": item.start, "end": item.end}


def _extended(covers: Sequence[Cover], before: Sequence[Cover], today: int) -> tuple[Cover, ...]:
    """Return what a feed covers: from today on, at least as far as it did before."""
    ends = {item.room: item.end for item in before if item.end > today}
    found = {
        item.room: Cover(item.room, min(item.start, today), max(item.end, ends.pop(item.room, item.end)))
        for item in covers
    }
    return tuple(found.values()) + tuple(Cover(room, today, end) for room, end in sorted(ends.items()))
