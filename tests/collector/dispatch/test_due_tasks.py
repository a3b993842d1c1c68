from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.dispatch.due_tasks import GRACE_MS, PATIENCE_MS, CloseRound, Escalate, SendPlan, due, next_at
from sukusuku_server.model.rounds import Run, RunState
from sukusuku_server.rounds.timetable import Trip
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING, plan, stop

TRIP = Trip("north", DAY, MORNING, MORNING + 160 * MINUTE, MORNING + 5 * HOUR, MORNING + 9 * HOUR)
SENT = Run(7, plan(), RunState.SENT, sent=MORNING, told=1)
STEPS = {"north": 3}


def told(run: Run, now: int, refused: tuple[int, ...] = ()) -> list[int]:
    return [task.step for task in due([TRIP], [run], STEPS, refused, now) if isinstance(task, Escalate)]


def test_a_round_is_issued_from_its_time_until_it_departs() -> None:
    moments = {
        TRIP.mail_at - 1: [],
        TRIP.mail_at: [SendPlan(TRIP)],
        TRIP.departs - 1: [SendPlan(TRIP)],
        TRIP.departs: [],
    }

    assert {now: due([TRIP], [], STEPS, (), now) for now in moments} == moments


def test_a_plan_made_earlier_by_hand_is_made_anew_at_its_time_and_not_again() -> None:
    earlier = Run(7, replace(plan(), planned=MORNING - HOUR), RunState.PLANNED, sent=None, told=0)
    nobody = replace(earlier, plan=replace(plan(), planned=MORNING))

    assert due([TRIP], [earlier], STEPS, (), MORNING + MINUTE) == [SendPlan(TRIP)]
    assert due([TRIP], [nobody], STEPS, (), MORNING + MINUTE) == []
    assert due([TRIP], [SENT], STEPS, (), MORNING + MINUTE) == []
    assert due([TRIP], [replace(SENT, state=RunState.CLOSED)], STEPS, (), MORNING + MINUTE) == []


def test_the_next_is_told_at_the_hour_and_those_left_share_the_time() -> None:
    second = MORNING + 160 * MINUTE
    third = second + 70 * MINUTE

    assert [told(SENT, second - 1), told(SENT, second)] == [[], [2]]
    two = replace(SENT, told=2)
    assert [told(two, third - 1), told(two, third)] == [[], [3]]
    assert told(replace(SENT, told=3), third + HOUR) == []


def test_whoever_was_told_late_has_time_to_answer() -> None:
    late = replace(SENT, sent=MORNING + 4 * HOUR)

    assert told(late, MORNING + 4 * HOUR + PATIENCE_MS - 1) == []
    assert told(late, MORNING + 4 * HOUR + PATIENCE_MS) == [2]


def test_whoever_cannot_go_or_cannot_be_reached_lets_it_go_on_at_once() -> None:
    assert told(replace(SENT, declined=1), MORNING + MINUTE) == [2]
    assert told(SENT, MORNING + MINUTE, refused=(7,)) == [2]
    assert told(replace(SENT, declined=1, told=2), MORNING + MINUTE) == []
    assert told(replace(SENT, state=RunState.ANSWERED, declined=1), MORNING + MINUTE) == [2]


def test_an_answered_round_goes_to_nobody_else() -> None:
    late = MORNING + 4 * HOUR

    assert told(replace(SENT, accepted=MORNING), late) == []
    assert told(replace(SENT, state=RunState.ANSWERED, accepted=MORNING), late) == []
    assert told(replace(SENT, plan=plan(stop(joined=False))), late) == []


def test_a_round_is_closed_after_its_end_whatever_became_of_it() -> None:
    end = SENT.plan.returns + GRACE_MS

    for state in (RunState.PLANNED, RunState.SENT, RunState.ANSWERED):
        run = replace(SENT, state=state)
        assert due([], [run], STEPS, (), end - 1) == []
        assert due([], [run], STEPS, (), end) == [CloseRound(run)]
    assert due([], [replace(SENT, state=RunState.CLOSED)], STEPS, (), end) == []


@given(
    st.integers(1, 8),
    st.integers(-2, 12).map(lambda hours: MORNING + hours * HOUR),
    st.integers(0, 20),
    st.integers(2, 9),
)
def test_steps_come_one_after_the_other_and_never_at_once(told: int, sent: int, answer_by: int, steps: int) -> None:
    trip = replace(TRIP, answer_by=MORNING + answer_by * HOUR)
    run = replace(SENT, sent=sent)

    moments = [next_at(replace(run, told=n), trip, steps) for n in range(1, told + 1)]
    assert moments == sorted(set(moments))
    assert moments[0] >= max(trip.answer_by, sent)
