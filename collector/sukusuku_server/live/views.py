"""How a unit or a room stands right now, from its latest values. Pure; the wall, the API and the JSON mirror show it.

Silence is never green: what is old is said to be old.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from sukusuku_core.model import FaultCode, Quality, UnitState, Value
from sukusuku_server.live.freshness import key_metrics, last_time
from sukusuku_server.live.outlook import Outlook, outlook
from sukusuku_server.model.series import DerivedByAsset, Latest, LatestByAsset, Point
from sukusuku_server.rooms.current import CHILDREN, FRESH_MS, PEOPLE, corrected, limit_now, sensed
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from sukusuku_server.settings import Asset, Facility, Room, Unit

SIMULATED = "simulated"
"""Value of `Info/Source` by which an edge node says that no real device stands behind an asset."""


class Condition(StrEnum):
    """The one word for a tile, worst first."""

    SILENT = "silent"
    FAULT = "fault"
    FULL = "full"
    OVER = "over"
    SOON = "soon"
    UNKNOWN = "unknown"
    OK = "ok"


_AGEING = ("Fill/", "Occupancy/", "Presence", "Zones/")
"""What must not be taken for the present when it is old although the rest of its asset is fresh."""
_STATE_FAULTS = {UnitState.JAM: FaultCode.JAM, UnitState.FILM_OUT: FaultCode.FILM_OUT}

_NOTHING: Mapping[str, Point] = MappingProxyType({})
_NOBODY: DerivedByAsset = MappingProxyType({})

WORST_FIRST = tuple(Condition)
"""Conditions in the order in which a person should look at them."""


@dataclass(frozen=True, slots=True)
class UnitView:
    """A nappy-compression unit now. `level` in %, `film` in %, `temperature` in °C; None: not known.

    `silent_after` is in seconds: a viewer whose connection is lost can see by itself that the data has grown old.
    """

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
    silent_after: float
    fill_rise: float
    outlook: Outlook | None = None


@dataclass(frozen=True, slots=True)
class ZoneView:
    """A zone of a room now. `presence` is what a sensor that cannot count says."""

    id: str
    people: int | None
    children: int | None
    presence: bool | None
    capacity: int | None


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room now. `capacity` counts children; `people` includes staff; `presence` as in a zone.

    `limit` is how many children may be in now, `limited_by` the rules that allow no more (`rooms.limits.Rule`). It
    holds while the centre `is_open`.
    """

    id: str
    site: str
    condition: Condition
    people: int | None
    children: int | None
    presence: bool | None
    capacity: int
    limit: int
    limited_by: tuple[str, ...]
    is_open: bool
    zones: tuple[ZoneView, ...]
    last_time: int | None
    stale: bool
    simulated: bool
    silent_after: float


def fault_of(code: float | None, state: float | None) -> int | None:
    """Return the fault code of a unit: its own, or the one that its state stands for; None: neither is known."""
    if not code and state is not None and state in _STATE_FAULTS:
        return int(_STATE_FAULTS[UnitState(int(state))])
    if code is not None:
        return int(code)
    return None if state is None else int(FaultCode.NONE)


def _good(latest: Mapping[str, Latest], metric: str) -> Value | None:
    item = latest.get(metric)
    return item.value if item is not None and item.quality is Quality.GOOD else None


def _number(latest: Mapping[str, Latest], metric: str) -> float | None:
    value = _good(latest, metric)
    return float(value) if isinstance(value, int | float) else None


def _count(latest: Mapping[str, Latest], metric: str) -> int | None:
    value = _number(latest, metric)
    return None if value is None else int(value)


def _flag(latest: Mapping[str, Latest], metric: str) -> bool | None:
    value = _good(latest, metric)
    return value if isinstance(value, bool) else None


def _stale(latest: Mapping[str, Latest], last: int | None, silent_after: float, now: int) -> bool:
    """Nothing was heard for long, nothing is GOOD now, or the edge node (or its broker) says that nobody is there."""
    told_dead = any(item.stale_since is not None for item in latest.values())
    good = any(item.quality is Quality.GOOD and not name.startswith("Info/") for name, item in latest.items())
    return told_dead or not good or last is None or now - last > silent_after * 1000


def _present(latest: Mapping[str, Latest], silent_after: float, now: int) -> Mapping[str, Latest]:
    """Return the latest values of an asset that is alive, where those that are old for themselves are not GOOD."""
    old = {
        name: replace(item, quality=Quality.STALE, good_before=item.last_good)
        for name, item in latest.items()
        if name.startswith(_AGEING) and now - item.time > silent_after * 1000
    }
    return {**latest, **old} if old else latest


def is_simulated(latest: Mapping[str, Latest]) -> bool:
    """Whether an asset says that a simulator made its values."""
    return _good(latest, "Info/Source") == SIMULATED


def unit_view(
    facility: Facility,
    site: str,
    unit: Unit,
    latest: Mapping[str, Latest],
    now: int,
    derived: Mapping[str, Point] = _NOTHING,
) -> UnitView:
    """Return a unit at the time `now` (UTC ms)."""
    levels = facility.levels(unit)
    last = last_time(latest)
    stale = _stale(latest, last, levels.silent_after, now)
    if not stale:
        latest = _present(latest, levels.silent_after, now)
    level = _number(latest, "Fill/Percent")
    state = _count(latest, "State")
    known_state = UnitState(state) if state is not None and state in set(UnitState) else None
    fault = fault_of(_count(latest, "Fault/Code"), state) or FaultCode.NONE
    if stale:
        condition = Condition.SILENT
    elif fault != FaultCode.NONE:
        condition = Condition.FAULT
    elif known_state is UnitState.BAG_FULL or (level is not None and level >= 100):  # noqa: PLR2004 - percent
        condition = Condition.FULL
    elif level is not None and level >= levels.fill_rise:
        condition = Condition.SOON
    elif level is None and ("Fill/Percent" in latest or known_state is None):
        condition = Condition.UNKNOWN
    else:
        condition = Condition.OK
    return UnitView(
        id=unit.id,
        site=site,
        condition=condition,
        level=level,
        state=known_state,
        fault=int(fault),
        lid_open=_flag(latest, "Lid/Open"),
        cycles=_count(latest, "Cycles/Total"),
        film=_number(latest, "Film/Remaining"),
        temperature=_number(latest, "Temperature"),
        last_time=last,
        stale=stale,
        simulated=is_simulated(latest),
        silent_after=levels.silent_after,
        fill_rise=levels.fill_rise,
        outlook=outlook(unit, derived, levels.silent_after, now),
    )


def room_view(
    facility: Facility,
    site: str,
    timetable: Timetable,
    latest: Mapping[str, Latest],
    now: int,
    derived: Mapping[str, Point] = _NOTHING,
) -> RoomView:
    """Return a room at the time `now` (UTC ms).

    The counts are the corrected ones, as in alerts and on the page of rooms; where there are none, what the sensors
    see, as far as that can be believed. A closed room has no limit that it could be over: counts drift at night.
    """
    room = timetable.room
    silent_after = facility.levels(room).silent_after
    last = last_time(latest)
    stale = _stale(latest, last, silent_after, now)
    if not stale:
        latest = _present(latest, silent_after, now)
    limit, is_open = limit_now(timetable, latest, now), timetable.is_open(now)
    seen = people, children = _sensed(room, latest, "Count"), _sensed(room, latest, "Children")
    if not stale:
        people = _counted(timetable, latest, derived, now, PEOPLE)
        children = _counted(timetable, latest, derived, now, CHILDREN)
    doubted = any(sensed is not None and count is None for sensed, count in zip(seen, (people, children), strict=True))
    presence = _flag(latest, "Presence")
    if stale:
        condition = Condition.SILENT
    elif is_open and children is not None and children > limit.children:
        condition = Condition.OVER
    elif (
        doubted
        or (people is None and children is None and presence is None)
        or any(_good(latest, metric) is None for metric in key_metrics(room, latest))
    ):
        condition = Condition.UNKNOWN
    else:
        condition = Condition.OK
    zones = tuple(
        ZoneView(
            zone.id,
            _count(latest, f"Zones/{zone.id}/Count"),
            _count(latest, f"Zones/{zone.id}/Children"),
            _flag(latest, f"Zones/{zone.id}/Presence"),
            zone.capacity,
        )
        for zone in room.zone
    )
    return RoomView(
        id=room.id,
        site=site,
        condition=condition,
        people=people,
        children=children,
        presence=presence,
        capacity=timetable.capacity(now),
        limit=limit.children,
        limited_by=tuple(rule.value for rule in limit.limited_by),
        is_open=is_open,
        zones=zones,
        last_time=last,
        stale=stale,
        simulated=is_simulated(latest),
        silent_after=silent_after,
    )


def _counted(
    timetable: Timetable, latest: Mapping[str, Latest], derived: Mapping[str, Point], now: int, series: str
) -> int | None:
    """Return how many are in by the derivation, otherwise by the sensors where these can be believed by themselves.

    A counter that has just begun says 0 whoever is in. So in opening hours the sensors alone are not believed where
    they say that nobody is in, nor fewer than in the zones, nor where a derivation that there was has to catch up.
    """
    found = corrected(derived, now, series)
    if found is not None:
        return found[0]
    kind: Literal["Count", "Children"] = "Count" if series == PEOPLE else "Children"
    count = _sensed(timetable.room, latest, kind)
    if count is None or not timetable.is_open(now):
        return count
    zones = sum(_count(latest, f"Zones/{zone.id}/{kind}") or 0 for zone in timetable.room.zone)
    was_open = timetable.is_open(now - FRESH_MS)
    return None if count == 0 or count < zones or (series in derived and was_open) else count


def _sensed(room: Room, latest: Mapping[str, Latest], kind: Literal["Count", "Children"]) -> int | None:
    found = sensed(room, latest, kind)
    return None if found is None else found[0]


def view(
    index: FacilitySchedules,
    asset: Asset,
    latest: LatestByAsset,
    now: int,
    derived: DerivedByAsset = _NOBODY,
    *,
    away: bool = False,
) -> UnitView | RoomView:
    """One asset at the time `now` (UTC ms). `away`: the collector is, so that nothing of it is of now."""
    values, points = latest.get(asset.id, {}), derived.get(asset.id, _NOTHING)
    found: UnitView | RoomView
    if isinstance(asset.settings, Unit):
        found = unit_view(index.facility, asset.site.id, asset.settings, values, now, points)
    else:
        found = room_view(index.facility, asset.site.id, index.schedules[asset.id], values, now, points)
    return replace(found, condition=Condition.SILENT, stale=True) if away else found


def views(
    index: FacilitySchedules,
    latest: LatestByAsset,
    now: int,
    derived: DerivedByAsset = _NOBODY,
    *,
    away: bool = False,
) -> list[UnitView | RoomView]:
    """Every asset of the facility that has not left, in the order of `facility.toml`; `away` as in `view`."""
    there = [asset for asset in index.assets.values() if not asset.has_left(now)]
    return [view(index, asset, latest, now, derived, away=away) for asset in there]
