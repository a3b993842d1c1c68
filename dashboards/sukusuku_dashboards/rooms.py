"""The board of the rooms: children against the limit, zones, heat map of the week, use over the year. Pure."""

from collections.abc import Iterator

from sukusuku_dashboards.board import COLUMNS, HOURS, Board, Colour, Draw, Kind, Panel, Place, Step
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.words import say, weekdays
from sukusuku_server.settings import Asset, Facility, Language, Room

HALF, QUARTER = COLUMNS // 2, COLUMNS // 4
HIGH, TALL, HEAT = 8, 14, 27
"""Rows of the upper and of the lower panels of a room, and of the heat map, which has a line for each hour."""
WEEKS, YEAR = "70d", "365d"
CHILDREN, PEOPLE, LIMIT = "Occupancy/ChildrenCorrected", "Occupancy/Corrected", "Occupancy/Limit"
USE = "Occupancy/Utilisation"
FULL = (Step(None, Colour.GOOD), Step(90, Colour.WARN), Step(100.1, Colour.BAD))
"""Children in percent of those that may be there."""


def rooms(facility: Facility, language: Language) -> Board:
    """One board for all rooms, one below the other."""
    found = [(asset, asset.settings) for asset in facility.assets() if isinstance(asset.settings, Room)]
    panels = tuple(
        panel
        for number, (asset, room) in enumerate(found)
        for panel in _panels(facility, asset, room, language, number * (HIGH + HEAT))
    )
    return Board(f"sukusuku-rooms-{language}", language, say(language)("Rooms"), panels, refresh="1m")


def _panels(facility: Facility, asset: Asset, room: Room, language: Language, top: int) -> Iterator[Panel]:
    tell, queries = say(language), Queries(facility.store.influx)
    none, since = tell("no data"), f"{round(facility.levels(room).silent_after)}s"
    named = {"room": f"{asset.site.name[language]} {room.name[language]}", "capacity": room.capacity}
    courses = {PEOPLE: tell("people"), CHILDREN: tell("children"), LIMIT: tell("limit")}
    zones = {zone.id: zone.name[language] for zone in room.zone}
    yield Panel(
        Kind.LINES, tell("%(room)s: occupancy and limit (capacity %(capacity)d)") % named,
        queries.derived_of(asset.id, tuple(courses)), Place(0, top, HALF, HIGH), none, courses,
        alias="$tag_metric", steps=(Step(None, Colour.GOOD), Step(room.capacity, Colour.WARN)), low=0,
        draw=Draw.STAIRS,
    )  # fmt: skip
    yield Panel(
        Kind.NUMBER,
        tell("Utilisation now"),
        queries.derived_means(asset.id, USE, "5m"),
        Place(HALF, top, QUARTER, HIGH),
        none, {asset.id: ""}, unit="percent", steps=FULL, low=0, since=since,
    )  # fmt: skip
    if zones:
        yield Panel(
            Kind.LINES, tell("Zones"), queries.derived_zones(asset.id),
            Place(HALF + QUARTER, top, QUARTER, HIGH), none, zones, alias="$tag_zone", low=0,
            draw=Draw.STAIRS,
        )  # fmt: skip
    yield Panel(
        Kind.HEAT, tell("%(room)s: average utilisation by weekday and hour, ten weeks") % named,
        queries.derived_means(asset.id, USE, "1h"), Place(0, top + HIGH, HALF, HEAT), none,
        {HOURS: tell("hour"), **weekdays(tell)}, unit="percent", low=0, high=100, since=WEEKS,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("%(room)s: average utilisation by day, one year") % named,
        queries.derived_means(asset.id, USE, "1d"), Place(HALF, top + HIGH, HALF, TALL), none,
        {asset.id: tell("utilisation")}, unit="percent", low=0, since=YEAR,
    )  # fmt: skip
