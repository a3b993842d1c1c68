"""The state of the round of one date, from what is known of it and the time. Pure; docs/rounds.md draws it.

The state is never stored: a clock that steps, or a collector that was down over the departure, changes nothing in it.
"""

from collections.abc import Iterable

from sukusuku_core.time import HOUR_MS
from sukusuku_server.model.rounds import FAILING, Answer, Run, RunState, StopRecord, Word

GRACE_MS = 12 * HOUR_MS
"""A round takes answers so long after its end: they are often given in the evening."""


def state_of(run: Run, now: int) -> RunState:
    """Return the state of a run at a moment (UTC ms)."""
    plan, going = run.plan, goes(run)
    if not plan.joined:
        return RunState.DONE if now >= plan.departs else RunState.TOLD if run.told else RunState.PLANNED
    if not going and ((now >= plan.departs and (run.told or unplanned(run))) or run.given_up is not None):
        return RunState.NOBODY_GOES
    if now >= plan.returns:
        return RunState.DONE
    if now >= plan.departs:
        return RunState.UNDER_WAY
    if not going:
        return RunState.TOLD if run.told else RunState.PLANNED
    yes = max(run.accepted or 0, run.answered or 0)
    return RunState.CHANGED if run.changed is not None and run.changed > yes else RunState.ACCEPTED


def goes(run: Run) -> bool:
    """Whether somebody has said that they go, or has answered for a stop in a way that only they could.

    Nobody does who has said of each single stop that it is impossible.
    """
    said = run.accepted is not None and (run.refused is None or run.accepted > run.refused)
    return said or run.answered is not None


def is_accepted_by(run: Run, who: str, person: int | None) -> bool:
    """Whether it is this person (id) who has said that they go. Where no id is known the name `who` decides."""
    if person is not None and run.accepted_person is not None:
        return run.accepted is not None and run.accepted_person == person
    return run.accepted is not None and run.accepted_by == who


def unplanned(run: Run) -> bool:
    """Whether there was no plan when the round departed: the collector was down."""
    return run.plan.planned >= run.plan.departs


def is_expected(run: Run, record: StopRecord, now: int) -> bool:
    """Whether the round still comes to a unit."""
    coming = now < run.plan.returns and state_of(run, now) is not RunState.NOBODY_GOES
    return record.stop.joined and record.answer is Answer.NONE and coming


def word_for(run: Run, record: StopRecord, now: int) -> Word:
    """Return what the contacts of a unit's centre should know about it now."""
    state = state_of(run, now)
    if record.answer is Answer.CANNOT:  # somebody else may still go, as long as they are asked
        return record.worded if state is RunState.TOLD else Word.CANNOT
    if record.stop.joined:
        waits = record.answer is Answer.NONE and state is RunState.NOBODY_GOES
        return Word.NOBODY if waits else Word.NONE
    needed = record.stop.reason in FAILING
    if unplanned(run):
        return Word.NOBODY if needed else Word.NONE
    left = (needed and now < run.plan.departs) or record.worded is Word.LEFT_OUT  # a level that wavers is told once
    return Word.LEFT_OUT if left else Word.NONE


def signs(departs: int, records: Iterable[StopRecord]) -> tuple[int | None, int | None]:
    """Return what the standing answers say of the whole run: `Run.answered` and `Run.refused`.

    Whoever could not collect a single bag once the round had departed was on the way; before that they do not go.
    """
    joined = [record for record in records if record.stop.joined]
    given = {record.id: record.answered for record in joined if record.answered is not None}
    impossible = bool(joined) and all(
        record.answer is Answer.CANNOT and given.get(record.id, departs) < departs for record in joined
    )
    return (None, max(given.values())) if impossible else (min(given.values(), default=None), None)
