"""The board of the rooms: children against the limit, zones, heat map of the week, use over the year. Pure."""

from collections.abc import Iterator

from sukusuku_dashboards.board import COLUMNS, HOURS, Board, Draw, Kind, Page, Panel, Place, Rows
from sukusuku_dashboards.facts import Facts
from sukusuku_dashboards.queries import CHILDREN, LIMIT, PEOPLE, USE
from sukusuku_dashboards.words import weekdays
from sukusuku_server.model.boards import board_uid
from sukusuku_server.settings import Facility, Language, Room

HALF, QUARTER = COLUMNS // 2, COLUMNS // 4
HIGH, TALL, HEAT = 8, 14, 27
"""Rows of the upper and of the lower panels of a room, and of the heat map, which has a line for each hour."""
WEEKS, YEAR = "70d", "365d"


def rooms(facility: Facility, language: Language) -> Board:
    """One board for all rooms, one below the other."""
    facts = Facts(facility, language)
    found = [(site.name[language], room) for site in facility.site for room in site.room]
    panels = tuple(
        panel
        for number, (centre, room) in enumerate(found)
        for panel in _panels(facts, centre, room, number * (HIGH + HEAT))
    )
    return Board(
        board_uid("rooms", language),
        language,
        facts.tell("Rooms"),
        panels,
        refresh="1m",
        pages=facts.pages(),
        page=Page.ROOMS,
    )


def _panels(facts: Facts, centre: str, room: Room, top: int) -> Iterator[Panel]:
    tell, queries, language = facts.tell, facts.queries, facts.language
    none, (since, steps) = tell("no data"), facts.limits(room)
    name = f"{centre} {room.name[language]}"
    named = {"room": name}
    courses = {PEOPLE: tell("people"), CHILDREN: tell("children"), LIMIT: tell("limit")}
    zones = {zone.id: zone.name[language] for zone in room.zone}
    yield Panel(
        Kind.LINES, tell("%(room)s: occupancy and limit") % named,
        tell("People and children after correction, and how many children may be there: places, floor area, staff."),
        queries.derived_of(room.id, tuple(courses)), Place(0, top, HALF, HIGH), none, courses,
        alias="$tag_metric", decimals=0, low=0,
        draw=Draw.STAIRS, gaps=dict.fromkeys(courses, since),
    )  # fmt: skip
    yield Panel(
        Kind.NUMBER, tell("Utilisation now"),
        tell("Children in percent of the limit of the moment. Orange: full. Red: over the limit."),
        queries.derived_now(USE, [room.id], since), Place(HALF, top, QUARTER, HIGH), none, {room.id: name},
        unit="percent", decimals=0, steps=steps, words=facts.silence, low=0, rows=Rows(),
    )  # fmt: skip
    if zones:
        yield Panel(
            Kind.LINES, tell("Zones"), tell("People in each zone after correction."), queries.derived_zones(room.id),
            Place(HALF + QUARTER, top, QUARTER, HIGH), none, zones, alias="$tag_zone", decimals=0, low=0,
            draw=Draw.STAIRS, gaps=dict.fromkeys(zones, since),
        )  # fmt: skip
    yield Panel(
        Kind.HEAT, tell("%(room)s: average utilisation by weekday and hour, ten weeks") % named,
        tell("Mean of the points of each hour; empty where the centre was closed or nothing was heard."),
        queries.derived_means(room.id, USE, "1h"), Place(0, top + HIGH, HALF, HEAT), none,
        {HOURS: tell("hour"), **weekdays(tell)}, unit="percent", decimals=0, low=0, high=100, since=WEEKS,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("%(room)s: average utilisation by day, one year") % named,
        tell("Mean of the points of each day; the reports have the exact means over time."),
        queries.derived_means(room.id, USE, "1d"), Place(HALF, top + HIGH, HALF, TALL), none,
        {room.id: tell("utilisation")}, unit="percent", decimals=0, low=0, since=YEAR,
    )  # fmt: skip
