"""Rounds in the operations data: plans, the mails that told of them, and what the crew answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from sukusuku_collector.operations.collection_tables import round_run, round_stop, stop_answer
from sukusuku_collector.operations.database import Operations
from sukusuku_collector.operations.model import MailState, OutgoingMail
from sukusuku_collector.operations.rows import mail_values
from sukusuku_collector.operations.tables import audit, mail_outbox
from sukusuku_collector.rounds.model import Answer, Plan, Reason, Run, RunState, Stop, StopRecord
from sukusuku_core.errors import SukusukuError

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
        values = {key: value for key, value in asdict(plan).items() if key != "stops"} | {"date": plan.date.isoformat()}
        with self._operations.writing() as connection:
            found = _find(connection, round_run.c.round == plan.round, round_run.c.date == plan.date.isoformat())
            if found is None:
                query = insert(round_run).values(values | {"state": RunState.PLANNED, "told": 0})
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

    def run(self, run_id: int) -> Run | None:
        """One run; None: there is none with this id."""
        with self._operations.reading() as connection:
            return _find(connection, round_run.c.id == run_id)

    def of(self, round_id: str, day: date) -> Run | None:
        """The run of a round on a date; None: not planned."""
        with self._operations.reading() as connection:
            return _find(connection, round_run.c.round == round_id, round_run.c.date == day.isoformat())

    def runs(self, start: int, end: int, limit: int = 200) -> list[Run]:
        """Runs with start <= departs < end (UTC ms), the newest first."""
        within = (round_run.c.departs >= start) & (round_run.c.departs < end)
        query = select(round_run).where(within).order_by(round_run.c.departs.desc(), round_run.c.id.desc()).limit(limit)
        with self._operations.reading() as connection:
            rows = connection.execute(query).all()
            stops = _stops(connection, [row.id for row in rows])
        return [_to_run(row, [stop.stop for stop in stops if stop.run == row.id]) for row in rows]

    # ------------------------------------------------------------ mails

    def send(self, run_id: int, mails: Sequence[OutgoingMail], told: int, now: int) -> bool:
        """Hand mails to the outbox and note that `told` of the crew have been told, in one transaction.

        False, and nothing happens, when so many have been told already, by whomever, or the run is closed.
        """
        columns = round_run.c
        due = (columns.id == run_id) & (columns.told < told) & (columns.state != RunState.CLOSED)
        with self._operations.writing() as connection:
            values = {"told": told, "sent": func.coalesce(columns.sent, now)}
            if not connection.execute(update(round_run).where(due).values(values)).rowcount:
                return False
            planned = (columns.id == run_id) & (columns.state == RunState.PLANNED)
            connection.execute(update(round_run).where(planned).values(state=RunState.SENT))
            fresh = {"state": MailState.WAITING, "created": now, "next_try": now, "attempts": 0, "leased_until": 0}
            if mails:
                rows = [mail_values(mail) | fresh | {"alert_id": None, "reason": ""} for mail in mails]
                connection.execute(insert(mail_outbox), rows)
        return True

    def opened(self, run_id: int, now: int) -> None:
        """Somebody of the crew has followed a link. Only the first time counts."""
        with self._operations.writing() as connection:
            _open(connection, run_id, now)

    def close(self, run_id: int) -> None:
        """The round is over: nobody else is told. Answers may still come."""
        with self._operations.writing() as connection:
            connection.execute(update(round_run).where(round_run.c.id == run_id).values(state=RunState.CLOSED))

    # ------------------------------------------------------------ stops and answers

    def stops(self, run_id: int) -> list[StopRecord]:
        """The stops of a run: the joined ones in order, then the others."""
        with self._operations.reading() as connection:
            return _stops(connection, [run_id])

    def stop(self, stop_id: int) -> StopRecord | None:
        """One stop; None: there is none with this id."""
        with self._operations.reading() as connection:
            return _find_stop(connection, stop_id)

    def answer(self, stop_id: int, answer: Answer, who: str, now: int, note: str = "") -> StopRecord:
        """What the crew says about a stop; NONE takes it back. The same answer again changes nothing.

        Raises UnknownStopError.
        """
        who = who[:120]
        with self._operations.writing() as connection:
            found = _find_stop(connection, stop_id)
            if found is None:
                raise UnknownStopError(stop_id)
            _open(connection, found.run, now)
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
            entry = {"time": now, "who": who, "action": f"stop.{answer}", "target": str(stop_id)}
            connection.execute(insert(audit).values(entry))
            _settle_state(connection, found.run)
            return _read_stop(connection, stop_id)

    def answers(self, stop_id: int) -> list[Answered]:
        """Every answer that a stop was given, in order."""
        columns = (stop_answer.c.time, stop_answer.c.answer, stop_answer.c.who, stop_answer.c.note)
        query = select(*columns).where(stop_answer.c.stop_id == stop_id).order_by(stop_answer.c.id)
        with self._operations.reading() as connection:
            return [Answered(row.time, Answer(row.answer), row.who, row.note) for row in connection.execute(query)]


def _open(connection: Connection, run_id: int, now: int) -> None:
    first = (round_run.c.id == run_id) & round_run.c.opened.is_(None)
    connection.execute(update(round_run).where(first).values(opened=now))


def _settle_state(connection: Connection, run_id: int) -> None:
    """A run is answered while any of its stops is. A closed one stays closed."""
    given = select(func.count()).where((round_stop.c.run_id == run_id) & (round_stop.c.answer != Answer.NONE))
    state = RunState.ANSWERED if connection.execute(given).scalar_one() else RunState.SENT
    out = (round_run.c.id == run_id) & round_run.c.state.in_([RunState.SENT, RunState.ANSWERED])
    connection.execute(update(round_run).where(out).values(state=state))


def _find(connection: Connection, *where: Any) -> Run | None:
    row = connection.execute(select(round_run).where(*where)).first()
    return None if row is None else _to_run(row, [stop.stop for stop in _stops(connection, [row.id])])


def _read(connection: Connection, run_id: int) -> Run:
    row = connection.execute(select(round_run).where(round_run.c.id == run_id)).one()
    return _to_run(row, [stop.stop for stop in _stops(connection, [run_id])])


def _stops(connection: Connection, runs: Sequence[int]) -> list[StopRecord]:
    query = select(round_stop).where(round_stop.c.run_id.in_(runs)).order_by(round_stop.c.id)
    return [_to_stop(row) for row in connection.execute(query)]


def _find_stop(connection: Connection, stop_id: int) -> StopRecord | None:
    row = connection.execute(select(round_stop).where(round_stop.c.id == stop_id)).first()
    return None if row is None else _to_stop(row)


def _read_stop(connection: Connection, stop_id: int) -> StopRecord:
    return _to_stop(connection.execute(select(round_stop).where(round_stop.c.id == stop_id)).one())


def _to_run(row: Row[Any], stops: Sequence[Stop]) -> Run:
    plan = Plan(
        round=row.round,
        date=date.fromisoformat(row.date),
        planned=row.planned,
        departs=row.departs,
        returns=row.returns,
        vehicle=row.vehicle,
        stops=tuple(stops),
        km=row.km,
        minutes=row.minutes,
        solver=row.solver,
    )
    return Run(id=row.id, plan=plan, state=RunState(row.state), sent=row.sent, told=row.told, opened=row.opened)


def _to_stop(row: Row[Any]) -> StopRecord:
    stop = Stop(
        asset=row.asset,
        site=row.site,
        joined=row.joined,
        reason=Reason(row.reason),
        position=row.position,
        arrives=row.arrives,
        deadline=row.deadline,
        percent=row.percent,
        percent_then=row.percent_then,
        confidence=row.confidence,
        bags=row.bags,
        kg=row.kg,
    )
    return StopRecord(
        id=row.id,
        run=row.run_id,
        stop=stop,
        answer=Answer(row.answer),
        answered=row.answered,
        answered_by=row.answered_by,
        note=row.note,
    )
