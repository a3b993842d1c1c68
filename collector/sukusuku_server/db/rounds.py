"""Rounds in the operations data: plans, the mails that told of them, and what the crew answered."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from sukusuku_core.errors import SukusukuError
from sukusuku_server.db.database import Operations
from sukusuku_server.db.round_row_mapping import to_run, to_stop
from sukusuku_server.db.row_mapping import mail_values
from sukusuku_server.db.tables_alerts import audit, mail_outbox
from sukusuku_server.db.tables_collection import request, round_run, round_stop, stop_answer
from sukusuku_server.model.alerts import MailState, OutgoingMail
from sukusuku_server.model.rounds import Answer, Plan, Run, RunState, StopRecord

_UNANSWERED = {"answer": Answer.NONE, "answered": None, "answered_by": None, "note": ""}


class UnknownStopError(SukusukuError):
    """There is no stop with this id."""

    def __init__(self, stop: int) -> None:
        super().__init__(f"there is no stop {stop}")


class RoundSentError(SukusukuError):
    """The round of that date has been sent; its plan stands."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"round {run.plan.round} of {run.plan.date} has been sent already; its plan stands")
        self.run = run


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer in the history of a stop, also one that was taken back later. `time` is UTC ms."""

    time: int
    answer: Answer
    who: str
    note: str


class Rounds:
    """The runs of all rounds. Errors as in `Operations`."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    # ------------------------------------------------------------ plans

    def put(self, plan: Plan) -> Run:
        """Store a plan. One of the same round and date that was not sent yet is replaced.

        Raises RoundSentError when that one was sent.
        """
        with self._operations.writing() as connection:
            return _put(connection, plan)

    def issue(
        self, plan: Plan, compose: Callable[[Run, Sequence[StopRecord]], Sequence[OutgoingMail]], now: int
    ) -> Run | None:
        """Store a plan and hand the mails that tell of it to the outbox, in one transaction: all or nothing.

        None, and nothing happens, when the round of that date was sent before, by whomever. Without any mail it
        stays planned. `compose` runs inside the transaction and must be quick.
        """
        with self._operations.writing() as connection:
            try:
                run = _put(connection, plan)
            except RoundSentError:
                return None
            mails = compose(run, _stops(connection, [run.id]))
            if mails:
                _tell(connection, run.id, mails, 1, now)
            return _read(connection, run.id)

    def run(self, run_id: int) -> Run | None:
        """One run; None: there is none with this id."""
        with self._operations.reading() as connection:
            return _find(connection, round_run.c.id == run_id)

    def of(self, round_id: str, day: date) -> Run | None:
        """Return the run of a round on a date; None: not planned."""
        with self._operations.reading() as connection:
            return _find(connection, round_run.c.round == round_id, round_run.c.date == day.isoformat())

    def runs(self, start: int, end: int, limit: int = 200) -> list[Run]:
        """Run with start <= departs < end (UTC ms), the newest first."""
        within = (round_run.c.departs >= start) & (round_run.c.departs < end)
        query = select(round_run).where(within).order_by(round_run.c.departs.desc(), round_run.c.id.desc()).limit(limit)
        with self._operations.reading() as connection:
            return _to_runs(connection, connection.execute(query).all())

    def open(self) -> list[Run]:
        """Run that are not closed, the oldest first."""
        query = select(round_run).where(round_run.c.state != RunState.CLOSED).order_by(round_run.c.departs)
        with self._operations.reading() as connection:
            return _to_runs(connection, connection.execute(query).all())

    # ------------------------------------------------------------ mails

    def send(self, run_id: int, mails: Sequence[OutgoingMail], told: int, now: int) -> bool:
        """Hand mails to the outbox and note that `told` of the crew have been told, in one transaction.

        False, and nothing happens, when so many have been told already, by whomever, or the run is closed.
        """
        with self._operations.writing() as connection:
            return _tell(connection, run_id, mails, told, now)

    def accept(self, run_id: int, who: str, now: int) -> None:
        """Somebody has said that they come. Only the first one counts."""
        with self._operations.writing() as connection:
            if _accept(connection, run_id, who[:120], now):
                _audit(connection, now, who[:120], "round.accept", run_id)

    def decline(self, run_id: int, step: int, who: str, now: int) -> None:
        """Whoever was told as step `step` (from 1) of the chain cannot come; the one who had accepted withdraws."""
        columns, who = round_run.c, who[:120]
        withdrawn = (columns.id == run_id) & (columns.accepted_by == who)
        fresh = (columns.id == run_id) & (columns.declined < step)
        with self._operations.writing() as connection:
            gone = connection.execute(update(round_run).where(withdrawn).values(accepted=None, accepted_by=None))
            more = connection.execute(update(round_run).where(fresh).values(declined=step))
            if gone.rowcount or more.rowcount:
                _audit(connection, now, who, "round.decline", run_id)

    def refused(self, run_id: int) -> bool:
        """Whether the mail server has refused for good all mails of the newest step that told of a run."""
        columns = mail_outbox.c
        told = (columns.run_id == run_id) & (columns.kind == "round")
        newest = select(func.max(columns.created)).where(told).scalar_subquery()
        query = select(columns.state).where(told & (columns.created == newest))
        with self._operations.reading() as connection:
            states = set(connection.execute(query).scalars())
        return states == {MailState.DEAD}

    def close(self, run_id: int) -> None:
        """Close a round: nobody else is told. Answers may still come."""
        with self._operations.writing() as connection:
            connection.execute(update(round_run).where(round_run.c.id == run_id).values(state=RunState.CLOSED))

    # ------------------------------------------------------------ stops and answers

    def stops(self, run_id: int) -> list[StopRecord]:
        """Return the stops of a run: the joined ones in order, then the others."""
        with self._operations.reading() as connection:
            return _stops(connection, [run_id])

    def stop(self, stop_id: int) -> StopRecord | None:
        """One stop; None: there is none with this id."""
        with self._operations.reading() as connection:
            return _find_stop(connection, stop_id)

    def answer(
        self,
        stop_id: int,
        answer: Answer,
        who: str,
        now: int,
        note: str = "",
        tell: Callable[[StopRecord], Sequence[OutgoingMail]] = lambda _: (),
    ) -> StopRecord:
        """Record what the crew says about a stop; NONE takes it back. The same answer again changes nothing.

        A unit that cannot be emptied is asked for on the next round, until that is taken back. `tell` gets the stop
        as it was and gives the mails about the change; all is stored together. Raises UnknownStopError.
        """
        who = who[:120]
        with self._operations.writing() as connection:
            found = _find_stop(connection, stop_id)
            if found is None:
                raise UnknownStopError(stop_id)
            if answer is not Answer.NONE:
                _accept(connection, found.run, who, now)
            if (found.answer, found.note) == (answer, note):
                return found
            taken_back = answer is Answer.NONE
            values = {
                "answer": answer,
                "answered": None if taken_back else now,
                "answered_by": None if taken_back else who,
                "note": note,
            }
            connection.execute(update(round_stop).where(round_stop.c.id == stop_id).values(values))
            history = {"stop_id": stop_id, "time": now, "answer": answer, "who": who, "note": note}
            connection.execute(insert(stop_answer).values(history))
            _audit(connection, now, who, f"stop.{answer}", stop_id)
            _ask(connection, found, answer, who, now)
            _put_mails(connection, found.run, tell(found), now)
            _settle_state(connection, found.run)
            return _read_stop(connection, stop_id)

    def answers(self, stop_id: int) -> list[Answered]:
        """Every answer that a stop was given, in order."""
        columns = (stop_answer.c.time, stop_answer.c.answer, stop_answer.c.who, stop_answer.c.note)
        query = select(*columns).where(stop_answer.c.stop_id == stop_id).order_by(stop_answer.c.id)
        with self._operations.reading() as connection:
            return [Answered(row.time, Answer(row.answer), row.who, row.note) for row in connection.execute(query)]


def _put(connection: Connection, plan: Plan) -> Run:
    values = {key: value for key, value in asdict(plan).items() if key != "stops"} | {"date": plan.date.isoformat()}
    found = _find(connection, round_run.c.round == plan.round, round_run.c.date == plan.date.isoformat())
    if found is None:
        query = insert(round_run).values(values | {"state": RunState.PLANNED, "told": 0, "declined": 0})
        number: int = connection.execute(query.returning(round_run.c.id)).scalar_one()
    elif found.state is RunState.PLANNED:
        number = found.id
        connection.execute(update(round_run).where(round_run.c.id == number).values(values))
        connection.execute(delete(round_stop).where(round_stop.c.run_id == number))
    else:
        raise RoundSentError(found)
    if plan.stops:
        rows = [asdict(stop) | {"run_id": number} | _UNANSWERED for stop in plan.stops]
        connection.execute(insert(round_stop), rows)
    return _read(connection, number)


def _tell(connection: Connection, run_id: int, mails: Sequence[OutgoingMail], told: int, now: int) -> bool:
    columns = round_run.c
    due = (columns.id == run_id) & (columns.told < told) & (columns.state != RunState.CLOSED)
    values = {"told": told, "sent": func.coalesce(columns.sent, now)}
    if not connection.execute(update(round_run).where(due).values(values)).rowcount:
        return False
    planned = (columns.id == run_id) & (columns.state == RunState.PLANNED)
    connection.execute(update(round_run).where(planned).values(state=RunState.SENT))
    _put_mails(connection, run_id, mails, now)
    return True


def _put_mails(connection: Connection, run_id: int, mails: Sequence[OutgoingMail], now: int) -> None:
    fresh = {"state": MailState.WAITING, "created": now, "next_try": now, "attempts": 0, "leased_until": 0}
    fresh |= {"alert_id": None, "run_id": run_id, "reason": ""}
    if mails:
        connection.execute(insert(mail_outbox), [mail_values(mail) | fresh for mail in mails])


def _accept(connection: Connection, run_id: int, who: str, now: int) -> bool:
    first = (round_run.c.id == run_id) & round_run.c.accepted.is_(None)
    values = {"accepted": now, "accepted_by": who}
    return connection.execute(update(round_run).where(first).values(values)).rowcount > 0


def _ask(connection: Connection, before: StopRecord, answer: Answer, who: str, now: int) -> None:
    """Ask for a visit on the next round when this one cannot be; take that back with the answer."""
    standing = (request.c.asset == before.stop.asset) & request.c.done.is_(None)
    if before.answer is Answer.CANNOT and answer is not Answer.CANNOT:
        own = standing & (request.c.time == before.answered)
        connection.execute(update(request).where(own).values(done=now))
    asked = connection.execute(select(func.count()).where(standing)).scalar_one()
    if answer is Answer.CANNOT and not asked:
        connection.execute(insert(request).values(asset=before.stop.asset, time=now, who=who))


def _audit(connection: Connection, now: int, who: str, action: str, target: int) -> None:
    connection.execute(insert(audit).values(time=now, who=who, action=action, target=str(target)))


def _settle_state(connection: Connection, run_id: int) -> None:
    """Set the state of a run: answered while any of its stops is. A closed one stays closed."""
    given = select(func.count()).where((round_stop.c.run_id == run_id) & (round_stop.c.answer != Answer.NONE))
    state = RunState.ANSWERED if connection.execute(given).scalar_one() else RunState.SENT
    out = (round_run.c.id == run_id) & round_run.c.state.in_([RunState.SENT, RunState.ANSWERED])
    connection.execute(update(round_run).where(out).values(state=state))


def _to_runs(connection: Connection, rows: Sequence[Any]) -> list[Run]:
    stops = _stops(connection, [row.id for row in rows])
    return [to_run(row, [stop.stop for stop in stops if stop.run == row.id]) for row in rows]


def _find(connection: Connection, *where: Any) -> Run | None:
    row = connection.execute(select(round_run).where(*where)).first()
    return None if row is None else to_run(row, [stop.stop for stop in _stops(connection, [row.id])])


def _read(connection: Connection, run_id: int) -> Run:
    row = connection.execute(select(round_run).where(round_run.c.id == run_id)).one()
    return to_run(row, [stop.stop for stop in _stops(connection, [run_id])])


def _stops(connection: Connection, runs: Sequence[int]) -> list[StopRecord]:
    query = select(round_stop).where(round_stop.c.run_id.in_(runs)).order_by(round_stop.c.id)
    return [to_stop(row) for row in connection.execute(query)]


def _find_stop(connection: Connection, stop_id: int) -> StopRecord | None:
    row = connection.execute(select(round_stop).where(round_stop.c.id == stop_id)).first()
    return None if row is None else to_stop(row)


def _read_stop(connection: Connection, stop_id: int) -> StopRecord:
    return to_stop(connection.execute(select(round_stop).where(round_stop.c.id == stop_id)).one())
