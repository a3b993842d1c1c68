"""A departure that nobody answered, or over which the collector was down."""

import pytest

from sukusuku_server.model.rounds import RunState
from tests.collector.dispatch.living_town import (
    DEPARTS,
    FRIDAY_DEPARTS,
    FULL,
    MAIL_AT,
    RETURNS,
    LivingTown,
)
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING


def test_nobody_answers_and_after_the_departure_the_contacts_hear_it_and_nobody_is_asked(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.pass_until(DEPARTS - MINUTE)
    assert place.kinds() == [("crew", "round"), ("sato", "round"), ("office", "round")]

    place.at(DEPARTS)
    assert place.state() is RunState.NOBODY_GOES
    assert place.kinds()[3:] == [("office", "nobody")]
    of_use_until = {row.mail.kind: row.mail.expires for row in place.operations.mails()}
    assert of_use_until == {"round": DEPARTS, "nobody": RETURNS + 12 * HOUR}
    assert place.next_round() == FRIDAY_DEPARTS
    place.now += HOUR
    place.press("sato", "I will go")
    place.at(DEPARTS + HOUR + MINUTE)
    assert place.state() is RunState.UNDER_WAY
    assert place.kinds()[4:] == [("office", "can")]


@pytest.mark.parametrize("back", [DEPARTS + MINUTE, RETURNS - MINUTE])
def test_a_collector_that_was_down_over_the_departure_says_so_with_what_is_full(place: LivingTown, back: int) -> None:
    place.at(back, tobu_unit_1=FULL, tobu_unit_2=FULL)
    place.at(back + 5 * MINUTE)

    assert place.kinds() == [("office", "nobody"), ("crew", "nobody"), ("sato", "nobody")]
    assert "was not running when the round was due to depart at 13:00" in place.text("crew")
    assert place.text("office").count("(fill level 92 %") == 2
    assert place.stops() == ["tobu-unit-1", "tobu-unit-2"]
    assert place.next_round() == FRIDAY_DEPARTS


def test_a_collector_that_is_started_for_the_first_time_has_forgotten_nothing(place: LivingTown) -> None:
    for place.now in (DEPARTS + HOUR, DEPARTS + HOUR + 20 * MINUTE):
        place.scheduler.look()

    assert place.rounds.open() == []
    assert place.mails() == []


def test_a_collector_that_was_down_until_the_evening_asks_nobody_to_go(place: LivingTown) -> None:
    place.at(MAIL_AT, tobu_unit_1=FULL)
    place.at(MORNING + 13 * HOUR)
    place.at(MORNING + 14 * HOUR)

    assert place.kinds() == [("crew", "round"), ("office", "nobody")]


def test_a_collector_that_comes_back_just_before_the_departure_tells_all_at_once(place: LivingTown) -> None:
    place.at(DEPARTS - 5 * MINUTE, tobu_unit_1=FULL)

    assert place.kinds() == [("crew", "round"), ("sato", "round"), ("office", "round")]
