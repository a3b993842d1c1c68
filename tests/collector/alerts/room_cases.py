"""A room for the tests of its alerts: its settings, what is sensed and derived of it, and the rule that looks at it."""

from collections.abc import Mapping

from sukusuku_collector.alerts.context import RuleContext
from sukusuku_collector.alerts.rules import WATCHES
from sukusuku_collector.alerts.state_machine import Observation, Open
from sukusuku_core.model import Quality, Value
from sukusuku_server.model.rules import Rule
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Room
from tests.collector.alerts.alert_cases import FACILITY, HOUR, ROOM, T0, facility, values

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
    timetable = FacilitySchedules(settings).schedules[ROOM]
    levels = settings.levels(asset.settings)
    return WATCH[rule].observe(
        RuleContext(asset, levels, latest, 0, 0, now, derived or {}, open=alert, timetable=timetable),
    )


def sensed(children: Value | None, time: int = OPEN, quality: Quality = Quality.GOOD) -> dict[str, Latest]:
    return values(time, {"Occupancy/Children": children}, quality)


def corrected(children: float, time: int = OPEN, completeness: float = 100.0) -> dict[str, Point]:
    return {
        "Occupancy/ChildrenCorrected": Point(time, children, Quality.GOOD),
        "Occupancy/Completeness": Point(time + 1, completeness, Quality.GOOD),
    }
