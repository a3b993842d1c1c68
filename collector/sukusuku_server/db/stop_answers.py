"""What crews say about stops, written within the caller's transaction: what stands, what was said, what follows."""

from sqlalchemy import Connection, func, insert, select, update

from sukusuku_server.db import audit_entry
from sukusuku_server.db.tables_collection import request, round_stop, stop_answer
from sukusuku_server.model.rounds import Answer, Reply, StopRecord


def is_known(connection: Connection, key: str | None) -> bool:
    """Whether an answer with this key was recorded before."""
    query = select(stop_answer.c.id).where(stop_answer.c.key == key)
    return key is not None and connection.execute(query).first() is not None


def is_overtaken(connection: Connection, stop: StopRecord, reply: Reply) -> bool:
    """Whether something else was said about a stop after the reply."""
    newest = select(func.max(stop_answer.c.time)).where(stop_answer.c.stop_id == stop.id)
    return reply.time < (connection.execute(newest).scalar_one() or 0)


def record(connection: Connection, before: StopRecord, reply: Reply, now: int) -> None:
    """Let a reply stand. `now` is when it came (UTC ms)."""
    taken_back = reply.answer is Answer.NONE
    values = {
        "answer": reply.answer,
        "answered": None if taken_back else reply.time,
        "answered_by": None if taken_back else reply.who,
        "note": reply.note,
        "obstacle": reply.obstacle,
    }
    connection.execute(update(round_stop).where(round_stop.c.id == before.id).values(values))
    keep(connection, before, reply, now)
    _ask(connection, before, reply)


def keep(connection: Connection, stop: StopRecord, reply: Reply, now: int) -> None:
    """Keep a reply in the history of a stop, whether it stands or not."""
    values = {"stop_id": stop.id, "time": reply.time, "answer": reply.answer, "who": reply.who, "note": reply.note}
    connection.execute(insert(stop_answer).values(values | {"obstacle": reply.obstacle, "key": reply.key}))
    audit_entry.note(connection, now, reply.who, f"stop.{reply.answer}", str(stop.id))


def _ask(connection: Connection, before: StopRecord, reply: Reply) -> None:
    """Ask for a visit on the next round when this one cannot be. `visit_requests` says how long that stands."""
    if reply.answer is not Answer.CANNOT or before.answer is Answer.CANNOT:
        return
    values = {"asset": before.stop.asset, "time": reply.time, "who": reply.who, "done": None}
    mine = request.c.stop_id == before.id
    if not connection.execute(update(request).where(mine).values(values)).rowcount:
        connection.execute(insert(request).values(values | {"stop_id": before.id}))
