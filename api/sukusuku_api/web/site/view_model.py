"""What the page of a centre shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import Context
from sukusuku_api.queries.periods import month_of
from sukusuku_api.queries.room_history import Gatherer
from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import kpi_cards, view_model
from sukusuku_api.web.collection.unit_cards import cards
from sukusuku_api.web.rooms.history import UseCard, use_card
from sukusuku_api.web.rooms.queries import read
from sukusuku_api.web.rooms.room_cards import NowCard, now_card
from sukusuku_api.web.settings.wording import Hours, Listed, SettingsWording
from sukusuku_api.web.vacancy import texts as said
from sukusuku_api.web.wall import alert_texts
from sukusuku_api.web.wall.forecast_texts import moment
from sukusuku_core.time import DAY_MS, day_start, japan_time, local_day
from sukusuku_server.calendar.holiday_names import holiday_name
from sukusuku_server.calendar.opening_hours import Closed
from sukusuku_server.db import AlertState
from sukusuku_server.kpi.disposal_fee import all_fees
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.kpi.unit_month import SiteWeight, total
from sukusuku_server.live.views import RoomView, UnitView
from sukusuku_server.settings import Site, there

AHEAD_DAYS = 60
SHOWN_CLOSED = 6


@dataclass(frozen=True, slots=True)
class Allowed:
    """What whoever looks may see of a centre besides its units, and change."""

    rooms: bool
    contacts: bool
    settings: bool
    reports: bool


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room now, and its use in the month; None: nothing is known of it."""

    id: str
    name: str
    now: NowCard
    use: UseCard | None


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An open alert: what it is about, where, and who takes care."""

    id: int
    tone: str
    text: str
    subject: str
    handling: str


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round that comes next to some units. Not `planned`: it comes if it is needed."""

    name: str
    when: str
    units: str
    planned: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page at one moment."""

    name: str
    clock: str
    simulated: bool
    today: str
    rooms: tuple[RoomLine, ...]
    units: tuple[view_model.UnitCard, ...]
    alerts: tuple[AlertLine, ...]
    rounds: tuple[RoundLine, ...]
    month: kpi_cards.Month
    weight: str
    hours: Hours
    closed: tuple[tuple[str, str], ...]
    contacts: tuple[Listed, ...]
    allowed: Allowed


def page(context: Context, site: Site, figures: TtlCache, allowed: Allowed, reader: Locale) -> Page:
    """Return the page. Figures of the month are kept for a while, all else is of now."""
    now, views = reader.now, [view for view in context.views(reader.now) if view.site == site.id]
    start, end = month_of(None, now)
    books = KpiQueries(context.index, context.store.history, context.operations, now)
    _, kpis = figures.get((context.derived_key, "month"), lambda: books.kpis(start, end))
    own = [kpi for kpi in kpis if kpi.asset in {unit.id for unit in site.unit}]
    weights = figures.get((context.derived_key, "weights"), lambda: books.weights(start, end))
    told = SettingsWording(context.whole.facility, reader.language, reader.translate, local_day(now))
    return Page(
        name=site.name[reader.language],
        clock=f"{japan_time(now):%H:%M}",
        simulated=any(view.simulated for view in views),
        today=_today(context, site, reader),
        rooms=tuple(_rooms(context, site, views, figures, reader)) if allowed.rooms else (),
        units=tuple(cards(context, [view for view in views if isinstance(view, UnitView)], reader)),
        alerts=tuple(_alerts(context, site, views, reader)),
        rounds=tuple(_rounds(context, site, reader)),
        month=kpi_cards.month(total(own, start, end), own, context.index.units, reader),
        weight=_weight(next((it for it in weights if it.site == site.id), None), reader),
        hours=told.hours(site.opening),
        closed=tuple(_closed(context, site, reader)),
        contacts=told.contacts_of(site.id) if allowed.contacts else (),
        allowed=allowed,
    )


def _today(context: Context, site: Site, reader: Locale) -> str:
    start = day_start(local_day(reader.now))
    spans = context.index.hours[site.id].spans(start, start + DAY_MS)
    if not spans:
        return reader.translate("Closed today")
    slots = [f"{japan_time(opens):%H:%M}–{japan_time(closes):%H:%M}" for opens, closes in spans]
    return reader.translate("Open today %(hours)s") % {"hours": reader.translate(", ").join(slots)}


def _rooms(
    context: Context, site: Site, views: Sequence[object], figures: TtlCache, reader: Locale
) -> Iterator[RoomLine]:
    now, (start, end) = reader.now, month_of(None, reader.now)
    gatherer = Gatherer(context.index, context.store.history, context.operations, now)
    derived = context.store.live.derived_latest()
    found = {view.id: view for view in views if isinstance(view, RoomView)}
    for room in there(site.room, now):
        facts = read(context, site, room, found[room.id], derived.get(room.id, {}), now)
        key = ("room month", room.id, context.derived_until())
        use = figures.get(key, partial(gatherer.room, site, room, start, end))
        yield RoomLine(room.id, room.name[reader.language], now_card(facts, reader), use_card(use, reader))


def _alerts(context: Context, site: Site, views: Sequence[UnitView | RoomView], reader: Locale) -> Iterator[AlertLine]:
    now = {view.id: view for view in views}
    for found in context.operations.alerts(open_only=True, site=site.id):
        alert, asset = alert_texts.as_now(found, now.get(found.asset)), context.index.assets.get(found.asset)
        if alert.state is not AlertState.PENDING and context.sees(alert.asset):
            yield AlertLine(
                alert.id,
                alert_texts.icon(alert).value,
                alert_texts.told(alert, asset, reader.language, reader.translate),
                "" if asset is None else asset.settings.name[reader.language],
                alert_texts.handling(alert, reader.translate),
            )


def _rounds(context: Context, site: Site, reader: Locale) -> Iterator[RoundLine]:
    """Yield the rounds that come next to the units of the centre, the first one first."""
    coming = context.next_visits(reader.now)
    visits = [(coming[unit.id], unit) for unit in there(site.unit, reader.now) if unit.id in coming]
    names = {round_.id: round_.name[reader.language] for round_ in context.facility.round}
    for visit in sorted({visit for visit, _ in visits}, key=lambda it: (it.departs, it.round, not it.planned)):
        units = [unit.name[reader.language] for found, unit in visits if found == visit]
        yield RoundLine(
            names.get(visit.round, visit.round),
            moment(visit.departs, reader.now, reader.translate),
            reader.translate(", ").join(units),
            visit.planned,
        )


def _weight(found: SiteWeight | None, reader: Locale) -> str:
    if found is None or not found.most_kg:
        return ""
    limit = all_fees().on(local_day(reader.now)).daily_limit_kg
    text = reader.translate("%(mean)s kg a day on average, at most %(most)s kg; ward's limit %(limit)s kg")
    return text % {"mean": f"{found.mean_kg:.1f}", "most": f"{found.most_kg:.1f}", "limit": f"{limit:g}"}


def _closed(context: Context, site: Site, reader: Locale) -> Iterator[tuple[str, str]]:
    """Yield the coming days on which the centre is closed, but for the weekdays on which it always is."""
    hours, today, shown = context.index.hours[site.id], local_day(reader.now), 0
    for day in (today + timedelta(days=n) for n in range(1, AHEAD_DAYS + 1)):
        reason = hours.closed_reason(day)
        if reason is None or reason is Closed.WEEKDAY:
            continue
        shown += 1
        if shown > SHOWN_CLOSED:
            return
        name = holiday_name(context.facility.calendar, day, reader.language)
        why = name if reason is Closed.HOLIDAY else reader.translate(said.CLOSED[reason])
        yield f"{day.month}/{day.day} ({reader.translate(WEEKDAYS[day.weekday()])})", why
