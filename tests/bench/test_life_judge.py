"""The judge of life: what it counts, and what it lets pass."""

from dataclasses import replace
from datetime import date

from bench.collection.simulated_sensors import Fault, Trouble
from bench.collection.world import World, simulate
from bench.life.judge import Course, DeliveredMail, Truth, figures, left_out_twice
from bench.life.people import Departure, Sent
from bench.life.town import Outages

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from sukusuku_server.model.rounds import Run
from tests.server.rounds.mail_cases import PLAN

MONDAY = day_start(date(2026, 4, 6))
MORNING = MONDAY + 10 * HOUR_MS
WORLD = World(1, MONDAY, MONDAY + 7 * DAY_MS, (), ())
CALM = Course(WORLD, Outages((), (), (), (), ()), (), (), (), (), 0)
CENTRE = "centre-0@example.jp"


def missed(course: Course) -> set[str]:
    """The names of the figures that miss their goal."""
    return {figure.name for figure in figures(course) if figure.reached is False}


def departure(levels: dict[str, float], *taken: str, since: int = MORNING) -> Departure:
    return Departure(Run(1, PLAN), levels, dict.fromkeys(levels, since), frozenset(taken), goes=True)


def test_a_life_without_anything_reaches_every_goal() -> None:
    assert missed(CALM) == set()


def test_too_many_mails_on_one_day_are_seen_and_so_are_broken_promises() -> None:
    mails = [Sent(MORNING + n * MINUTE_MS, CENTRE, "firing", "") for n in range(9)]

    assert missed(replace(CALM, sent=mails)) == {"mails to a centre on the worst day"}
    assert missed(replace(CALM, broken=1)) == {"promises broken"}


def test_a_full_bag_must_be_told_within_its_limit() -> None:
    bag = Truth("collection", "unit-1", MORNING, MORNING + 3 * HOUR_MS)
    soon = DeliveredMail(MORNING + 20 * MINUTE_MS, CENTRE, "firing", "collection", "unit-1", MORNING)
    world = replace(CALM, full=(bag,))

    assert missed(replace(world, told=(soon,))) == set()
    assert missed(replace(world, told=(replace(soon, time=MORNING + 2 * HOUR_MS),))) == {"first word, collection"}
    assert missed(world) == {"first word, collection"}


def test_an_incident_that_was_told_days_ago_and_still_stands_is_known_and_one_that_ended_is_not() -> None:
    bag = Truth("collection", "unit-1", MORNING, MORNING + 3 * HOUR_MS)
    before = DeliveredMail(MORNING - 5 * DAY_MS, CENTRE, "firing", "collection", "unit-1", MORNING - 6 * DAY_MS)
    world = replace(CALM, full=(bag,))

    assert missed(replace(world, told=(before,))) == set()
    assert missed(replace(world, told=(replace(before, ended=MORNING - HOUR_MS),))) == {"first word, collection"}


def test_what_was_over_before_its_limit_is_no_miss() -> None:
    bag = Truth("collection", "unit-1", MORNING, MORNING + 20 * MINUTE_MS)
    later = DeliveredMail(MORNING + 5 * HOUR_MS, CENTRE, "worse", "collection", "unit-1", MORNING - HOUR_MS)

    assert missed(replace(CALM, full=(bag,), told=(later,))) == set()


def test_mails_about_an_outage_are_counted_but_those_about_a_unit_that_was_silent_by_itself_before_it() -> None:
    unit = simulate(1, units=1, weeks=1).units[0]
    outage = (MORNING, MORNING + 3 * HOUR_MS)
    told = [
        DeliveredMail(MORNING + n * HOUR_MS, CENTRE, kind, "asset_silent", unit.id, MORNING, outage[1])
        for n, kind in ((1, "firing"), (5, "resolved"), (7, "resolved"))
    ]

    def counted(*troubles: Trouble) -> set[str]:
        own = replace(unit, truth=replace(unit.truth, troubles=troubles))
        return missed(
            replace(CALM, world=replace(WORLD, units=(own,)), breaks=Outages((outage,), (), (), (), ()), told=told)
        )

    assert counted() == {"mails to one person about an outage of everything"}
    assert counted(Trouble(Fault.SILENT, MORNING - DAY_MS, MORNING - HOUR_MS)) == set()
    assert counted(Trouble(Fault.SILENT, MORNING - DAY_MS, MORNING - 9 * HOUR_MS)) != set()


def test_a_bag_that_is_left_out_twice_for_less_urgent_ones_is_counted() -> None:
    full = departure({"a": 98.0, "b": 40.0}, "b")

    assert left_out_twice([full, full]) == 1
    assert left_out_twice([full, departure({"a": 98.0, "b": 40.0}, "a"), full]) == 0
    assert left_out_twice([full, departure({"a": 98.0, "b": 40.0}, "b", since=MORNING + DAY_MS)]) == 0  # another bag
    assert left_out_twice([departure({"a": 98.0, "b": 95.0}, "b")] * 2) == 0
