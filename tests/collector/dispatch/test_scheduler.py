import asyncio
import logging
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sukusuku_collector.dispatch.scheduler import PATIENCE_MS, SETTLED_MS, RoundScheduler, Signals
from sukusuku_collector.dispatch.sender import Sender
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality
from sukusuku_server.db import MailState
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence
from sukusuku_server.model.rounds import Answer, Plan, Run, RunState
from sukusuku_server.model.run_state import GRACE_MS, state_of
from sukusuku_server.model.series import DerivedByAsset, Latest, LatestByAsset
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import timetables
from tests.server.rounds.golden_rounds import body, parse
from tests.server.rounds.mail_cases import FACILITY, NOTHING, PICTURE, PLAN, facility
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING
from tests.support.databases import operations


class Plans:
    """A planner whose plan is known beforehand."""

    def __init__(self, plan: Plan) -> None:
        self.result = plan
        self.failing = False
        self.asked: list[date] = []

    def plan(self, round_id: str, day: date, now: int, /) -> Plan:
        self.asked.append(day)
        if self.failing:
            raise TransientError("the store does not answer")
        return replace(self.result, round=round_id, date=day, planned=now)

    def revised(self, told: Plan, answered: Collection[str], now: int, /) -> Plan | None:
        return None


class Store:
    def latest(self) -> LatestByAsset:
        source = Latest(MORNING, "simulated", Quality.GOOD, MORNING)
        return {stop.asset: {"Info/Source": source} for stop in PLAN.stops}

    def derived_latest(self) -> DerivedByAsset:
        return {}


class Office:
    """The scheduler over a real database, at a time that the test sets."""

    def __init__(self, folder: Path, text: str = FACILITY, plan: Plan = PLAN) -> None:
        self.facility = facility(text)
        self.index, self.timetables = FacilitySchedules(self.facility), timetables(self.facility)
        self.operations = operations(folder)
        self.plans = Plans(plan)
        self.now = MORNING
        self.woken = 0
        self.ready = True
        self.sender = Sender(self.index, self.timetables, Store(), self.operations, self.plans, lambda _: PICTURE)
        self.rounds, self.emptyings = self.sender.rounds, Emptyings(self.operations)
        self.scheduler = self.restarted()

    def restarted(self) -> RoundScheduler:
        def wake() -> None:
            self.woken += 1

        signals = Signals(lambda: self.ready, wake)
        return RoundScheduler(self.index, self.timetables, self.sender, self.emptyings, signals, lambda: self.now)

    def look(self, now: int) -> None:
        self.now = now
        self.scheduler.look()

    def run(self, day: date = DAY) -> Run:
        found = self.rounds.of("north", day)
        assert found is not None
        return found

    def told(self) -> list[str]:
        """Who was asked to go, in order."""
        return [recipient for recipient, kind in self.mailed() if kind == "round"]

    def mailed(self) -> list[tuple[str, str]]:
        """Who got mails of which kind, in order."""
        return [(row.mail.recipient, row.mail.kind) for row in reversed(self.operations.mails())]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.operations.close()


def test_the_mail_goes_out_at_its_time_and_once(office: Office) -> None:
    office.look(MORNING - 1)
    assert office.told() == []

    office.look(MORNING)
    office.look(MORNING + MINUTE)
    office.scheduler = office.restarted()
    office.look(MORNING + 2 * MINUTE)

    assert office.told() == ["suzuki@example.jp"]
    assert office.plans.asked == [DAY]
    run = office.run()
    assert (state_of(run, MORNING), run.told, run.sent) == (RunState.TOLD, 1, MORNING)
    [*words, row] = office.operations.mails()
    assert [(word.mail.recipient, word.mail.kind) for word in words] == [("office@example.jp", "left_out")]
    assert (row.run_id, row.state, row.mail.kind) == (run.id, MailState.WAITING, "round")
    assert "模擬データ" in body(parse(row.mail.content), "plain")
    assert office.woken == 2


def test_a_plan_waits_for_what_is_derived_but_not_for_ever(office: Office) -> None:
    office.ready = False
    office.look(MORNING)
    office.look(MORNING + PATIENCE_MS)
    assert office.plans.asked == []

    office.look(MORNING + PATIENCE_MS + 1)
    assert office.plans.asked == [DAY]


@pytest.mark.parametrize(("begun", "sent"), [(120, 130), (296, 299)])
def test_after_a_late_start_it_waits_as_long_unless_the_vehicle_leaves(tmp_path: Path, begun: int, sent: int) -> None:
    office = Office(tmp_path)
    office.ready = False
    office.look(MORNING + begun * MINUTE)
    office.look(MORNING + sent * MINUTE)
    assert office.told() == []
    office.look(MORNING + sent * MINUTE + 1)

    assert office.told() == ["suzuki@example.jp"]
    office.operations.close()


def test_two_processes_send_one_mail(tmp_path: Path) -> None:
    offices = [Office(tmp_path) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda office: office.look(MORNING), offices))

    assert offices[0].told() == ["suzuki@example.jp"]
    assert offices[0].run().told == 1
    for made in offices:
        made.operations.close()


def test_on_a_day_without_a_round_nothing_goes_out(office: Office) -> None:
    office.look(MORNING + 24 * HOUR)

    assert office.told() == []
    assert office.plans.asked == []


def test_what_was_missed_is_made_up_for_until_departure(tmp_path: Path) -> None:
    expected = {PLAN.departs - MINUTE: ["suzuki@example.jp"], PLAN.departs: []}
    for now, told in expected.items():
        folder = tmp_path / str(now)
        folder.mkdir()
        office = Office(folder)
        office.look(now)
        assert office.told() == told
        office.operations.close()


def test_not_answered_it_goes_along_the_crew_and_then_to_the_contacts(office: Office) -> None:
    for minutes in range(0, 300, 5):
        office.look(MORNING + minutes * MINUTE)

    assert office.told() == ["suzuki@example.jp", "sato@example.jp", "office@example.jp", "seibu@example.jp"]
    assert office.run().told == 3
    [second] = [row for row in office.operations.mails() if row.mail.recipient == "sato@example.jp"]
    assert second.mail.subject.startswith("[Sukusuku] Answer needed: ")


@pytest.mark.parametrize("answer", [Answer.DONE, Answer.CANNOT, Answer.NEEDLESS, None])
def test_answered_or_accepted_it_goes_to_nobody_else(office: Office, answer: Answer | None) -> None:
    office.look(MORNING)
    run = office.run()
    if answer is None:
        office.rounds.accept(run.id, "鈴木", MORNING + MINUTE)
    else:
        office.rounds.answer(office.rounds.stops(run.id)[0].id, answer, "鈴木", MORNING + MINUTE)
    for minutes in range(0, 300, 5):
        office.look(MORNING + minutes * MINUTE)

    assert office.told() == ["suzuki@example.jp"]


def test_declined_it_goes_to_the_next_at_once(office: Office) -> None:
    office.look(MORNING)
    office.rounds.decline(office.run().id, "鈴木", MORNING + MINUTE, office.run().people[0].id)
    office.look(MORNING + 2 * MINUTE)

    assert office.told() == ["suzuki@example.jp", "sato@example.jp"]


def test_a_refused_address_lets_it_go_to_the_next_at_once(office: Office) -> None:
    office.look(MORNING)
    mail = MailQueue(office.operations).lease(MORNING, MORNING + MINUTE)
    assert mail is not None
    MailQueue(office.operations).dead(mail.id, "550 no such user")
    office.look(MORNING + MINUTE)
    office.look(MORNING + 2 * MINUTE)

    assert office.told() == ["suzuki@example.jp", "sato@example.jp"]


def test_with_nothing_to_collect_there_is_one_short_mail(tmp_path: Path) -> None:
    office = Office(tmp_path, plan=NOTHING)
    for minutes in range(0, 300, 5):
        office.look(MORNING + minutes * MINUTE)

    assert office.told() == ["suzuki@example.jp"]
    assert "回収なし" in office.operations.mails()[0].mail.subject
    office.operations.close()


@pytest.mark.parametrize("without", ["mail", "people"])
def test_with_nobody_to_tell_it_is_planned_shown_and_told_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, without: str
) -> None:
    text = FACILITY.replace('[mail]\nsender = "sukusuku@example.jp"\n', "")
    if without == "people":
        head, tail = FACILITY.split("[[round.crew]]", 1)
        text = (head + "[[site]]" + tail.split("[[site]]", 1)[1]).split("[[contact]]", maxsplit=1)[0]
    office = Office(tmp_path, text)
    with caplog.at_level(logging.WARNING):
        for minutes in range(0, 60, 5):
            office.look(MORNING + minutes * MINUTE)

    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "round north of 2026-11-25 is planned and nobody is told"
    ]
    assert (state_of(office.run(), MORNING), office.run().told) == (RunState.PLANNED, 0)
    assert office.told() == []
    office.operations.close()


def test_a_round_is_closed_in_the_night_with_what_was_answered(office: Office) -> None:
    office.look(MORNING)
    run = office.run()
    first = office.rounds.stops(run.id)[0]
    office.rounds.answer(first.id, Answer.DONE, "鈴木", PLAN.departs + HOUR)
    office.look(PLAN.returns + GRACE_MS - 1)
    assert office.run().closed is None
    office.look(PLAN.returns + GRACE_MS)
    office.look(PLAN.returns + GRACE_MS + MINUTE)

    assert office.run().closed == PLAN.returns + GRACE_MS
    assert state_of(office.run(), office.now) is RunState.DONE
    assert [record.answer for record in office.rounds.stops(run.id)][:2] == [Answer.DONE, Answer.NONE]


def test_what_fails_is_logged_once_and_made_up_for(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.plans.failing = True
    with caplog.at_level(logging.WARNING):
        office.look(MORNING)
        office.look(MORNING + MINUTE)
    assert [record.message for record in caplog.records] == [
        "round north of 2026-11-25, send the plan: waiting, retrying: the store does not answer"
    ]
    assert office.rounds.of("north", DAY) is None

    office.plans.failing = False
    office.look(MORNING + 2 * MINUTE)
    assert office.told() == ["suzuki@example.jp"]


def test_a_round_sent_by_hand_for_a_later_day_is_passed_on_on_that_day(office: Office) -> None:
    friday = date(2026, 11, 27)
    later = replace(PLAN, departs=PLAN.departs + 48 * HOUR, returns=PLAN.returns + 48 * HOUR)
    office.plans.result = later
    assert office.sender.issue(office.facility.round[0], friday, MORNING - HOUR) is not None
    assert office.sender.issue(office.facility.round[0], friday, MORNING - HOUR) is None
    office.plans.result = PLAN

    office.look(MORNING + 160 * MINUTE)
    assert office.run(friday).told == 1
    office.look(MORNING + 48 * HOUR + 159 * MINUTE)
    assert office.run(friday).told == 1
    office.look(MORNING + 48 * HOUR + 160 * MINUTE)
    assert office.run(friday).told == 2


def _emptied(office: Office, time: int, state: EmptyingState = EmptyingState.DETECTED) -> None:
    found = Emptying("tobu-unit-1", time, 96.0, 58.0, (Evidence.LEVEL,), 0.9, state)
    office.emptyings.replace_detected("tobu-unit-1", time - HOUR, time + HOUR, [found])


def test_an_answer_confirms_the_emptying_that_was_seen_once_it_is_meant(office: Office) -> None:
    office.look(MORNING)
    run = office.run()
    done = PLAN.departs + 20 * MINUTE
    office.rounds.answer(office.rounds.stops(run.id)[0].id, Answer.DONE, "鈴木", done)
    _emptied(office, done - 8 * MINUTE)

    office.look(done + SETTLED_MS - 1)
    [seen] = office.emptyings.of("tobu-unit-1", 0, done + HOUR)
    assert seen.state is EmptyingState.DETECTED
    office.look(done + SETTLED_MS)
    [seen] = office.emptyings.of("tobu-unit-1", 0, done + HOUR)
    assert (seen.state, seen.by) == (EmptyingState.CONFIRMED, "鈴木")


def test_an_emptying_seen_only_later_is_confirmed_then(office: Office) -> None:
    office.look(MORNING)
    done = PLAN.departs + 20 * MINUTE
    office.rounds.answer(office.rounds.stops(office.run().id)[0].id, Answer.DONE, "鈴木", done)
    office.look(done + HOUR)
    _emptied(office, done + 2 * MINUTE)
    office.look(done + 2 * HOUR)

    [seen] = office.emptyings.of("tobu-unit-1", 0, done + HOUR)
    assert seen.state is EmptyingState.CONFIRMED


def test_an_answer_taken_back_or_far_from_it_confirms_nothing(office: Office) -> None:
    office.look(MORNING)
    first = office.rounds.stops(office.run().id)[0].id
    done = PLAN.departs + 20 * MINUTE
    _emptied(office, MORNING - HOUR)
    _emptied(office, done)
    office.rounds.answer(first, Answer.DONE, "鈴木", done)
    office.rounds.answer(first, Answer.NONE, "鈴木", done + MINUTE)
    office.look(done + HOUR)
    office.rounds.answer(first, Answer.DONE, "鈴木", done + 8 * HOUR)
    office.look(done + 9 * HOUR)

    assert {seen.state for seen in office.emptyings.of("tobu-unit-1", 0, done + HOUR)} == {EmptyingState.DETECTED}


async def _run_briefly(scheduler: RoundScheduler, looked: asyncio.Event) -> None:
    task = asyncio.create_task(scheduler.run())
    await looked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_it_runs_until_cancelled(office: Office) -> None:
    async def scene() -> None:
        looked, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(looked.set)

        scheduler = RoundScheduler(
            office.index,
            office.timetables,
            office.sender,
            office.emptyings,
            Signals(lambda: True, wake),
            lambda: MORNING,
        )
        await _run_briefly(scheduler, looked)

    asyncio.run(scene())
    assert office.told() == ["suzuki@example.jp"]
