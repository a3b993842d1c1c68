from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_server.model.rounds import Candidate, Reason
from sukusuku_server.rounds.decision import JOINING, MUST, deadline_of, decide
from tests.server.rounds.plan_cases import FRIDAY, HOUR
from tests.server.rounds.three_centres import candidate, north, trip

NOW, NEXT = trip(), trip(day=FRIDAY)


def reason(changes: dict[str, object]) -> Reason:
    return decide(replace(candidate(), **changes), north(), NOW, NEXT)  # type: ignore[arg-type]  # single fields by name


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Reason.ENOUGH_ROOM),
        ({"percent_then": 80.0}, Reason.FULL),
        ({"percent": 80.0, "percent_then": 79.0}, Reason.FULL),
        ({"hygiene_by": NOW.departs}, Reason.OVER_AGE),
        ({"hygiene_by": NOW.departs + 1}, Reason.DUE),
        ({"full_by": NOW.returns}, Reason.DUE),
        ({"full_by": NOW.returns + 1}, Reason.BEFORE_NEXT),
        ({"full_by": NEXT.returns}, Reason.BEFORE_NEXT),
        ({"full_by": NEXT.returns + 1}, Reason.ENOUGH_ROOM),
        ({"hygiene_by": NEXT.departs}, Reason.BEFORE_NEXT),
        ({"full_by": None}, Reason.ENOUGH_ROOM),
        ({"silent": True}, Reason.SILENT),
        ({"percent": None}, Reason.SILENT),
        ({"percent_then": None}, Reason.SILENT),
        ({"asked": True, "silent": True}, Reason.ASKED),
        ({"fault": True}, Reason.FAULT_FULL),
        ({"fault": True, "percent_then": 10.0, "percent_high": 29.0}, Reason.ENOUGH_ROOM),
        ({"fault": True, "percent_then": 10.0, "percent_high": 30.0}, Reason.FAULT_FULL),
        ({"last_emptied": NOW.departs - 12 * HOUR + 1}, Reason.JUST_EMPTIED),
        ({"last_emptied": NOW.departs - 12 * HOUR}, Reason.ENOUGH_ROOM),
        ({"last_emptied": NOW.departs - HOUR, "full_by": NOW.returns}, Reason.DUE),
        ({"closed": True}, Reason.ENOUGH_ROOM),
        ({"closed": True, "percent_then": 90.0}, Reason.CLOSED),
        ({"lat": None}, Reason.ENOUGH_ROOM),
        ({"lat": None, "percent_then": 90.0}, Reason.NO_PLACE),
        ({"lon": None, "closed": True, "silent": True}, Reason.NO_PLACE),
    ],
)
def test_each_reason(changes: dict[str, object], expected: Reason) -> None:
    assert reason(changes) is expected


def test_when_there_is_no_round_after_this_one_a_known_deadline_is_enough() -> None:
    assert decide(candidate(), north(), NOW, None) is Reason.BEFORE_NEXT
    assert decide(candidate(full_by=None), north(), NOW, None) is Reason.ENOUGH_ROOM


def test_the_levels_are_those_of_the_round() -> None:
    assert decide(candidate(percent_then=60.0), north(join_percent=60.0), NOW, NEXT) is Reason.FULL
    assert decide(candidate(fault=True), north(needless_percent=50.0), NOW, NEXT) is Reason.ENOUGH_ROOM


PERCENT = st.none() | st.floats(0, 130)
TIME = st.none() | st.integers(NOW.departs - 100 * HOUR, NOW.departs + 400 * HOUR)
CANDIDATES = st.builds(
    candidate,
    percent=PERCENT,
    percent_then=PERCENT,
    percent_high=PERCENT,
    full_by=TIME,
    hygiene_by=TIME,
    last_emptied=TIME,
    lat=st.none() | st.just(35.7),
    silent=st.booleans(),
    fault=st.booleans(),
    asked=st.booleans(),
    closed=st.booleans(),
)


@given(found=CANDIDATES)
def test_nothing_that_may_be_full_is_left_out_without_a_word(found: Candidate) -> None:
    why = decide(found, north(), NOW, NEXT)
    deadline = deadline_of(found)

    unknown = found.silent or found.percent is None or found.percent_then is None
    pressing = unknown or found.asked or (deadline is not None and deadline <= NEXT.returns)
    full = max(found.percent or 0, found.percent_then or 0) >= 80
    assert (why in {Reason.ENOUGH_ROOM, Reason.JUST_EMPTIED}) <= (not pressing and not full)
    assert (why in JOINING) <= (found.lat is not None and not found.closed)
    assert MUST < JOINING


@given(found=CANDIDATES, hours=st.integers(0, 300))
def test_an_earlier_deadline_never_takes_a_unit_out(found: Candidate, hours: int) -> None:
    if found.full_by is not None and decide(found, north(), NOW, NEXT) in JOINING:
        earlier = replace(found, full_by=found.full_by - hours * HOUR)
        assert decide(earlier, north(), NOW, NEXT) in JOINING
