"""How a unit or a room stands right now, from its latest values. Pure; the wall, the API and the JSON mirror show it.

Silence is never green: what is old is said to be old.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sukusuku_collector.settings import Facility, Room, Unit
from sukusuku_collector.store import Latest, LatestByAsset
from sukusuku_core.model import FaultCode, Quality, UnitState, Value

SIMULATED = "simulated"
"""Value of `Info/Source` by which an edge node says that no real device stands behind an asset."""


class Condition(StrEnum):
    """The one word for a tile, worst first."""

    SILENT = "silent"
    FAULT = "fault"
    FULL = "full"
    SOON = "soon"
    OVER = "over"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class UnitView:
    """A nappy-compression unit now. `level` in %, `film` in %, `temperature` in °C; None: not known."""

    id: str
    site: str
    condition: Condition
    level: float | None
    state: UnitState | None
    fault: int
    lid_open: bool | None
    cycles: int | None
    film: float | None
    temperature: float | None
    last_time: int | None
    stale: bool
    simulated: bool
    fill_rise: float


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone of a room now."""

    id: str
    people: int | None
    children: int | None
    capacity: int | None


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room now. `capacity` counts children; `people` includes staff."""

    id: str
    site: str
    condition: Condition
    people: int | None
    children: int | None
    capacity: int
    zones: tuple[ZoneView, ...]
    last_time: int | None
    stale: bool
    simulated: bool


def last_time(latest: Mapping[str, Latest]) -> int | None:
    """When anything was last measured at an asset; readings without a value do not count."""
    return max((item.time for item in latest.values() if item.quality is Quality.GOOD), default=None)


def _good(latest: Mapping[str, Latest], metric: str) -> Value | None:
    item = latest.get(metric)
    return item.value if item is not None and item.quality is Quality.GOOD else None


def _number(latest: Mapping[str, Latest], metric: str) -> float | None:
    value = _good(latest, metric)
    return float(value) if isinstance(value, int | float) else None


def _count(latest: Mapping[str, Latest], metric: str) -> int | None:
    value = _number(latest, metric)
    return None if value is None else int(value)


def _stale(last: int | None, silent_after: float, now: int) -> bool:
    return last is None or now - last > silent_after * 1000


def unit_view(facility: Facility, site: str, unit: Unit, latest: Mapping[str, Latest], now: int) -> UnitView:
    """A unit at the time `now` (UTC ms)."""
    levels = facility.levels(unit)
    last = last_time(latest)
    stale = _stale(last, levels.silent_after, now)
    level = _number(latest, "Fill/Percent")
    state = _count(latest, "State")
    known_state = UnitState(state) if state is not None and state in set(UnitState) else None
    fault = _count(latest, "Fault/Code") or FaultCode.NONE
    lid = _good(latest, "Lid/Open")
    if stale:
        condition = Condition.SILENT
    elif fault != FaultCode.NONE:
        condition = Condition.FAULT
    elif known_state is UnitState.BAG_FULL or (level is not None and level >= 100):  # noqa: PLR2004 - percent
        condition = Condition.FULL
    elif level is not None and level >= levels.fill_rise:
        condition = Condition.SOON
    else:
        condition = Condition.OK
    return UnitView(
        id=unit.id,
        site=site,
        condition=condition,
        level=level,
        state=known_state,
        fault=int(fault),
        lid_open=lid if isinstance(lid, bool) else None,
        cycles=_count(latest, "Cycles/Total"),
        film=_number(latest, "Film/Remaining"),
        temperature=_number(latest, "Temperature"),
        last_time=last,
        stale=stale,
        simulated=_good(latest, "Info/Source") == SIMULATED,
        fill_rise=levels.fill_rise,
    )


def room_view(facility: Facility, site: str, room: Room, latest: Mapping[str, Latest], now: int) -> RoomView:
    """A room at the time `now` (UTC ms)."""
    last = last_time(latest)
    stale = _stale(last, facility.levels(room).silent_after, now)
    children = _count(latest, "Occupancy/Children")
    if stale:
        condition = Condition.SILENT
    elif children is not None and children > room.capacity:
        condition = Condition.OVER
    else:
        condition = Condition.OK
    zones = tuple(
        ZoneView(
            zone.id,
            _count(latest, f"Zones/{zone.id}/Count"),
            _count(latest, f"Zones/{zone.id}/Children"),
            zone.capacity,
        )
        for zone in room.zone
    )
    return RoomView(
        id=room.id,
        site=site,
        condition=condition,
        people=_count(latest, "Occupancy/Count"),
        children=children,
        capacity=room.capacity,
        zones=zones,
        last_time=last,
        stale=stale,
        simulated=_good(latest, "Info/Source") == SIMULATED,
    )


def views(facility: Facility, latest: LatestByAsset, now: int) -> list[UnitView | RoomView]:
    """Every asset of the facility, in the order of `facility.toml`."""
    found: list[UnitView | RoomView] = []
    for asset in facility.assets():
        values = latest.get(asset.id, {})
        if isinstance(asset.settings, Unit):
            found.append(unit_view(facility, asset.site.id, asset.settings, values, now))
        else:
            found.append(room_view(facility, asset.site.id, asset.settings, values, now))
    return found
