"""Rows of rounds, stops and people to records."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row

from sukusuku_server.model.rounds import Answer, Obstacle, Person, Plan, Reason, Reply, Run, Stop, StopRecord, Word
from sukusuku_server.model.run_state import signs


def to_run(row: Row[Any], records: Sequence[StopRecord], people: Sequence[Person]) -> Run:
    """Return the run in a row of `round_run`, with its stops and with whom it was told."""
    plan = Plan(
        round=row.round,
        date=date.fromisoformat(row.date),
        planned=row.planned,
        departs=row.departs,
        returns=row.returns,
        vehicle=row.vehicle,
        stops=tuple(record.stop for record in records),
        km=row.km,
        minutes=row.minutes,
        solver=row.solver,
    )
    answered, refused = signs(row.departs, records)
    return Run(
        id=row.id,
        plan=plan,
        sent=row.sent,
        told=row.told,
        people=tuple(people),
        accepted=row.accepted,
        accepted_by=row.accepted_by,
        accepted_person=row.accepted_person,
        withdrawn=row.withdrawn,
        answered=answered,
        refused=refused,
        changed=row.changed,
        given_up=row.given_up,
        closed=row.closed,
    )


def to_person(row: Row[Any]) -> Person:
    """Return the person in a row of `round_person`."""
    return Person(row.id, row.step, row.name, row.mail, row.language, row.told, row.declined)


def to_stop(row: Row[Any]) -> StopRecord:
    """Return the stop in a row of `round_stop`."""
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
        worded=Word(row.worded),
        obstacle=Obstacle(row.obstacle),
    )


def to_reply(row: Row[Any]) -> Reply:
    """Return the answer in a row of `stop_answer`."""
    return Reply(row.time, Answer(row.answer), row.who, row.note, Obstacle(row.obstacle), row.key)
