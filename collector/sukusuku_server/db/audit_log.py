"""The audit log, read and pruned. Entries are added by `audit_entry`."""

from collections.abc import Collection, Iterator

from sqlalchemy import delete, select

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_alerts import audit
from sukusuku_server.model.alerts import AuditEntry

_C = audit.c
_FIELDS = (_C.time, _C.who, _C.action, _C.target, _C.actor, _C.address, _C.before, _C.after)
_PAGE = 1000


class AuditLog:
    """The audit log of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def newest(
        self,
        limit: int,
        before: int | None = None,
        actor: str | None = None,
        actions: Collection[str] | None = None,
    ) -> list[tuple[int, AuditEntry]]:
        """Return entries with their numbers, the newest first; `before` is a number that they lie below.

        `actor` and `actions`: only by them, and of these kinds.
        """
        query = select(_C.id, *_FIELDS).order_by(_C.id.desc()).limit(limit)
        if before is not None:
            query = query.where(_C.id < before)
        if actor is not None:
            query = query.where(_C.actor == actor)
        if actions is not None:
            query = query.where(_C.action.in_(actions))
        with self._operations.reading() as connection:
            return [(row.id, AuditEntry(*row[1:])) for row in connection.execute(query)]

    def all(self) -> Iterator[AuditEntry]:
        """Yield every entry, the oldest first, without holding them all."""
        last = 0
        while True:
            query = select(_C.id, *_FIELDS).where(_C.id > last).order_by(_C.id).limit(_PAGE)
            with self._operations.reading() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            last = rows[-1].id
            for row in rows:
                yield AuditEntry(*row[1:])

    def prune(self, before: int) -> int:
        """Forget entries from before a moment (UTC ms); return how many there were."""
        with self._operations.writing() as connection:
            return connection.execute(delete(audit).where(_C.time < before)).rowcount
