"""The board of those who plan the collection: levels, bags, film, what came of visits, when each unit is full. Pure."""

from collections.abc import Iterator, Mapping

from sukusuku_core.model import AssetKind
from sukusuku_dashboards.board import COLUMNS, Board, Colour, Draw, Kind, Panel, Place, Step
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.words import say, visits
from sukusuku_server.kpi import series
from sukusuku_server.live.outlook import ISSUED_MS
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Asset, Facility, Language

HALF, THIRD = COLUMNS // 2, COLUMNS // 3
HIGH = 9
ABOVE = 5
"""Rows of panels above those of single units."""
FORECASTS = ("Forecast/Hours10", "Forecast/Hours50", "Forecast/Hours90")
SOON = (Step(None, Colour.BAD), Step(24, Colour.WARN), Step(72, Colour.GOOD))
"""Hours until a bag is full: less than a day, less than three, more."""

FILM = (Step(None, Colour.BAD), Step(3, Colour.WARN), Step(10, Colour.GOOD))
"""Days: less than it takes to bring some, less than it takes to order some, more."""

MONTH, WEEKS, LATELY = "30d", "56d", "48h"
"""Time ranges: of the figures of a month, of single days, and of what is written for each day."""

IN_TIME = (Step(None, Colour.BAD), Step(80, Colour.WARN), Step(95, Colour.GOOD))
"""Visits at which the bag was emptied in time, in percent of those that were needed."""

OVER_FULL = (Step(None, Colour.GOOD), Step(1, Colour.WARN), Step(10, Colour.BAD))
"""Hours of a month."""


def collection(facility: Facility, language: Language) -> Board:
    """One board for all units."""
    tell, queries = say(language), Queries(facility.store.influx)
    units = [asset for asset in facility.assets() if asset.kind is AssetKind.UNIT]
    names = {asset.id: _name(asset, language) for asset in units}
    since, none = f"{round(facility.alerts.silent_after + ISSUED_MS / 1000)}s", tell("no data")
    levels = facility.alerts
    steps = (Step(None, Colour.GOOD), Step(levels.fill_clear, Colour.WARN), Step(levels.fill_rise, Colour.BAD))
    quantiles = dict(zip(FORECASTS, (tell("early (10 %)"), tell("median"), tell("late (90 %)")), strict=True))
    panels = [
        Panel(
            Kind.LINES, tell("Estimated fill level"), queries.derived_course("Fill/Estimate"), Place(0, 0, HALF, HIGH),
            none, names, unit="percent", steps=steps, low=0,
        ),
        Panel(
            Kind.BARS, tell("Hours until full"), queries.newest_derived("Forecast/Hours50"), Place(HALF, 0, HALF, HIGH),
            none, names, unit="h", steps=SOON, low=0, high=168, since=since,
        ),
        Panel(
            Kind.LINES, tell("Age of the bags (0 when emptied)"), queries.derived_course("Bag/Age"),
            Place(0, HIGH, THIRD, HIGH), none, names, unit="h", low=0,
        ),
        Panel(
            Kind.BARS, tell("Hours until the hygiene deadline"), queries.newest_derived("Bag/HoursLeft"),
            Place(THIRD, HIGH, THIRD, HIGH), none, names, unit="h", steps=SOON, low=0, high=168, since=since,
        ),
        Panel(
            Kind.BARS, tell("Days until the film runs out"), queries.newest_derived("Film/DaysLeft"),
            Place(2 * THIRD, HIGH, THIRD, HIGH), none, names, unit="d", steps=FILM, low=0, high=60, since=since,
        ),
        *_accounts(facility, language, names),
        *(
            Panel(
                Kind.LINES, tell("%(unit)s: hours until full") % {"unit": names[asset.id]},
                queries.derived_of(asset.id, FORECASTS),
                Place(number % 3 * THIRD, HIGH * (ABOVE + number // 3), THIRD, HIGH), none, quantiles,
                alias="$tag_metric", unit="h", low=0, band=(FORECASTS[0], FORECASTS[-1]),
            )
            for number, asset in enumerate(units)
        ),
    ]  # fmt: skip
    return Board(
        f"sukusuku-collection-{language}", language, tell("Collection"), tuple(panels), span="168h", refresh="5m"
    )


def _accounts(facility: Facility, language: Language, units: Mapping[str, str]) -> Iterator[Panel]:
    """Yield what came of visits, emptyings and rounds; `units` has the names of all."""
    tell, queries = say(language), Queries(facility.store.influx)
    none = tell("no data")
    sites = {SeriesOwner.SITE.named(site.id): site.name[language] for site in facility.site}
    rounds = {SeriesOwner.ROUND.named(round_.id): round_.name[language] for round_ in facility.round}
    yield Panel(
        Kind.BARS, tell("Collected in time, 30 days"), queries.newest_derived(series.ON_TIME),
        Place(0, 2 * HIGH, THIRD, HIGH), none, sites, unit="percent", steps=IN_TIME, low=0, high=100, since=LATELY,
    )  # fmt: skip
    yield Panel(
        Kind.BARS, tell("Visits by outcome, 30 days"), queries.totals([*visits(tell)]),
        Place(THIRD, 2 * HIGH, THIRD, HIGH), none, visits(tell), alias="$tag_metric", unit="short",
        steps=(Step(None, Colour.BUSY),), low=0, since=MONTH,
    )  # fmt: skip
    yield Panel(
        Kind.BARS, tell("Open hours with a full bag, 30 days"), queries.total(series.OVER_FULL),
        Place(2 * THIRD, 2 * HIGH, THIRD, HIGH), none, sites, unit="h", steps=OVER_FULL, low=0, since=MONTH,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("Fill level at emptying"), queries.levels_at_emptying(), Place(0, 3 * HIGH, HALF, HIGH), none,
        {series.level_at_emptying(unit): name for unit, name in units.items()}, alias="$tag_metric", unit="percent",
        steps=_worth(facility), low=0, since=WEEKS, draw=Draw.POINTS,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("Bags emptied per day"), queries.days(series.BAGS), Place(HALF, 3 * HIGH, HALF, HIGH), none,
        sites, unit="short", low=0, since=WEEKS, draw=Draw.BARS,
    )  # fmt: skip
    for number, (metric, title, unit) in enumerate(
        (
            (series.STOPS, tell("Rounds: stops"), "short"),
            (series.KILOMETRES, tell("Rounds: planned distance"), "lengthkm"),
            (series.MINUTES, tell("Rounds: planned time"), "m"),
        )
    ):
        yield Panel(
            Kind.LINES, title, queries.days(metric), Place(number * THIRD, 4 * HIGH, THIRD, HIGH), none, rounds,
            unit=unit, low=0, since=WEEKS, draw=Draw.BARS,
        )  # fmt: skip


def _worth(facility: Facility) -> tuple[Step, ...]:
    """Levels at emptying: too little to come for, right, over full."""
    needless = min((round_.needless_percent for round_ in facility.round), default=0.0)
    return Step(None, Colour.WARN), Step(needless, Colour.GOOD), Step(100, Colour.BAD)


def _name(asset: Asset, language: Language) -> str:
    return f"{asset.site.name[language]} {asset.settings.name[language]}"
