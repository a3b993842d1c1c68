import re
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_collector.alerts import engine
from sukusuku_collector.alerts.context import SharedContext
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.alerts.rules import REST_MS, UNIT_CLEAR_MS
from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_core.model import Value
from sukusuku_core.time import local_day
from sukusuku_server.db import AlertState, Operations
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import NextVisit
from tests.collector.alerts.alert_cases import (
    FACILITY,
    HOUR,
    MINUTE,
    ROOM,
    SECOND,
    T0,
    UNIT,
    facility,
    values,
)
from tests.collector.alerts.engine_site import Site
from tests.collector.alerts.mails.golden_mails import body, parse
from tests.support.databases import operations


def test_from_rising_to_a_mail_in_each_language_and_back(site: Site) -> None:
    site.unit(T0, Fill_Percent=81.0)
    assert site.only().state is AlertState.PENDING
    assert site.store.mails() == []
    assert site.woken == 0

    site.unit(T0 + MINUTE, Fill_Percent=82.4)
    alert = site.only()
    assert (alert.state, alert.since, alert.fired, alert.value, alert.threshold) == (
        AlertState.FIRING,
        T0,
        T0 + MINUTE,
        82.4,
        80.0,
    )
    assert site.subjects() == [
        "[すくすく] 東部子ども家庭支援センター: おむつ圧縮機1 充填率 82 %（基準 80 %）",
        "[Sukusuku] East Child and Family Centre: Nappy unit 1 fill level 82 % (threshold 80 %)",
    ]
    assert site.woken == 1

    site.unit(T0 + 2 * MINUTE, Fill_Percent=95.0)
    site.unit(T0 + 2 * HOUR, Fill_Percent=5.0)
    site.unit(T0 + 2 * HOUR + UNIT_CLEAR_MS, Fill_Percent=3.0)
    assert (site.only().state, site.only().resolved, site.only().value) == (
        AlertState.RESOLVED,
        T0 + 2 * HOUR + UNIT_CLEAR_MS,
        82.4,
    )
    assert site.kinds() == [("firing", "ja"), ("firing", "en")]  # it may come back
    site.unit(T0 + 2 * HOUR + UNIT_CLEAR_MS + REST_MS, Fill_Percent=3.0)
    assert site.kinds() == [("firing", "ja"), ("firing", "en"), ("resolved", "ja"), ("resolved", "en")]
    resolved = "[すくすく] 【解消】東部子ども家庭支援センター: おむつ圧縮機1 充填率が 3 % に下がりました"
    assert site.subjects()[2] == resolved
    assert [event.value for event in site.store.events(alert.id)] == [81.0, 82.4, 3.0]


def test_pending_that_ends_leaves_nothing(site: Site) -> None:
    site.unit(T0, Fill_Percent=81.0)
    site.unit(T0 + SECOND, Fill_Percent=79.0)

    assert site.store.alerts(open_only=False) == []
    assert site.store.mails() == []


def test_waiting_ends_without_a_new_reading(site: Site) -> None:
    """The level is sent when it changes; the clock alone lets the alert fire."""
    latest = {UNIT: values(T0, {"Fill/Percent": 81.0})}
    site.engine.evaluate(latest, T0, [UNIT])
    site.engine.evaluate(latest, T0 + MINUTE)

    assert site.only().state is AlertState.FIRING


def test_nothing_changes_nothing_is_written(site: Site, tmp_path: Path) -> None:
    site.unit(T0, Fill_Percent=90.0)
    site.unit(T0 + MINUTE, Fill_Percent=90.0)
    connection = sqlite3.connect(tmp_path / "operations.db")
    before = connection.execute("PRAGMA data_version").fetchone()
    for second in range(1, 200):
        site.unit(T0 + MINUTE + second * SECOND, Fill_Percent=90.0 + second % 7)

    assert connection.execute("PRAGMA data_version").fetchone() == before
    connection.close()


@pytest.mark.parametrize("contact", [{"Lid_Open": True}, {"Lid_Open": False, "Door_Open": True}, {"State": 1}])
def test_what_stays_open_hides_a_full_bag_for_an_hour_and_no_longer(site: Site, contact: dict[str, Value]) -> None:
    for minute in range(66):
        site.unit(T0 + minute * MINUTE, Fill_Percent=104.0, **contact)
        assert bool(site.store.open_alerts()) is (minute >= 60)

    assert site.only().state is AlertState.FIRING


def test_while_a_round_is_under_way_its_departure_is_named_as_on_the_pages(site: Site) -> None:
    departed = T0 - HOUR
    around = SharedContext(next_round={UNIT: NextVisit("north", local_day(T0), departed, T0 + 3 * HOUR, planned=True)})
    for minute in range(6):
        now = T0 + minute * MINUTE
        site.engine.evaluate({UNIT: values(now, {"Lid/Open": False, "Fill/Percent": 85.0})}, now, [UNIT], around=around)

    text = body(parse(site.store.mails()[0].mail.content), "plain")
    assert "Next round: Sun 22 Nov 2026, 08:41" in text


def test_a_fault_and_a_full_pack_are_two_alerts(site: Site) -> None:
    for now in (T0, T0 + MINUTE):
        site.unit(now, Fill_Percent=99.0, Fault_Code=1)

    assert {(alert.rule, alert.state) for alert in site.store.alerts(open_only=True)} == {
        ("collection", AlertState.FIRING),
        ("unit_fault", AlertState.FIRING),
    }
    assert site.subjects()[0] == "[すくすく] 東部子ども家庭支援センター: おむつ圧縮機1 異常: 詰まり ほか1件"


def test_deposits_above_the_level_make_one_mail(site: Site) -> None:
    """Without a contact at the lid the sensor sees the open lid as a low level."""
    now = T0
    for level, seconds in [(85.0, 120), *[(20.0, 10), (85.0, 90)] * 3]:
        for _ in range(seconds):
            now += SECOND
            site.unit(now, Fill_Percent=level)

    assert site.kinds() == [("firing", "ja"), ("firing", "en")]


def test_a_jam_that_comes_as_a_state_is_a_fault(site: Site) -> None:
    for minute, state in ((0, 6), (1, 6), (2, 0), (4, 0)):
        site.unit(T0 + minute * MINUTE, State=state)

    assert (site.only().rule, site.only().state, site.only().value) == ("unit_fault", AlertState.RESOLVED, 1.0)
    assert "異常: 詰まり" in site.subjects()[0]


def test_a_full_bag_is_told_whatever_the_level(site: Site) -> None:
    for minute, state in ((0, 5), (1, 5), (2, 0), (4, 0), (34, 0)):
        site.unit(T0 + minute * MINUTE, State=state, Fill_Percent=30.0)

    assert (site.only().rule, site.only().state, site.only().value) == ("collection", AlertState.RESOLVED, None)
    assert site.subjects()[1].endswith("Nappy unit 1 reports a full bag")
    assert site.subjects()[3].endswith("Nappy unit 1 fill level back to 30 %")


def test_loaded_history_raises_nothing(site: Site) -> None:
    for day in range(56, 0, -1):
        past = T0 - day * 24 * HOUR
        latest = {UNIT: values(past, {"Fill/Percent": 99.0, "Fault/Code": 1})}
        site.engine.evaluate(latest | {ROOM: values(past, {"Occupancy/Children": 20})}, T0)

    assert site.store.alerts(open_only=False) == []


def test_an_acknowledgement_is_kept_and_told_at_the_end(site: Site) -> None:
    site.unit(T0, Fault_Code=2)
    site.unit(T0 + MINUTE, Fault_Code=2)
    api = Operations(str(site.store._engine.url))
    api.acknowledge(site.only().id, "鈴木 <script>\r\nBcc: x@example.jp", T0 + 2 * MINUTE)
    api.close()
    site.unit(T0 + 3 * MINUTE, Fault_Code=2)
    assert site.only().state is AlertState.ACKNOWLEDGED
    site.unit(T0 + 65 * MINUTE - UNIT_CLEAR_MS, Fault_Code=0)
    site.unit(T0 + 65 * MINUTE, Fault_Code=0)
    site.unit(T0 + 65 * MINUTE + REST_MS, Fault_Code=0)

    assert (site.only().state, site.only().acknowledged) == (AlertState.RESOLVED, T0 + 2 * MINUTE)
    message = parse(site.store.mails()[1].mail.content)
    html = body(message, "html")
    assert "鈴木 &lt;script&gt;" in html
    assert "1時間5分" in html
    assert message["Bcc"] is None


def test_the_end_of_an_alert_answers_its_beginning(site: Site) -> None:
    """Mail programs show both in one thread."""
    for minute, code in ((0, 1), (1, 1), (2, 0), (4, 0), (34, 0)):
        site.unit(T0 + minute * MINUTE, Fault_Code=code)
    mails = {(row.mail.kind, row.mail.language): row.mail for row in site.store.mails()}
    end = parse(mails["resolved", "ja"].content)

    assert end["In-Reply-To"] == mails["firing", "ja"].message_id
    assert len({mail.message_id for mail in mails.values()}) == 4


def test_contacts_get_what_they_asked_for(tmp_path: Path) -> None:
    more = """
[[contact]]
name = "Faults only"
mail = "faults@example.jp"
rules = ["unit_fault"]
[[contact]]
name = "Somewhere else"
mail = "west@example.jp"
sites = ["seibu"]
[[contact]]
name = "The same person again"
mail = "TOBU@example.jp"
[[site]]
id = "seibu"
name = {ja = "西部", en = "West"}
"""
    site = Site(tmp_path, FACILITY + more)
    for now in (T0, T0 + MINUTE):
        site.unit(now, Fill_Percent=99.0)
    for now in (T0 + 2 * MINUTE, T0 + 3 * MINUTE):
        site.unit(now, Fill_Percent=99.0, Fault_Code=1)

    got = {
        (row.mail.recipient, "異常" in row.mail.subject or "fault" in row.mail.subject) for row in site.store.mails()
    }
    assert got == {
        ("tobu@example.jp", False),
        ("tobu@example.jp", True),
        ("integrator@example.jp", False),
        ("integrator@example.jp", True),
        ("faults@example.jp", True),
    }
    assert len(site.store.mails()) == 5


def test_without_a_mail_server_alerts_work_and_mails_are_none(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY.replace('[mail]\nsender = "sukusuku@example.jp"\n', ""))
    for now in (T0, T0 + MINUTE):
        site.unit(now, Fill_Percent=99.0)

    assert site.only().state is AlertState.FIRING
    assert site.store.mails() == []


def test_alerts_of_assets_that_are_no_longer_there_end(site: Site) -> None:
    for now in (T0, T0 + MINUTE):
        site.unit(now, Fill_Percent=99.0)
    site.unit(T0 + MINUTE, Fill_Percent=99.0, Fault_Code=1)
    mails = len(site.store.mails())
    site.text = FACILITY.replace(UNIT, "tobu-unit-9")
    site.restart()
    site.engine.evaluate({}, T0 + 2 * MINUTE, ["stranger", UNIT])

    assert site.store.alerts(open_only=True) == []
    assert [alert.rule for alert in site.store.alerts(open_only=False)] == ["collection"]
    assert len(site.store.mails()) == mails


def test_the_alert_of_what_leaves_ends_when_the_database_answers_again(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY.replace(f'id = "{UNIT}"', f'id = "{UNIT}"\nuntil = {local_day(T0)}'))
    for now in (T0, T0 + MINUTE):
        site.unit(now, Fill_Percent=99.0)
    alert = site.only()
    connection = sqlite3.connect(tmp_path / "operations.db")
    connection.execute("CREATE TRIGGER full BEFORE UPDATE ON alert BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    connection.commit()
    with pytest.raises(TransientError, match="disk full"):
        site.engine.evaluate({}, T0 + 24 * HOUR)
    connection.execute("DROP TRIGGER full")
    connection.commit()
    connection.close()
    site.engine.evaluate({}, T0 + 24 * HOUR + SECOND)

    found = site.store.alert(alert.id)
    assert found is not None
    assert found.state is AlertState.RESOLVED


def test_after_a_failed_transaction_the_next_evaluation_makes_up_for_it(site: Site, tmp_path: Path) -> None:
    site.unit(T0, Fill_Percent=90.0)
    connection = sqlite3.connect(tmp_path / "operations.db")
    connection.execute("CREATE TRIGGER full BEFORE INSERT ON mail_outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    connection.commit()
    with pytest.raises(TransientError, match="disk full"):
        site.unit(T0 + MINUTE, Fill_Percent=90.0)
    assert site.only().state is AlertState.PENDING
    connection.execute("DROP TRIGGER full")
    connection.commit()
    connection.close()
    site.unit(T0 + 2 * MINUTE, Fill_Percent=90.0)

    assert site.only().state is AlertState.FIRING
    assert len(site.store.mails()) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("おむつ圧縮機1", "=?UTF-8?Q?=0A?=Bcc: x@example.jp"), r"site\[0\].unit\[0\].name.ja"),
        (("East Child and Family Centre", "East \\u2028 Centre"), r"site\[0\].name.en"),
        (("一時保育室", "\\u202e室"), r"site\[0\].room\[0\].name.ja"),
        (('"https://wall.example.jp"', '"javascript:alert(1)"'), "web.url"),
        (('"tobu@example.jp"', '"tobu@example.jp\\n"'), r"contact\[0\].mail"),
        (('"sukusuku@example.jp"', '"sukusuku@example..jp"'), "mail.sender"),
    ],
)
def test_what_cannot_stand_in_a_mail_is_refused_at_start(tmp_path: Path, change: tuple[str, str], field: str) -> None:
    store = operations(tmp_path)
    with pytest.raises(ConfigError, match=field):
        AlertEngine(FacilitySchedules(facility(FACILITY.replace(*change))), store)
    store.close()


COURSE = st.lists(
    st.tuples(st.integers(1, 50), st.sampled_from([0.0, 50.0, 70.0, 79.0, 81.0, 95.0]), st.sampled_from([0, 1])),
    min_size=1,
    max_size=20,
)


def _without_link(content: bytes) -> str:
    """The text of a mail without its signed link: each database has a secret of its own."""
    return re.sub(r"/a/[\w.-]+", "/a/", body(parse(content), "plain"))


def course_of(steps: list[tuple[int, float, int]], restart: Callable[[int], bool]) -> list[tuple[object, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder))
        now = T0
        for number, (pause, level, fault) in enumerate(steps):
            now += pause * SECOND
            if restart(number):
                site.restart()
            site.unit(now, Fill_Percent=level, Fault_Code=fault)
        alerts = site.store.alerts(open_only=False)
        told: list[tuple[object, ...]] = [
            (alert.rule, event.time, event.kind, event.value)
            for alert in alerts
            for event in site.store.events(alert.id)
        ]
        told += [(row.mail.message_id, _without_link(row.mail.content)) for row in site.store.mails()]
        site.store.close()
    return told


@given(COURSE, st.sets(st.integers(0, 19)))
@settings(max_examples=25)
def test_restarts_do_not_change_the_timeline(steps: list[tuple[int, float, int]], restarts: set[int]) -> None:
    assert course_of(steps, restarts.__contains__) == course_of(steps, lambda _number: False)


def test_of_very_many_subjects_all_have_their_turn(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_AT_ONCE", 1)
    latest = {UNIT: values(T0, {"Fault/Code": 1}), ROOM: values(T0, {"Occupancy/Children": 40})}

    turns = [site.engine.evaluate(latest, T0 + second * SECOND) for second in range(3)]

    assert turns == [True, True, False]  # unit, room and centre
    assert {alert.asset for alert in site.store.alerts(open_only=True)} == {UNIT}  # the centre of the room is closed
    assert [site.engine.evaluate(latest, T0 + 3 * SECOND)] == [False]


@pytest.mark.parametrize("offset", range(0, 60, 7))
def test_what_only_the_hour_makes_a_cause_is_noticed_within_a_minute(tmp_path: Path, offset: int) -> None:
    """Nothing comes meanwhile, and nothing becomes too old: of that there are no moments that are known ahead."""
    site = Site(tmp_path)
    opens = FacilitySchedules(facility()).hours[ROOM].next_opening(T0)
    assert opens is not None
    begin = opens - 5 * MINUTE + offset * SECOND
    latest = {
        UNIT: values(begin, {"Fault/Code": 0, "Fill/Percent": 10.0}),
        ROOM: values(begin, {"Occupancy/Children": 9}),
    }
    for now in range(begin, opens + MINUTE + 1, 2 * SECOND):
        site.engine.evaluate(latest, now)

    assert opens <= (site.only().raised or 0) <= opens + MINUTE
