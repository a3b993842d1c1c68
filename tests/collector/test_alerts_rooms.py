"""When a room is full or over its limit, and when a zone is over its house rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.alerts.observe import ROOM_CLEAR_MS, WATCHES
from sukusuku_collector.alerts.rooms import Stage
from sukusuku_collector.alerts.rules import Event, Observation, Open, Rule, Sign, step
from sukusuku_collector.alerts.scene import Around, Scene
from sukusuku_collector.operations import AlertState
from sukusuku_collector.rooms.now import FRESH_MS
from sukusuku_collector.rooms.timetable import Timetable
from sukusuku_collector.settings import Room, check
from sukusuku_collector.store import Latest, Point
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Quality, Value
from tests.collector.alert_cases import FACILITY, HOUR, MINUTE, ROOM, SECOND, T0, facility, gone, values
from tests.collector.golden_mails import body, parse
from tests.collector.test_alerts_engine import Site

OPEN = T0 + 48 * HOUR
"""Tuesday 24 November 2026, 9:41: the centre is open until 18:00."""
NIGHT = OPEN + 12 * HOUR
WATCH = {watch.rule: watch for watch in WATCHES}
ZONES = """
[[site.room.zone]]
id = "eating"
name = {ja = "食事ゾーン", en = "Eating zone"}
capacity = 4
[[site.room.zone]]
id = "play"
name = {ja = "あそびゾーン", en = "Play zone"}
"""
STAFF = """
[site.room.standards]
effective_m2 = 33.0
ages = {"0" = 1}
[[site.room.shift]]
slot = "09:00-12:00"
count = 2
[[site.room.shift]]
slot = "12:00-17:00"
count = 4
"""
"""Two look after six children, four after twelve; the area is enough for ten, booked are eight."""


def with_room(text: str) -> str:
    return FACILITY.replace("capacity = 8\n", f"capacity = 8\n{text}\n")


PLAIN, STAFFED = with_room(ZONES), with_room(ZONES + STAFF)


def look(
    latest: Mapping[str, Latest],
    now: int = OPEN,
    *,
    text: str = PLAIN,
    derived: Mapping[str, Point] | None = None,
    alert: Open | None = None,
    rule: Rule = Rule.ROOM_OVER_CAPACITY,
) -> Observation | None:
    settings = facility(text)
    asset = next(asset for asset in settings.assets() if asset.id == ROOM)
    assert isinstance(asset.settings, Room)
    timetable = Timetable(settings, asset.settings)
    levels = settings.levels(asset.settings)
    return WATCH[rule].observe(
        Scene(asset, levels, latest, 0, 0, now, derived or {}, open=alert, timetable=timetable),
    )


def sensed(children: Value | None, time: int = OPEN, quality: Quality = Quality.GOOD) -> dict[str, Latest]:
    return values(time, {"Occupancy/Children": children}, quality)


def corrected(children: float, time: int = OPEN, completeness: float = 100.0) -> dict[str, Point]:
    return {
        "Occupancy/ChildrenCorrected": Point(time, children, Quality.GOOD),
        "Occupancy/Completeness": Point(time + 1, completeness, Quality.GOOD),
    }


def told(seen: Observation | None) -> tuple[Sign, int] | None:
    return None if seen is None else (seen.sign, seen.stage)


def count(seen: Observation | None) -> float | None:
    return None if seen is None else seen.value


# ---------------------------------------------------------------- what is seen


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
    with pytest.raises(ConfigError, match="tobu-room-1: room_clear 90 must be below room_warn 90"):
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


# ---------------------------------------------------------------- how it lives


@dataclass
class Watched:
    """A room clocked through the pure rule."""

    text: str = PLAIN
    alert: Open | None = None
    events: list[tuple[int, Event, int]] = field(default_factory=list)

    def at(self, now: int, children: int) -> None:
        seen = look(sensed(children, now), now, text=self.text, alert=self.alert)
        waits = WATCH[Rule.ROOM_OVER_CAPACITY].waits(facility(self.text).alerts)
        before = self.alert
        self.alert, events = step(self.alert, seen, waits, now)
        stage = (self.alert or before or Open(firing=False, since=0, raised=0)).stage
        self.events += [(now, event, stage) for event in events]


def test_each_stage_must_stand_for_its_time() -> None:
    room = Watched()
    room.at(OPEN, 8)
    room.at(OPEN + 4 * MINUTE, 9)
    room.at(OPEN + 5 * MINUTE, 9)
    assert room.alert is not None
    assert (room.alert.firing, room.alert.stage) == (True, Stage.FULL)
    room.at(OPEN + 6 * MINUTE, 9)
    room.at(OPEN + 11 * MINUTE, 9)
    assert room.events[-1] == (OPEN + 11 * MINUTE, Event.WORSENED, Stage.OVER)


def test_one_who_steps_in_for_a_moment_raises_nothing() -> None:
    room = Watched()
    for minute in range(60):
        room.at(OPEN + minute * MINUTE, 9 if minute % 5 < 4 else 7)

    assert {event for _, event, _ in room.events} == {Event.RAISED, Event.DROPPED}


def test_a_full_room_is_full_until_two_have_left() -> None:
    room = Watched()
    for minute, children in enumerate([8] * 10 + [7, 8] * 20 + [7] * 20 + [6] * 10):
        room.at(OPEN + minute * MINUTE, children)

    assert [event for _, event, _ in room.events] == [Event.RAISED, Event.FIRED, Event.RESOLVED]
    assert room.events[-1][0] == OPEN + (70 + 5) * MINUTE


def test_a_room_that_is_within_its_limit_again_is_not_called_over_because_it_is_full() -> None:
    room = Watched()
    for minute, children in enumerate([9] * 10 + [8] * 20):
        room.at(OPEN + minute * MINUTE, children)

    assert [(event, stage) for _, event, stage in room.events] == [
        (Event.RAISED, Stage.OVER),
        (Event.FIRED, Stage.OVER),
        (Event.RESOLVED, Stage.OVER),
        (Event.RAISED, Stage.FULL),
        (Event.FIRED, Stage.FULL),
    ]


@given(st.lists(st.integers(0, 11), min_size=1, max_size=80))
def test_nothing_is_told_that_has_not_stood_and_nothing_ends_that_has_not_been_away(counts: list[int]) -> None:
    room = Watched()
    for minute, children in enumerate(counts):
        room.at(OPEN + minute * MINUTE, children)
    for time, event, stage in room.events:
        minute = (time - OPEN) // MINUTE
        lately = counts[max(minute - 5, 0) : minute + 1]
        if event in {Event.FIRED, Event.WORSENED}:
            assert min(lately) >= (9 if stage == Stage.OVER else 8)
        if event is Event.RESOLVED:
            assert max(lately) <= (8 if stage == Stage.OVER else 6)


# ---------------------------------------------------------------- who is told


def test_full_is_shown_and_over_is_mailed(tmp_path: Path) -> None:
    site = Site(tmp_path, STAFFED)
    site.room(OPEN, 6)
    site.room(OPEN + 5 * MINUTE, 6)
    assert (site.only().state, site.only().stage, site.only().reason) == (AlertState.FIRING, Stage.FULL, "staff")
    assert site.store.mails() == []

    site.room(OPEN + 20 * MINUTE, 7)
    site.restart()
    site.room(OPEN + 21 * MINUTE, 7)
    site.room(OPEN + 26 * MINUTE, 7)
    alert = site.only()
    assert (alert.stage, alert.value, alert.threshold, alert.since) == (Stage.OVER, 7.0, 6.0, OPEN)
    assert site.kinds() == [("firing", "ja"), ("firing", "en")]
    text = body(parse(site.store.mails()[0].mail.content), "plain")
    assert "Staff on duty: 2 → up to 6 children: this is the limit" in text
    assert "Call another member of staff" in text

    site.room(OPEN + 30 * MINUTE, 6)
    site.restart()
    site.room(OPEN + 35 * MINUTE - 1, 6)
    assert site.only().state is AlertState.FIRING
    site.room(OPEN + 35 * MINUTE, 6)
    assert site.only().state is AlertState.RESOLVED
    assert site.kinds()[2:] == [("resolved", "ja"), ("resolved", "en")]


def test_the_end_of_a_warning_that_nobody_was_told_of_makes_no_mail(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for minute, children in ((0, 8), (5, 8), (10, 2), (16, 2)):
        site.room(OPEN + minute * MINUTE, children)

    assert site.only().state is AlertState.RESOLVED
    assert site.store.mails() == []


@pytest.mark.parametrize(("stage", "mails"), [(1, 2), (3, 0)])
def test_from_which_stage_on_mails_go_out_is_a_setting(tmp_path: Path, stage: int, mails: int) -> None:
    site = Site(
        tmp_path, FACILITY.replace("[[site]]", f"[alerts.mail_from]\nroom_over_capacity = {stage}\n[[site]]", 1)
    )
    for minute, children in ((0, 8), (5, 8)):
        site.room(OPEN + minute * MINUTE, children)
    assert len(site.store.mails()) == mails
    for minute in (10, 15, 20):
        site.room(OPEN + minute * MINUTE, 9)

    assert site.only().stage == Stage.OVER
    assert len(site.store.mails()) == 2 * mails


def test_a_zone_over_its_house_rule_is_shown_and_not_mailed(tmp_path: Path) -> None:
    site = Site(tmp_path, PLAIN)
    for minute in (0, 5, 300):
        now = OPEN + minute * MINUTE
        site.engine.evaluate({ROOM: values(now, {"Zones/eating/Children": 5, "Zones/play/Children": 0})}, now, [ROOM])

    alert = site.only()
    assert (alert.rule, alert.state, alert.reason) == ("zone_over_capacity", AlertState.FIRING, "eating")
    assert site.store.mails() == []


def test_the_alert_of_a_zone_is_about_that_zone_until_it_ends(tmp_path: Path) -> None:
    site = Site(tmp_path, PLAIN.replace('en = "Play zone"}\n', 'en = "Play zone"}\ncapacity = 0\n'))
    for minute in range(17):
        now = OPEN + minute * MINUTE
        zones = {"Zones/eating/Children": 5, "Zones/play/Children": 2 if minute < 8 else 0}
        site.engine.evaluate({ROOM: values(now, zones)}, now, [ROOM])
        site.restart()

    assert [(alert.reason, alert.state, alert.value) for alert in site.store.alerts(open_only=False)] == [
        ("eating", AlertState.PENDING, 5.0),
        ("play", AlertState.RESOLVED, 2.0),
    ]


def test_when_the_centre_closes_what_is_open_ends_and_is_not_told_again_at_night(tmp_path: Path) -> None:
    site = Site(tmp_path, STAFFED)
    close = OPEN + 8 * HOUR + 19 * MINUTE
    for now in range(close - 20 * MINUTE, close + 9 * HOUR, 2 * MINUTE):
        site.room(now, 12)

    assert site.only().state is AlertState.RESOLVED
    assert site.only().resolved == close + 6 * MINUTE
    assert site.kinds() == [("firing", "ja"), ("firing", "en"), ("resolved", "ja"), ("resolved", "en")]
    assert "[Sukusuku] Resolved: East Child and Family Centre: Drop-in care room is closed now" in site.subjects()


def test_the_engine_looks_at_what_is_derived(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for minute in (0, 5):
        now = OPEN + minute * MINUTE
        around = Around(derived={ROOM: corrected(9, now)})
        site.engine.evaluate({ROOM: sensed(5, now)}, now, [ROOM], around=around)

    assert (site.only().state, site.only().value) == (AlertState.FIRING, 9.0)


def test_a_mail_says_no_number_of_children_unless_asked(tmp_path: Path) -> None:
    for name, setting in (("quiet", ""), ("telling", "child_counts = true\n")):
        folder = tmp_path / name
        folder.mkdir()
        site = Site(folder, FACILITY.replace("[mail]\n", f"[mail]\n{setting}"))
        site.room(OPEN, 9)
        site.room(OPEN + 5 * MINUTE, 13)
        content = parse(site.store.mails()[1].mail.content)
        text = content["Subject"] + body(content, "plain") + body(content, "html")

        assert ("13人" in text) is bool(setting)
        assert "上限 8人" in text
        site.store.close()


def test_a_room_resolves_after_it_has_been_within_its_limit_for_a_while(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY.replace("over_capacity_for = 300.0", "over_capacity_for = 10.0"))
    site.room(OPEN, 9)
    site.room(OPEN + 10 * SECOND, 9)
    site.room(OPEN + MINUTE, 8)
    site.room(OPEN + MINUTE + 30 * SECOND, 9)
    site.room(OPEN + 2 * MINUTE, 8)
    site.restart()
    site.room(OPEN + 2 * MINUTE + ROOM_CLEAR_MS - 1, 7)
    assert site.only().state is AlertState.FIRING
    site.room(OPEN + 2 * MINUTE + ROOM_CLEAR_MS, 7)

    assert site.only().state is AlertState.RESOLVED
    assert [kind for kind, _ in site.kinds()] == ["firing", "firing", "resolved", "resolved"]
