"""Requests for a visit: a person has asked, and it stands until the unit is emptied (see `emptyings`)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import request


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """Somebody asked for a visit at `time`; `done` is when the unit was emptied. UTC ms."""

    id: int
    asset: str
    time: int
    who: str
    done: int | None


class Requests:
    """The requests of all units. Errors as in `Operations`."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def ask(self, asset: str, who: str, now: int) -> VisitRequest:
        """Ask for a visit. While a request of the unit stands, asking again answers that one."""
        standing = (request.c.asset == asset) & request.c.done.is_(None)
        with self._operations.writing() as connection:
            row = connection.execute(select(request).where(standing).order_by(request.c.id)).first()
            if row is None:
                values = {"asset": asset, "time": now, "who": who[:120]}
                row = connection.execute(insert(request).values(values).returning(*request.c)).one()
            return _to_request(row)

    def standing(self) -> list[VisitRequest]:
        """Every request that was not met yet, the oldest first."""
        query = select(request).where(request.c.done.is_(None)).order_by(request.c.time, request.c.id)
        with self._operations.reading() as connection:
            return [_to_request(row) for row in connection.execute(query)]

    def withdraw(self, request_id: int, now: int) -> None:
        """Withdraw a request: the visit is not needed after all."""
        standing = (request.c.id == request_id) & request.c.done.is_(None)
        with self._operations.writing() as connection:
            connection.execute(update(request).where(standing).values(done=now))


def _to_request(row: Row[Any]) -> VisitRequest:
    return VisitRequest(id=row.id, asset=row.asset, time=row.time, who=row.who, done=row.done)
