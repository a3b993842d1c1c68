"""What the page of a unit shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.unit_levels import cycles_done, film_left, known_levels
from sukusuku_api.web import silence_texts, texts, value_texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import kpi_cards, view_model
from sukusuku_api.web.collection import texts as said
from sukusuku_api.web.collection.unit_cards import cards
from sukusuku_api.web.collection.view_model import past
from sukusuku_api.web.unit import chart
from sukusuku_api.web.wall import alert_texts
from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind, Quality, Value
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.db import Alert, AlertState
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.modes import Mode, ModeKind, Modes
from sukusuku_server.db.stock import StockKind
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.kpi.stock_levels import shelves
from sukusuku_server.live.outlook import bag_since
from sukusuku_server.live.views import SIMULATED, UnitView
from sukusuku_server.model.collection import HORIZON_HOURS, Emptying, EmptyingState, FindingName, Method
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.settings import Site, Unit
from sukusuku_server.units.forecast_score import Scored

SHOWN_EMPTYINGS, SHOWN_FORECASTS, SHOWN_ALERTS = 8, 8, 6
_PAST_MS = 60 * DAY_MS
_HEALTH = ("Devices/Down", "Devices/Unstable", "Comm/Errors", "Buffer/Rows", "Clock/Synced")
"""What of an edge node tells whether the devices behind it can be believed."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding in words, since when it holds, and what to do; empty: the finding says it itself.

    `asks`: it asks whether the bag was changed.
    """

    text: str
    since: str
    act: str
    asks: bool


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """A forecast and its outcome: when it was made, when the bag was to be full and really would have been."""

    issued: str
    expected: str
    between: str
    outcome: str
    error: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert; `ended` is empty while it is open."""

    id: int
    text: str
    since: str
    ended: str


@dataclass(frozen=True, slots=True)
class RawLine:
    """A value of a device or of its edge node: how old it is, and why it is not to be believed; empty: it is."""

    metric: str
    meaning: str
    value: str
    age: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Switched:
    """A period that is on: the id by which it is ended, and until when it lasts."""

    id: int
    until: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page at one moment. `request` is the id of the open request for a visit; 0: there is none."""

    card: view_model.UnitCard
    chart: chart.Chart
    figures: tuple[tuple[str, str, str], ...]
    advice: tuple[Advice, ...]
    emptyings: tuple[view_model.EmptyingLine, ...]
    forecasts: tuple[ForecastLine, ...]
    alerts: tuple[AlertLine, ...]
    request: int
    raw: tuple[RawLine, ...]
    edge: str
    health: tuple[RawLine, ...]
    shelves: tuple[tuple[StockKind, kpi_cards.ShelfLine], ...]
    outbreak: Switched | None
    silence: Switched | None
    simulated: bool


def page(context: Context, site: Site, settings: Unit, days: int, reader: Locale) -> Page:
    """Return the page, with the course of so many days."""
    now, unit = reader.now, settings.id
    view = context.view(unit, now)
    assert isinstance(view, UnitView)  # noqa: S101 - it is a unit
    operations, store = context.operations, context.store
    emptyings = Emptyings(operations).of(unit, now - max(days * DAY_MS, _PAST_MS), now + 1)
    lines = [view_model.emptying_line(item, (site, settings), reader) for item in emptyings]
    asked = next((it for it in Requests(operations).standing() if it.asset == unit), None)
    latest, modes = store.live.latest(), Modes(operations).active(now)
    drawn = _chart(context, view, emptyings, now - days * DAY_MS, now)
    return Page(
        card=cards(context, [view], reader)[0],
        chart=drawn,
        figures=tuple(_figures(view, store.live.derived_latest().get(unit, {}), reader)),
        advice=tuple(_advice(context, unit, reader)),
        emptyings=tuple(lines[: -SHOWN_EMPTYINGS - 1 : -1]),
        forecasts=tuple(_forecasts(context, unit, reader)),
        alerts=tuple(_alerts(context, unit, view, reader)),
        request=0 if asked is None else asked.id,
        raw=tuple(_raw(AssetKind.UNIT, latest.get(unit, {}), sorted(latest.get(unit, {})), reader)),
        edge=settings.edge,
        health=tuple(_raw(AssetKind.EDGE_NODE, latest.get(settings.edge, {}), _HEALTH, reader)),
        shelves=tuple(
            (it.kind, kpi_cards.shelf_line(it, context.index.sites, reader))
            for it in shelves(operations, store.history, [site], now)
        ),
        outbreak=_switched(modes, ModeKind.OUTBREAK, site.id, reader),
        silence=_switched(modes, ModeKind.SILENCE, unit, reader),
        simulated=view.simulated,
    )


def _chart(context: Context, view: UnitView, emptyings: Sequence[Emptying], start: int, now: int) -> chart.Chart:
    levels, estimates, gap = known_levels(context, view.id, start, now)
    shown = [(it.time, it.percent) for it in emptyings if it.time >= start and it.state is not EmptyingState.REJECTED]
    axis = chart.axis(start, now, view.outlook)
    between, median = axis.ahead(view.outlook, now)
    cycles = cycles_done(context, view.id, start, now)
    most = max((number for _, _, number in cycles), default=0)
    return chart.Chart(
        level=axis.line(levels, gap),
        estimate=axis.line(estimates, max(gap, 2 * HOUR_MS)),
        between=between,
        median=median,
        now=round(axis.x(now), 1),
        marks=axis.marks(shown),
        ticks=axis.ticks(),
        cycles=axis.bars(cycles, most),
        most=most,
        film=axis.line(film_left(context, view.id, start, now), 3 * HOUR_MS, 100.0, chart.LOW),
    )


def _figures(view: UnitView, derived: Mapping[str, Point], reader: Locale) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and unit of what is known of the unit besides its level."""
    translate, since = reader.translate, bag_since(derived)
    if since is not None:
        yield translate("Age of the bag"), texts.lasted(reader.now - since, translate), ""
    if view.cycles is not None:
        yield translate("Cycles so far"), f"{view.cycles:,}", ""
    if view.film is not None:
        yield translate("Film remaining"), f"{view.film:.0f}", "%"


def _advice(context: Context, unit: str, reader: Locale) -> Iterator[Advice]:
    for found in Findings(context.operations).open(unit):
        act = said.ADVICE.get(found.name)
        yield Advice(
            reader.translate(said.FINDINGS[found.name]),
            past(found.since, reader),
            "" if act is None else reader.translate(act),
            asks=found.name is FindingName.EMPTYING_UNSURE,
        )


def _forecasts(context: Context, unit: str, reader: Locale) -> Iterator[ForecastLine]:
    """Yield the newest forecasts whose outcome is known, the newest first."""
    scored = Forecasts(context.operations).scored(unit, reader.now - _PAST_MS, reader.now)
    ours = [item for item in scored if item.forecast.method is Method.MODEL]
    for item in ours[: -SHOWN_FORECASTS - 1 : -1]:
        yield _forecast(item, reader)


def _forecast(item: Scored, reader: Locale) -> ForecastLine:
    made, translate = item.forecast, reader.translate

    def moment(hours: float | None) -> str:
        known = hours is not None and hours < HORIZON_HOURS
        return past(made.issued + round(hours * HOUR_MS), reader) if known and hours is not None else ""

    first, last = moment(made.hours10), moment(made.hours90)
    between = translate("80 %%: %(first)s to %(last)s") if last else translate("80 %%: from %(first)s")
    error = None if made.hours50 is None else item.outcome - made.hours50
    later = translate("%(hours).1f h later") if error is not None and error >= 0 else translate("%(hours).1f h earlier")
    never = translate("Not within two weeks")
    return ForecastLine(
        issued=past(made.issued, reader),
        expected=moment(made.hours50) or never,
        between=between % {"first": first, "last": last} if first else "",
        outcome=moment(item.outcome) or never,
        error="" if error is None or item.outcome >= HORIZON_HOURS else later % {"hours": abs(error)},
    )


def _alerts(context: Context, unit: str, view: UnitView, reader: Locale) -> Iterator[AlertLine]:
    """Yield the newest alerts, open ones first."""
    found = context.operations.alerts(open_only=False, about=[unit], limit=2 * SHOWN_ALERTS)
    told = [alert for alert in found if alert.state is not AlertState.PENDING]
    for alert in sorted(told, key=lambda it: it.resolved is not None)[:SHOWN_ALERTS]:
        yield _alert(context, alert_texts.as_now(alert, view), reader)


def _alert(context: Context, alert: Alert, reader: Locale) -> AlertLine:
    return AlertLine(
        alert.id,
        alert_texts.told(alert, context.index.assets[alert.asset], reader.language, reader.translate),
        past(alert.since, reader),
        "" if alert.resolved is None else past(alert.resolved, reader),
    )


def _raw(kind: AssetKind, latest: Mapping[str, Latest], names: Sequence[str], reader: Locale) -> Iterator[RawLine]:
    """Yield the newest values of these names, as far as there are any."""
    for name in names:
        found, known = latest.get(name), catalogue.find(kind, name)
        if found is None:
            continue
        meaning = "" if known is None else known.ja if reader.language == "ja" else known.en
        unit = "" if known is None else known.unit
        age = texts.age((reader.now - found.time) / 1000, reader.translate)
        yield RawLine(name, meaning, _value(name, found.value, unit, reader), age, _doubt(found, reader))


def _value(metric: str, value: Value | None, unit: str, reader: Locale) -> str:
    if metric == "Info/Source" and value == SIMULATED:
        return reader.translate("Simulated data")
    return value_texts.told(value, unit, reader.translate)


def _doubt(found: Latest, reader: Locale) -> str:
    """Return why a value is not to be believed."""
    translate = reader.translate
    if found.stale_since is not None:
        return translate("No connection since %(time)s") % {"time": past(found.stale_since, reader)}
    if found.quality is Quality.GOOD:
        return ""
    if found.last_good is None:
        return translate("No valid value yet")
    return translate("Last valid value %(time)s") % {"time": past(found.last_good, reader)}


def _switched(modes: Sequence[Mode], kind: ModeKind, subject: str, reader: Locale) -> Switched | None:
    """Return the period of a kind about something that lasts longest; None: none is on."""
    own = [mode for mode in modes if mode.kind is kind and mode.subject == subject and mode.until is not None]
    last = max(own, key=lambda mode: mode.until or 0, default=None)
    if last is None or last.until is None:
        return None
    return Switched(last.id, silence_texts.moment(last.until, reader))
