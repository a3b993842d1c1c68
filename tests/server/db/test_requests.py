"""Whether a request is open follows from what was said and seen, in whichever order that came."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence
from sukusuku_server.model.rounds import Answer
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING, plan, stop
from tests.support import databases

UNIT = "tobu-unit-1"
ARRIVES, RETURNS = MORNING + 5 * HOUR, MORNING + 9 * HOUR
"""Of the plan of these tests."""


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operations]:
    store, opened = databases.both(tmp_path_factory.mktemp("requests"))
    yield opened
    opened.close()
    store.close()


def detected(operations: Operations, asset: str, time: int, *, there: bool = True) -> None:
    found = [Emptying(asset, time, 90.0, 54.0, (Evidence.LEVEL,), 0.9)] if there else []
    Emptyings(operations).replace_detected(asset, time - MINUTE, time + MINUTE, found)


def asks(operations: Operations, asset: str = UNIT) -> bool:
    return any(request.asset == asset for request in Requests(operations).standing())


@pytest.mark.parametrize("answer", [Answer.DONE, Answer.NEEDLESS])
def test_what_the_crew_answers_meets_a_request_until_it_is_taken_back(tmp_path: Path, answer: Answer) -> None:
    operations = databases.operations(tmp_path)
    rounds, requests = Rounds(operations), Requests(operations)
    asked = requests.ask(UNIT, "園長", MORNING)
    first = rounds.stops(rounds.put(plan()).id)[0].id

    rounds.answer(first, answer, "鈴木", MORNING + HOUR)
    assert requests.standing() == []
    again = requests.ask(UNIT, "園長", MORNING + 2 * HOUR)
    assert again.id != asked.id
    requests.withdraw(again.id, "佐藤", MORNING + 2 * HOUR)
    rounds.answer(first, Answer.NONE, "鈴木", MORNING + 3 * HOUR)
    assert requests.standing() == [asked]


def test_an_answer_before_the_request_does_not_meet_it(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    rounds = Rounds(operations)
    rounds.answer(rounds.stops(rounds.put(plan()).id)[0].id, Answer.DONE, "鈴木", MORNING)
    Requests(operations).ask(UNIT, "園長", MORNING + MINUTE)

    assert asks(operations)


@pytest.mark.parametrize("answer", [Answer.DONE, Answer.NEEDLESS])
def test_an_answer_of_the_evening_is_about_the_visit_and_meets_nothing_that_was_asked_after_it(
    tmp_path: Path, answer: Answer
) -> None:
    operations = databases.operations(tmp_path)
    rounds, requests = Rounds(operations), Requests(operations)
    before = requests.ask(UNIT, "園長", ARRIVES - HOUR)
    first = rounds.stops(rounds.put(plan()).id)[0].id
    rounds.answer(first, answer, "鈴木", RETURNS + 2 * HOUR)
    assert requests.standing() == []

    later = requests.ask(UNIT, "園長", ARRIVES + HOUR)
    assert later.id != before.id
    assert requests.standing() == [later]


def test_cannot_twice_and_taken_back_asks_for_nothing(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    rounds = Rounds(operations)
    first = rounds.stops(rounds.put(plan()).id)[0].id
    rounds.answer(first, Answer.CANNOT, "鈴木", MORNING)
    rounds.answer(first, Answer.CANNOT, "鈴木", MORNING + MINUTE, "通行止め")
    assert asks(operations)
    rounds.answer(first, Answer.NONE, "鈴木", MORNING + 2 * MINUTE)
    assert not asks(operations)


@pytest.mark.parametrize("by", ["derivation", "person"])
def test_an_emptying_that_was_none_gives_the_request_back(tmp_path: Path, by: str) -> None:
    operations = databases.operations(tmp_path)
    Requests(operations).ask(UNIT, "園長", MORNING)
    detected(operations, UNIT, MORNING + 2 * HOUR)
    assert not asks(operations)

    if by == "person":
        [wrong] = Emptyings(operations).of(UNIT, MORNING, MORNING + 3 * HOUR)
        Emptyings(operations).reject(wrong.id, "園長", MORNING + 3 * HOUR)
    else:
        detected(operations, UNIT, MORNING + 2 * HOUR, there=False)
    assert asks(operations)


_UNITS = count()
_STEPS = st.sampled_from(("ask", "withdraw", "detect", "undetect", "reject", *Answer))


class History:
    """What was said and seen of one unit, in the database and in a few lines of Python."""

    def __init__(self, operations: Operations) -> None:
        self.operations, self.asset = operations, f"unit-{next(_UNITS)}"
        self.rounds, self.requests, self.emptyings = Rounds(operations), Requests(operations), Emptyings(operations)
        run = self.rounds.put(plan(stop(self.asset), round_id=self.asset, day=DAY))
        self.stop = self.rounds.stops(run.id)[0].id
        self.asked: set[int] = set()
        self.said, self.answered, self.emptied = Answer.NONE, 0, 0

    def ask(self, now: int) -> None:
        if not asks(self.operations, self.asset):
            self.requests.ask(self.asset, "園長", now)
            self.asked.add(now)

    def withdraw(self, now: int) -> None:
        for request in self.requests.standing():
            if request.asset == self.asset:
                self.requests.withdraw(request.id, "佐藤", now)
                self.asked.discard(request.time)

    def detect(self, now: int) -> None:
        if not self.emptied:
            detected(self.operations, self.asset, now)
            self.emptied = now

    def undetect(self, _: int) -> None:
        if self.emptied:
            detected(self.operations, self.asset, self.emptied, there=False)
            self.emptied = 0

    def reject(self, now: int) -> None:
        found = self.emptyings.of(self.asset, 0, now + 1)
        for wrong in (it for it in found if it.state is not EmptyingState.REJECTED):
            self.emptyings.reject(wrong.id, "園長", now)
        self.emptied = 0

    def say(self, answer: Answer, now: int) -> None:
        if answer is not self.said:
            self.rounds.answer(self.stop, answer, "鈴木", now)
            if self.said is Answer.CANNOT:
                self.asked.discard(self.answered)
            if answer is Answer.CANNOT:
                self.asked.add(now)
            self.said, self.answered = answer, now

    def open(self) -> bool:
        visited = self.answered if self.answered <= RETURNS else ARRIVES
        met = visited if self.said in {Answer.DONE, Answer.NEEDLESS} else 0
        return any(time > max(met, self.emptied) for time in self.asked)


@given(st.lists(_STEPS, min_size=1, max_size=10))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_order_a_visit_is_asked_for_when_the_last_words_say_so(operations: Operations, steps: list[str]) -> None:
    history = History(operations)
    for n, step in enumerate(steps, start=1):
        now = MORNING + n * HOUR
        if isinstance(step, Answer):
            history.say(step, now)
        else:
            getattr(history, step)(now)

        assert asks(operations, history.asset) == history.open()


def test_asking_for_a_visit_and_withdrawing_it_are_in_the_audit_log(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    requests = Requests(operations)
    request = requests.ask(UNIT, "鈴木", MORNING)
    requests.withdraw(request.id, "佐藤", MORNING + 1)
    found = [(entry.action, entry.who) for entry in operations.audit()]
    assert found == [("visit.withdraw", "佐藤"), ("visit.request", "鈴木")]
