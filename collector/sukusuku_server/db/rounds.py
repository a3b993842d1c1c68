"""Rounds in the operations data: plans, the mails that told of them, and what the crew answered."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from sukusuku_core.errors import SukusukuError
from sukusuku_server.db import audit_entry, stop_answers
from sukusuku_server.db.database import Operations
from sukusuku_server.db.round_reading import by_run, find_run, find_stop, read_run, read_stop, stops_of, to_runs
from sukusuku_server.db.round_row_mapping import to_reply, to_run, to_stop
from sukusuku_server.db.row_mapping import mail_values
from sukusuku_server.db.tables_alerts import mail_outbox
from sukusuku_server.db.tables_collection import round_person, round_run, round_stop, stop_answer
from sukusuku_server.model.alerts import MailState, OutgoingMail
from sukusuku_server.model.rounds import Answer, Obstacle, Person, Plan, Reason, Reply, Run, StopRecord, Word
from sukusuku_server.model.run_state import GRACE_MS, goes, is_accepted_by

_ASKING = {"round", "again", "change"}
"""Kinds of mails that are of no use once the round has departed."""
_UNANSWERED = {"answer": Answer.NONE, "answered": None, "answered_by": None, "note": ""}


class UnknownStopError(SukusukuError):
    """There is no stop with this id."""

    def __init__(self, stop: int) -> None:
        super().__init__(f"there is no stop {stop}")


class RoundSentError(SukusukuError):
    """The round of that date has been sent; its plan stays."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"round {run.plan.round} of {run.plan.date} has been sent already; its plan stays")
        self.run = run


Compose = Callable[[Run, Sequence[StopRecord]], Sequence[OutgoingMail]]
"""Gives the mails about a run. It runs inside the transaction and must be quick."""


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

    def issue(self, plan: Plan, people: Sequence[Person], compose: Compose, now: int) -> Run | None:
        """Store a plan and hand the mails to `people`, the first step, to the outbox: all or nothing.

        None, and nothing happens, when the round of that date was sent before, by whomever. Without any mail it
        stays planned.
        """
        with self._operations.writing() as connection:
            try:
                run = _put(connection, plan)
            except RoundSentError:
                return None
            if people:
                _tell(connection, run.id, people, compose, 1, now)
            return read_run(connection, run.id)

    def revise(self, run: Run, plan: Plan, compose: Compose, now: int, *, told: bool) -> Run | None:
        """Put another plan in the place of a run's, with the mails that say so. Stops keep their ids and answers.

        `told`: the crew is told; where there was nothing to collect before, they are asked only now. None, and nothing
        happens, when the plan is no longer the one of `run`.
        """
        columns = round_run.c
        same = (columns.id == run.id) & (columns.planned == run.plan.planned) & columns.closed.is_(None)
        values = _plan_values(plan) | ({"changed": now} if told else {})
        with self._operations.writing() as connection:
            if not connection.execute(update(round_run).where(same).values(values)).rowcount:
                return None
            if told and not run.plan.joined:
                connection.execute(update(round_person).where(round_person.c.run_id == run.id).values(told=now))
            known = {record.stop.asset: record.id for record in stops_of(connection, [run.id])}
            for stop in plan.stops:
                if stop.asset in known:
                    mine = round_stop.c.id == known[stop.asset]
                    connection.execute(update(round_stop).where(mine).values(asdict(stop)))
                else:
                    connection.execute(insert(round_stop).values(asdict(stop) | {"run_id": run.id} | _UNANSWERED))
            gone = set(known) - {stop.asset for stop in plan.stops}
            if gone:
                left = (round_stop.c.run_id == run.id) & round_stop.c.asset.in_(gone)
                off = {"joined": False, "position": None, "arrives": None, "reason": Reason.RETIRED}
                connection.execute(update(round_stop).where(left).values(off))
            fresh = read_run(connection, run.id)
            _put_mails(connection, run.id, compose(fresh, stops_of(connection, [run.id])), now)
            return fresh

    def run(self, run_id: int) -> Run | None:
        """One run; None: there is none with this id."""
        with self._operations.reading() as connection:
            return find_run(connection, round_run.c.id == run_id)

    def of(self, round_id: str, day: date) -> Run | None:
        """Return the run of a round on a date; None: not planned."""
        with self._operations.reading() as connection:
            return find_run(connection, round_run.c.round == round_id, round_run.c.date == day.isoformat())

    def runs(self, start: int, end: int, limit: int = 200) -> list[Run]:
        """Run with start <= departs < end (UTC ms), the newest first."""
        within = (round_run.c.departs >= start) & (round_run.c.departs < end)
        query = select(round_run).where(within).order_by(round_run.c.departs.desc(), round_run.c.id.desc()).limit(limit)
        with self._operations.reading() as connection:
            return to_runs(connection, connection.execute(query).all())

    def open(self) -> list[Run]:
        """Run that are not closed, the oldest first."""
        query = select(round_run).where(round_run.c.closed.is_(None)).order_by(round_run.c.departs)
        with self._operations.reading() as connection:
            return to_runs(connection, connection.execute(query).all())

    def ahead(self) -> list[tuple[Run, list[StopRecord]]]:
        """Return what `open` returns, each with its stops."""
        return self.with_stops(self.open())

    def with_stops(self, runs: Sequence[Run]) -> list[tuple[Run, list[StopRecord]]]:
        """Return runs, each with its stops."""
        with self._operations.reading() as connection:
            records = by_run(stops_of(connection, [run.id for run in runs]))
        return [(run, records.get(run.id, [])) for run in runs]

    def visited(self, assets: Collection[str], start: int, end: int) -> list[tuple[Run, list[StopRecord]]]:
        """Return the runs with start <= departs < end that stop at some of these units, each with those stops only.

        Who goes is not among it. Ask for hundreds of units at most.
        """
        within = (round_run.c.departs >= start) & (round_run.c.departs < end)
        mine = select(round_stop).join(round_run, round_run.c.id == round_stop.c.run_id)
        mine = mine.where(round_stop.c.asset.in_(assets), within).order_by(round_stop.c.id)
        with self._operations.reading() as connection:
            stops = by_run([to_stop(row) for row in connection.execute(mine)])
            rows = connection.execute(select(round_run).where(within)).all() if stops else []
        return [(to_run(row, own, []), own) for row in rows if (own := stops.get(row.id)) is not None]

    # ------------------------------------------------------------ mails

    def send(self, run_id: int, people: Sequence[Person], compose: Compose, told: int, now: int) -> bool:
        """Hand the mails to `people`, step `told` of the chain, to the outbox, in one transaction.

        The ids of `people` are given here; `compose` gets the run that has them. False, and nothing happens, when so
        many steps have been told already, by whomever, or the run is closed.
        """
        with self._operations.writing() as connection:
            return _tell(connection, run_id, people, compose, told, now)

    def ask_again(self, run: Run, people: Sequence[Person], compose: Compose, now: int) -> bool:
        """Hand the mails to `people`, who were asked before, to the outbox, and keep that they are asked now.

        False, and nothing happens, when somebody goes, somebody else has asked them, or the run is closed.
        """
        with self._operations.writing() as connection:
            fresh = read_run(connection, run.id)
            if goes(fresh) or fresh.closed is not None or not set(people) <= set(fresh.people):
                return False
            mine = round_person.c.id.in_([person.id for person in people])
            connection.execute(update(round_person).where(mine).values(told=now))
            fresh = read_run(connection, run.id)
            _put_mails(connection, run.id, compose(fresh, stops_of(connection, [run.id])), now)
            return True

    def word(
        self,
        run_id: int,
        before: Mapping[int, Word],
        after: Mapping[int, Word],
        mails: Sequence[OutgoingMail],
        now: int,
    ) -> bool:
        """Hand mails to contacts to the outbox, and keep by stop what they were told. False: somebody else did."""
        with self._operations.writing() as connection:
            standing = {record.id: record.worded for record in stops_of(connection, [run_id])}
            if any(standing.get(ident) != word for ident, word in before.items()):
                return False
            for ident, word in after.items():
                connection.execute(update(round_stop).where(round_stop.c.id == ident).values(worded=word))
            _put_mails(connection, run_id, mails, now)
            return True

    def accept(self, run_id: int, who: str, now: int, person: int | None = None) -> None:
        """Somebody has said that they come. Only the first one counts, and may say so again after a change.

        What others called impossible before the departure is open again: they are not the ones who go.
        """
        who = who[:120]
        with self._operations.writing() as connection:
            run = find_run(connection, round_run.c.id == run_id)
            if run is None or (goes(run) and run.accepted is not None and not is_accepted_by(run, who, person)):
                return
            if run.accepted is not None and max(run.changed or 0, run.refused or 0) < run.accepted:
                return
            values = {"accepted": now, "accepted_by": who, "accepted_person": person}
            connection.execute(update(round_run).where(round_run.c.id == run_id).values(values))
            if person is not None:
                mine = round_person.c.id == person
                connection.execute(update(round_person).where(mine).values(declined=None))
            audit_entry.note(connection, now, who, "round.accept", str(run_id))
            for record in stops_of(connection, [run_id]):
                early = record.answered is not None and record.answered < run.plan.departs
                if record.answer is Answer.CANNOT and early and record.answered_by != who:
                    stop_answers.record(connection, record, Reply(now, Answer.NONE, who), now)

    def decline(self, run_id: int, who: str, now: int, person: int | None = None) -> None:
        """Somebody has said that they cannot come; if they had accepted, they withdraw."""
        who = who[:120]
        with self._operations.writing() as connection:
            run = find_run(connection, round_run.c.id == run_id)
            if run is None:
                return
            gone = is_accepted_by(run, who, person)
            if gone:
                values = {"accepted": None, "accepted_by": None, "accepted_person": None, "withdrawn": now}
                connection.execute(update(round_run).where(round_run.c.id == run_id).values(values))
            fresh = (round_person.c.id == person) & round_person.c.declined.is_(None)
            more = connection.execute(update(round_person).where(fresh).values(declined=now)).rowcount
            if gone or more:
                audit_entry.note(connection, now, who, "round.decline", str(run_id))

    def give_up(self, run_id: int, now: int) -> None:
        """Nobody is left who could be asked to go."""
        fresh = (round_run.c.id == run_id) & round_run.c.given_up.is_(None)
        with self._operations.writing() as connection:
            connection.execute(update(round_run).where(fresh).values(given_up=now))

    def refused(self, run_id: int) -> bool:
        """Whether the mail server has refused for good all mails of the newest step that told of a run."""
        columns = mail_outbox.c
        told = (columns.run_id == run_id) & (columns.kind == "round")
        newest = select(func.max(columns.created)).where(told).scalar_subquery()
        query = select(columns.state).where(told & (columns.created == newest))
        with self._operations.reading() as connection:
            states = set(connection.execute(query).scalars())
        return states == {MailState.DEAD}

    def close(self, run_id: int, now: int) -> None:
        """Close a round: nobody else is told. Answers may still come."""
        fresh = (round_run.c.id == run_id) & round_run.c.closed.is_(None)
        with self._operations.writing() as connection:
            connection.execute(update(round_run).where(fresh).values(closed=now))

    # ------------------------------------------------------------ stops and answers

    def stops(self, run_id: int) -> list[StopRecord]:
        """Return the stops of a run: the joined ones in order, then the others."""
        with self._operations.reading() as connection:
            return stops_of(connection, [run_id])

    def stop(self, stop_id: int) -> StopRecord | None:
        """One stop; None: there is none with this id."""
        with self._operations.reading() as connection:
            return find_stop(connection, stop_id)

    def answer(
        self,
        stop_id: int,
        answer: Answer,
        who: str,
        now: int,
        note: str = "",
        *,
        obstacle: Obstacle = Obstacle.NONE,
        given: int | None = None,
        key: str | None = None,
    ) -> StopRecord:
        """Record what the crew says about a stop; NONE takes it back. The same answer again changes nothing.

        A unit that cannot be emptied is asked for on the next round, until that is taken back. `given` is when it was
        said, where it could not be recorded at once: what was said of the stop after that stands. `key` tells this
        answer from all others: of those with the same key only the first one counts. Raises UnknownStopError.
        """
        with self._operations.writing() as connection:
            found = find_stop(connection, stop_id)
            if found is None:
                raise UnknownStopError(stop_id)
            reply = Reply(now if given is None else min(given, now), answer, who[:120], note, obstacle, key)
            same = (found.answer, found.note, found.obstacle) == (answer, note, obstacle)
            if same or stop_answers.is_known(connection, key):
                return found
            late = given is not None and stop_answers.is_overtaken(connection, found, reply)
            (stop_answers.keep if late else stop_answers.record)(connection, found, reply, now)
            return read_stop(connection, stop_id)

    def answers(self, stop_id: int) -> list[Reply]:
        """Every answer that a stop was given, in the order in which they were said."""
        query = (
            select(stop_answer).where(stop_answer.c.stop_id == stop_id).order_by(stop_answer.c.time, stop_answer.c.id)
        )
        with self._operations.reading() as connection:
            return [to_reply(row) for row in connection.execute(query)]


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {key: value for key, value in asdict(plan).items() if key != "stops"} | {"date": plan.date.isoformat()}


def _put(connection: Connection, plan: Plan) -> Run:
    values = _plan_values(plan)
    found = find_run(connection, round_run.c.round == plan.round, round_run.c.date == plan.date.isoformat())
    if found is None:
        query = insert(round_run).values(values | {"told": 0})
        number: int = connection.execute(query.returning(round_run.c.id)).scalar_one()
    elif not found.told and found.closed is None:
        number = found.id
        connection.execute(update(round_run).where(round_run.c.id == number).values(values))
        connection.execute(delete(round_stop).where(round_stop.c.run_id == number))
    else:
        raise RoundSentError(found)
    if plan.stops:
        rows = [asdict(stop) | {"run_id": number} | _UNANSWERED for stop in plan.stops]
        connection.execute(insert(round_stop), rows)
    return read_run(connection, number)


def _tell(connection: Connection, run_id: int, people: Sequence[Person], compose: Compose, told: int, now: int) -> bool:
    columns = round_run.c
    due = (columns.id == run_id) & (columns.told < told) & columns.closed.is_(None)
    values = {"told": told, "sent": func.coalesce(columns.sent, now)}
    if not connection.execute(update(round_run).where(due).values(values)).rowcount:
        return False
    rows = [asdict(replace(person, step=told, told=now, name=person.name[:120])) for person in people]
    if rows:
        fields = [{key: value for key, value in row.items() if key != "id"} | {"run_id": run_id} for row in rows]
        connection.execute(insert(round_person), fields)
    run = read_run(connection, run_id)
    _put_mails(connection, run_id, compose(run, stops_of(connection, [run_id])), now)
    return True


def _put_mails(connection: Connection, run_id: int, mails: Sequence[OutgoingMail], now: int) -> None:
    fresh = {"state": MailState.WAITING, "created": now, "next_try": now, "attempts": 0, "leased_until": 0}
    fresh |= {"alert_id": None, "run_id": run_id, "reason": ""}
    times = connection.execute(select(round_run.c.departs, round_run.c.returns).where(round_run.c.id == run_id)).one()
    for mail in mails:  # who is asked to come after it has left is annoyed; a word is of use until the round is closed
        expires = times.departs if mail.kind in _ASKING else times.returns + GRACE_MS
        connection.execute(insert(mail_outbox).values(mail_values(mail) | fresh | {"expires": expires}))
