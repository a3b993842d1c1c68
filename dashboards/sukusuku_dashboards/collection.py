"""The board of those who plan the collection: levels, bags, film, what came of visits, when each unit is full. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from sukusuku_dashboards.board import COLUMNS, Board, Colour, Draw, Kind, Page, Panel, Place, Rows, Step
from sukusuku_dashboards.facts import Facts
from sukusuku_dashboards.layout import alike
from sukusuku_dashboards.words import visits
from sukusuku_server.kpi import series
from sukusuku_server.live.outlook import ISSUED_MS
from sukusuku_server.model.boards import board_uid
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Facility, Language, Unit

HALF, THIRD = COLUMNS // 2, COLUMNS // 3
HIGH = 9
ABOVE = 5
"""Rows of panels above those of single units."""
FORECASTS = ("Forecast/Hours10", "Forecast/Hours50", "Forecast/Hours90")
SOON = (Step(None, Colour.BAD), Step(24, Colour.WARN), Step(72, Colour.GOOD))
"""Hours until a bag is full: less than a day, less than three, more."""

FILM = (Step(None, Colour.BAD), Step(3, Colour.WARN), Step(10, Colour.GOOD))
"""Days: less than it takes to bring some, less than it takes to order some, more."""

MONTH, WEEKS = "30d", "56d"
"""Time ranges of the figures of a month and of single days."""
LATELY = 172_800
"""Seconds after which what is written for each day is missing."""
GRID_SECONDS = 900
"""A derived series has a point at least so often while something is heard."""

IN_TIME = (Step(None, Colour.BAD), Step(80, Colour.WARN), Step(95, Colour.GOOD))
"""Visits at which the bag was emptied in time, in percent of those that were needed."""

OVER_FULL = (Step(None, Colour.GOOD), Step(1, Colour.WARN), Step(10, Colour.BAD))
"""Hours of a month."""


def collection(facility: Facility, language: Language) -> Board:
    """One board for all units."""
    facts = Facts(facility, language)
    tell, queries = facts.tell, facts.queries
    units = [unit for site in facility.site for unit in site.unit]
    names, none = facts.names(units), tell("no data")
    gaps = {unit.id: facts.silent_after(unit) + GRID_SECONDS for unit in units}
    quantiles = dict(zip(FORECASTS, (tell("early (10 %)"), tell("median"), tell("late (90 %)")), strict=True))
    panels = [
        Panel(
            Kind.LINES, tell("Estimated fill level"),
            tell("From all sensors of a unit. Dashes: where the alert rises and clears, if that is the same for all."),
            queries.derived_course("Fill/Estimate"), Place(0, 0, HALF, HIGH), none, names, unit="percent", decimals=0,
            steps=facts.fill_steps(units), low=0, gaps=gaps,
        ),
        Panel(
            Kind.LINES, tell("Age of the bags (0 when emptied)"), tell("Hours since the bag was put in."),
            queries.derived_course("Bag/Age"), Place(0, HIGH, THIRD, HIGH), none, names, unit="h", decimals=0, low=0,
            gaps=gaps,
        ),
        *_ahead(facts, units),
        *_accounts(facts, names),
        *(
            Panel(
                Kind.LINES, tell("%(unit)s: hours until full") % {"unit": names[unit.id]},
                tell("Forecast of each hour: median and the range from early to late."),
                queries.derived_of(unit.id, FORECASTS),
                Place(number % 3 * THIRD, HIGH * (ABOVE + number // 3), THIRD, HIGH), none, quantiles,
                alias="$tag_metric", unit="h", decimals=0, low=0, band=(FORECASTS[0], FORECASTS[-1]),
            )
            for number, unit in enumerate(units)
        ),
    ]  # fmt: skip
    uid = board_uid("collection", language)
    return Board(
        uid,
        language,
        tell("Collection"),
        tuple(panels),
        span="168h",
        refresh="5m",
        pages=facts.pages(),
        page=Page.COLLECTION,
    )


def _ahead(facts: Facts, units: Sequence[Unit]) -> Iterator[Panel]:
    """Yield for each unit how long there is still time."""
    tell = facts.tell
    for metric, title, told, place, unit, steps, high in (
        (
            "Forecast/Hours50", tell("Hours until full"), tell("Median of the forecast. Red: less than a day."),
            Place(HALF, 0, HALF, HIGH), "h", SOON, 168,
        ),
        (
            "Bag/HoursLeft", tell("Hours until the hygiene deadline"),
            tell("Until the bag must go, whatever its level. Red: less than a day."),
            Place(THIRD, HIGH, THIRD, HIGH), "h", SOON, 168,
        ),
        (
            "Film/DaysLeft", tell("Days until the film runs out"), tell("At the use of the last weeks."),
            Place(2 * THIRD, HIGH, THIRD, HIGH), "d", FILM, 60,
        ),
    ):  # fmt: skip
        for silent_after, group, part in alike(units, facts.silent_after, place):
            names, since = facts.names(group), silent_after + ISSUED_MS / 1000
            yield Panel(
                Kind.BARS, title, told, facts.queries.derived_now(metric, names, since), part, tell("no data"), names,
                unit=unit, decimals=0, steps=steps, words=facts.silence, low=0, high=high, rows=Rows(),
            )  # fmt: skip


def _accounts(facts: Facts, units: Mapping[str, str]) -> Iterator[Panel]:
    """Yield what came of visits, emptyings and rounds; `units` has the names of all."""
    facility, language, tell, queries = facts.facility, facts.language, facts.tell, facts.queries
    none = tell("no data")
    sites = {SeriesOwner.SITE.named(site.id): site.name[language] for site in facility.site}
    rounds = {SeriesOwner.ROUND.named(round_.id): round_.name[language] for round_ in facility.round}
    yield Panel(
        Kind.BARS, tell("Collected in time, 30 days"), tell("Visits in time, in percent of those that were needed."),
        queries.derived_now(series.ON_TIME, sites, LATELY), Place(0, 2 * HIGH, THIRD, HIGH), none, sites,
        unit="percent", decimals=0, steps=IN_TIME, words=facts.silence, low=0, high=100, rows=Rows(),
    )  # fmt: skip
    yield Panel(
        Kind.BARS, tell("Visits by outcome, 30 days"), tell("What came of the visits to all centres."),
        queries.totals([*visits(tell)]), Place(THIRD, 2 * HIGH, THIRD, HIGH), none, visits(tell), alias="$tag_metric",
        unit="short", decimals=0, steps=(Step(None, Colour.BUSY),), low=0, since=MONTH,
    )  # fmt: skip
    yield Panel(
        Kind.BARS, tell("Open hours with a full bag, 30 days"), tell("Hours in which a unit could take no more."),
        queries.total(series.OVER_FULL), Place(2 * THIRD, 2 * HIGH, THIRD, HIGH), none, sites, unit="h", decimals=1,
        steps=OVER_FULL, low=0, since=MONTH,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("Fill level at emptying"),
        tell("Each bag that was taken away. Dashes: too little to come for, and over full."),
        queries.levels_at_emptying(), Place(0, 3 * HIGH, HALF, HIGH), none,
        {series.level_at_emptying(unit): name for unit, name in units.items()}, alias="$tag_metric", unit="percent",
        decimals=0, steps=_worth(facility), low=0, since=WEEKS, draw=Draw.POINTS,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("Bags emptied per day"), tell("Bags of all units of a centre."), queries.days(series.BAGS),
        Place(HALF, 3 * HIGH, HALF, HIGH), none, sites, unit="short", decimals=0, low=0, since=WEEKS, draw=Draw.BARS,
    )  # fmt: skip
    for number, (metric, title, told, unit) in enumerate(
        (
            (series.STOPS, tell("Rounds: stops"), tell("Stops of the plan of each day."), "short"),
            (series.KILOMETRES, tell("Rounds: planned distance"), tell("Of the plan of each day."), "lengthkm"),
            (series.MINUTES, tell("Rounds: planned time"), tell("From depot to depot."), "m"),
        )
    ):
        yield Panel(
            Kind.LINES, title, told, queries.days(metric), Place(number * THIRD, 4 * HIGH, THIRD, HIGH), none, rounds,
            unit=unit, decimals=0, low=0, since=WEEKS, draw=Draw.BARS,
        )  # fmt: skip


def _worth(facility: Facility) -> tuple[Step, ...]:
    """Levels at emptying: too little to come for, right, over full."""
    needless = min((round_.needless_percent for round_ in facility.round), default=0.0)
    return Step(None, Colour.WARN), Step(needless, Colour.GOOD), Step(100, Colour.BAD)
