"""The board of those who keep it running: edge nodes, their buffers and devices; the collector itself. Pure."""

from collections.abc import Iterator

from sukusuku_dashboards.board import COLUMNS, Board, Colour, Kind, Panel, Place, Step
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.words import say
from sukusuku_server.kpi import series
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Facility, Language

HALF, THIRD, QUARTER = COLUMNS // 2, COLUMNS // 3, COLUMNS // 4
HIGH, LOW = 8, 5
"""Rows of panels with several values, and with one."""
FRESH = "15m"
"""The collector writes its own figures every five minutes."""

NONE_IS_RIGHT = (Step(None, Colour.GOOD), Step(1, Colour.BAD))
SOME_ARE_RIGHT = (Step(None, Colour.GOOD), Step(1, Colour.WARN))
PILED_UP = (Step(None, Colour.GOOD), Step(10, Colour.WARN), Step(100, Colour.BAD))
LATE = (Step(None, Colour.GOOD), Step(120, Colour.WARN), Step(900, Colour.BAD))
"""Seconds."""


def operations(facility: Facility, language: Language) -> Board:
    """One board for all edge nodes."""
    tell, queries = say(language), Queries(facility.store.influx)
    nodes = {asset.edge: asset.edge for asset in facility.assets()}
    since, none = f"{round(facility.alerts.silent_after)}s", tell("no data")

    def now(
        number: int, metric: str, title: str, unit: str, steps: tuple[Step, ...], since: str = since, none: str = none
    ) -> Panel:
        place = Place(number % 3 * THIRD, number // 3 * HIGH, THIRD, HIGH)
        query = queries.newest(metric, None)
        return Panel(Kind.BARS, title, query, place, none, nodes, unit=unit, steps=steps, low=0, since=since)

    many = (Step(None, Colour.GOOD), Step(1_000, Colour.WARN), Step(10_000, Colour.BAD))
    old = (Step(None, Colour.GOOD), Step(300, Colour.WARN), Step(3_600, Colour.BAD))
    scarce = (Step(None, Colour.BAD), Step(500, Colour.WARN), Step(2_000, Colour.GOOD))
    panels = (
        now(0, "Buffer/Rows", tell("Readings waiting at the edge"), "short", many),
        now(1, "Buffer/OldestAge", tell("Age of the oldest waiting reading"), "s", old),
        now(2, "Devices/Down", tell("Devices that do not respond"), "short", NONE_IS_RIGHT),
        now(3, "Buffer/Dropped", tell("Readings thinned out, 7 days"), "short", NONE_IS_RIGHT, "7d", tell("none")),
        now(4, "Devices/Unstable", tell("Unstable devices"), "short", NONE_IS_RIGHT),
        now(5, "Disk/Free", tell("Free disk"), "decmbytes", scarce),
        Panel(
            Kind.LINES, tell("Readings waiting at the edge over time"), queries.course("Buffer/Rows", None),
            Place(0, 2 * HIGH, COLUMNS, HIGH), none, nodes, unit="short", low=0,
        ),
        *_collector(facility, language, 3 * HIGH),
    )  # fmt: skip
    return Board(f"sukusuku-operations-{language}", language, tell("Operations"), panels)


def _collector(facility: Facility, language: Language, top: int) -> Iterator[Panel]:
    """Yield what the collector says of itself, from row `top` on."""
    tell, queries = say(language), Queries(facility.store.influx)
    host, none = SeriesOwner.HOST.named(facility.host_id), tell("no data")
    for number, (metric, title, unit, steps) in enumerate(
        (
            (series.QUARANTINE, tell("Quarantined, 24 hours"), "short", SOME_ARE_RIGHT),
            (series.UNASSIGNED, tell("Messages not assigned in facility.toml"), "short", NONE_IS_RIGHT),
            (series.DERIVATION_LAG, tell("Derivation lag"), "s", LATE),
            (series.ARCHIVE_LAG, tell("InfluxDB lag"), "s", LATE),
            (series.MAIL_WAITING, tell("Mails waiting"), "short", PILED_UP),
            (series.MAIL_OLDEST_AGE, tell("Age of the oldest waiting mail"), "s", LATE),
            (series.MAIL_DEAD, tell("Undeliverable mails, 24 hours"), "short", NONE_IS_RIGHT),
            (series.ALERTS_FIRING, tell("Alerts not acknowledged"), "short", SOME_ARE_RIGHT),
        )
    ):
        place = Place(number % 4 * QUARTER, top + number // 4 * LOW, QUARTER, LOW)
        query = queries.newest_derived(metric)
        yield Panel(
            Kind.NUMBER, title, query, place, none, {host: ""}, unit=unit, decimals=0, steps=steps, low=0, since=FRESH
        )  # fmt: skip
    for number, (title, names, unit) in enumerate(
        (
            (
                tell("Lag over time"),
                {series.DERIVATION_LAG: tell("derivation"), series.ARCHIVE_LAG: tell("InfluxDB")},
                "s",
            ),
            (
                tell("Readings per minute"),
                {series.READINGS: tell("stored"), series.REFUSED: tell("not stored")},
                "short",
            ),
        )
    ):
        yield Panel(
            Kind.LINES, title, queries.derived_of(host, tuple(names)),
            Place(number * HALF, top + 2 * LOW, HALF, HIGH), none, names, alias="$tag_metric", unit=unit, low=0,
        )  # fmt: skip
