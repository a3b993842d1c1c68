"""The shapes in which the API shows what is now, and how live views become them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from pydantic import Field, JsonValue

from sukusuku_api.schemas.alerts import AlertOut
from sukusuku_api.schemas.collection import Shape
from sukusuku_api.schemas.names import NameOut, name
from sukusuku_core.model import FaultCode, UnitState
from sukusuku_core.time import japan_time
from sukusuku_server.live.outlook import Outlook
from sukusuku_server.live.views import WORST_FIRST, Condition, RoomView, UnitView
from sukusuku_server.settings import FacilityIndex, Room, Site, Unit

View = UnitView | RoomView

_TIME = "2026-11-20T09:15:30+09:00"


class LastOut(Shape):
    """The last reading of an asset."""

    time: datetime = Field(examples=[_TIME])
    age: float = Field(description="Seconds from then to the answer", examples=[12.4])


class _AssetOut(Shape):
    id: str
    site: str
    name: NameOut
    condition: Condition = Field(description="Overall condition; `silent` when there is no recent data")
    last: LastOut | None = Field(description="null: no reading yet")
    stale: bool = Field(
        description="The data is older than `silent_after`, or no device responds: the values are not current"
    )
    silent_after: float = Field(description="Seconds without a reading after which the asset is silent")
    simulated: bool = Field(description="The data of this asset is simulated")

    @classmethod
    def of(cls, settings: Unit | Room, view: View, now: int, **own: Any) -> Self:
        """Make the shape of an asset from its view, with the fields that only its kind has."""
        return cls(
            id=view.id,
            site=view.site,
            name=name(settings.name),
            condition=view.condition,
            last=last(view.last_time, now),
            stale=view.stale,
            silent_after=view.silent_after,
            simulated=view.simulated,
            **own,
        )


class FaultOut(Shape):
    """A fault of a unit."""

    code: int = Field(examples=[1])
    name: str = Field(description="`unknown` for a code that only the manufacturer knows", examples=["jam"])


def lwm2m(resource: int) -> dict[str, JsonValue]:
    """Return what the description of the API says of a field: the same as that resource of LwM2M object 3435."""
    return {"x-lwm2m": f"3435/{resource}"}


class OutlookOut(Shape):
    """The forecast of a unit. A time is null when it is not known or more than two weeks away."""

    estimate: float = Field(
        description="Fill level in %, estimated from level sensor and cycle counter",
        examples=[71.2],
        json_schema_extra=lwm2m(2),
    )
    nappies: float = Field(description="Nappies of ordinary size in the bag", examples=[42.7])
    room: int = Field(description="Nappies that still fit in", examples=[17])
    confidence: float = Field(description="Confidence of the estimate, 0-100", json_schema_extra=lwm2m(6049))
    full_from: datetime | None = Field(description="Full with 10 % probability before this", examples=[_TIME])
    full_at: datetime | None = Field(description="Full, median", examples=[_TIME], json_schema_extra=lwm2m(10))
    hygiene_by: datetime | None = Field(description="Hygiene deadline of the bag", examples=[_TIME])
    empty_by: datetime | None = Field(description="The earlier of `full_from` and `hygiene_by`", examples=[_TIME])


class UnitOut(_AssetOut):
    """A nappy-compression unit now. null: not known."""

    level: float | None = Field(description="Fill level in %", examples=[72.5])
    fill_rise: float = Field(
        description="Fill level in % from which the unit should be emptied soon",
        examples=[80.0],
        json_schema_extra=lwm2m(4),
    )
    state: str | None = Field(description="What it is doing", examples=["idle"])
    fault: FaultOut | None
    lid_open: bool | None = Field(json_schema_extra=lwm2m(21))
    cycles: int | None = Field(description="Compression cycles, cumulative", json_schema_extra=lwm2m(19))
    film: float | None = Field(description="Film remaining in %")
    temperature: float | None = Field(description="°C inside")
    outlook: OutlookOut | None = Field(description="null: there is no recent estimate")


class ZoneOut(Shape):
    """A zone of a room now. null: not known, or not set."""

    id: str
    name: NameOut
    people: int | None
    children: int | None
    presence: bool | None = Field(description="Presence reported by a sensor that does not count")
    capacity: int | None = Field(description="Children; a house rule")


class RoomOut(_AssetOut):
    """A temporary-childcare room now. null: not known."""

    people: int | None = Field(description="Everyone, adults included")
    children: int | None
    presence: bool | None = Field(description="Presence reported by a sensor that does not count")
    capacity: int = Field(description="Children")
    limit: int = Field(description="Current limit: the smallest of places, floor area and staff on duty")
    limited_by: list[str] = Field(description="What sets the limit: `places`, `area`, `staff`", examples=[["staff"]])
    zones: list[ZoneOut]


class UnitsOut(Shape):
    """All units."""

    time: datetime = Field(examples=[_TIME])
    units: list[UnitOut]


class RoomsOut(Shape):
    """All rooms."""

    time: datetime = Field(examples=[_TIME])
    rooms: list[RoomOut]


class SiteOut(Shape):
    """A centre; `condition` is the worst among its assets."""

    id: str
    name: NameOut
    condition: Condition
    units: list[str] = Field(description="Ids")
    rooms: list[str] = Field(description="Ids")


class SitesOut(Shape):
    """All centres."""

    time: datetime = Field(examples=[_TIME])
    sites: list[SiteOut]


class SiteLiveOut(Shape):
    """A centre with everything in it."""

    time: datetime = Field(examples=[_TIME])
    id: str
    name: NameOut
    condition: Condition
    units: list[UnitOut]
    rooms: list[RoomOut]


class LiveOut(Shape):
    """The current state of everything: data of the event `state`."""

    time: datetime = Field(examples=[_TIME])
    units: list[UnitOut]
    rooms: list[RoomOut]
    alerts: list[AlertOut]
    clock_believed: bool = Field(description="false: the server's clock is in doubt, see `GET /api/v1/health`")


class LiveChangeOut(Shape):
    """What has changed since the event before: data of the event `change`. What is not in it is as it was."""

    time: datetime = Field(examples=[_TIME])
    units: list[UnitOut] = Field(description="Those that changed")
    rooms: list[RoomOut] = Field(description="Those that changed")
    alerts: list[AlertOut] = Field(description="Open ones that are new or changed")
    alerts_over: list[int] = Field(description="Ids of alerts that are open no more")
    clock_believed: bool = Field(description="false: the server's clock is in doubt, see `GET /api/v1/health`")


def last(time: int | None, now: int) -> LastOut | None:
    """Return a time and its age. A clock that is ahead makes no negative age."""
    return None if time is None else LastOut(time=japan_time(time), age=max(0, now - time) / 1000)


def worst(views: Iterable[View]) -> Condition:
    """Return the condition that a person should look at first; OK when there is nothing."""
    return min((view.condition for view in views), key=WORST_FIRST.index, default=Condition.OK)


def fault_name(code: int) -> str:
    """Return the word for a fault code."""
    return FaultCode(code).name.lower() if code in set(FaultCode) else "unknown"


def state_name(state: UnitState | None) -> str | None:
    """Return the word for a unit's state."""
    return None if state is None else state.name.lower()


def outlook(ahead: Outlook | None) -> OutlookOut | None:
    """Return what is ahead of a unit, for the border."""
    if ahead is None:
        return None

    def at(time: int | None) -> datetime | None:
        return None if time is None else japan_time(time)

    return OutlookOut(
        estimate=round(ahead.percent, 1),
        nappies=round(ahead.nappies, 1),
        room=ahead.room,
        confidence=round(ahead.confidence),
        full_from=at(ahead.full_from),
        full_at=at(ahead.full_at),
        hygiene_by=at(ahead.hygiene_by),
        empty_by=at(ahead.empty_by),
    )


def unit(settings: Unit, view: UnitView, now: int) -> UnitOut:
    """Return a unit for the border."""
    return UnitOut.of(
        settings,
        view,
        now,
        level=view.level,
        fill_rise=view.fill_rise,
        state=state_name(view.state),
        fault=FaultOut(code=view.fault, name=fault_name(view.fault)) if view.fault else None,
        lid_open=view.lid_open,
        cycles=view.cycles,
        film=view.film,
        temperature=view.temperature,
        outlook=outlook(view.outlook),
    )


def room(settings: Room, view: RoomView, now: int) -> RoomOut:
    """Return a room for the border."""
    return RoomOut.of(
        settings,
        view,
        now,
        people=view.people,
        children=view.children,
        presence=view.presence,
        capacity=view.capacity,
        limit=view.limit,
        limited_by=list(view.limited_by),
        zones=[
            ZoneOut(
                id=zone.id,
                name=name(known.name),
                people=zone.people,
                children=zone.children,
                presence=zone.presence,
                capacity=zone.capacity,
            )
            for known, zone in zip(settings.zone, view.zones, strict=True)
        ],
    )


def units(index: FacilityIndex, views: Iterable[View], now: int) -> list[UnitOut]:
    """Return the units among the views."""
    return [unit(index.units[view.id][1], view, now) for view in views if isinstance(view, UnitView)]


def rooms(index: FacilityIndex, views: Iterable[View], now: int) -> list[RoomOut]:
    """Return the rooms among the views."""
    return [room(index.rooms[view.id][1], view, now) for view in views if isinstance(view, RoomView)]


def site(settings: Site, views: Iterable[View]) -> SiteOut:
    """Return a centre for the border; the views of other centres are passed over."""
    return SiteOut(
        id=settings.id,
        name=name(settings.name),
        condition=worst(view for view in views if view.site == settings.id),
        units=[unit.id for unit in settings.unit],
        rooms=[room.id for room in settings.room],
    )
