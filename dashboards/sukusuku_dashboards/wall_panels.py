"""The panels of the walls. Units and rooms that have limits of their own have panels of their own. Pure."""

from collections.abc import Iterator, Sequence

from sukusuku_dashboards.board import COLUMNS, Colour, Kind, Page, Panel, Place, Rows, Step
from sukusuku_dashboards.facts import OVER, Facts
from sukusuku_dashboards.layout import BORDER_PIXELS, ROW_PIXELS, alike, beside, cut
from sukusuku_dashboards.queries import CHILDREN, LEVEL, LIMIT, STATE, USE
from sukusuku_dashboards.words import rules, states
from sukusuku_server.kpi.series import LIMIT_RULE
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.settings import Room, Site, Unit, Zone

HALF = COLUMNS // 2
HIGH, LOW = 19, 7
"""Rows of what is now, and of what was today. Together they fill a screen of 1080 lines, but for the footer of Grafana:
a playlist hands on no wish to hide it."""
LEVELS = 13
"""Rows of the levels above the states."""
ROOMS, ZONES, MOST_LOW = (11, 8), 7, 4
"""Parts of the children of the rooms and of their share of the limit, where there are no zones; rows of zones, and up
to how many rooms the shares of the limit grow."""
MANY = 6
"""More units than these leave no room for the states of the day."""
LARGE, LARGE_VALUE = 30, 40
"""Pixels of a name and of a value that are read from four metres."""
SMALL, SMALL_VALUE = 24, 24
"""What they may shrink to where many bars lie below each other."""
BAR_NAME, BAR_VALUE = 1.5, 1.2
"""Heights of the line of a name and of a bar, by those of their letters: in a lower bar Grafana cuts the value off."""
FIRST, SILENT_FIRST = 6, 4
"""So many of what needs attention first are shown, and of what is silent."""
TILE_NAME, TILE_WORD, TILE_NUMBER, TILE_RULE = 24, 44, 54, 30
"""Pixels of names, words and numbers of tiles, and of rules, of which there may be three: a name takes two lines where
there are several beside each other, and instead of a number there may be the word that there is no data."""
TITLE_PIXELS, LINE = 48, 1.3
"""Pixels of what is above the tiles of a panel; height of a line by that of its letters."""
RULE_FRESH = 1_800
"""Seconds. The collector writes the rules of each room every fifteen minutes."""
ALL_ROWS = Rows()
UNKNOWN = (Step(None, Colour.PLAIN),)
"""Grafana's own colour for a value of which nothing is said is green."""
OF_PLACES: tuple[Step, ...] = (Step(None, Colour.GOOD), Step(100, Colour.WARN), Step(OVER, Colour.BAD))
"""People in a zone in percent of those that it is for."""
COUNTED: tuple[Step, ...] = (Step(None, Colour.BUSY),)
BEYOND = 150
"""Percent of the limit, or of the places, at which a bar ends: what is over must look longer than what is full."""


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
    first, silent = Rows(most=FIRST, highest_first=True), Rows(most=SILENT_FIRST, only_silent=True)
    yield from _levels(facts, units, Place(0, 0, HALF, HIGH), first)
    yield from _use(facts, rooms, Place(HALF, 0, HALF, HIGH), first)
    yield from _silent(facts, facts.tell("Silent units"), units, Place(0, HIGH, HALF, LOW), silent)
    yield from _silent(facts, facts.tell("Silent rooms"), rooms, Place(HALF, HIGH, HALF, LOW), silent)


def _silent(facts: Facts, title: str, assets: Sequence[Unit | Room], place: Place, rows: Rows) -> Iterator[Panel]:
    tell = facts.tell
    told = tell("Units and rooms that have sent nothing for longer than silent_after, and when they were heard last.")
    for since, group, part in alike(assets, facts.silent_after, place, beside):
        names = facts.names(group)
        yield Panel(
            Kind.NUMBER, title, told, facts.queries.heard(names, since), part, tell("none"), names, words=facts.silence,
            decimals=0, steps=UNKNOWN, rows=rows, title_size=TILE_NAME, value_size=TILE_NAME, page=Page.WALL,
        )  # fmt: skip


def _levels(facts: Facts, units: Sequence[Unit], place: Place, rows: Rows = ALL_ROWS) -> Iterator[Panel]:
    tell = facts.tell
    told = tell("Newest reading of the level in percent of a full bag, with its time. Grey: silent.")
    for (since, steps), group, part in alike(units, facts.limits, place):
        names = facts.names(group)
        title_size, value_size = _sizes_of_bars(part, min(len(names), rows.most))
        yield Panel(
            Kind.BARS, tell("Fill level"), told, facts.queries.now(LEVEL, names, since), part, tell("no data"), names,
            unit="percent", decimals=0, steps=steps, words=facts.silence, low=0, high=100, rows=rows,
            title_size=title_size, value_size=value_size, page=Page.COLLECTION,
        )  # fmt: skip


def _states(facts: Facts, units: Sequence[Unit], place: Place) -> Iterator[Panel]:
    tell = facts.tell
    told = tell("State of each unit that tells one, with its time. Units without sensors of a state are left out.")
    for since, group, part in alike(units, facts.silent_after, place, beside):
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
    zoned, low = [room for room in rooms if room.zone], min(len(rooms), MOST_LOW)
    above = place.height - ZONES
    parts = (above - MOST_LOW - low, MOST_LOW + low, ZONES) if zoned else ROOMS
    children, use, *zones = cut(place, parts)
    yield from _children(facts, rooms, children)
    yield from _use(facts, rooms, use)
    for room, part in zip(zoned, beside(zones[0], [1] * len(zoned)) if zones else (), strict=True):
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
        for since, group, part in alike(rooms, facts.counted_within, column):
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
        title_size=TILE_NAME, value_size=min(size, TILE_RULE), page=Page.ROOMS,
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
        title_size, value_size = _sizes_of_bars(part, min(len(names), rows.most))
        yield Panel(
            Kind.BARS, tell("Children in percent of the limit now"), told, facts.queries.derived_now(USE, names, since),
            part, tell("no data"), names, unit="percent", decimals=0, steps=steps, words=facts.silence, low=0,
            high=BEYOND, rows=rows, title_size=title_size, value_size=value_size, page=Page.ROOMS,
        )  # fmt: skip


def _zones(facts: Facts, room: Room, place: Place) -> Iterator[Panel]:
    """Yield the people in the zones of a room, in percent of what each zone is for, if that is known."""
    tell, since, queries = facts.tell, facts.counted_within(room), facts.queries
    capacities = {zone.id: zone.capacity for zone in room.zone if zone.capacity is not None}
    for known, zones, part in alike(room.zone, lambda zone: zone.id in capacities, place):
        names = {zone.id: _named(facts, zone) for zone in zones}
        title_size, value_size = _sizes_of_bars(part, len(names))
        if known:
            title, steps, high = tell("%(room)s: people in percent of the places of each zone"), OF_PLACES, BEYOND
            told = tell("People after correction. Orange: as many as the zone is for. Red: more.")
            query = queries.zones_use_now(room.id, capacities, since)
        else:
            title, steps, high = tell("%(room)s: people in the zones"), COUNTED, room.most_capacity
            told, query = tell("People in each zone after correction."), queries.zones_now(room.id, names, since)
        yield Panel(
            Kind.BARS, title % {"room": room.name[facts.language]}, told, query, part, tell("no data"), names,
            unit="percent" if known else "none", decimals=0, steps=steps, words=facts.silence, low=0, high=high,
            rows=Rows(tag="zone"), title_size=title_size, value_size=value_size, page=Page.ROOMS,
        )  # fmt: skip


def _named(facts: Facts, zone: Zone) -> str:
    name = zone.name[facts.language]
    if zone.capacity is None:
        return name
    return facts.tell("%(zone)s, for %(capacity)d") % {"zone": name, "capacity": zone.capacity}


def _sizes_of_bars(place: Place, count: int) -> tuple[int, int]:
    """Return the heights of names and values, so that so many bars of a place are high enough for them."""
    height = (place.height * ROW_PIXELS - BORDER_PIXELS) / max(count, 1)
    name = LARGE if height >= BAR_NAME * LARGE + BAR_VALUE * LARGE_VALUE else SMALL
    return name, max(SMALL_VALUE, min(LARGE_VALUE, int((height - BAR_NAME * name) / BAR_VALUE)))


def _all(sites: Sequence[Site]) -> tuple[list[Unit], list[Room]]:
    return [unit for site in sites for unit in site.unit], [room for site in sites for room in site.room]
