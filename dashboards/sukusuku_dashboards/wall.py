"""The walls: one for all centres and one for each, without variables, to be read from four metres. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from sukusuku_core.model import AssetKind
from sukusuku_dashboards.board import COLUMNS, Board, Colour, Kind, Panel, Place, Step
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.rooms import CHILDREN, FULL, USE
from sukusuku_dashboards.words import say, states
from sukusuku_server.settings import Asset, Facility, Language, Room, Unit
from sukusuku_server.settings.alerts import AlertLevels

HALF = COLUMNS // 2
TALL, NOW, LOW = 13, 6, 8
"""Rows of the levels, of the states now, and of what was today; together they fill a screen of 1080 lines."""
HIGH = TALL + NOW
OWN_PANELS = 4
"""So many units of a centre have panels of their own; more share one, in which those that are silent are missing."""
LEVEL = "Fill/Percent"
ROOMS_IN_A_ROW = 2
BEYOND = 150
"""Percent of the limit at which a bar ends: one that is over the limit must look longer than one that is full."""
UID, ALL = "sukusuku-wall", "all"
UID_LENGTH = 40
"""Grafana takes at most so many characters."""
_TAKEN = re.compile(r"[A-Za-z0-9_-]+")


def walls(facility: Facility, language: Language) -> Iterator[Board]:
    """Every wall of a facility in a language."""
    yield _wall(facility, None, language)
    for site in facility.site:
        yield _wall(facility, site.id, language)


def _wall(facility: Facility, site: str | None, language: Language) -> Board:
    assets = [asset for asset in facility.assets() if site in {None, asset.site.id}]
    units = [asset for asset in assets if asset.kind is AssetKind.UNIT]
    rooms = [asset for asset in assets if asset.kind is AssetKind.ROOM]
    several = site is None and len(facility.site) > 1
    board = _Wall(facility, site, language, several=several)
    title = facility.operator.name[language] if site is None else assets[0].site.name[language] if assets else site
    panels = (*board.of_units(units), *(board.all_rooms(rooms) if several else board.of_rooms(rooms)))
    return Board(uid_of_wall(site, language), language, title, panels)


def uid_of_wall(site: str | None, language: Language) -> str:
    """Return the uid of a wall; None: of all sites.

    Sites whose ids Grafana cannot take have a digest of it in theirs.
    """
    if site is None:
        return f"{UID}-{ALL}-{language}"
    plain = f"{UID}-{site}-{language}"
    if site != ALL and len(plain) <= UID_LENGTH and _TAKEN.fullmatch(plain):
        return plain
    digest = blake2b(site.encode(), digest_size=10).hexdigest()
    return f"{UID}-{digest}-{language}"


class _Wall:
    """Panels of one wall; `several` sites: names then begin with that of the site."""

    def __init__(self, facility: Facility, site: str | None, language: Language, *, several: bool) -> None:
        self._facility = facility
        self._site = site
        self._language = language
        self._several = several
        self._say = say(language)
        self._queries = Queries(facility.store.influx)
        self._since = f"{round(facility.alerts.silent_after)}s"
        self._steps = _fill_steps(facility.alerts)

    def of_units(self, units: Sequence[Asset]) -> Iterator[Panel]:
        """Levels and states now, states and levels of the day."""
        if not units:
            return
        names = {asset.id: self._name(asset) for asset in units}
        none, tell = self._say("no data"), self._say
        if self._several or len(units) > OWN_PANELS:
            yield self._levels(
                tell("Fill level"), self._queries.newest(LEVEL, self._site), Place(0, 0, HALF, HIGH), names
            )
        else:
            yield from self._each(units)
        yield Panel(
            Kind.STATES, tell("States of the units today"), self._queries.every("State", self._site),
            Place(0, HIGH, HALF, LOW), none, names, words=states(tell),
        )  # fmt: skip
        yield Panel(
            Kind.LINES, tell("Fill level today"), self._queries.course(LEVEL, self._site), Place(HALF, HIGH, HALF, LOW),
            none, names, unit="percent", steps=self._steps, low=0, high=100,
        )  # fmt: skip

    def _each(self, units: Sequence[Asset]) -> Iterator[Panel]:
        """Level and state of each unit in panels of its own, so that one that is silent says so in its place."""
        for number, asset in enumerate(units):
            name = self._name(asset)
            top, bottom = (TALL * n // len(units) for n in (number, number + 1))
            query = self._queries.newest_of(LEVEL, asset.id)
            title = self._say("%(unit)s: fill level") % {"unit": name}
            levels = self._facility.levels(asset.settings)
            since = f"{round(levels.silent_after)}s"
            level = self._levels(title, query, Place(0, top, HALF, bottom - top), {asset.id: name})
            yield replace(level, steps=_fill_steps(levels), since=since)
            left, right = (HALF * n // len(units) for n in (number, number + 1))
            yield Panel(
                Kind.NUMBER, self._say("%(unit)s: state") % {"unit": name}, self._queries.newest_of("State", asset.id),
                Place(left, TALL, right - left, NOW), self._say("no state"), {asset.id: name},
                words=states(self._say), since=since,
            )  # fmt: skip

    def _levels(self, title: str, query: str, place: Place, names: Mapping[str, str]) -> Panel:
        return Panel(
            Kind.BARS, title, query, place, self._say("no data"), names, unit="percent", decimals=0, steps=self._steps,
            low=0, high=100, since=self._since,
        )  # fmt: skip

    def of_rooms(self, rooms: Sequence[Asset]) -> Iterator[Panel]:
        """Each room: its children beside its capacity, and its zones."""
        height = HIGH // max(1, -(-len(rooms) // ROOMS_IN_A_ROW))
        width = HALF // min(ROOMS_IN_A_ROW, max(1, len(rooms)))
        for number, asset in enumerate(rooms):
            room = _room(asset)
            x, y = HALF + number % ROOMS_IN_A_ROW * width, number // ROOMS_IN_A_ROW * height
            zones = {zone.id: zone.name[self._language] for zone in room.zone}
            top = height if not zones else -(-height // 2)
            title = self._say("%(room)s: children (capacity %(capacity)d)") % {
                "room": room.name[self._language],
                "capacity": room.capacity,
            }
            since = f"{round(self._facility.levels(room).silent_after)}s"
            count = width // 2
            yield Panel(
                Kind.NUMBER, title, self._queries.newest_derived_of(CHILDREN, asset.id), Place(x, y, count, top),
                self._say("no data"), {asset.id: ""}, steps=_capacity(room.capacity), decimals=0, since=since,
            )  # fmt: skip
            yield Panel(
                Kind.NUMBER, self._say("of the limit now"), self._queries.newest_derived_of(USE, asset.id),
                Place(x + count, y, width - count, top), self._say("no data"), {asset.id: ""}, unit="percent",
                decimals=0, steps=FULL, since=since,
            )  # fmt: skip
            if zones:
                yield Panel(
                    Kind.BARS, self._say("People in the zones"), self._queries.newest_of_zones(asset.id),
                    Place(x, y + top, width, height - top), self._say("no data"), zones, alias="$tag_zone",
                    steps=(Step(None, Colour.BUSY),), low=0, high=room.capacity, decimals=0, since=since,
                )  # fmt: skip

    def all_rooms(self, rooms: Sequence[Asset]) -> Iterator[Panel]:
        """Yield the children of all rooms, and how much of the limit of the moment they are."""
        if not rooms:
            return
        names = {asset.id: self._name(asset) for asset in rooms}
        highest = max(_room(asset).capacity for asset in rooms)
        half = HIGH // 2
        yield Panel(
            Kind.BARS, self._say("Children in the rooms"), self._queries.newest_derived(CHILDREN, self._site),
            Place(HALF, 0, HALF, half), self._say("no data"), names, steps=(Step(None, Colour.BUSY),), low=0,
            high=highest, decimals=0, since=self._since,
        )  # fmt: skip
        yield Panel(
            Kind.BARS, self._say("Children in percent of the limit now"), self._queries.newest_derived(USE, self._site),
            Place(HALF, half, HALF, HIGH - half), self._say("no data"), names, unit="percent", decimals=0, steps=FULL,
            low=0, high=BEYOND, since=self._since,
        )  # fmt: skip

    def _name(self, asset: Asset) -> str:
        own = asset.settings.name[self._language]
        return f"{asset.site.name[self._language]} {own}" if self._several else own


def _room(asset: Asset) -> Room:
    if isinstance(asset.settings, Unit):
        raise TypeError(asset.id)
    return asset.settings


def _fill_steps(levels: AlertLevels) -> tuple[Step, ...]:
    return (
        Step(None, Colour.GOOD),
        Step(levels.fill_clear, Colour.WARN),
        Step(levels.fill_rise, Colour.BAD),
    )


def _capacity(places: int) -> tuple[Step, ...]:
    return (Step(None, Colour.GOOD), Step(places, Colour.WARN), Step(places + 1, Colour.BAD))
