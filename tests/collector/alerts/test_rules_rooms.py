"""When a room is full or over its limit, and when a zone is over its house rule."""

from dataclasses import replace

import pytest

from sukusuku_collector.alerts.state_machine import Observation, Sign
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Quality
from sukusuku_server.model.rules import Rule
from sukusuku_server.model.series import Latest
from sukusuku_server.rooms.current import FRESH_MS, Stage
from sukusuku_server.settings import check
from tests.collector.alerts.alert_cases import HOUR, MINUTE, facility, gone, values
from tests.collector.alerts.room_cases import NIGHT, OPEN, STAFF, STAFFED, corrected, look, sensed, with_room


def told(seen: Observation | None) -> tuple[Sign, int] | None:
    return None if seen is None else (seen.sign, seen.stage)


def count(seen: Observation | None) -> float | None:
    return None if seen is None else seen.value


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        (9, (Sign.PRESENT, Stage.OVER)),
        (8, (Sign.PRESENT, Stage.FULL)),
        (7, (Sign.BETWEEN, Stage.FULL)),
        (6, (Sign.GONE, Stage.FULL)),
        (0, (Sign.GONE, Stage.FULL)),
    ],
)
def test_a_room_without_standards_is_full_at_its_places_and_over_above_them(
    children: int, expected: tuple[Sign, int]
) -> None:
    assert told(look(sensed(children))) == expected


@pytest.mark.parametrize(
    ("clock", "children", "expected"),
    [
        ("9:41", 7, (Sign.PRESENT, Stage.OVER, "staff", 6.0)),
        ("9:41", 6, (Sign.PRESENT, Stage.FULL, "staff", 6.0)),
        ("13:41", 8, (Sign.PRESENT, Stage.FULL, "places", 8.0)),
        ("17:41", 9, (Sign.PRESENT, Stage.OVER, "places", 8.0)),
    ],
)
def test_the_limit_is_that_of_the_moment_and_names_the_rule_that_bites(
    clock: str, children: int, expected: tuple[Sign, int, str, float]
) -> None:
    now = OPEN + (int(clock.partition(":")[0]) - 9) * HOUR
    seen = look(sensed(children, now), now, text=STAFFED)

    assert seen is not None
    assert (seen.sign, seen.stage, seen.reason, seen.threshold) == expected


def test_the_detail_has_the_count_and_each_part_of_the_limit() -> None:
    seen = look(sensed(7), text=STAFFED)

    assert seen is not None
    assert seen.detail == "7 children, limit 6: places 8, area 10, staff 6 with 2 on duty; by staff"


def test_a_child_that_is_fetched_after_the_last_shift_is_no_alarm() -> None:
    late = OPEN + 8 * HOUR

    assert told(look(sensed(3, late), late, text=STAFFED)) == (Sign.GONE, Stage.FULL)


def test_staff_counted_by_badges_limit_while_they_are_heard() -> None:
    text = with_room(
        STAFF.replace("[[site.room.shift]]", '[site.room.counting]\nstaff = "badges"\n[[site.room.shift]]', 1)
    )

    def badges(staff: int, time: int = OPEN) -> dict[str, Latest]:
        return sensed(4) | values(time, {"Occupancy/Staff": staff})

    assert told(look(badges(2), text=text)) == (Sign.GONE, Stage.FULL)
    assert told(look(badges(1), text=text)) == (Sign.PRESENT, Stage.OVER)
    assert told(look(badges(1, OPEN - 31 * MINUTE), text=text)) == (Sign.GONE, Stage.FULL)


def test_where_nobody_may_be_an_empty_room_is_not_full() -> None:
    text = STAFFED.replace("count = 2", "count = 1")

    assert told(look(sensed(0), text=text)) == (Sign.GONE, Stage.FULL)
    assert told(look(sensed(1), text=text)) == (Sign.PRESENT, Stage.OVER)


def test_levels_are_settings_of_the_room() -> None:
    text = with_room("alerts = {room_warn = 75, room_clear = 50}")

    signs = [told(look(sensed(children), text=text)) for children in (4, 5, 6, 8, 9)]
    assert signs == [
        (Sign.GONE, Stage.FULL),
        (Sign.BETWEEN, Stage.FULL),
        (Sign.PRESENT, Stage.FULL),
        (Sign.PRESENT, Stage.FULL),
        (Sign.PRESENT, Stage.OVER),
    ]


def test_it_must_clear_below_where_it_rises() -> None:
    with pytest.raises(ConfigError, match=r"site\[0\].room\[0\].alerts: room_clear 90 must be below room_warn 90"):
        check(facility(with_room("alerts = {room_warn = 90, room_clear = 90}")), "facility.toml")


# ---------------------------------------------------------------- which count


def test_the_corrected_count_is_believed_while_it_is_fresh_and_the_sensors_otherwise() -> None:
    old = OPEN - FRESH_MS - 1

    assert count(look(sensed(9), derived=corrected(7))) == 7
    assert count(look(sensed(9), derived=corrected(7, OPEN - FRESH_MS))) == 7
    assert count(look(sensed(9), derived=corrected(7, old))) == 9
    assert count(look({}, derived=corrected(7))) == 7


def test_a_gap_and_silence_are_no_observation() -> None:
    assert look({}, derived=corrected(9, completeness=0.0)) is None
    assert look(sensed(9, OPEN - 31 * MINUTE), derived=corrected(9, completeness=0.0)) is None
    assert look(sensed(9, OPEN - 31 * MINUTE)) is None
    assert look({}) is None


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.STALE])
def test_what_is_not_good_is_no_observation(quality: Quality) -> None:
    assert look(sensed(99, quality=quality)) is None
    assert look(gone(OPEN, "Occupancy/Children", good=OPEN - MINUTE)) is None


def test_a_room_that_was_told_dead_is_not_judged() -> None:
    dead = {name: replace(item, stale_since=OPEN) for name, item in sensed(9).items()}

    assert look(dead) is None
    assert look(dead, derived=corrected(9)) is None


def test_a_room_with_zones_only_is_the_sum_of_them() -> None:
    one, both = {"Zones/eating/Children": 5}, {"Zones/eating/Children": 5, "Zones/play/Children": 4}

    assert count(look(values(OPEN, both))) == 9
    assert look(values(OPEN, one)) is None
    assert count(look(values(OPEN, {**both, "Occupancy/Children": 8}))) == 8
    assert look(values(OPEN, both) | gone(OPEN, "Occupancy/Children", good=OPEN)) is None


@pytest.mark.parametrize("rule", [Rule.ROOM_OVER_CAPACITY, Rule.ZONE_OVER_CAPACITY])
def test_while_the_centre_is_closed_nothing_is_raised_and_what_was_open_ends(rule: Rule) -> None:
    drifted = sensed(99, NIGHT) | values(NIGHT, {"Zones/eating/Children": 99})
    dead = {name: replace(item, stale_since=NIGHT) for name, item in drifted.items()}
    for latest in (drifted, dead, {}):
        seen = look(latest, NIGHT, text=STAFFED, derived=corrected(99, NIGHT), rule=rule)
        assert told(seen) == (Sign.GONE, 1)
        assert count(seen) is None


# ---------------------------------------------------------------- zones


@pytest.mark.parametrize("failed", [0xFF, 0xFFFF, 61, -1])
def test_what_a_failed_sensor_says_is_no_crowd(failed: int) -> None:
    assert look(sensed(failed)) is None
    assert look(values(OPEN, {"Zones/eating/Children": failed}), rule=Rule.ZONE_OVER_CAPACITY) is None


def test_a_zone_is_held_against_its_house_rule() -> None:
    def zones(**children: int) -> Observation | None:
        found = {f"Zones/{zone}/Children": value for zone, value in children.items()}
        return look(values(OPEN, found), rule=Rule.ZONE_OVER_CAPACITY)

    over = zones(eating=5, play=40)
    assert over is not None
    assert (over.sign, over.stage, over.reason, over.value, over.threshold) == (Sign.PRESENT, 1, "eating", 5.0, 4.0)
    assert over.detail == "5 children in eating, house rule 4"
    assert told(zones(eating=4, play=40)) == (Sign.GONE, 1)
    assert zones(play=40) is None
    old = values(OPEN - 31 * MINUTE, {"Zones/eating/Children": 9})
    assert look(old, rule=Rule.ZONE_OVER_CAPACITY) is None
