"""What a live display shows, ready for the templates: words in the reader's language, lengths of bars. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.schemas.live import View, worst
from sukusuku_api.web import clock_texts, silence_texts
from sukusuku_api.web import texts as words
from sukusuku_api.web.base import Locale
from sukusuku_api.web.wall import alert_texts
from sukusuku_api.web.wall.closing import Closing, closing, is_night
from sukusuku_api.web.wall.forecast_texts import ahead
from sukusuku_core.model import FaultCode
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.modes import Mode
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.clock import ClockDoubt
from sukusuku_server.live.views import Condition, RoomView, UnitView
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.texts import limited_by
from sukusuku_server.settings import FacilityIndex, Room, Site, Unit

SIDE_BY_SIDE = 3
"""Up to so many centres stand side by side; more are rows, in which every unit and room is a few large characters."""
ROWS = 6
"""Rows that can be read from afar at the same time; the display turns to the others by itself."""
SHOWN_ALERTS = 3
"""More than these would not be read from afar; the rest is counted."""
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

    `room` and `full` say what is ahead.
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


@dataclass(frozen=True, slots=True)
class SitePanel:
    """A centre."""

    id: str
    name: str
    condition: Condition
    closing: Closing | None
    units: tuple[UnitTile, ...]
    rooms: tuple[RoomTile, ...]


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An open alert in words."""

    id: int
    icon: Condition
    site: str
    asset: str
    what: str
    since: Age
    acknowledged: bool
    handling: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of all need somebody, in words; `condition` is the worst among them."""

    condition: Condition
    text: str


@dataclass(frozen=True, slots=True)
class Wall:
    """Everything on the wall at one moment. `heard`: something is heard now, so that no alert means that all is well.

    With many centres `summary` says how many need somebody, `pages` is how often the display turns until all were seen,
    and the first `urgent` of them have what needs somebody. Otherwise they are empty and 0.
    """

    now: int
    clock: str
    clock_warning: str
    settings_warning: str
    """Empty: the settings as they are now are in use."""
    silenced: str
    """About what no mails are sent, and until when; empty: about nothing."""
    away: str
    """Why nothing of it is of now; empty: the collector is there."""
    heard: bool
    night: bool
    """Whether the display may be dimmed: it is night, and every centre is closed."""
    simulated: bool
    sites: tuple[SitePanel, ...]
    summary: tuple[Tally, ...]
    pages: int
    urgent: int
    alerts: tuple[AlertLine, ...]
    alert_count: int


def wall(
    index: FacilitySchedules,
    sites: Sequence[Site],
    views: Sequence[View],
    alerts: Sequence[Alert],
    reader: Locale,
    doubt: ClockDoubt | None = None,
    *,
    settings_wrong: bool = False,
    away: bool = False,
    silences: Sequence[Mode] = (),
) -> Wall:
    """Return the wall for the given centres of a facility. `doubt` is about the server's clock.

    `settings_wrong`: changed settings have a mistake, and those of before are in use. `away`: the collector is.
    `silences` are those of now.
    """
    shown = {site.id for site in sites}
    told = [alert for alert in alerts if alert.site in shown and alert.state in _TOLD]
    told.sort(key=lambda alert: (_TOLD.index(alert.state), -alert.since))
    views = [view for view in views if view.site in shown]
    now = {view.id: view for view in views}
    panels = [_site(index, site, [view for view in views if view.site == site.id], reader) for site in sites]
    many = len(panels) > SIDE_BY_SIDE
    if many:  # what needs somebody comes first; otherwise the order of the settings stays
        panels.sort(key=lambda panel: panel.condition is Condition.OK)
    urgent = sum(panel.condition is not Condition.OK for panel in panels)
    return Wall(
        now=reader.now,
        clock=japan_time(reader.now).strftime("%H:%M"),
        clock_warning=clock_texts.warning(doubt, reader.translate),
        settings_warning=reader.translate(_WRONG) if settings_wrong else "",
        silenced=silence_texts.told(index, [site.id for site in sites], silences, reader),
        away=reader.translate(_AWAY) if away else "",
        heard=any(not view.stale for view in views),
        night=is_night(reader.now) and all(panel.closing for panel in panels),
        simulated=any(view.simulated for view in views),
        sites=tuple(panels),
        summary=_summary(views, reader.translate) if many else (),
        pages=-(-len(panels) // ROWS) if many else 0,
        urgent=-(-urgent // ROWS) if many else 0,
        alerts=tuple(
            _alert(index, alert_texts.as_now(alert, now.get(alert.asset)), reader) for alert in told[:SHOWN_ALERTS]
        ),
        alert_count=len(told),
    )


_WRONG = N_("The settings were changed and have a mistake. Those of before are in use. Please tell the administrator.")

_AWAY = N_("The collector is not running: nothing that is shown is of now. Please tell the administrator.")

_SUMMARIES = {
    UnitView: N_("Nappy units: %(n)s of %(m)s need attention"),
    RoomView: N_("Rooms: %(n)s of %(m)s need attention"),
}


def _summary(views: Sequence[View], translate: Translate) -> tuple[Tally, ...]:
    """Return one line about all units and one about all rooms: how many need somebody, how many say nothing."""
    found = []
    for kind, text in _SUMMARIES.items():
        own = [view for view in views if isinstance(view, kind)]
        silent = [view for view in own if view.stale or view.condition is Condition.SILENT]
        needing = sum(view.condition is not Condition.OK for view in own if view not in silent)
        told = translate(text) % {"n": needing, "m": len(own)}
        if silent:
            told += translate(", %(n)s without data") % {"n": len(silent)}
        if own:
            found.append(Tally(Condition.SILENT if len(silent) == len(own) else worst(own), told))
    return tuple(found)


_TOLD = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
"""A pending alert has told nobody yet, so the wall does not either."""


def _site(index: FacilitySchedules, site: Site, views: Sequence[View], reader: Locale) -> SitePanel:
    units = {unit.id: unit for unit in site.unit}
    rooms = {room.id: room for room in site.room}
    return SitePanel(
        id=site.id,
        name=site.name[reader.language],
        condition=worst(views),
        closing=closing(index, site.id, reader),
        units=tuple(_unit(units[view.id], view, reader) for view in views if isinstance(view, UnitView)),
        rooms=tuple(_room(rooms[view.id], view, reader) for view in views if isinstance(view, RoomView)),
    )


def _unit(unit: Unit, view: UnitView, reader: Locale) -> UnitTile:
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


def _room(room: Room, view: RoomView, reader: Locale) -> RoomTile:
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


def _alert(index: FacilityIndex, alert: Alert, reader: Locale) -> AlertLine:
    asset, centre = index.assets.get(alert.asset), index.sites.get(alert.site)
    site = alert.site if centre is None else centre.name[reader.language]
    name = alert.asset if asset is None else asset.settings.name[reader.language]
    if alert.asset == alert.site:
        name = ""
    acknowledged = alert.state is AlertState.ACKNOWLEDGED
    translate = reader.translate
    return AlertLine(
        id=alert.id,
        icon=alert_texts.icon(alert),
        site=site,
        asset=name,
        what=alert_texts.told(alert, asset, reader.language, translate),
        since=_moment(alert.since, reader),
        acknowledged=acknowledged,
        handling=alert_texts.handling(alert, translate),
    )


def _age(time: int | None, reader: Locale) -> Age | None:
    return None if time is None else _moment(time, reader)


def _moment(time: int, reader: Locale) -> Age:
    then, now = japan_time(time), japan_time(reader.now)
    return Age(
        time=time,
        iso=then.isoformat(timespec="seconds"),
        text=words.age((reader.now - time) / 1000, reader.translate),
        short=f"{then:%H:%M}" if then.date() == now.date() else f"{then.month}/{then.day} {then:%H:%M}",
    )
