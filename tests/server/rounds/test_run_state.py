"""The state of a round follows from what is known and the time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.model.rounds import Answer, Reason, Run, RunState, StopRecord, Word
from sukusuku_server.model.run_state import is_expected, signs, state_of, word_for
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING, PERSON, plan, stop

PLAN = plan()
TOLD = Run(7, PLAN, sent=MORNING, told=1, people=(PERSON,))
NOBODY_ASKED = Run(7, PLAN)
NO_STOPS = replace(TOLD, plan=plan(stop(joined=False)))
BEFORE, UNDER_WAY, AFTER = PLAN.departs - 1, PLAN.departs, PLAN.returns


def record(answer: Answer = Answer.NONE, answered: int | None = None, **changes: object) -> StopRecord:
    return replace(StopRecord(1, 7, stop(), answer, answered, None, ""), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "states"),
    [
        (NOBODY_ASKED, (RunState.PLANNED, RunState.UNDER_WAY, RunState.DONE)),
        (TOLD, (RunState.TOLD, RunState.NOBODY_GOES, RunState.NOBODY_GOES)),
        (replace(TOLD, accepted=MORNING + 1), (RunState.ACCEPTED, RunState.UNDER_WAY, RunState.DONE)),
        (replace(TOLD, answered=MORNING + 1), (RunState.ACCEPTED, RunState.UNDER_WAY, RunState.DONE)),
        (
            replace(TOLD, accepted=MORNING + 1, changed=MORNING + 2),
            (RunState.CHANGED, RunState.UNDER_WAY, RunState.DONE),
        ),
        (
            replace(TOLD, accepted=MORNING + 3, changed=MORNING + 2),
            (RunState.ACCEPTED, RunState.UNDER_WAY, RunState.DONE),
        ),
        (
            replace(TOLD, accepted=MORNING + 1, refused=MORNING + 2),
            (RunState.TOLD, RunState.NOBODY_GOES, RunState.NOBODY_GOES),
        ),
        (replace(TOLD, given_up=MORNING + 1), (RunState.NOBODY_GOES,) * 3),
        (
            replace(TOLD, given_up=MORNING + 1, accepted=MORNING + 2),
            (RunState.ACCEPTED, RunState.UNDER_WAY, RunState.DONE),
        ),
        (NO_STOPS, (RunState.TOLD, RunState.DONE, RunState.DONE)),
        (
            replace(NOBODY_ASKED, plan=replace(PLAN, planned=PLAN.departs)),
            (RunState.PLANNED, RunState.NOBODY_GOES, RunState.NOBODY_GOES),
        ),
    ],
)
def test_each_state_at_each_time(run: Run, states: tuple[RunState, ...]) -> None:
    assert tuple(state_of(run, now) for now in (BEFORE, UNDER_WAY, AFTER)) == states


MAYBE = st.none() | st.integers(MORNING, PLAN.returns)


@given(MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, st.integers(0, 3), st.integers(MORNING, PLAN.returns + HOUR))
def test_nobody_is_promised_a_round_on_which_nobody_goes(
    accepted: int | None,
    answered: int | None,
    refused: int | None,
    changed: int | None,
    given_up: int | None,
    told: int,
    now: int,
) -> None:
    run = replace(TOLD, told=told, accepted=accepted, answered=answered, refused=refused, changed=changed)
    run = replace(run, given_up=given_up)
    state = state_of(run, now)

    assert is_expected(run, record(), now) == (state is not RunState.NOBODY_GOES and now < PLAN.returns)
    assert (word_for(run, record(), now) is Word.NOBODY) == (state is RunState.NOBODY_GOES)
    assert (state in {RunState.PLANNED, RunState.TOLD, RunState.ACCEPTED, RunState.CHANGED}) <= (now < PLAN.departs)
    assert state_of(run, now) is state_of(run, now)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([record(), record()], (None, None)),
        ([record(Answer.DONE, 5), record()], (5, None)),
        ([record(Answer.CANNOT, 5), record()], (5, None)),
        ([record(Answer.CANNOT, 5), record(Answer.CANNOT, 6)], (None, 6)),
        ([record(Answer.CANNOT, 5), record(Answer.CANNOT, 16)], (5, None)),
        ([record(Answer.CANNOT, 5), record(stop=stop(joined=False))], (None, 5)),
        ([], (None, None)),
    ],
)
def test_what_answers_say_of_the_whole_round(given: list[StopRecord], expected: tuple[int | None, int | None]) -> None:
    assert signs(10, [replace(found, id=n) for n, found in enumerate(given)]) == expected


def test_a_unit_that_is_left_out_is_told_until_the_departure_and_stays_told() -> None:
    left = record(stop=stop(joined=False, reason=Reason.CLOSED))
    enough = record(stop=stop(joined=False, reason=Reason.ENOUGH_ROOM))

    assert word_for(TOLD, left, BEFORE) is Word.LEFT_OUT
    assert word_for(TOLD, left, UNDER_WAY) is Word.NONE
    assert word_for(TOLD, replace(left, worded=Word.LEFT_OUT), UNDER_WAY) is Word.LEFT_OUT
    assert word_for(TOLD, enough, BEFORE) is Word.NONE
    cannot = record(Answer.CANNOT, MORNING + MINUTE)
    assert word_for(TOLD, cannot, BEFORE) is Word.NONE
    assert word_for(replace(TOLD, accepted=MORNING + 1), cannot, BEFORE) is Word.CANNOT
    assert word_for(TOLD, cannot, UNDER_WAY) is Word.CANNOT
    assert word_for(TOLD, replace(enough, worded=Word.LEFT_OUT), BEFORE) is Word.LEFT_OUT
