from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.dispatch.due_tasks import (
    LAST_CALL_MS,
    PATIENCE_MS,
    AskAgain,
    CloseRound,
    Escalate,
    GiveUp,
    SendPlan,
    due,
    next_at,
)
from sukusuku_server.model.rounds import Person, Run
from sukusuku_server.model.run_state import GRACE_MS
from sukusuku_server.rounds.timetable import Trip
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING, PERSON, plan, stop

TRIP = Trip("north", DAY, MORNING, MORNING + 160 * MINUTE, MORNING + 5 * HOUR, MORNING + 9 * HOUR)
SENT = Run(7, plan(), sent=MORNING, told=1, people=(PERSON,))
LEFT = {7: 2}


def people(*declined: int | None) -> tuple[Person, ...]:
    """One at each step, with when they said that they cannot go."""
    return tuple(replace(PERSON, id=n, step=n, declined=time) for n, time in enumerate(declined, start=1))


def told(run: Run, now: int, refused: tuple[int, ...] = (), left: int = 2) -> list[int]:
    return [task.step for task in due([TRIP], [run], {7: left}, refused, now) if isinstance(task, Escalate)]


def test_a_round_is_issued_from_its_time_until_it_departs_and_called_late_until_it_is_back() -> None:
    moments = {
        TRIP.mail_at - 1: [],
        TRIP.mail_at: [SendPlan(TRIP)],
        TRIP.departs - 1: [SendPlan(TRIP)],
        TRIP.departs: [SendPlan(TRIP, late=True)],
        TRIP.returns: [],
    }

    assert {now: due([TRIP], [], LEFT, (), now) for now in moments} == moments


def test_of_two_rounds_the_one_that_departs_first_is_planned_first() -> None:
    early = replace(TRIP, round="south", departs=TRIP.departs - HOUR)

    assert due([TRIP, early], [], LEFT, (), MORNING) == [SendPlan(early), SendPlan(TRIP)]


def test_a_plan_made_earlier_by_hand_is_made_anew_at_its_time_and_not_again() -> None:
    earlier = Run(7, replace(plan(), planned=MORNING - HOUR))
    nobody = replace(earlier, plan=replace(plan(), planned=MORNING))

    assert due([TRIP], [earlier], LEFT, (), MORNING + MINUTE) == [SendPlan(TRIP)]
    assert due([TRIP], [nobody], LEFT, (), MORNING + MINUTE) == []
    assert due([TRIP], [SENT], LEFT, (), MORNING + MINUTE) == []
    assert due([TRIP], [replace(SENT, closed=MORNING)], LEFT, (), MORNING + MINUTE) == []


def test_the_next_is_told_at_the_hour_and_those_left_share_the_time() -> None:
    second = MORNING + 160 * MINUTE
    third = second + 70 * MINUTE

    assert [told(SENT, second - 1), told(SENT, second)] == [[], [2]]
    two = replace(SENT, told=2)
    assert [told(two, third - 1, left=1), told(two, third, left=1)] == [[], [3]]
    assert told(replace(SENT, told=3), third + HOUR - MINUTE, left=0) == []


def test_whoever_was_told_late_has_time_to_answer() -> None:
    late = replace(SENT, sent=MORNING + 4 * HOUR)

    assert told(late, MORNING + 4 * HOUR + PATIENCE_MS - 1) == []
    assert told(late, MORNING + 4 * HOUR + PATIENCE_MS) == [2]


def test_changes_of_the_plan_put_nobody_off_and_whoever_is_asked_only_by_one_has_time() -> None:
    second = TRIP.answer_by
    changed = replace(SENT, changed=second - MINUTE)
    asked = replace(changed, people=(replace(PERSON, told=second - MINUTE),))

    assert told(changed, second) == [2]
    assert told(asked, second) == []
    assert told(asked, second - MINUTE + PATIENCE_MS) == [2]


def test_a_round_that_has_left_the_settings_is_closed_unless_somebody_goes() -> None:
    now = MORNING + HOUR

    assert due([], [SENT], {}, (), now) == [CloseRound(SENT)]
    assert due([], [replace(SENT, accepted=MORNING)], {}, (), now) == []
    assert due([], [SENT], {}, (), SENT.plan.departs) == []


def test_all_who_are_left_are_told_before_the_departure_and_nobody_after_it() -> None:
    last = TRIP.departs - LAST_CALL_MS
    late = replace(SENT, sent=TRIP.departs - 5 * MINUTE)

    assert told(SENT, last, left=4) == [2, 3, 4, 5]
    assert told(late, TRIP.departs - MINUTE, left=2) == [2, 3]
    assert told(SENT, TRIP.departs - 1, left=1) == [2]
    assert due([TRIP], [SENT], LEFT, (), TRIP.departs) == []
    assert due([TRIP], [replace(SENT, people=people(MORNING))], {7: 0}, (), TRIP.departs) == []


def test_the_last_call_waits_until_the_first_one_has_to_answer() -> None:
    trip = replace(TRIP, answer_by=TRIP.departs - 5 * MINUTE)
    run = replace(SENT, sent=trip.departs - 8 * MINUTE)

    assert due([trip], [run], LEFT, (), trip.answer_by - 1) == []
    assert due([trip], [run], LEFT, (), trip.answer_by) == [Escalate(run, 2), Escalate(run, 3)]


def test_whoever_cannot_go_or_cannot_be_reached_lets_it_go_on_at_once() -> None:
    now = MORNING + 2 * MINUTE

    assert told(replace(SENT, people=people(MORNING)), now) == [2]
    assert told(SENT, now, refused=(7,)) == [2]
    assert told(replace(SENT, told=2, people=people(MORNING, None)), now) == []
    assert told(replace(SENT, told=2, people=people(None, MORNING)), now) == [3]


def test_whoever_calls_every_stop_impossible_has_declined_and_the_next_one_is_given_time() -> None:
    refused = replace(SENT, refused=MORNING + MINUTE)
    asked = replace(refused, told=2, people=(PERSON, replace(PERSON, id=2, step=2, told=MORNING + 2 * MINUTE)))

    assert told(refused, MORNING + 2 * MINUTE) == [2]
    assert told(replace(refused, accepted=MORNING), MORNING + 2 * MINUTE) == [2]
    assert told(asked, MORNING + 3 * MINUTE) == []


def test_when_all_have_declined_that_is_known_at_once_and_once() -> None:
    run = replace(SENT, told=2, people=people(MORNING, MORNING + MINUTE))
    now = MORNING + 2 * MINUTE

    assert due([TRIP], [run], {7: 0}, (), now) == [GiveUp(run)]
    assert due([TRIP], [replace(run, given_up=now)], {7: 0}, (), now) == []
    assert due([TRIP], [replace(run, people=people(MORNING, None))], {7: 0}, (), now) == []


def test_a_yes_that_is_taken_back_is_told_once_to_those_who_may_still_go_and_gives_them_time() -> None:
    first, second = people(MORNING + HOUR, None)
    back = replace(SENT, told=2, people=(first, second), withdrawn=MORNING + HOUR)
    now = MORNING + HOUR + MINUTE

    assert due([TRIP], [back], {7: 0}, (), now) == [AskAgain(back)]
    assert due([TRIP], [replace(back, accepted=now)], {7: 0}, (), now) == []
    assert due([TRIP], [back], {7: 0}, (), TRIP.departs) == []
    aware = replace(back, people=(first, replace(second, told=now)))
    assert due([TRIP], [aware], {7: 0}, (), now) == []
    late = replace(back, people=(first, replace(second, told=MORNING + 4 * HOUR)), withdrawn=MORNING + 4 * HOUR)
    assert told(late, MORNING + 4 * HOUR + PATIENCE_MS, left=1) == []


def test_an_answered_round_goes_to_nobody_else() -> None:
    late = MORNING + 4 * HOUR

    assert told(replace(SENT, accepted=MORNING), late) == []
    assert told(replace(SENT, answered=MORNING), late) == []
    assert told(replace(SENT, plan=plan(stop(joined=False))), late) == []


def test_a_round_is_closed_after_its_end_whatever_became_of_it() -> None:
    end = SENT.plan.returns + GRACE_MS

    for run in (SENT, Run(7, plan()), replace(SENT, answered=MORNING), replace(SENT, given_up=MORNING)):
        assert due([], [run], LEFT, (), end - 1) == []
        assert due([], [run], LEFT, (), end) == [CloseRound(run)]
    assert due([], [replace(SENT, closed=end)], LEFT, (), end) == []


@given(
    st.integers(1, 8),
    st.integers(-2, 4).map(lambda hours: MORNING + hours * HOUR),
    st.integers(0, 4),
    st.integers(2, 9),
)
def test_steps_come_one_after_the_other_and_none_after_the_last_call(
    told: int, sent: int, answer_by: int, steps: int
) -> None:
    trip = replace(TRIP, answer_by=MORNING + answer_by * HOUR)
    run = replace(SENT, sent=sent)

    moments = [next_at(replace(run, told=n), trip, steps - n) for n in range(1, min(told, steps - 1) + 1)]
    assert moments == sorted(moments)
    last = max(trip.departs - LAST_CALL_MS, trip.answer_by)
    assert moments[0] >= min(max(trip.answer_by, sent), last)
    assert moments[-1] <= last
