"""The board of the rooms: children against the limit, zones, heat map of the week, use over the year. Pure."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

from sukusuku_dashboards.board import COLUMNS, HOURS, Board, Draw, Kind, Page, Panel, Place, Rows
from sukusuku_dashboards.facts import Facts
from sukusuku_dashboards.layout import BORDER_PIXELS, ROW_PIXELS
from sukusuku_dashboards.queries import CHILDREN, LIMIT, PEOPLE, USE
from sukusuku_dashboards.words import weekdays
from sukusuku_server.model.boards import board_uid
from sukusuku_server.settings import WEEKDAYS, Facility, Language, Room
from sukusuku_server.settings.opening import Opening

HALF, QUARTER = COLUMNS // 2, COLUMNS // 4
HIGH, TALL = 8, 14
"""Rows of the upper and of the lower panels of a room; a heat map may be higher."""
LINE_PIXELS = 36
"""Pixels of a line of a table."""
NAME, NUMBER = 22, 72
"""Pixels of a name that takes two lines, and of a number."""
WEEKS, YEAR = "70d", "365d"


def rooms(facility: Facility, language: Language) -> Board:
    """One board for all rooms, one below the other."""
    facts = Facts(facility, language)
    panels: list[Panel] = []
    top = 0
    for site in facility.site:
        high = heat_rows(site.opening)
        for room in site.room:
            panels += _panels(facts, site.name[language], room, top, high)
            top += HIGH + high
    return Board(
        board_uid("rooms", language),
        language,
        facts.tell("Rooms"),
        tuple(panels),
        refresh="1m",
        pages=facts.pages(),
        page=Page.ROOMS,
    )


def heat_rows(opening: Opening) -> int:
    """Return how many rows a heat map needs: a line for each hour in which a centre is ever open, and one above them.

    The hour in which it closes has points too.
    """
    slots = chain.from_iterable(slots for week in opening.weeks for slots in _ever(week))
    hours = {hour for slot in slots for hour in range(int(slot[:2]), min(int(slot[6:8]), 23) + 1)}
    return max(TALL, math.ceil(((len(hours) + 1) * LINE_PIXELS + BORDER_PIXELS) / ROW_PIXELS))


def _ever(week: Opening) -> Iterator[Sequence[str]]:
    """Yield the slots of every kind of day."""
    yield from (week.weekday(day) for day in WEEKDAYS)
    yield from week.special.values()
    if not isinstance(week.holidays, str):
        yield week.holidays


def _panels(facts: Facts, centre: str, room: Room, top: int, high: int) -> Iterator[Panel]:
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
        title_size=NAME, value_size=NUMBER,
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
        queries.derived_means(room.id, USE, "1h"), Place(0, top + HIGH, HALF, high), none,
        {HOURS: tell("hour"), **weekdays(tell)}, unit="percent", decimals=0, low=0, high=100, since=WEEKS,
    )  # fmt: skip
    yield Panel(
        Kind.LINES, tell("%(room)s: average utilisation by day, one year") % named,
        tell("Mean of the points of each day; the reports have the exact means over time."),
        queries.derived_means(room.id, USE, "1d"), Place(HALF, top + HIGH, HALF, high), none,
        {room.id: tell("utilisation")}, unit="percent", decimals=0, low=0, since=YEAR,
    )  # fmt: skip
