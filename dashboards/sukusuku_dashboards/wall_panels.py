"""The panels of the walls. Units and rooms that have limits of their own have panels of their own. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence

from sukusuku_dashboards.board import COLUMNS, Colour, Kind, Page, Panel, Place, Rows, Step
from sukusuku_dashboards.facts import Facts
from sukusuku_dashboards.layout import alike, cut
from sukusuku_dashboards.queries import CHILDREN, LEVEL, LIMIT, STATE, USE
from sukusuku_dashboards.words import rules, states
from sukusuku_server.kpi.series import LIMIT_RULE
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Room, Site, Unit, Zone

HALF = COLUMNS // 2
HIGH, LOW = 19, 8
"""Rows of what is now, and of what was today; together they fill a screen of 1080 lines."""
LEVELS = 13
"""Rows of the levels above the states."""
ROOMS, ROOMS_WITH_ZONES = (11, 8), (7, 5, 7)
"""Parts of the children of the rooms and of their share of the limit, without zones and with them."""
MANY = 6
"""More units than these leave no room for the states of the day."""
LARGE, LARGE_VALUE = 30, 40
"""Pixels of a name and of a value that are read from four metres."""
FIRST = 6
"""So many of what needs attention first are shown."""
TILE_NAME, TILE_WORD, TILE_NUMBER = 24, 44, 90
"""Pixels of names, words and numbers of tiles: a name takes two lines where there are several beside each other."""
ROW_PIXELS, TITLE_PIXELS, LINE = 38, 48, 1.3
"""Pixels of a row, and of what is above the tiles of a panel; height of a line by that of its letters."""
RULE_FRESH = 1_800
"""Seconds. The collector writes the rules of each room every fifteen minutes."""
ALL_ROWS = Rows()
UNKNOWN = (Step(None, Colour.PLAIN),)
"""Grafana's own colour for a value of which nothing is said is green."""
BEYOND = 150
"""Percent of the limit at which a bar ends: one that is over the limit must look longer than one that is full."""


Ask = Callable[[str, Collection[str], float], str]
"""Makes a query for the newest values of a metric of some assets, silent after so many seconds."""


def of_one(facts: Facts, site: Site) -> Iterator[Panel]:
    """Yield the panels of one centre: levels, states and rooms now; states and levels of the day."""
    units, rooms = list(site.unit), list(site.room)
    left = Place(0, 0, HALF if rooms else COLUMNS, HIGH)
    if units:
        many = len(units) > MANY
        above, below = (left, Place(0, HIGH, HALF, LOW)) if many else cut(left, (LEVELS, HIGH - LEVELS))
        yield from _levels(facts, units, above)
        yield from _states(facts, units, below)
        if not many:
            yield _states_today(facts, site, units)
        yield _levels_today(facts, site, units)
    yield from _rooms(facts, rooms, Place(HALF, 0, HALF, HIGH) if units else Place(0, 0, COLUMNS, HIGH + LOW))


def of_centres(facts: Facts, sites: Sequence[Site]) -> Iterator[Panel]:
    """Yield the levels and the rooms of several centres, on one screen."""
    units, rooms = _all(sites)
    yield from _levels(facts, units, Place(0, 0, HALF if rooms else COLUMNS, HIGH + LOW))
    yield from _use(facts, rooms, Place(HALF, 0, HALF, HIGH + LOW) if units else Place(0, 0, COLUMNS, HIGH + LOW))


def attention(facts: Facts, sites: Sequence[Site]) -> Iterator[Panel]:
    """Yield the fullest units and rooms of many centres, and below them those that are silent."""
    units, rooms = _all(sites)
    first, silent = Rows(most=FIRST, highest_first=True), Rows(most=FIRST, only_silent=True)
    yield from _levels(facts, units, Place(0, 0, HALF, HIGH), first)
    yield from _use(facts, rooms, Place(HALF, 0, HALF, HIGH), first)
    yield from _silent(
        facts, facts.tell("Silent units"), units, facts.queries.now, LEVEL, Place(0, HIGH, HALF, LOW), silent
    )
    ask = facts.queries.derived_now
    yield from _silent(facts, facts.tell("Silent rooms"), rooms, ask, USE, Place(HALF, HIGH, HALF, LOW), silent)


def _silent(
    facts: Facts, title: str, assets: Sequence[Unit | Room], ask: Ask, metric: str, place: Place, rows: Rows
) -> Iterator[Panel]:
    tell = facts.tell
    told = tell("Units and rooms that have sent nothing for longer than silent_after, and when they were heard last.")
    for since, group, part in alike(assets, facts.silent_after, place):
        names = facts.names(group)
        yield Panel(
            Kind.NUMBER, title, told, ask(metric, names, since), part, tell("none"), names, words=facts.silence,
            decimals=0, steps=UNKNOWN, rows=rows, title_size=TILE_NAME, value_size=TILE_WORD, page=Page.WALL,
        )  # fmt: skip


def _levels(facts: Facts, units: Sequence[Unit], place: Place, rows: Rows = ALL_ROWS) -> Iterator[Panel]:
    tell = facts.tell
    told = tell("Newest reading of the level in percent of a full bag, with its time. Grey: silent.")
    for (since, steps), group, part in alike(units, facts.limits, place):
        names = facts.names(group)
        yield Panel(
            Kind.BARS, tell("Fill level"), told, facts.queries.now(LEVEL, names, since), part, tell("no data"), names,
            unit="percent", decimals=0, steps=steps, words=facts.silence, low=0, high=100, rows=rows,
            title_size=LARGE, value_size=LARGE_VALUE, page=Page.COLLECTION,
        )  # fmt: skip


def _states(facts: Facts, units: Sequence[Unit], place: Place) -> Iterator[Panel]:
    tell = facts.tell
    told = tell("State of each unit that tells one, with its time. Units without sensors of a state are left out.")
    for since, group, part in alike(units, facts.silent_after, place):
        names = facts.names(group)
        yield Panel(
            Kind.NUMBER, tell("State"), told, facts.queries.now(STATE, names, since), part, tell("no state"), names,
            decimals=0, steps=UNKNOWN, words=states(tell) | facts.silence, rows=ALL_ROWS,
            title_size=TILE_NAME, value_size=TILE_WORD,
        )  # fmt: skip


def _states_today(facts: Facts, site: Site, units: Sequence[Unit]) -> Panel:
    tell = facts.tell
    return Panel(
        Kind.STATES, tell("States of the units today"),
        tell("A state ends when nothing has been heard for silent_after; what follows is empty."),
        facts.queries.every(STATE, site.id), Place(0, HIGH, HALF, LOW), tell("no state"), facts.names(units),
        steps=UNKNOWN, words=states(tell), gaps={unit.id: facts.silent_after(unit) for unit in units},
    )  # fmt: skip


def _levels_today(facts: Facts, site: Site, units: Sequence[Unit]) -> Panel:
    tell = facts.tell
    return Panel(
        Kind.LINES, tell("Fill level today"),
        tell("Five-minute means. Dashes: where the alert rises and clears, if that is the same for all units."),
        facts.queries.course(LEVEL, site.id), Place(HALF, HIGH, HALF, LOW), tell("no data"), facts.names(units),
        unit="percent", decimals=0, steps=facts.fill_steps(units), low=0, high=100,
        gaps={unit.id: facts.silent_after(unit) for unit in units}, page=Page.COLLECTION,
    )  # fmt: skip


def _rooms(facts: Facts, rooms: Sequence[Room], place: Place) -> Iterator[Panel]:
    """Yield for the rooms of one centre the children, their share of the limit, and the zones."""
    if not rooms:
        return
    zoned = [room for room in rooms if room.zone]
    children, use, *zones = cut(place, ROOMS_WITH_ZONES if zoned else ROOMS)
    yield from _children(facts, rooms, children)
    yield from _use(facts, rooms, use)
    for room, part in zip(zoned, cut(zones[0], [len(room.zone) for room in zoned]) if zones else (), strict=True):
        yield from _zones(facts, room, part)


def _children(facts: Facts, rooms: Sequence[Room], place: Place) -> Iterator[Panel]:
    """Yield beside each other the children, how many may be there, and which rule says so."""
    tell, derived, third = facts.tell, facts.queries.derived_now, place.width // 3
    size = _size_of_number(place, len(rooms))
    for number, (metric, title, told) in enumerate(
        (
            (CHILDREN, tell("Children"), tell("Children after correction. Whether that is too many is said below.")),
            (
                LIMIT, tell("Current limit"),
                tell("How many children may be there now: the smallest of places, floor area and staff."),
            ),
        )
    ):  # fmt: skip
        column = Place(place.x + number * third, place.y, third, place.height)
        for since, group, part in alike(rooms, facts.silent_after, column):
            names = facts.names(group)
            yield Panel(
                Kind.NUMBER, title, told, derived(metric, names, since), part, tell("no data"), names,
                words=facts.silence, steps=UNKNOWN, decimals=0, rows=ALL_ROWS, title_size=TILE_NAME, value_size=size,
                page=Page.ROOMS,
            )  # fmt: skip
    names = {SeriesOwner.ROOM.named(room): name for room, name in facts.names(rooms).items()}
    last = Place(place.x + 2 * third, place.y, place.width - 2 * third, place.height)
    yield Panel(
        Kind.NUMBER, tell("Limit set by"),
        tell("The rules that allow no more children than the limit, as on our wall and on the page of rooms."),
        derived(LIMIT_RULE, names, RULE_FRESH), last, tell("no data"), names,
        words=facts.silence | rules(facts.language), steps=UNKNOWN, decimals=0, rows=ALL_ROWS,
        title_size=TILE_NAME, value_size=min(size, TILE_WORD), page=Page.ROOMS,
    )  # fmt: skip


def _size_of_number(place: Place, count: int) -> int:
    """Return the height of numbers in tiles that may lie below each other, under names of two lines."""
    height = (place.height * ROW_PIXELS - TITLE_PIXELS) / count
    return max(TILE_NAME, min(TILE_NUMBER, round((height - 2.5 * TILE_NAME) / LINE)))


def _use(facts: Facts, rooms: Sequence[Room], place: Place, rows: Rows = ALL_ROWS) -> Iterator[Panel]:
    tell = facts.tell
    told = tell(
        "Children in percent of those that may be there now: by places, floor area and staff. "
        "Orange: full. Red: over the limit."
    )
    for (since, steps), group, part in alike(rooms, facts.limits, place):
        names = facts.names(group)
        yield Panel(
            Kind.BARS, tell("Children in percent of the limit now"), told, facts.queries.derived_now(USE, names, since),
            part, tell("no data"), names, unit="percent", decimals=0, steps=steps, words=facts.silence, low=0,
            high=BEYOND, rows=rows, title_size=LARGE, value_size=LARGE_VALUE, page=Page.ROOMS,
        )  # fmt: skip


def _zones(facts: Facts, room: Room, place: Place) -> Iterator[Panel]:
    """Yield the people in the zones of a room; zones of one capacity share a panel."""
    tell, since = facts.tell, facts.silent_after(room)
    for capacity, group, part in alike(room.zone, lambda zone: zone.capacity, place):
        names = {zone.id: _named(facts, zone) for zone in group}
        yield Panel(
            Kind.BARS, tell("%(room)s: people in the zones") % {"room": room.name[facts.language]},
            tell("People after correction. Orange: as many as the zone is for. Red: more."),
            facts.queries.zones_now(room.id, names, since), part, tell("no data"), names, decimals=0,
            steps=_places(capacity), words=facts.silence, low=0, high=capacity or room.most_capacity,
            rows=Rows(tag="zone"), title_size=LARGE, value_size=LARGE_VALUE, page=Page.ROOMS,
        )  # fmt: skip


def _named(facts: Facts, zone: Zone) -> str:
    name = zone.name[facts.language]
    if zone.capacity is None:
        return name
    return facts.tell("%(zone)s, for %(capacity)d") % {"zone": name, "capacity": zone.capacity}


def _places(capacity: int | None) -> tuple[Step, ...]:
    if capacity is None:
        return (Step(None, Colour.BUSY),)
    return (Step(None, Colour.GOOD), Step(capacity, Colour.WARN), Step(capacity + 1, Colour.BAD))


def _all(sites: Sequence[Site]) -> tuple[list[Unit], list[Room]]:
    return [unit for site in sites for unit in site.unit], [room for site in sites for room in site.room]
