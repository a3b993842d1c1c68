"""The board of those who keep it running: edge nodes, their buffers and devices; the collector itself. Pure."""

from collections.abc import Iterator

from sukusuku_dashboards.board import COLUMNS, Board, Colour, Kind, Panel, Place, Rows, Step
from sukusuku_dashboards.facts import Facts
from sukusuku_server.kpi import series
from sukusuku_server.model.boards import board_uid
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Facility, Language

HALF, THIRD, QUARTER = COLUMNS // 2, COLUMNS // 3, COLUMNS // 4
HIGH, LOW = 8, 5
"""Rows of panels with several values, and with one."""
FRESH = 900
"""Seconds. The collector writes its own figures every five minutes."""

SEVEN_DAYS = 604_800
"""Seconds."""

NONE_IS_RIGHT = (Step(None, Colour.GOOD), Step(1, Colour.BAD))
SOME_ARE_RIGHT = (Step(None, Colour.GOOD), Step(1, Colour.WARN))
TOLD_ONCE = (Step(None, Colour.BUSY), Step(1, Colour.BAD))
"""What is told only when it happens: that nothing was told does not say that all is well."""
PILED_UP = (Step(None, Colour.GOOD), Step(10, Colour.WARN), Step(100, Colour.BAD))
LATE = (Step(None, Colour.GOOD), Step(120, Colour.WARN), Step(900, Colour.BAD))
"""Seconds."""


def operations(facility: Facility, language: Language) -> Board:
    """One board for all edge nodes."""
    facts = Facts(facility, language)
    tell, queries = facts.tell, facts.queries
    nodes = {asset.edge: asset.edge for asset in facility.assets()}
    since, none = facility.alerts.silent_after, tell("no data")

    def now(
        number: int,
        metric: str,
        title: str,
        told: str,
        unit: str,
        steps: tuple[Step, ...],
        since: float = since,
        none: str = none,
    ) -> Panel:
        place = Place(number % 3 * THIRD, number // 3 * HIGH, THIRD, HIGH)
        return Panel(
            Kind.BARS, title, told, queries.now(metric, nodes, since), place, none, nodes, unit=unit, decimals=0,
            steps=steps, words=facts.silence, low=0, rows=Rows(),
        )  # fmt: skip

    many = (Step(None, Colour.GOOD), Step(1_000, Colour.WARN), Step(10_000, Colour.BAD))
    old = (Step(None, Colour.GOOD), Step(300, Colour.WARN), Step(3_600, Colour.BAD))
    scarce = (Step(None, Colour.BAD), Step(500, Colour.WARN), Step(2_000, Colour.GOOD))
    waiting = tell("Readings that the collector has not acknowledged yet; none is lost.")
    panels = (
        now(0, "Buffer/Rows", tell("Readings waiting at the edge"), waiting, "short", many),
        now(
            1, "Buffer/OldestAge", tell("Age of the oldest waiting reading"),
            tell("For how long the way to the collector has been closed."), "s", old,
        ),
        now(
            2, "Devices/Down", tell("Devices that do not respond"), tell("Of those in edge.toml."), "short",
            NONE_IS_RIGHT,
        ),
        now(
            3, "Buffer/Dropped", tell("Readings thinned out"),
            tell("What was thinned out of a full buffer, altogether. Told only when it happens."), "short",
            TOLD_ONCE, SEVEN_DAYS, tell("none"),
        ),
        now(
            4, "Devices/Unstable", tell("Unstable devices"), tell("Devices that respond only now and then."), "short",
            NONE_IS_RIGHT,
        ),
        now(5, "Disk/Free", tell("Free disk"), tell("Where the edge node keeps its readings."), "decmbytes", scarce),
        Panel(
            Kind.LINES, tell("Readings waiting at the edge over time"), waiting, queries.course("Buffer/Rows", None),
            Place(0, 2 * HIGH, COLUMNS, HIGH), none, nodes, unit="short", decimals=0, low=0,
            gaps=dict.fromkeys(nodes, since),
        ),
        *_collector(facts, 3 * HIGH),
    )  # fmt: skip
    return Board(board_uid("operations", language), language, tell("Operations"), panels, pages=facts.pages())


def _collector(facts: Facts, top: int) -> Iterator[Panel]:
    """Yield what the collector says of itself, from row `top` on."""
    tell, queries = facts.tell, facts.queries
    host, none = SeriesOwner.HOST.named(facts.facility.host_id), tell("no data")
    for number, (metric, title, told, unit, steps) in enumerate(
        (
            (
                series.QUARANTINE, tell("Quarantined, 24 hours"), tell("What was received but is no reading."),
                "short", SOME_ARE_RIGHT,
            ),
            (
                series.UNASSIGNED, tell("Messages not assigned in facility.toml"),
                tell("Of assets that nobody has entered yet."), "short", NONE_IS_RIGHT,
            ),
            (series.DERIVATION_LAG, tell("Derivation lag"), tell("How far derived series are behind."), "s", LATE),
            (series.ARCHIVE_LAG, tell("InfluxDB lag"), tell("How far InfluxDB is behind the store."), "s", LATE),
            (series.MAIL_WAITING, tell("Mails waiting"), tell("Not delivered yet."), "short", PILED_UP),
            (
                series.MAIL_OLDEST_AGE, tell("Age of the oldest waiting mail"),
                tell("For how long the mail server has taken none."), "s", LATE,
            ),
            (
                series.MAIL_DEAD, tell("Undeliverable mails, 24 hours"), tell("Given up after several attempts."),
                "short", NONE_IS_RIGHT,
            ),
            (
                series.ALERTS_FIRING, tell("Alerts not acknowledged"), tell("Nobody has said to see to them yet."),
                "short", SOME_ARE_RIGHT,
            ),
        )
    ):  # fmt: skip
        place = Place(number % 4 * QUARTER, top + number // 4 * LOW, QUARTER, LOW)
        yield Panel(
            Kind.NUMBER, title, told, queries.derived_now(metric, [host], FRESH), place, none,
            {host: tell("collector")}, unit=unit, decimals=0, steps=steps, words=facts.silence, low=0, rows=Rows(),
        )  # fmt: skip
    for number, (title, told, names, unit) in enumerate(
        (
            (
                tell("Lag over time"), tell("Seconds by which derivation and InfluxDB are behind."),
                {series.DERIVATION_LAG: tell("derivation"), series.ARCHIVE_LAG: tell("InfluxDB")}, "s",
            ),
            (
                tell("Readings per minute"), tell("What was stored, and what could not be stored."),
                {series.READINGS: tell("stored"), series.REFUSED: tell("not stored")}, "short",
            ),
        )
    ):  # fmt: skip
        yield Panel(
            Kind.LINES, title, told, queries.derived_of(host, tuple(names)),
            Place(number * HALF, top + 2 * LOW, HALF, HIGH), none, names, alias="$tag_metric", unit=unit, decimals=0,
            low=0, gaps=dict.fromkeys(names, FRESH),
        )  # fmt: skip
