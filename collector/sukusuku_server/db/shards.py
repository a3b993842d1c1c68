"""The leases of many shards in one database, as one collector process sees them that works for some of them.

One statement renews all that it holds, one look tells what everybody holds and waits for, and those that are free are
taken together. Giving one back is as for a single one (`leases.py`); only the holder is another one for each shard, so
that its sessions can be cut off without those of the others.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, bindparam, delete, select, tuple_, update

from sukusuku_core.time import SECOND_MS
from sukusuku_server.db.leases import SEEN_MS, DatabaseClock, Leases, cut_off, database_time, make_rows, transaction
from sukusuku_server.db.tables_lease import collector_lease, collector_standby

NOTE_MS = 2 * SECOND_MS
"""How often a process notes for which shards it stands by. One that has not for a term is there no more."""
_LEASE, _STANDBY = collector_lease.c, collector_standby.c
_LONGEST = 500
"""Characters of a trouble."""


@dataclass(frozen=True, slots=True)
class View:
    """Which process holds each shard whose lease has not ended, and for which shards each one stands by and could work.

    Whoever takes part asks for the same: its own process is in neither by having asked.
    """

    holders: Mapping[str, str]
    standing: Mapping[str, frozenset[str]]


class Shards:
    """See the module. `process` names the process in the database (8 characters), `name` for people.

    `database` is `open_leases`. Methods raise TransientError when the database does not answer.
    """

    def __init__(
        self, database: Engine, process: str, name: str, term: int, now: DatabaseClock = database_time
    ) -> None:
        self.process = process
        self.term = term
        self._engine = database
        self._name = name
        self._now = now
        self._noted: tuple[int, Mapping[str, str | None]] | None = None

    def lease(self, shard: str, schema: str | None = None) -> Leases:
        """Return the lease of a shard, which `take` takes, held once and given back. `schema` is as with `Leases`."""
        holder = f"{self.process}.{secrets.token_hex(3)}"
        return Leases(self._engine, shard, holder, self._name, self.term, self._now, schema)

    def renew(self, held: Mapping[str, int]) -> frozenset[str]:
        """Hold these shards (and the epoch of each) for another term. Return those that have not gone to others."""
        if not held:
            return frozenset()
        with transaction(self._engine, lasting=True) as connection:
            until = self._now(connection) + self.term
            own = tuple_(_LEASE.shard, _LEASE.epoch).in_(list(held.items()))
            renewed = connection.execute(update(collector_lease).where(own).values(until=until).returning(_LEASE.shard))
            return frozenset(renewed.scalars())

    def take(self, wanted: Mapping[str, str]) -> Mapping[str, int]:
        """Take these shards, for each the holder that it is to have, where nobody has them. Return the epoch of each.

        One of which a transaction of its last holder still has a share is left for another time: no other one waits.
        """
        with transaction(self._engine) as connection:
            ended = _LEASE.shard.in_(wanted) & (_LEASE.until <= self._now(connection))
            holders = connection.execute(select(_LEASE.holder).where(ended)).scalars().all()
        if holders:
            cut_off(self._engine, holders)
        with transaction(self._engine, lasting=True) as connection:
            make_rows(connection, wanted)
            now = self._now(connection)
            free = select(_LEASE.shard, _LEASE.epoch).where(_LEASE.shard.in_(wanted), _LEASE.until <= now)
            found = connection.execute(free.with_for_update(skip_locked=True))
            epochs = {row.shard: int(row.epoch) + 1 for row in found}
            if epochs:
                same = {"name": self._name, "since": now, "until": now + self.term}
                one = update(collector_lease).where(_LEASE.shard == bindparam("taken"))
                rows = [
                    same | {"taken": shard, "epoch": epoch, "holder": wanted[shard]} for shard, epoch in epochs.items()
                ]
                connection.execute(one, rows)
            return epochs

    def look(self, waits: Mapping[str, str | None]) -> View:
        """Return who holds what. `waits` are the shards not held here, and why this process cannot work for each."""
        with transaction(self._engine) as connection:
            now = self._now(connection)
            self._note(connection, waits, now)
            held = connection.execute(select(_LEASE.shard, _LEASE.holder).where(_LEASE.until > now))
            there = (_STANDBY.seen > now - self.term) & _STANDBY.trouble.is_(None)
            standing: dict[str, set[str]] = {}
            for row in connection.execute(select(_STANDBY.instance, _STANDBY.shard).where(there)):
                standing.setdefault(_process(row.instance), set()).add(row.shard)
            return View(
                {row.shard: _process(row.holder) for row in held},
                {process: frozenset(shards) for process, shards in standing.items()},
            )

    def leave(self) -> None:
        """Stand by no more."""
        with transaction(self._engine) as connection:
            connection.execute(delete(collector_standby).where(_STANDBY.instance == self.process))
        self._noted = None

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    def _note(self, connection: Connection, waits: Mapping[str, str | None], now: int) -> None:
        if self._noted is not None and self._noted[1] == waits and 0 <= now - self._noted[0] < NOTE_MS:
            return
        others = (_STANDBY.instance == self.process) & _STANDBY.shard.not_in(waits)
        connection.execute(delete(collector_standby).where(others | (_STANDBY.seen < now - SEEN_MS)))
        same = {"instance": self.process, "name": self._name, "since": now, "seen": now}
        rows = [same | {"shard": shard, "trouble": trouble and trouble[:_LONGEST]} for shard, trouble in waits.items()]
        if rows:
            from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415 - takes long to load

            noted = insert(collector_standby)
            told = {"seen": noted.excluded.seen, "trouble": noted.excluded.trouble}
            key = [_STANDBY.instance, _STANDBY.shard]
            connection.execute(noted.on_conflict_do_update(index_elements=key, set_=told), rows)
        self._noted = now, dict(waits)


def _process(instance: str) -> str:
    return instance.partition(".")[0]
