"""The board of those who keep it running: edge nodes, their buffers and devices. Pure."""

from sukusuku_collector.settings import Facility, Language
from sukusuku_dashboards.board import COLUMNS, Board, Colour, Kind, Panel, Place, Step
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.words import say

THIRD = COLUMNS // 3
HIGH = 8


def operations(facility: Facility, language: Language) -> Board:
    """One board for all edge nodes."""
    tell, queries = say(language), Queries(facility.store.influx)
    nodes = {asset.edge: asset.edge for asset in facility.assets()}
    since, none = f"{round(facility.alerts.silent_after)}s", tell("no data")

    def now(number: int, metric: str, title: str, unit: str, steps: tuple[Step, ...]) -> Panel:
        place = Place(number % 3 * THIRD, number // 3 * HIGH, THIRD, HIGH)
        query = queries.newest(metric, None)
        return Panel(Kind.BARS, title, query, place, none, nodes, unit=unit, steps=steps, low=0, since=since)

    none_is_right = (Step(None, Colour.GOOD), Step(1, Colour.BAD))
    many = (Step(None, Colour.GOOD), Step(1_000, Colour.WARN), Step(10_000, Colour.BAD))
    old = (Step(None, Colour.GOOD), Step(300, Colour.WARN), Step(3_600, Colour.BAD))
    scarce = (Step(None, Colour.BAD), Step(500, Colour.WARN), Step(2_000, Colour.GOOD))
    panels = (
        now(0, "Buffer/Rows", tell("Readings waiting at the edge"), "short", many),
        now(1, "Buffer/OldestAge", tell("Age of the oldest waiting reading"), "s", old),
        now(2, "Devices/Down", tell("Devices that do not answer"), "short", none_is_right),
        now(3, "Buffer/Dropped", tell("Readings thinned out"), "short", none_is_right),
        now(4, "Devices/Unstable", tell("Devices that come and go"), "short", none_is_right),
        now(5, "Disk/Free", tell("Free disk"), "decmbytes", scarce),
        Panel(
            Kind.LINES, tell("Readings waiting, course"), queries.course("Buffer/Rows", None),
            Place(0, 2 * HIGH, COLUMNS, HIGH), none, nodes, unit="short", low=0,
        ),
    )  # fmt: skip
    return Board(f"sukusuku-operations-{language}", language, tell("Operations"), panels)
