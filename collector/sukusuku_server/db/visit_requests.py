"""Requests for a visit: a person has asked, or a crew could not collect. Whether one stands follows from what was said.

It stands until the unit is emptied, until a crew answers for it that the visit was done or not needed, or until it is
withdrawn; one that came from an answer stands as long as that answer. None of this is stored, so that whatever is taken
back, rejected or detected later gives the request back, in whichever order. An answer of the evening is about a visit
of the day: what was asked for after that visit still stands. An emptying that is seen later meets it all the same.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, insert, or_, select, update

from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_collection import emptying, request, round_run, round_stop
from sukusuku_server.model.collection import EmptyingState
from sukusuku_server.model.rounds import Answer

_VISITED = case(
    (round_stop.c.answered > round_run.c.returns, func.coalesce(round_stop.c.arrives, round_run.c.returns)),
    else_=round_stop.c.answered,
)
"""When the visit was that an answer is about: as planned, when it was given after the round, else when it was given."""

STANDING: ColumnElement[bool] = (
    request.c.done.is_(None)
    & ~exists().where(
        (emptying.c.asset == request.c.asset)
        & (emptying.c.time >= request.c.time)
        & (emptying.c.state != EmptyingState.REJECTED)
    )
    & ~exists().where(
        (round_stop.c.asset == request.c.asset)
        & (round_run.c.id == round_stop.c.run_id)
        & (request.c.time <= _VISITED)
        & round_stop.c.answer.in_([Answer.DONE, Answer.NEEDLESS])
    )
    & or_(
        request.c.stop_id.is_(None),
        exists().where((round_stop.c.id == request.c.stop_id) & (round_stop.c.answer == Answer.CANNOT)),
    )
)
"""Whether a row of `request` stands."""


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """Somebody asked for a visit at `time`; `done` is when it was withdrawn. UTC ms."""

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
        with self._operations.writing() as connection:
            standing = select(request).where(request.c.asset == asset, STANDING).order_by(request.c.id)
            row = connection.execute(standing).first()
            if row is None:
                values = {"asset": asset, "time": now, "who": who[:120]}
                row = connection.execute(insert(request).values(values).returning(*request.c)).one()
                audit_entry.note(connection, now, who, "visit.request", asset)
            return _to_request(row)

    def standing(self) -> list[VisitRequest]:
        """Every request that was not met yet, the oldest first."""
        query = select(request).where(STANDING).order_by(request.c.time, request.c.id)
        with self._operations.reading() as connection:
            return [_to_request(row) for row in connection.execute(query)]

    def withdraw(self, request_id: int, who: str, now: int) -> None:
        """Withdraw a request: the visit is not needed after all."""
        standing = (request.c.id == request_id) & request.c.done.is_(None)
        with self._operations.writing() as connection:
            ended = connection.execute(
                update(request).where(standing).values(done=now).returning(request.c.asset)
            ).first()
            if ended is not None:
                audit_entry.note(connection, now, who, "visit.withdraw", ended.asset)


def _to_request(row: Row[Any]) -> VisitRequest:
    return VisitRequest(id=row.id, asset=row.asset, time=row.time, who=row.who, done=row.done)
