"""The board of those who plan the collection: levels, bags, film, and for each unit when it will be full. Pure."""

from sukusuku_collector.outlook import ISSUED_MS
from sukusuku_collector.settings import Asset, Facility, Language
from sukusuku_core.model import AssetKind
from sukusuku_dashboards.board import COLUMNS, Board, Colour, Kind, Panel, Place, Step
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.words import say

HALF, THIRD = COLUMNS // 2, COLUMNS // 3
HIGH = 9
ABOVE = 2
"""Rows of panels above those of single units."""
FORECASTS = ("Forecast/Hours10", "Forecast/Hours50", "Forecast/Hours90")
SOON = (Step(None, Colour.BAD), Step(24, Colour.WARN), Step(72, Colour.GOOD))
"""Hours until a bag is full: less than a day, less than three, more."""

FILM = (Step(None, Colour.BAD), Step(3, Colour.WARN), Step(10, Colour.GOOD))
"""Days: less than it takes to bring some, less than it takes to order some, more."""


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
            Kind.LINES, tell("Estimated level"), queries.derived_course("Fill/Estimate"), Place(0, 0, HALF, HIGH), none,
            names, unit="percent", steps=steps, low=0, high=100,
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
            Place(THIRD, HIGH, THIRD, HIGH), none, names, unit="h", steps=SOON, high=168, since=since,
        ),
        Panel(
            Kind.BARS, tell("Days that the film lasts"), queries.newest_derived("Film/DaysLeft"),
            Place(2 * THIRD, HIGH, THIRD, HIGH), none, names, unit="d", steps=FILM, low=0, high=60, since=since,
        ),
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


def _name(asset: Asset, language: Language) -> str:
    return f"{asset.site.name[language]} {asset.settings.name[language]}"
