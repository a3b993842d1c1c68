"""What happens to a round between its plan and its return, with the real planner and the real mails."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from sukusuku_server.db.modes import ModeKind
from sukusuku_server.model.rounds import Answer, Reason, RunState, Word
from tests.collector.dispatch.living_town import (
    ATTACH,
    DEPARTS,
    EMPTY,
    FRIDAY_DEPARTS,
    FULL,
    MAIL_AT,
    PEOPLE,
    RETURNS,
    ROOM,
    UNITS,
    LivingTown,
)
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING
from tests.server.rounds.three_centres import town


def emptied(place: LivingTown, unit: str, time: int) -> None:
    place.emptyings.enter(unit, time, "園長", max(time, place.now), percent=92.0, nappies=55.0)
    place.levels[unit] = EMPTY


def test_a_bag_that_fills_after_the_mail_becomes_a_stop_and_the_crew_hears_of_it_once(place: LivingTown) -> None:
    place.at(MAIL_AT)
    assert place.mails() == [("crew", "round", "Collection Wed 25 Nov, North round: nothing to collect")]
    assert place.next_round() == FRIDAY_DEPARTS

    place.at(MORNING + 100 * MINUTE, tobu_unit_1=(85.0, 5.0))
    place.pass_until(MORNING + 150 * MINUTE)
    assert place.stops() == ["tobu-unit-1"]
    assert place.mails()[1:] == [
        ("crew", "change", "Changed: Collection Wed 25 Nov, North round: 1 stop, 1 bag, 8.2 kg"),
    ]
    assert "* New: Tobu Unit 1: The bag is full" in place.text("crew")
    assert place.next_round() == DEPARTS
    assert place.state() is RunState.TOLD


def test_a_request_after_the_mail_becomes_a_stop_and_taken_back_it_is_none(place: LivingTown) -> None:
    place.at(MAIL_AT)
    asked = place.requests.ask("tobu-unit-2", "園長", MORNING + 70 * MINUTE)
    place.at(MORNING + 71 * MINUTE)
    assert place.stops() == ["tobu-unit-2"]

    place.requests.withdraw(asked.id, "佐藤", MORNING + 80 * MINUTE)
    place.at(MORNING + 81 * MINUTE)
    assert place.stops() == []
    assert place.kinds() == [("crew", "round"), ("crew", "change"), ("crew", "change")]
    assert "there is nothing left to collect. Nobody needs to go." in place.text("crew")


def test_a_bag_that_staff_change_after_the_mail_is_no_stop_and_nobody_else_is_asked(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    emptied(place, "tobu-unit-1", MORNING + 100 * MINUTE)
    place.at(MORNING + 110 * MINUTE)
    assert place.mails()[1] == ("crew", "change", "Changed: Collection Wed 25 Nov, North round: nothing to collect")

    place.pass_until(DEPARTS + HOUR, 20 * MINUTE)
    assert place.kinds() == [("crew", "round"), ("crew", "change")]
    assert place.state() is RunState.DONE


def test_an_emptying_that_was_none_gives_the_stop_back(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    emptied(place, "tobu-unit-1", MORNING + 60 * MINUTE)
    place.at(MORNING + 61 * MINUTE)
    [wrong] = place.emptyings.of("tobu-unit-1", MORNING, DEPARTS)
    place.emptyings.reject(wrong.id, "園長", MORNING + 70 * MINUTE)
    place.at(MORNING + 71 * MINUTE, tobu_unit_1=FULL)

    assert place.stops() == ["tobu-unit-1"]


def test_whoever_goes_is_the_only_one_who_hears_of_a_change_and_confirms_it(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.press("crew", "I will go")
    assert place.state() is RunState.ACCEPTED

    place.at(MORNING + HOUR, seibu_unit_1=FULL)
    assert place.state() is RunState.CHANGED
    place.press("crew", "I will go")
    assert place.state() is RunState.ACCEPTED
    place.at(DEPARTS)
    assert place.state() is RunState.UNDER_WAY
    place.at(RETURNS)
    assert place.state() is RunState.DONE
    assert place.kinds() == [("crew", "round"), ("crew", "change")]


def test_a_level_that_wavers_changes_nothing_that_was_told(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=(84.0, 60.0), tobu_unit_2=(79.0, 90.0))
    for n in range(8):
        step = 3.0 * (-1) ** n
        place.at(MORNING + (60 + 5 * n) * MINUTE, tobu_unit_1=(80 + step, 60.0), tobu_unit_2=(78 + step, 90.0))

    assert len([kind for _, kind in place.kinds() if kind == "change"]) <= 1
    assert "tobu-unit-1" in place.stops()


def test_a_network_that_fails_after_the_mail_makes_no_stops(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    for place.now in range(MORNING + HOUR, DEPARTS, 10 * MINUTE):
        place.scheduler.look()

    assert place.stops() == ["tobu-unit-1"]


def test_a_unit_out_of_service_is_no_stop_and_leaves_a_round(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    for metric in ("Fill/Percent", "Cycles/Total", "State"):
        place.modes.start(
            ModeKind.RETIRED, f"tobu-unit-1/{metric}", now=MORNING + HOUR, until=None, who="佐藤", reason=""
        )
    place.at(MORNING + HOUR + MINUTE)

    assert place.stops() == []
    assert {stop.asset: stop.reason for stop in place.run().plan.stops}["tobu-unit-1"] is Reason.RETIRED


def test_a_unit_that_leaves_the_settings_leaves_the_round_and_a_new_one_joins(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    extra = '[[site.unit]]\nid = "seibu-unit-2"\nname = {ja = "2号機", en = "Unit 2"}\nedge = "seibu-pi"\n'
    place.start(
        town(
            *PEOPLE,
            ATTACH,
            ('id = "tobu-unit-1"', 'id = "tobu-unit-9"'),
            ('[[site]]\nid = "nanbu"', extra + '[[site]]\nid = "nanbu"'),
        )
    )
    place.levels |= {"seibu-unit-2": FULL, "tobu-unit-9": ROOM}
    del place.levels["tobu-unit-1"]
    place.at(MORNING + HOUR)

    assert place.stops() == ["seibu-unit-2"]
    assert "No longer: tobu tobu-unit-1: Out of service" in place.text("crew")


def test_a_vehicle_that_is_out_of_service_is_told_at_once_and_promised_to_nobody(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    assert place.next_round() == DEPARTS
    until = FRIDAY_DEPARTS + HOUR
    out = place.modes.start(ModeKind.VEHICLE_OUT, "truck", now=MORNING + HOUR, until=until, who="係長", reason="車検")
    place.pass_until(MORNING + 80 * MINUTE)
    assert place.stops() == []
    assert place.kinds()[1:] == [("crew", "change"), ("office", "left_out")]
    assert "Needs a visit, but the vehicle is out of service" in place.text("office")
    assert "nothing left" not in place.text("crew")
    assert "units need a visit, but this round cannot make any" in " ".join(place.text("crew").split())
    assert place.next_round() > FRIDAY_DEPARTS

    place.modes.end(out.id, now=MORNING + 90 * MINUTE, who="係長")
    place.pass_until(MORNING + 100 * MINUTE)
    assert place.stops() == ["tobu-unit-1"]
    assert place.kinds()[3:] == [("crew", "change"), ("office", "can")]
    assert place.next_round() == DEPARTS


def test_a_vehicle_that_breaks_down_keeps_the_stops_that_are_answered(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL, tobu_unit_2=FULL)
    place.press("crew", "Done")
    place.modes.start(ModeKind.VEHICLE_OUT, "truck", now=MORNING + HOUR, until=None, who="係長", reason="")
    place.pass_until(MORNING + 80 * MINUTE)

    assert len(place.stops()) == 1
    assert place.kinds().count(("crew", "change")) == 1


def test_another_vehicle_or_another_time_is_told(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    van = '[[vehicle]]\nid = "van"\nname = {ja = "2号車", en = "Van 2"}\ndepot = "yard"\n[[round]]'
    place.start(town(*PEOPLE, ATTACH, ("[[round]]\n", f"{van}\n"), ('vehicle = "truck"', 'vehicle = "van"')))
    place.at(MORNING + HOUR)
    place.at(MORNING + HOUR + 2 * MINUTE)

    assert place.kinds() == [("crew", "round"), ("crew", "change")]
    assert "Vehicle: Van 2" in place.text("crew")


def test_when_all_decline_the_contacts_hear_at_once_that_nobody_goes_and_alerts_name_the_next_round(
    place: LivingTown,
) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    for who in ("crew", "sato", "office"):
        assert place.next_round() == DEPARTS
        place.press(who, "I cannot go")
        place.at(place.now + MINUTE)

    assert place.state() is RunState.NOBODY_GOES
    assert place.next_round() == FRIDAY_DEPARTS
    place.pass_until(RETURNS, 20 * MINUTE)
    assert place.kinds() == [("crew", "round"), ("sato", "round"), ("office", "round"), ("office", "nobody")]
    assert "Everyone who was asked has said that they cannot go." in place.text("office")
    assert "Next round: Fri 27 Nov, 13:00" in place.text("office")


def test_a_yes_that_is_taken_back_is_told_to_whoever_was_asked_before(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.pass_until(MORNING + 165 * MINUTE, 20 * MINUTE)
    assert place.kinds() == [("crew", "round"), ("sato", "round")]
    place.press("crew", "I will go")
    place.at(place.now + MINUTE)
    place.press("crew", "I cannot go")
    place.at(place.now + MINUTE)
    assert place.state() is RunState.TOLD
    assert place.mails()[2:] == [
        ("sato", "again", "Answer needed: Collection Wed 25 Nov, North round: 1 stop, 1 bag, 8.4 kg")
    ]
    assert "Whoever had said that they go cannot go after all. Can you go?" in place.text("sato")

    place.press("sato", "I will go")
    place.pass_until(DEPARTS - MINUTE, 20 * MINUTE)
    assert place.state() is RunState.ACCEPTED
    assert len(place.mails()) == 3


def test_what_the_round_leaves_out_is_told_to_the_contacts_who_must_decide(tmp_path: Path) -> None:
    half_day = ('en = "Tobu"}\n', 'en = "Tobu"}\nopening = {wed = ["09:00-12:00"]}\n')
    place = LivingTown(tmp_path, half_day)
    place.at(MAIL_AT, tobu_unit_1=(130.0, 1.0))
    place.at(MAIL_AT + 30 * MINUTE)

    assert place.kinds() == [("crew", "round"), ("office", "left_out")]
    assert "Units need a visit, but none could be planned." in place.text("crew")
    assert "Tobu Unit 1: Needs a visit, but the centre is closed then (fill level 130 %)" in place.text("office")
    assert "Next round: Fri 27 Nov, 13:00" in place.text("office")
    place.close()


def test_a_slip_that_is_taken_back_is_no_yes(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.press("crew", "Done")
    stop = place.rounds.stops(place.run().id)[0].id
    place.rounds.answer(stop, Answer.NONE, "鈴木", place.now + MINUTE)
    place.pass_until(MORNING + 165 * MINUTE)

    assert place.kinds() == [("crew", "round"), ("sato", "round")]


def test_whoever_cannot_at_any_stop_does_not_go_and_the_next_one_may(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL, seibu_unit_1=FULL)
    place.press("crew", "Could not collect", 1)
    place.press("crew", "Could not collect", 2)
    place.at(place.now + 15_000)
    assert place.kinds() == [("crew", "round"), ("sato", "round")]

    place.press("sato", "I will go")
    assert place.state() is RunState.ACCEPTED
    assert {record.answer for record in place.rounds.stops(place.run().id)} == {Answer.NONE}
    assert place.requests.standing() == []
    place.pass_until(MORNING + HOUR)
    assert place.kinds() == [("crew", "round"), ("sato", "round")]


def test_several_bags_that_could_not_be_collected_are_one_mail_and_a_slip_is_none(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL, tobu_unit_2=FULL, seibu_unit_1=FULL)
    place.press("crew", "I will go")
    place.at(DEPARTS)
    for number in (1, 2):
        place.now += MINUTE
        place.press("crew", "Could not collect", number)
        place.at(place.now)
    assert place.kinds() == [("crew", "round")]
    place.at(place.now + 2 * MINUTE)
    assert place.mails()[1] == ("office", "cannot", "2 bags could not be collected")
    assert len(place.requests.standing()) == 2

    place.press("crew", "Done", 1)
    place.at(place.now + 2 * MINUTE)
    assert [kind for _, kind in place.kinds()] == ["round", "cannot", "can"]
    place.press("crew", "Could not collect", 3)
    stop = place.rounds.stops(place.run().id)[2].id
    place.rounds.answer(stop, Answer.DONE, "鈴木", place.now + MINUTE)
    place.at(place.now + 10 * MINUTE)
    assert [kind for _, kind in place.kinds()] == ["round", "cannot", "can"]


RULES = ('mail = "office@example.jp"\n', 'mail = "office@example.jp"\nrules = ["collection", "unit_fault"]\n')


def test_a_contact_who_wants_to_know_of_bags_hears_of_rounds(tmp_path: Path) -> None:
    place = LivingTown(tmp_path, RULES)
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.press("crew", "I cannot go")
    place.at(place.now + MINUTE)
    place.press("sato", "I cannot go")
    place.at(place.now + MINUTE)

    assert place.kinds()[2:] == [("office", "round")]
    place.close()


def test_an_answer_is_that_of_the_person_whatever_becomes_of_the_list(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    first = (
        '[[round.crew]]\nname = "鈴木"',
        '[[round.crew]]\nname = "New first"\nmail = "new@example.jp"\n[[round.crew]]\nname = "鈴木"',
    )
    place.start(town(first, *PEOPLE, ATTACH))
    place.press("crew", "I will go")

    assert place.run().accepted_by == "鈴木"
    assert [entry.who for entry in place.operations.audit()] == ["鈴木"]
    place.press("crew", "I cannot go")
    place.at(place.now + MINUTE)
    assert place.kinds() == [("crew", "round"), ("new", "round")]


LABELS = ("I will go", "I cannot go", "Done", "Could not collect", "Not needed")


@pytest.mark.parametrize("seed", range(3))
def test_on_a_random_day_nobody_is_asked_twice_or_too_late_and_nothing_is_said_twice(tmp_path: Path, seed: int) -> None:
    chance, place = random.Random(seed), LivingTown(tmp_path)
    moments = sorted(chance.randrange(MAIL_AT, RETURNS + HOUR, MINUTE) for _ in range(14))
    for moment in moments:
        unit = chance.choice(UNITS)
        place.at(max(moment, place.now))
        asked = [who for who, kind in place.kinds() if kind in {"round", "again", "change"}]
        match chance.randrange(5):
            case 0:
                place.levels[unit] = (chance.uniform(75, 140), chance.uniform(1, 60))
            case 1 if not place.emptyings.of(unit, place.now - HOUR, place.now + HOUR):
                emptied(place, unit, place.now)
            case 2:
                place.requests.ask(unit, "園長", place.now)
            case _ if asked and place.stops():
                with suppress(IndexError):  # a mail that says that nothing is left has no links
                    place.press(chance.choice(asked), chance.choice(LABELS))
        place.at(place.now + 3 * MINUTE)
    place.at(max(RETURNS, place.now + MINUTE))

    rows = place.operations.mails()
    assert len({(row.mail.recipient, row.mail.kind) for row in rows if row.mail.kind == "round"}) == sum(
        row.mail.kind == "round" for row in rows
    )
    assert len({row.mail.message_id for row in rows}) == len(rows)
    assert all(row.created < DEPARTS for row in rows if row.mail.kind in {"round", "again", "change"})
    told = [row.mail.content.split(b"\r\n\r\n", 1)[1] for row in rows if row.mail.kind in {"change", "left_out"}]
    assert len(set(told)) == len(told)
    stops = [record for record in place.rounds.stops(place.run().id) if record.stop.joined]
    waiting = place.state() is RunState.NOBODY_GOES
    for record in stops:
        assert (record.worded is Word.NOBODY) == (waiting and record.answer is Answer.NONE)
    place.close()
