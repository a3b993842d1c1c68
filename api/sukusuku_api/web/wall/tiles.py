"""Units and rooms as tiles of a live display: words in the reader's language, lengths of bars. Pure."""

from dataclasses import dataclass

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.web import texts as words
from sukusuku_api.web.base import Locale
from sukusuku_api.web.wall.forecast_texts import ahead
from sukusuku_core.model import FaultCode
from sukusuku_core.time import japan_time
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.views import Condition, RoomView, UnitView
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.texts import limited_by
from sukusuku_server.settings import Room, Unit

FILM_LOW = 10.0
"""Film remaining in % from which its bar stands out."""
_SEGMENTS = 40
"""Up to so many places a bar shows each of them."""
_FULL = 100.0
_TONES = {Condition.SOON: "soon", Condition.FULL: "full"}


@dataclass(frozen=True, slots=True)
class Age:
    """A moment, and how long ago it was. `short` leaves out the day when it is today."""

    time: int
    iso: str
    text: str
    short: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Children against places. Lengths are in places; `scale` is the length of the whole bar."""

    value: int | None
    capacity: int | None
    scale: int
    over: bool
    segmented: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """What units and rooms have in common."""

    id: str
    name: str
    condition: Condition
    word: str
    trouble: str
    stale: bool
    silent_after: int
    last: Age | None


@dataclass(frozen=True, slots=True)
class UnitTile(Tile):
    """A nappy-compression unit. `fill` is the length of the arc in %, `level` the number in it.

    `room` and `full` say what is ahead. `asked`: people are asked whether the bag was changed.
    """

    level: int | None
    fill: float
    tone: str
    rise: float
    state: str
    film: int | None
    film_low: bool
    room: str
    full: str
    asked: bool


@dataclass(frozen=True, slots=True)
class ZoneBar:
    """A zone of a room."""

    id: str
    name: str
    bar: Bar
    presence: str


@dataclass(frozen=True, slots=True)
class RoomTile(Tile):
    """A temporary-childcare room. `note` says that its limit is reached, or what limits it, where nothing is wrong.

    `rests`: its centre is closed, and all is as it should be then.
    """

    bar: Bar
    note: str
    rests: bool
    adults: int | None
    presence: str
    zones: tuple[ZoneBar, ...]


def unit_tile(unit: Unit, view: UnitView, reader: Locale, *, asked: bool) -> UnitTile:
    """Return the tile of a unit."""
    level = view.level
    known = not view.stale and view.condition is not Condition.FULL
    room, full = ahead(view.outlook if known else None, reader.now, reader.translate)
    if level is None:
        tone = "none"
    elif level >= _FULL:
        tone = "full"
    else:
        tone = "soon" if level >= view.fill_rise else "ok"
    return UnitTile(
        id=view.id,
        name=unit.name[reader.language],
        condition=view.condition,
        word=reader.translate(words.CONDITIONS[view.condition]),
        trouble=_unit_trouble(view, reader.translate),
        stale=view.stale,
        silent_after=int(view.silent_after * 1000),
        last=_age(view.last_time, reader),
        level=None if level is None else round(level),
        fill=0.0 if level is None else min(max(level, 0.0), _FULL),
        tone=_TONES.get(view.condition, tone),
        rise=view.fill_rise,
        state="" if view.state is None else reader.translate(words.STATES[view.state]),
        film=None if view.film is None else round(view.film),
        film_low=view.film is not None and view.film <= FILM_LOW,
        room=room,
        full=full,
        asked=asked,
    )


def _unit_trouble(view: UnitView, translate: Translate) -> str:
    if view.fault != FaultCode.NONE:
        return words.fault(view.fault, translate)
    texts = {
        Condition.FULL: translate("Please empty it now"),
        Condition.SOON: translate("Please empty it soon"),
        Condition.UNKNOWN: translate("The fill level is not known"),
    }
    return texts.get(view.condition, "")


def room_tile(room: Room, view: RoomView, reader: Locale) -> RoomTile:
    """Return the tile of a room."""
    zones = {zone.id: zone for zone in room.zone}
    over = 0 if view.children is None else view.children - view.limit
    trouble, limited = "", _limited(view, reader)
    if view.condition is Condition.OVER:
        trouble = reader.translate("%(n)s over the limit") % {"n": over}
        trouble += f" ({limited})" if limited else ""
    elif view.condition is Condition.UNKNOWN and view.children is None:
        trouble = reader.translate("The number of children is not known")
    elif view.condition is Condition.UNKNOWN:
        trouble = reader.translate("A sensor is not responding")
    rests = not view.is_open and view.condition is Condition.OK and not view.children
    adults = None if view.people is None or view.children is None else max(0, view.people - view.children)
    return RoomTile(
        id=view.id,
        name=room.name[reader.language],
        condition=view.condition,
        word=reader.translate(_CLOSED if rests else words.CONDITIONS[view.condition]),
        trouble=trouble,
        stale=view.stale,
        silent_after=int(view.silent_after * 1000),
        last=_age(view.last_time, reader),
        bar=_bar(view.children, view.limit, view.limit),
        note="" if trouble or rests else _note(view, limited, reader.translate),
        rests=rests,
        adults=adults,
        presence=_presence(view.presence, view.people, reader.translate),
        zones=tuple(
            ZoneBar(
                id=zone.id,
                name=zones[zone.id].name[reader.language],
                bar=_bar(zone.children, zone.capacity, view.capacity),
                presence=_presence(zone.presence, zone.people, reader.translate),
            )
            for zone in view.zones
        ),
    )


_CLOSED = N_("Closed now")


def _note(view: RoomView, limited: str, translate: Translate) -> str:
    if view.is_open and view.children is not None and view.children >= view.limit:
        return translate("Full: no more admissions now")
    return translate("Limit: %(rules)s") % {"rules": limited} if limited else ""


def _limited(view: RoomView, reader: Locale) -> str:
    """Return the rules that make the limit another one than the places of the room; empty: they do not."""
    if view.limit == view.capacity:
        return ""
    return limited_by(map(Rule, view.limited_by), collector_texts(reader.language))


def _bar(children: int | None, capacity: int | None, places: int) -> Bar:
    """Return a bar as long as the places, or as long as the children when they are more. `places` is the room's."""
    limit = places if capacity is None else capacity
    scale = max(limit, children or 0, 1)
    return Bar(
        value=children,
        capacity=capacity,
        scale=scale,
        over=capacity is not None and children is not None and children > capacity,
        segmented=scale <= _SEGMENTS,
    )


def _presence(presence: bool | None, people: int | None, translate: Translate) -> str:  # noqa: FBT001 - a measured value
    """Return what is known about a place in which children are not counted."""
    if people is not None:
        return translate("%(n)s people") % {"n": people}
    if presence is None:
        return ""
    return translate("occupied") if presence else translate("nobody there")


def _age(time: int | None, reader: Locale) -> Age | None:
    return None if time is None else moment(time, reader)


def moment(time: int, reader: Locale) -> Age:
    """Return a moment (UTC ms) as the reader says it now."""
    then, now = japan_time(time), japan_time(reader.now)
    return Age(
        time=time,
        iso=then.isoformat(timespec="seconds"),
        text=words.age((reader.now - time) / 1000, reader.translate),
        short=f"{then:%H:%M}" if then.date() == now.date() else f"{then.month}/{then.day} {then:%H:%M}",
    )
