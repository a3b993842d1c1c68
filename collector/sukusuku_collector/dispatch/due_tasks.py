"""What is to be done about rounds at a moment. Pure; times are UTC ms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.rounds import Run, RunState
from sukusuku_server.rounds.timetable import Trip

GRACE_MS = 12 * 60 * MINUTE_MS
"""A round is closed so long after its end: answers are often given in the evening."""
PATIENCE_MS = 30 * MINUTE_MS
"""Whoever is told late, after the collector was down, has at least so long to answer."""
LEAST_SHARE_MS = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class SendPlan:
    """Make the plan of a round for a date and tell the first one."""

    trip: Trip


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell the next one: step `step` (from 1) of the chain."""

    run: Run
    step: int


@dataclass(frozen=True, slots=True)
class CloseRound:
    """The round is over."""

    run: Run


Task = SendPlan | Escalate | CloseRound


def due(
    trips: Sequence[Trip],
    runs: Collection[Run],
    steps: Mapping[str, int],
    refused: Collection[int],
    now: int,
) -> list[Task]:
    """Return the tasks of this moment.

    `trips` are those of today on which a round goes, `runs` all that are not closed and those of today, `steps` how
    many steps the chain of each round has, `refused` the runs whose last mails no server takes. What was missed while
    nobody looked is due as long as the vehicle has not left.
    """
    tasks: list[Task] = []
    known = {(run.plan.round, run.plan.date): run for run in runs}
    for trip in trips:
        run = known.get((trip.round, trip.date))
        stale = run is None or (run.state is RunState.PLANNED and run.plan.planned < trip.mail_at)
        if stale and trip.mail_at <= now < trip.departs:
            tasks.append(SendPlan(trip))
    moments = {(trip.round, trip.date): trip for trip in trips}
    for run in runs:
        if run.state is RunState.CLOSED:
            continue
        moment = moments.get((run.plan.round, run.plan.date))
        if now >= run.plan.returns + GRACE_MS:
            tasks.append(CloseRound(run))
        elif moment is not None and _waits(run) and run.told < steps.get(run.plan.round, 0):
            declined = run.declined >= run.told or run.id in refused
            if declined or now >= next_at(run, moment, steps[run.plan.round]):
                tasks.append(Escalate(run, run.told + 1))
    return tasks


def next_at(run: Run, trip: Trip, steps: int) -> int:
    """When the next one is told if nobody has answered. Those that are left share the time until departure."""
    first = max(trip.answer_by, (run.sent or 0) + PATIENCE_MS)
    share = max((trip.departs - first) // max(steps - 1, 1), LEAST_SHARE_MS)
    return first + (run.told - 1) * share


def _waits(run: Run) -> bool:
    """Whether somebody must still say that they go. An answered round waits again when its crew has withdrawn."""
    return run.state in {RunState.SENT, RunState.ANSWERED} and run.accepted is None and bool(run.plan.joined)
