"""How the alert of a room lives, and who is told of it."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.alerts.context import SharedContext
from sukusuku_collector.alerts.rules import ROOM_CLEAR_MS
from sukusuku_collector.alerts.state_machine import Event, Open, step
from sukusuku_server.db import AlertState
from sukusuku_server.model.rules import Rule
from sukusuku_server.rooms.current import Stage
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, ROOM, SECOND, facility, values
from tests.collector.alerts.engine_site import Site
from tests.collector.alerts.mails.golden_mails import body, parse
from tests.collector.alerts.room_cases import OPEN, PLAIN, STAFFED, WATCH, corrected, look, sensed


@dataclass
class Watched:
    """A room clocked through the pure rule."""

    text: str = PLAIN
    alert: Open | None = None
    events: list[tuple[int, Event, int]] = field(default_factory=list)

    def at(self, now: int, children: int) -> None:
        open_now = self.alert if self.alert is not None and self.alert.ended is None else None
        seen = look(sensed(children, now), now, text=self.text, alert=open_now)
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
        (Event.RETURNED, Stage.FULL),
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
    assert "Staff on duty: 2 staff → up to 6 children (sets the limit)" in text
    assert "Bring in another member of staff" in text

    site.room(OPEN + 30 * MINUTE, 6)
    site.restart()
    site.room(OPEN + 35 * MINUTE - 1, 6)
    assert site.only().state is AlertState.FIRING
    site.room(OPEN + 35 * MINUTE, 6)
    assert site.only().state is AlertState.RESOLVED
    site.room(OPEN + 36 * MINUTE, 6)
    assert (site.only().state, site.only().stage) == (AlertState.FIRING, Stage.FULL)
    site.room(OPEN + 65 * MINUTE, 6)
    assert site.kinds()[2:] == [("resolved", "ja"), ("resolved", "en")]
    assert site.subjects()[3].endswith("Drop-in care room is within its limit again")

    site.room(OPEN + 70 * MINUTE, 7)
    site.room(OPEN + 75 * MINUTE, 7)
    assert site.kinds()[4:] == [("firing", "ja"), ("firing", "en")]


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
    assert "[Sukusuku] Resolved: East Child and Family Centre: Drop-in care room is now closed" in site.subjects()


def test_the_engine_looks_at_what_is_derived(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for minute in (0, 5):
        now = OPEN + minute * MINUTE
        around = SharedContext(derived={ROOM: corrected(9, now)})
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
    site.room(OPEN + HOUR, 7)
    assert [kind for kind, _ in site.kinds()] == ["firing", "firing", "resolved", "resolved"]
