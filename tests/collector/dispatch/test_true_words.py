"""What people hear of a round is true when they hear it, and is said once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.tables_collection import round_person
from sukusuku_server.kpi.visits import visits
from sukusuku_server.model.rounds import RunState, VisitKind
from tests.collector.dispatch.living_town import DEPARTS, EMPTY, FULL, MAIL_AT, RETURNS, LivingTown
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING

HALF_DAY = ('en = "Tobu"}\n', 'en = "Tobu"}\nopening = {wed = ["09:00-12:00"]}\n')
NAMESAKE = ('name = "Sato"', 'name = "鈴木"')


@pytest.fixture
def place(tmp_path: Path) -> Iterator[LivingTown]:
    made = LivingTown(tmp_path)
    yield made
    made.close()


def test_a_crew_that_is_early_hears_nothing_of_what_it_has_done_and_has_its_visit(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL, seibu_unit_1=FULL)
    place.press("crew", "I will go")
    early = DEPARTS - 100 * MINUTE
    place.at(early)
    place.press("crew", "Done", 1)
    [done] = [record.stop.asset for record in place.rounds.stops(place.run().id) if record.answered is not None]
    place.emptyings.enter(done, early, "鈴木", early, percent=92.0, nappies=55.0)
    place.levels[done] = EMPTY
    place.pass_until(DEPARTS - MINUTE, 20 * MINUTE)

    assert place.kinds() == [("crew", "round")]
    run = place.run()
    found = visits([(run, place.rounds.stops(run.id))], place.emptyings.of(None, MORNING, RETURNS), {}, RETURNS)
    assert [visit.kind for visit in found if visit.asset == done] == [VisitKind.EMPTIED]


def test_a_level_that_wavers_where_the_round_cannot_stop_is_told_once(tmp_path: Path) -> None:
    place = LivingTown(tmp_path, HALF_DAY)
    place.at(MAIL_AT)
    for n in range(8):
        place.at(MORNING + (60 + 5 * n) * MINUTE, tobu_unit_1=(79.0 + 2 * (n % 2), 200.0))

    assert place.kinds() == [("crew", "round"), ("office", "left_out")]
    place.close()


def test_bags_that_the_first_cannot_collect_are_no_news_while_the_next_one_is_asked(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL, seibu_unit_1=FULL)
    for number in (1, 2):
        place.press("crew", "Could not collect", number)
    place.at(MORNING + HOUR)
    assert place.kinds() == [("crew", "round"), ("sato", "round")]
    assert "Those who were asked first cannot go, or have not sent an answer." in place.text("sato")

    place.pass_until(DEPARTS + MINUTE, 20 * MINUTE)
    assert place.state() is RunState.NOBODY_GOES
    assert place.kinds()[2:] == [("office", "round"), ("office", "cannot")]


def test_a_contact_whose_mail_is_refused_does_not_speak_for_the_crew(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.pass_until(DEPARTS - HOUR, 20 * MINUTE)
    assert place.kinds() == [("crew", "round"), ("sato", "round"), ("office", "round")]
    MailQueue(place.operations).dead(next(row.id for row in place.operations.mails()), "550 no such user")
    place.at(place.now + MINUTE)
    assert place.state() is RunState.TOLD

    for who in ("crew", "sato"):
        place.press(who, "I cannot go")
    place.at(place.now + MINUTE)
    assert place.state() is RunState.NOBODY_GOES
    assert "some of them cannot be reached by mail" in place.text("office")


def test_after_a_missed_departure_the_full_bag_of_a_closed_centre_is_named_too(tmp_path: Path) -> None:
    place = LivingTown(tmp_path, HALF_DAY)
    place.at(DEPARTS + MINUTE, tobu_unit_1=FULL)

    assert place.kinds() == [("office", "nobody"), ("crew", "nobody"), ("sato", "nobody")]
    assert "Tobu Unit 1" in place.text("office")
    place.close()


def test_only_the_one_who_goes_is_said_to_go_though_another_has_the_same_name(tmp_path: Path) -> None:
    place = LivingTown(tmp_path, NAMESAKE)
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.pass_until(DEPARTS - HOUR, 20 * MINUTE)
    place.press("sato", "I will go")

    first, second, _ = place.run().people
    claims = [place.answers.read(place.link(who, "I will go"), place.now) for who in ("crew", "sato")]
    assert [claim.person for claim in claims] == [first.id, second.id]
    assert [place.answers.see(claim, {}, place.now).mine for claim in claims] == [False, True]
    place.close()


def test_on_the_day_of_an_update_those_who_were_told_before_it_are_asked_again_with_links_of_their_own(
    place: LivingTown,
) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    with place.operations.writing() as connection:
        connection.execute(delete(round_person))  # an older version kept nobody
    place.at(MAIL_AT + HOUR, tobu_unit_2=FULL)
    assert place.kinds() == [("crew", "round")]

    place.at(MORNING + 160 * MINUTE + HOUR)
    assert place.kinds() == [("crew", "round"), ("crew", "round"), ("crew", "change")]
    assert place.stops() == ["tobu-unit-1", "tobu-unit-2"]
