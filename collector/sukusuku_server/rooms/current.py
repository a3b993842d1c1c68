"""How many children are in a room at this moment, and how many may be. Pure; the wall and the alerts share it."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Literal

from sukusuku_core.model import Quality
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.capacity_limit import RoomLimit
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.sensor_samples import STAFF, is_count, most
from sukusuku_server.settings.rooms import Room

CHILDREN, PEOPLE = "Occupancy/ChildrenCorrected", "Occupancy/Corrected"
FRESH_MS = 20 * MINUTE_MS
"""While the centre is open there is a corrected count at least every 15 minutes; one that is older is of a gap."""


class Stage(IntEnum):
    """How a room stands against its limit."""

    FULL = 1
    """Nobody more may come in."""
    OVER = 2
    """More are in than may be."""


def sensed(room: Room, latest: Mapping[str, Latest], kind: Literal["Count", "Children"]) -> tuple[int, int] | None:
    """How many the sensors of a room see, and when the newest part of that was measured; None: not known.

    A room that has never told its own count has the sum of its zones, once each of them has a value.
    """
    names = [f"Occupancy/{kind}"]
    whole = latest.get(names[0])
    if whole is None or whole.last_good is None:
        names = [f"Zones/{zone.id}/{kind}" for zone in room.zone]
    counts = [found for name in names if (found := counted(room, latest, name)) is not None]
    if not counts or len(counts) < len(names):
        return None
    return sum(count for count, _ in counts), max(time for _, time in counts)


def counted(room: Room, latest: Mapping[str, Latest], metric: str) -> tuple[int, int] | None:
    """Return a GOOD count and when it was measured; what a failed sensor says is none."""
    item = latest.get(metric)
    if item is None or item.quality is not Quality.GOOD or not isinstance(item.value, int | float):
        return None
    return (int(item.value), item.time) if is_count(item.value, most(room.most_capacity)) else None


def corrected(derived: Mapping[str, Point], now: int, metric: str = CHILDREN) -> tuple[int, int] | None:
    """Return the children without staff and drift, or all people, and of when that is; None: not derived, or a gap."""
    point, completeness = derived.get(metric), derived.get("Occupancy/Completeness")
    if point is None or now - point.time > FRESH_MS or not isinstance(point.value, int | float):
        return None
    if completeness is not None and completeness.value == 0 and completeness.time > point.time:
        return None
    return int(point.value), point.time


def limit_now(timetable: Timetable, latest: Mapping[str, Latest], now: int) -> RoomLimit:
    """How many children may be in the room now, by the badges of the staff where the room is counted with them."""
    room = timetable.room
    if room.counting.staff != "badges":
        return limit_planned(timetable, now)
    badges = counted(room, latest, STAFF)
    fresh = badges is not None and now - badges[1] <= 2 * room.counting.sample_seconds * 1000
    return timetable.limit(now, badges[0] if badges is not None and fresh else None)


def limit_planned(timetable: Timetable, at: int) -> RoomLimit:
    """How many children may be in the room at a moment (UTC ms), by its shifts.

    While none is planned the staff are not asked: who is still there looks after the child that is fetched late.
    """
    return timetable.limit(at, timetable.staff(at) or None)
