"""What a live display shows, ready for the templates: centres with their tiles, open alerts, what is wrong. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sukusuku_api.schemas.live import View, worst
from sukusuku_api.web import clock_texts, silence_texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.wall import alert_texts
from sukusuku_api.web.wall.closing import Closing, closing, is_night
from sukusuku_api.web.wall.tiles import Age, RoomTile, UnitTile, moment, room_tile, unit_tile
from sukusuku_core.time import japan_time
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.modes import Mode
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.live.clock import ClockDoubt
from sukusuku_server.live.views import WORST_FIRST, Condition, RoomView, UnitView
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import FacilityIndex, Site

SIDE_BY_SIDE = 3
"""Up to so many centres stand side by side; more are rows, in which every unit and room is a few large characters."""
ROWS = 6
"""Rows that can be read from afar at the same time; the display turns to the others by itself."""
SHOWN_ALERTS = 3
"""More than these would not be read from afar; the rest is counted."""


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
    asked: Collection[str] = (),
) -> Wall:
    """Return the wall for the given centres of a facility. `doubt` is about the server's clock.

    `settings_wrong`: changed settings have a mistake, and those of before are in use. `away`: the collector is.
    `silences` are those of now, `asked` the units of which people are asked whether the bag was changed.
    """
    shown = {site.id for site in sites}
    told = [alert for alert in alerts if alert.site in shown and alert.state in _TOLD]
    told.sort(key=lambda alert: (_TOLD.index(alert.state), -alert.since))
    views = [view for view in views if view.site in shown]
    now = {view.id: view for view in views}
    panels = [_site(index, site, [view for view in views if view.site == site.id], reader, asked) for site in sites]
    many = len(panels) > SIDE_BY_SIDE
    if many:  # what needs somebody most comes first; otherwise the order of the settings stays
        panels.sort(key=lambda panel: WORST_FIRST.index(panel.condition))
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
    counts = []
    for kind, text in _SUMMARIES.items():
        own = [view for view in views if isinstance(view, kind)]
        silent = [view for view in own if view.stale or view.condition is Condition.SILENT]
        needing = [view for view in own if view not in silent and view.condition is not Condition.OK]
        told = translate(text) % {"n": len(needing), "m": len(own)}
        if silent:
            told += translate(", %(n)s without data") % {"n": len(silent)}
        if own:
            counts.append(Tally(Condition.SILENT if silent and not needing else worst(needing), told))
    return tuple(counts)


_TOLD = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
"""A pending alert has told nobody yet, so the wall does not either."""


def _site(
    index: FacilitySchedules, site: Site, views: Sequence[View], reader: Locale, asked: Collection[str]
) -> SitePanel:
    units = {unit.id: unit for unit in site.unit}
    rooms = {room.id: room for room in site.room}
    return SitePanel(
        id=site.id,
        name=site.name[reader.language],
        condition=worst(views),
        closing=closing(index, site.id, reader),
        units=tuple(
            unit_tile(units[view.id], view, reader, asked=view.id in asked)
            for view in views
            if isinstance(view, UnitView)
        ),
        rooms=tuple(room_tile(rooms[view.id], view, reader) for view in views if isinstance(view, RoomView)),
    )


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
        since=moment(alert.since, reader),
        acknowledged=acknowledged,
        handling=alert_texts.handling(alert, translate),
    )
