"""What is learnt of how a unit is emptied: at what time of the day, and by whom."""

import pytest

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.units.unit_learning import Learnt, changed, sunk, usual_at
from tests.server.units.unit_story import START

MIDNIGHT = START - 9 * HOUR_MS


def emptied_daily(percent: float, age: float, days: int = 60) -> Learnt:
    """A unit whose bags go at six in the evening."""
    learnt = Learnt(2.8)
    for day in range(days):
        learnt = changed(learnt, MIDNIGHT + day * DAY_MS + 18 * HOUR_MS + 5 * MINUTE_MS, percent, age)
    return learnt


def test_the_time_of_the_day_at_which_bags_are_changed_is_learnt() -> None:
    learnt = emptied_daily(70.0, 24.0)
    evening, night = (MIDNIGHT + 70 * DAY_MS + hour * HOUR_MS for hour in (18, 3))
    assert usual_at(learnt, evening, evening + 10 * MINUTE_MS) > 10
    assert usual_at(learnt, night, night + 10 * MINUTE_MS) < 0.3
    assert usual_at(learnt, night, night + DAY_MS) == 1


def test_on_a_day_of_the_week_on_which_nobody_comes_bags_are_seldom_changed() -> None:
    learnt = Learnt(2.8)
    for day in range(84):
        if day % 7 in {0, 2, 4}:
            learnt = changed(learnt, MIDNIGHT + day * DAY_MS + 18 * HOUR_MS + 5 * MINUTE_MS, 70.0, 48.0)
    monday, sunday = (MIDNIGHT + day * DAY_MS + 18 * HOUR_MS for day in (84, 90))
    daily = usual_at(emptied_daily(70.0, 24.0, 36), monday, monday)
    assert usual_at(learnt, sunday, sunday) < 0.2 * daily
    assert usual_at(learnt, monday, monday) == daily


def test_the_parts_of_a_day_make_a_whole_day() -> None:
    learnt = emptied_daily(70.0, 24.0)
    parts = [usual_at(learnt, time, time) for time in range(MIDNIGHT, MIDNIGHT + DAY_MS, 30 * MINUTE_MS)]
    assert sum(parts) / len(parts) == pytest.approx(1.0)


def test_who_changes_almost_empty_bags_does_not_look_at_them() -> None:
    careless, careful = (emptied_daily(*bag).habits().careless for bag in ((15.0, 2.0), (100.0, 30.0)))
    assert careless > 0.7
    assert careful < 0.1


def test_a_fall_that_was_hardly_sinking_hardly_teaches_how_far_bags_sink() -> None:
    before = Learnt(2.8).habits()
    doubtful, sure = (sunk(Learnt(2.8), 0.5, chance).habits() for chance in (0.01, 1.0))
    assert doubtful.sink == pytest.approx(before.sink, rel=0.01)
    assert sure.sink > 1.4 * before.sink
    assert sure.slipped > doubtful.slipped
