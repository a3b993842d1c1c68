"""Rows of rounds and stops to records."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row

from sukusuku_server.model.rounds import Answer, Plan, Reason, Run, RunState, Stop, StopRecord


def to_run(row: Row[Any], stops: Sequence[Stop]) -> Run:
    """Return the run in a row of `round_run`, with its stops."""
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
    return Run(
        id=row.id,
        plan=plan,
        state=RunState(row.state),
        sent=row.sent,
        told=row.told,
        accepted=row.accepted,
        accepted_by=row.accepted_by,
        declined=row.declined,
    )


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
    )
