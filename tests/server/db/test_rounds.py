from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_server.db import MailState, Operations, OutgoingMail
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Compose, Rounds, RoundSentError, UnknownStopError
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.rounds import Answer, Obstacle, Reply, Run, StopRecord, Word
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING, PERSON, plan, stop
from tests.support import databases

MAIL = OutgoingMail("round", "s@example.jp", "r@example.jp", "ja", "件名", "<1@example.jp>", b"Subject: x\r\n\r\ny")


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[Operations]:
    opened = databases.operations(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def rounds(operations: Operations) -> Rounds:
    return Rounds(operations)


def sent(rounds: Rounds) -> Run:
    run = rounds.put(plan())
    assert rounds.send(run.id, [PERSON], posted(), 1, MORNING)
    return run


def posted(number: int = 1) -> Compose:
    """Writes one mail."""
    return lambda _run, _stops: [replace(MAIL, message_id=f"<{number}@example.jp>")]


def read(rounds: Rounds, run: Run) -> Run:
    found = rounds.run(run.id)
    assert found is not None
    return found


def test_a_plan_is_read_back_as_it_was_put(rounds: Rounds) -> None:
    run = rounds.put(plan())

    assert run == Run(run.id, plan())
    assert rounds.run(run.id) == rounds.of("north", DAY) == run
    assert [record.stop for record in rounds.stops(run.id)] == list(plan().stops)
    assert {record.answer for record in rounds.stops(run.id)} == {Answer.NONE}
    assert rounds.run(99) is None
    assert rounds.of("north", date(2026, 11, 26)) is None


def test_planning_again_before_it_is_sent_replaces_the_plan(rounds: Rounds) -> None:
    first = rounds.put(plan())
    again = replace(plan(stop("seibu-unit-1")), planned=MORNING + MINUTE)
    second = rounds.put(again)

    assert second == replace(first, plan=again)
    assert rounds.runs(MORNING, MORNING + 24 * HOUR) == [second]


def test_a_plan_without_any_unit_is_kept(rounds: Rounds) -> None:
    empty = replace(plan(), stops=())

    assert rounds.put(empty).plan == empty


def test_what_was_sent_stands(rounds: Rounds) -> None:
    run = sent(rounds)

    with pytest.raises(RoundSentError, match="north of 2026-11-25 has been sent already"):
        rounds.put(plan(stop("seibu-unit-1")))
    assert rounds.stops(run.id)[0].stop == stop()


def test_each_of_the_crew_is_told_once(operations: Operations, rounds: Rounds) -> None:
    run = rounds.put(plan())

    assert rounds.send(run.id, [PERSON], posted(), 1, MORNING)
    assert not rounds.send(run.id, [PERSON], posted(2), 1, MORNING + MINUTE)
    assert rounds.send(run.id, [replace(PERSON, name="Sato")], posted(3), 2, MORNING + 2 * MINUTE)

    found = read(rounds, run)
    assert (found.sent, found.told, found.plan) == (MORNING, 2, run.plan)
    assert [(person.step, person.name, person.told) for person in found.people] == [
        (1, "鈴木", MORNING),
        (2, "Sato", MORNING + 2 * MINUTE),
    ]
    mails = operations.mails()
    assert [(row.mail.message_id, row.state, row.alert_id) for row in mails] == [
        ("<3@example.jp>", MailState.WAITING, None),
        ("<1@example.jp>", MailState.WAITING, None),
    ]


def test_nobody_is_told_of_a_closed_round(operations: Operations, rounds: Rounds) -> None:
    run = sent(rounds)
    rounds.close(run.id, MORNING)

    assert not rounds.send(run.id, [PERSON], posted(2), 2, MORNING)
    assert len(operations.mails()) == 1


def test_a_round_is_accepted_by_the_first_who_does(operations: Operations, rounds: Rounds) -> None:
    run = sent(rounds)
    rounds.accept(run.id, "鈴木", MORNING + MINUTE)
    rounds.accept(run.id, "佐藤", MORNING + 2 * MINUTE)

    found = read(rounds, run)
    assert (found.accepted, found.accepted_by) == (MORNING + MINUTE, "鈴木")
    assert [entry.action for entry in operations.audit()] == ["round.accept"]


def test_whoever_declines_withdraws_and_may_come_back(operations: Operations, rounds: Rounds) -> None:
    run = sent(rounds)
    rounds.send(run.id, [replace(PERSON, name="佐藤")], posted(2), 2, MORNING)
    suzuki, sato = (person.id for person in read(rounds, run).people)
    rounds.accept(run.id, "鈴木", MORNING + MINUTE, suzuki)
    rounds.decline(run.id, "佐藤", MORNING + 2 * MINUTE, sato)
    assert read(rounds, run).accepted_by == "鈴木"
    rounds.decline(run.id, "鈴木", MORNING + 3 * MINUTE, suzuki)
    rounds.decline(run.id, "鈴木", MORNING + 4 * MINUTE, suzuki)

    found = read(rounds, run)
    assert (found.accepted, found.accepted_by, found.accepted_person) == (None, None, None)
    assert [person.declined for person in found.people] == [MORNING + 3 * MINUTE, MORNING + 2 * MINUTE]
    assert [entry.who for entry in operations.audit()] == ["鈴木", "佐藤", "鈴木"]

    rounds.accept(run.id, "鈴木", MORNING + 5 * MINUTE, suzuki)
    found = read(rounds, run)
    assert (found.accepted_by, found.people[0].declined) == ("鈴木", None)


def test_two_people_of_one_name_are_two(rounds: Rounds) -> None:
    run = sent(rounds)
    rounds.send(run.id, [PERSON], posted(2), 2, MORNING)
    first, second = (person.id for person in read(rounds, run).people)
    rounds.accept(run.id, "鈴木", MORNING + MINUTE, first)
    rounds.decline(run.id, "鈴木", MORNING + 2 * MINUTE, second)

    assert read(rounds, run).accepted_person == first


def test_another_plan_keeps_the_stops_and_what_was_said_of_them(operations: Operations, rounds: Rounds) -> None:
    run = sent(rounds)
    first, second = rounds.stops(run.id)
    rounds.answer(first.id, Answer.NEEDLESS, "鈴木", MORNING + MINUTE)
    fresh = replace(
        plan(stop("seibu-unit-1"), stop("tobu-unit-1", position=2), stop("nanbu-unit-1", joined=False)),
        planned=MORNING + HOUR,
    )
    found = rounds.revise(read(rounds, run), fresh, posted(2), MORNING + HOUR, told=True)

    assert found is not None
    assert (found.plan, found.changed) == (fresh, MORNING + HOUR)
    kept = rounds.stops(run.id)
    assert [record.id for record in kept][:2] == [second.id, first.id]
    assert kept[1].answer is Answer.NEEDLESS
    assert len(operations.mails()) == 2
    assert rounds.revise(run, plan(), posted(3), MORNING + 2 * HOUR, told=True) is None
    assert len(operations.mails()) == 2


def test_a_plan_and_its_mails_are_stored_together_and_once(operations: Operations, rounds: Rounds) -> None:
    def compose(run: Run, stops: Sequence[StopRecord]) -> list[OutgoingMail]:
        return [replace(MAIL, message_id=f"<{run.id}-{stops[0].id}@example.jp>")]

    run = rounds.issue(plan(), [PERSON], compose, MORNING)
    assert run is not None
    assert (run.sent, run.told) == (MORNING, 1)
    assert rounds.issue(plan(), [PERSON], compose, MORNING + 1) is None
    [row] = operations.mails()
    assert row.run_id == run.id
    assert row.mail.message_id == f"<{run.id}-{rounds.stops(run.id)[0].id}@example.jp>"


def test_a_plan_whose_mails_fail_is_not_stored(rounds: Rounds) -> None:
    def compose(_run: Run, _stops: Sequence[StopRecord]) -> list[OutgoingMail]:
        raise ConfigError("a name cannot stand in a mail")

    with pytest.raises(ConfigError):
        rounds.issue(plan(), [PERSON], compose, MORNING)
    assert rounds.of("north", DAY) is None


def test_a_plan_without_anybody_to_tell_stays_planned(rounds: Rounds) -> None:
    run = rounds.issue(plan(), [], posted(), MORNING)

    assert run is not None
    assert (run.sent, run.told) == (None, 0)


def test_what_cannot_be_emptied_is_asked_for_until_that_is_taken_back(operations: Operations, rounds: Rounds) -> None:
    requests, run = Requests(operations), sent(rounds)
    first = rounds.stops(run.id)[0]

    rounds.answer(first.id, Answer.CANNOT, "鈴木", MORNING)
    assert [(found.asset, found.time) for found in requests.standing()] == [(first.stop.asset, MORNING)]
    rounds.answer(first.id, Answer.DONE, "鈴木", MORNING + MINUTE)
    assert requests.standing() == []


def test_what_somebody_else_asked_for_is_not_taken_back(operations: Operations, rounds: Rounds) -> None:
    requests, run = Requests(operations), sent(rounds)
    first = rounds.stops(run.id)[0]
    asked = requests.ask(first.stop.asset, "園長", MORNING - HOUR)

    rounds.answer(first.id, Answer.CANNOT, "鈴木", MORNING)
    rounds.answer(first.id, Answer.NONE, "鈴木", MORNING + MINUTE)
    assert requests.standing() == [asked]


def test_a_word_to_the_contacts_is_given_once(operations: Operations, rounds: Rounds) -> None:
    run = sent(rounds)
    first = rounds.stops(run.id)[0].id
    mail = replace(MAIL, message_id="<2@example.jp>")

    assert rounds.word(run.id, {first: Word.NONE}, {first: Word.CANNOT}, [mail], MORNING)
    assert not rounds.word(run.id, {first: Word.NONE}, {first: Word.CANNOT}, [mail], MORNING)
    assert rounds.stops(run.id)[0].worded is Word.CANNOT
    assert len(operations.mails()) == 2


def test_an_answer_is_kept_once_and_can_be_taken_back(operations: Operations, rounds: Rounds) -> None:
    run = sent(rounds)
    first = rounds.stops(run.id)[0].id

    done = rounds.answer(first, Answer.DONE, "鈴木", MORNING + HOUR)
    again = rounds.answer(first, Answer.DONE, "佐藤", MORNING + 2 * HOUR)
    assert done == again
    assert (done.answer, done.answered, done.answered_by) == (Answer.DONE, MORNING + HOUR, "鈴木")
    found = read(rounds, run)
    assert (found.answered, found.accepted) == (MORNING + HOUR, None)

    back = rounds.answer(first, Answer.NONE, "佐藤", MORNING + 3 * HOUR)
    assert (back.answer, back.answered, back.answered_by, back.note) == (Answer.NONE, None, None, "")
    assert read(rounds, run).answered is None
    assert rounds.answers(first) == [
        Reply(MORNING + HOUR, Answer.DONE, "鈴木", ""),
        Reply(MORNING + 3 * HOUR, Answer.NONE, "佐藤", ""),
    ]
    assert [(entry.who, entry.action) for entry in operations.audit()] == [("佐藤", "stop.none"), ("鈴木", "stop.done")]


def test_an_answer_that_comes_twice_or_late_counts_once_and_never_over_what_was_said_after_it(
    operations: Operations, rounds: Rounds
) -> None:
    first, second = (record.id for record in rounds.stops(sent(rounds).id)[:2])
    key = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"

    def late() -> StopRecord:
        return rounds.answer(
            first,
            Answer.CANNOT,
            "鈴木",
            MORNING + 3 * HOUR,
            "通行止め",
            obstacle=Obstacle.NO_ACCESS,
            given=MORNING + HOUR,
            key=key,
        )

    assert (late().answered, late().obstacle) == (MORNING + HOUR, Obstacle.NO_ACCESS)
    assert [asked.time for asked in Requests(operations).standing()] == [MORNING + HOUR]
    rounds.answer(first, Answer.NONE, "佐藤", MORNING + 4 * HOUR)
    assert late().answer is Answer.NONE
    assert [reply.key for reply in rounds.answers(first)] == [key, None]

    rounds.answer(second, Answer.DONE, "佐藤", MORNING + 2 * HOUR)
    overtaken = rounds.answer(second, Answer.NEEDLESS, "鈴木", MORNING + 5 * HOUR, given=MORNING + HOUR)
    assert (overtaken.answer, overtaken.answered_by) == (Answer.DONE, "佐藤")
    assert [reply.answer for reply in rounds.answers(second)] == [Answer.NEEDLESS, Answer.DONE]
    ahead = rounds.answer(second, Answer.NEEDLESS, "鈴木", MORNING + 5 * HOUR, given=MORNING + 9 * HOUR)
    assert ahead.answered == MORNING + 5 * HOUR


def test_a_note_belongs_to_the_answer(rounds: Rounds) -> None:
    first = rounds.stops(sent(rounds).id)[0].id

    assert rounds.answer(first, Answer.CANNOT, "鈴木", MORNING, "通行止め").note == "通行止め"
    assert rounds.answer(first, Answer.CANNOT, "鈴木", MORNING, "故障").note == "故障"
    assert [given.note for given in rounds.answers(first)] == ["通行止め", "故障"]


def test_a_closed_round_still_takes_answers_and_stays_closed(rounds: Rounds) -> None:
    run = sent(rounds)
    rounds.close(run.id, MORNING)
    record = rounds.answer(rounds.stops(run.id)[0].id, Answer.DONE, "鈴木", MORNING)

    assert record.answer is Answer.DONE
    assert read(rounds, run).closed == MORNING


def test_an_unknown_stop_cannot_be_answered(rounds: Rounds) -> None:
    assert rounds.stop(7) is None
    with pytest.raises(UnknownStopError, match="there is no stop 7"):
        rounds.answer(7, Answer.DONE, "鈴木", MORNING)


def test_runs_come_newest_first_and_within_the_time_asked_for(rounds: Rounds) -> None:
    late = replace(plan(day=date(2026, 11, 27)), departs=MORNING + 53 * HOUR)
    first, second = rounds.put(plan()), rounds.put(late)

    assert rounds.runs(0, MORNING + 100 * HOUR) == [second, first]
    assert rounds.runs(0, late.departs) == [first]
    assert rounds.runs(0, MORNING + 100 * HOUR, limit=1) == [second]


def test_a_request_stands_until_the_unit_is_emptied(operations: Operations) -> None:
    requests = Requests(operations)
    first = requests.ask("tobu-unit-1", "園長", MORNING)

    assert requests.ask("tobu-unit-1", "保育士", MORNING + MINUTE) == first
    emptyings = Emptyings(operations)
    emptyings.enter("tobu-unit-1", MORNING - HOUR, "鈴木", MORNING + HOUR, percent=80.0, nappies=48.0)
    assert requests.standing() == [first]
    emptyings.enter("tobu-unit-1", MORNING + HOUR, "鈴木", MORNING + HOUR, percent=80.0, nappies=48.0)
    assert requests.standing() == []
    later = requests.ask("tobu-unit-1", "園長", MORNING + 2 * HOUR)
    assert later.id != first.id
    requests.withdraw(later.id, "佐藤", MORNING + 3 * HOUR)
    assert requests.standing() == []
