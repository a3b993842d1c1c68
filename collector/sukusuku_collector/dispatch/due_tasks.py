"""What is to be done about rounds at a moment. Pure; times are UTC ms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.rounds import Person, Run
from sukusuku_server.model.run_state import GRACE_MS, goes
from sukusuku_server.rounds.timetable import Trip

PATIENCE_MS = 30 * MINUTE_MS
"""Whoever is told late, after the collector was down, has at least so long to answer."""
LAST_CALL_MS = 10 * MINUTE_MS
"""So long before the departure all who are left are told at once, but not before the first one has to answer."""


@dataclass(frozen=True, slots=True)
class SendPlan:
    """Make the plan of a round for a date and tell the first one; once it has departed, only that there was none."""

    trip: Trip
    late: bool = False


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell the next one: step `step` (from 1) of the chain."""

    run: Run
    step: int


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Somebody has taken back that they go: those who may still go, and were asked before that, must know."""

    run: Run


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody is left to be asked, and all have said that they cannot go, or cannot be reached."""

    run: Run


@dataclass(frozen=True, slots=True)
class CloseRound:
    """The round is over."""

    run: Run


Task = SendPlan | Escalate | AskAgain | GiveUp | CloseRound


def due(
    trips: Sequence[Trip],
    runs: Collection[Run],
    left: Mapping[int, int],
    refused: Collection[int],
    now: int,
) -> list[Task]:
    """Return the tasks of this moment, those of the round that departs first before those of others.

    `trips` are those of today on which a round goes, `runs` all that are not closed and those of today, `left` how
    many steps of the chain of each run have not been told (without runs whose round has left the settings), `refused`
    the runs whose last mails no server takes. What was missed while nobody looked is made up for as long as it is of
    use: a plan until the vehicle is back, the question who goes until it has left.
    """
    tasks: list[Task] = []
    known = {(run.plan.round, run.plan.date): run for run in runs}
    for trip in sorted(trips, key=lambda trip: trip.departs):
        run = known.get((trip.round, trip.date))
        stale = run is None or (not run.told and run.closed is None and run.plan.planned < trip.mail_at)
        if stale and trip.mail_at <= now < trip.departs:
            tasks.append(SendPlan(trip))
        elif run is None and trip.departs <= now < trip.returns:
            tasks.append(SendPlan(trip, late=True))
    moments = {(trip.round, trip.date): trip for trip in trips}
    for run in runs:
        trip_of_run = moments.get((run.plan.round, run.plan.date))
        if run.closed is not None:
            continue
        dropped = run.id not in left and not goes(run) and now < run.plan.departs
        if now >= run.plan.returns + GRACE_MS or dropped:
            tasks.append(CloseRound(run))
        elif trip_of_run is not None and _waits(run, now):
            tasks += [AskAgain(run)] * bool(unaware(run))
            tasks += _asking(run, trip_of_run, left.get(run.id, 0), now, refused=run.id in refused)
    return tasks


def _asking(run: Run, trip: Trip, left: int, now: int, *, refused: bool) -> list[Task]:
    gone = refused or _declined(run)
    if not left:
        out = [person.declined is not None or (refused and person.step == run.told) for person in run.people]
        return [GiveUp(run)] if run.given_up is None and (all(out) or _impossible(run)) else []
    if now >= _last_call(trip):
        return [Escalate(run, run.told + n) for n in range(1, left + 1)]
    return [Escalate(run, run.told + 1)] if gone or now >= next_at(run, trip, left) else []


def next_at(run: Run, trip: Trip, left: int) -> int:
    """When the next one is told if nobody has answered. Those that are left share the time until departure.

    Whoever was asked first has half an hour from then on; a change of what there is to collect asks nobody anew.
    """
    asked_first = min((person.told for person in run.people), default=0)
    first = max(trip.answer_by, max(run.sent or 0, asked_first, run.withdrawn or 0) + PATIENCE_MS)
    share = (trip.departs - first) // max(run.told + left - 1, 1)
    return min(first + (run.told - 1) * max(share, 0), _last_call(trip))


def _last_call(trip: Trip) -> int:
    return max(trip.departs - LAST_CALL_MS, trip.answer_by)


def _declined(run: Run) -> bool:
    """Whether nobody of those who were told last can go."""
    last = [person for person in run.people if person.step == run.told]
    return (bool(last) and all(person.declined is not None for person in last)) or _impossible(run)


def _impossible(run: Run) -> bool:
    """Whether every stop was said to be impossible by those who were told last."""
    told = max((person.told for person in run.people), default=0)
    return run.refused is not None and run.refused >= told


def _waits(run: Run, now: int) -> bool:
    """Whether somebody must still say that they go, and can."""
    return bool(run.told) and not goes(run) and bool(run.plan.joined) and now < run.plan.departs


def asked(people: Collection[Person]) -> tuple[Person, ...]:
    """Return those who were told of a round and have not said that they cannot go."""
    return tuple(person for person in people if person.declined is None)


def unaware(run: Run) -> tuple[Person, ...]:
    """Return those who may still go and do not know that whoever wanted to go has taken that back."""
    return tuple(person for person in asked(run.people) if person.told < (run.withdrawn or 0))
