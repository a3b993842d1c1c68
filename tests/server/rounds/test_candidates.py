from dataclasses import replace

import pytest

from sukusuku_core.model import Quality
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.live.outlook import Outlook
from sukusuku_server.live.views import unit_view
from sukusuku_server.model.rounds import Candidate
from sukusuku_server.model.series import Latest
from sukusuku_server.rounds.candidates import Known, candidate, is_silent
from sukusuku_server.settings import Calendar, Opening
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING
from tests.server.rounds.three_centres import town, trip

TOWN = town()
SITE, UNIT = TOWN.site[0], TOWN.site[0].unit[0]
OPEN = OpeningHours(Calendar(), (Opening(),))  # 9:00-18:00
TRIP = trip()  # 13:00-17:00; MORNING is 8:20
AHEAD = Outlook(
    percent=50.0,
    nappies=30.0,
    room=30,
    confidence=95.0,
    full_from=TRIP.returns,
    full_at=TRIP.returns + 17 * HOUR,  # 10:00 on the next day
    hygiene_by=MORNING + 30 * HOUR,
)


def seen(
    ahead: Outlook | None = AHEAD,
    *,
    emptied: int | None = None,
    asked: int | None = None,
    opening: OpeningHours = OPEN,
    risk: float = 0.1,
) -> Candidate:
    known = Known(
        MORNING,
        TRIP,
        risk,
        {} if emptied is None else {UNIT.id: emptied},
        {} if asked is None else {UNIT.id: asked},
    )
    return candidate(SITE, UNIT, ahead, known, opening, fault=False)


def test_the_level_rises_over_opening_hours_to_what_is_expected_then() -> None:
    found = seen()

    assert found.percent == 50.0
    assert found.percent_then == pytest.approx(50 + 50 * 4 / 10)  # four of ten open hours until full
    assert found.percent_high == pytest.approx(50 + 50 * 4 / 8)
    assert found.kg == pytest.approx(0.7 * 60 * 0.15)
    assert (found.bags, found.silent, found.closed, found.asked) == (1, False, False, False)
    assert (found.full_by, found.hygiene_by) == (TRIP.returns, AHEAD.hygiene_by)


def test_the_accepted_risk_moves_the_moment() -> None:
    assert seen(risk=0.1).full_by == AHEAD.full_from
    assert seen(risk=0.5).full_by == AHEAD.full_at
    later, earlier = seen(risk=0.2).full_by, seen(risk=0.05).full_by
    assert later is not None
    assert earlier is not None
    assert MORNING <= earlier < TRIP.returns < later < TRIP.returns + 17 * HOUR


def test_beyond_the_horizon_there_is_no_moment() -> None:
    far = MORNING + 14 * 24 * HOUR - 30 * MINUTE
    found = seen(replace(AHEAD, full_from=far, full_at=far))

    assert found.full_by is None
    assert found.percent_then is not None
    assert 50 < found.percent_then < 55


def test_a_silent_unit_has_no_level_and_counts_as_a_full_bag() -> None:
    found = seen(None)

    assert found.silent
    assert (found.percent, found.percent_then, found.percent_high, found.full_by) == (None, None, None, None)
    assert found.bags == 1
    assert found.kg == pytest.approx(9.0)


def test_without_a_forecast_nobody_knows_but_for_a_new_bag() -> None:
    unknown = replace(AHEAD, percent=4.0, full_from=None, full_at=None)

    assert seen(unknown).silent
    new = seen(unknown, emptied=MORNING - HOUR)
    assert not new.silent
    assert (new.percent_then, new.full_by, new.last_emptied) == (4.0, None, MORNING - HOUR)


def test_a_request_from_before_the_last_emptying_is_met() -> None:
    assert seen(asked=MORNING - HOUR).asked
    assert seen(asked=MORNING - HOUR, emptied=MORNING - 2 * HOUR).asked
    assert not seen(asked=MORNING - 3 * HOUR, emptied=MORNING - 2 * HOUR).asked


def test_a_centre_that_is_closed_all_the_while_is_closed() -> None:
    def closed(*slots: str) -> bool:
        return seen(opening=OpeningHours(Calendar(), (Opening(wed=slots),))).closed

    assert closed("09:00-13:00", "17:00-18:00")
    assert not closed("09:00-14:00")


def test_an_overfull_unit_holds_one_bag_that_weighs_more() -> None:
    full, over = (seen(replace(AHEAD, percent=percent, full_at=MORNING)) for percent in (100.0, 190.0))

    assert (full.bags, over.bags) == (1, 1)
    assert over.kg == pytest.approx(1.9 * full.kg)


def heard(**times: int) -> bool:
    names = {"level": "Fill/Percent", "cycles": "Cycles/Total", "temperature": "Temperature"}
    latest = {names[key]: Latest(time, 20.0, Quality.GOOD, time) for key, time in times.items()}
    return not is_silent(unit_view(TOWN, SITE.id, UNIT, latest, MORNING), latest, MORNING)


def test_one_witness_that_speaks_is_enough() -> None:
    old = MORNING - HOUR

    assert heard(level=MORNING)
    assert heard(level=old, cycles=MORNING)
    assert not heard(level=old, cycles=old, temperature=MORNING)
    assert not heard(temperature=MORNING)
    assert not heard()


def test_opening_hours_are_added_up_over_a_bounded_time_whatever_is_asked() -> None:
    class Counted(OpeningHours):
        def spans(self, start: int, end: int) -> list[tuple[int, int]]:
            assert end - start <= 400 * 24 * HOUR
            return super().spans(start, end)

    centuries = replace(TRIP, departs=TRIP.departs + 8_000 * 365 * 24 * HOUR, returns=TRIP.returns)
    far = Known(MORNING, centuries, 0.1, {}, {})
    found = candidate(SITE, UNIT, AHEAD, far, Counted(Calendar(), (Opening(),)), fault=False)
    assert found.percent_then is not None
    assert found.percent_then > 100
