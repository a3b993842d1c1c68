"""Units, rooms and single metrics of which nothing is heard, and looks of the collector that did not happen."""

from pathlib import Path
from typing import Any

import pytest

from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.alerts.rules import START_GRACE_MS
from sukusuku_server.db import AlertState
from tests.collector.alerts.alert_cases import (
    FACILITY,
    HOUR,
    MINUTE,
    ROOM,
    SECOND,
    T0,
    UNIT,
    gone,
    values,
)
from tests.collector.alerts.engine_site import FRESH, Site
from tests.collector.alerts.mails.golden_mails import body, parse


def test_silence_and_the_end_of_it(site: Site) -> None:
    site.unit(T0, Fill_Percent=85.0)
    site.unit(T0 + MINUTE, Fill_Percent=85.0)
    latest = {UNIT: values(T0 + MINUTE, {"Fill/Percent": 85.0}), ROOM: values(T0 + HOUR, {"Occupancy/Children": 0})}
    site.engine.evaluate(latest, T0 + HOUR)

    states = {alert.rule: (alert.state, alert.since) for alert in site.store.alerts(open_only=True)}
    assert states == {
        "collection": (AlertState.FIRING, T0),  # stays: silence is no good news
        "asset_silent": (AlertState.FIRING, T0 + MINUTE),
    }
    site.unit(T0 + 2 * HOUR, Fill_Percent=85.0)
    assert [alert.rule for alert in site.store.alerts(open_only=True)] == ["collection"]


def test_an_asset_never_heard_is_silent_over_a_restart(site: Site) -> None:
    site.engine.evaluate({}, T0)
    site.restart()
    site.engine.evaluate({}, T0 + 29 * MINUTE)
    assert site.store.alerts(open_only=True) == []
    site.engine.evaluate({}, T0 + 29 * MINUTE + START_GRACE_MS)

    assert {(alert.rule, alert.asset, alert.since) for alert in site.store.alerts(open_only=True)} == {
        ("asset_silent", UNIT, T0),
        ("asset_silent", ROOM, T0),
    }
    assert site.subjects()[0] == "[すくすく] 東部子ども家庭支援センター: 圧縮機・部屋 2件のデータなし"


def test_however_short_the_time_what_is_silent_is_told_by_looks_of_every_two_seconds(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY.replace("silent_after = 1800.0", "silent_after = 5.0"))
    site.engine.evaluate({}, T0 - 90 * 24 * HOUR)
    site.restart()
    last = values(T0, FRESH)
    for second in range(0, 120, 2):
        site.engine.evaluate({UNIT: last}, T0 + second * SECOND)

    assert ("asset_silent", UNIT) in {(alert.rule, alert.asset) for alert in site.store.alerts(open_only=True)}


def test_devices_that_miss_some_polls_send_no_mail(site: Site) -> None:
    """Their values are stale within half a minute, and the wall says so; the mail waits for `silent_after`."""
    site.engine.evaluate({}, T0 - 90 * 24 * HOUR)
    site.restart()
    site.unit(T0 - HOUR, Fill_Percent=40.0)
    site.unit(T0, Fill_Percent=40.0)
    lost = gone(T0 + 30 * SECOND, "Fill/Percent", "Fault/Code", "Lid/Open", good=T0)
    site.engine.evaluate({UNIT: lost}, T0 + 30 * SECOND, [UNIT])
    site.engine.evaluate({UNIT: lost}, T0 + 30 * MINUTE, [UNIT])
    assert site.store.alerts(open_only=False) == []

    site.engine.evaluate({UNIT: lost}, T0 + 30 * MINUTE + 1, [UNIT])
    assert (site.only().rule, site.only().since) == ("asset_silent", T0)
    assert "no data since Sun 22 Nov 2026, 09:41 JST" in site.subjects()[1]
    assert "Last reading: Sun 22 Nov 2026, 09:41 JST" in body(parse(site.store.mails()[0].mail.content), "plain")


def test_a_dead_camera_beside_a_living_sensor_is_told_in_its_own_words(site: Site) -> None:
    camera = values(T0, {"Occupancy/Children": 3, "Occupancy/Count": 5})
    for minute in range(0, 41, 10):
        now = T0 + minute * MINUTE
        site.engine.evaluate({ROOM: camera | values(now, {"Presence": minute % 20 == 0})}, now, [ROOM])

    assert (site.only().rule, site.only().since) == ("asset_silent", T0)
    ja, en = site.subjects()
    assert ja.endswith("一時保育室 在室児童数のデータなし（2026年11月22日（日）9:41 から）")
    assert en.endswith("room no data on the number of children since Sun 22 Nov 2026, 09:41 JST")
    now = T0 + 50 * MINUTE
    back = values(now, {"Occupancy/Children": 3, "Occupancy/Count": 5, "Presence": True})
    site.engine.evaluate({ROOM: back}, now, [ROOM])
    assert site.only().state is AlertState.RESOLVED
    now += HOUR
    site.engine.evaluate({ROOM: values(now, {"Occupancy/Children": 3, "Occupancy/Count": 5})}, now, [ROOM])
    assert site.subjects()[-1].endswith("Drop-in care room the number of children is measured again")


def test_an_outage_of_the_collector_itself_blames_no_sensor(site: Site) -> None:
    site.unit(T0, Fill_Percent=40.0)
    latest = {UNIT: values(T0, FRESH), ROOM: values(T0, {"Occupancy/Children": 3})}
    back = T0 + 3 * HOUR
    for now in range(T0, back, MINUTE):
        site.engine.evaluate(latest, now, linked=False)
    site.engine.evaluate(latest, back)
    site.engine.evaluate(latest, back + START_GRACE_MS - 1)
    assert site.store.alerts(open_only=False) == []

    site.engine.evaluate(latest | {ROOM: values(back, {"Occupancy/Children": 3})}, back + START_GRACE_MS)
    assert (site.only().rule, site.only().asset) == ("asset_silent", UNIT)


def test_what_has_no_alert_and_does_not_change_is_passed_over_until_it_may_be_silent(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    look = AlertEngine._look

    def seen(engine: AlertEngine, memory: Any, subject: str, *rest: Any) -> Any:
        looked.append(subject)
        return look(engine, memory, subject, *rest)

    monkeypatch.setattr(AlertEngine, "_look", seen)
    latest = {UNIT: values(T0, FRESH), ROOM: values(T0, {"Occupancy/Children": 0})}
    for second in range(0, 20, 2):
        site.engine.evaluate(latest, T0 + second * SECOND)
    assert looked.count(UNIT) == looked.count(ROOM) == 1

    for second in (*range(20, 30 * 60, 60), *range(30 * 60, 31 * 60, 2)):
        site.engine.evaluate(latest, T0 + second * SECOND)
    silent = {alert.asset: alert for alert in site.store.alerts(open_only=True) if alert.rule == "asset_silent"}
    assert silent.keys() == {UNIT, ROOM}
    assert looked.count(UNIT) < 10  # all moments are known at which something of it may change, also with an alert
    assert 25 < looked.count(ROOM) < 40  # a room is asked once a minute as well
