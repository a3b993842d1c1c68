"""The JSON that people and other programs read."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sukusuku_collector.host import mirror
from sukusuku_collector.host.mirror import Mirror
from sukusuku_core.model import Quality, Value
from sukusuku_server.live import views
from sukusuku_server.model.series import DerivedByAsset, Latest
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.small_facility import facility

if TYPE_CHECKING:
    from sukusuku_mqtt import MqttSession

NOW = 1_800_000_000_000
INDEX = FacilitySchedules(facility())


def good(value: Value) -> Latest:
    return Latest(NOW - 1000, value, Quality.GOOD, NOW)


def shown(asset: str, latest: dict[str, Latest], now: int = NOW) -> dict[str, object]:
    view = views.view(INDEX, INDEX.assets[asset], {asset: latest}, now)
    found: dict[str, object] = json.loads(mirror.body(INDEX.assets[asset], view))
    return found


def test_topics_name_operator_site_and_asset() -> None:
    assert mirror.topic("toshima", INDEX.assets["unit-1"]) == "sukusuku/toshima/tobu/unit-1/state"


def test_a_unit_in_words_that_a_person_reads() -> None:
    values = {"Fill/Percent": good(83.5), "State": good(6), "Fault/Code": good(1), "Info/Source": good("simulated")}
    assert shown("unit-1", values) == {
        "id": "unit-1",
        "kind": "unit",
        "site": "tobu",
        "name": {"ja": "1号機", "en": "Unit 1"},
        "site_name": {"ja": "東部", "en": "Tobu"},
        "condition": "fault",
        "stale": False,
        "simulated": True,
        "time": "2027-01-15T16:59:59.000+09:00",
        "level": 83.5,
        "state": "jam",
        "fault": 1,
        "lid_open": None,
        "cycles": None,
        "film": None,
        "temperature": None,
    }


def test_a_room_with_its_zones() -> None:
    found = shown("room", {"Occupancy/Children": good(5), "Zones/eating/Count": good(3)})
    assert (found["kind"], found["children"], found["capacity"]) == ("room", 5, 12)
    assert (found["limit"], found["limited_by"]) == (12, ["places"])
    assert found["zones"] == [
        {
            "id": "eating",
            "name": {"ja": "食事", "en": "eating"},
            "people": 3,
            "children": None,
            "presence": None,
            "capacity": 6,
        }
    ]


def test_silence_is_never_green() -> None:
    never = shown("unit-1", {})
    old = shown("unit-1", {"Fill/Percent": good(10.0)}, NOW + 3_600_000)
    assert (never["condition"], never["stale"], never["time"]) == ("silent", True, None)
    assert (old["condition"], old["stale"]) == ("silent", True)


def test_what_is_told_dead_is_stale_at_once_and_keeps_its_last_values() -> None:
    dead = Latest(NOW - 1000, 83.5, Quality.GOOD, NOW, stale_since=NOW - 10)
    found = shown("unit-1", {"Fill/Percent": dead})
    assert (found["stale"], found["condition"], found["level"]) == (True, "silent", 83.5)
    found = shown("plain-room", {"Occupancy/Count": Latest(NOW - 1000, 3, Quality.GOOD, NOW, stale_since=NOW)})
    assert (found["stale"], found["condition"], found["people"]) == (True, "silent", 3)


class Screen:
    """A store with one unit, and the broker at which its mirror is shown."""

    def __init__(self) -> None:
        self.now = NOW
        self.seen: list[dict[str, Any]] = []
        self._latest: Mapping[str, Mapping[str, Latest]] = {}
        self._mirror = Mirror(INDEX, self, lambda: self.now)

    def latest(self) -> Mapping[str, Mapping[str, Latest]]:
        return self._latest

    def derived_latest(self) -> DerivedByAsset:
        return {}

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> None:
        assert (topic, retain, qos) == ("sukusuku/toshima/tobu/unit-1/state", True, 0)
        self.seen.append(json.loads(payload))

    def measure(self, level: float, after: int = 1000) -> None:
        """A level is measured so many ms later, and shown."""
        self.now += after
        self._latest = {"unit-1": {"Fill/Percent": Latest(self.now, level, Quality.GOOD, self.now)}}
        self._mirror.publish(cast("MqttSession", self), ["unit-1"])


def test_what_changes_is_shown_at_once_and_a_newer_time_alone_once_in_a_while() -> None:
    screen = Screen()
    for level in (10.0, 10.0, 10.0, 11.0, 11.0):
        screen.measure(level)
    assert [shown["level"] for shown in screen.seen] == [10.0, 11.0]
    for _ in range(2 * mirror.TIME_MS // 1000):
        screen.measure(11.0)
    assert [shown["level"] for shown in screen.seen] == [10.0, 11.0, 11.0, 11.0]
    times = [shown["time"] for shown in screen.seen]
    assert times == sorted(set(times))
