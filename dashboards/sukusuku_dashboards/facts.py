"""What all boards need to know of a facility: its names in one language, its limits, its queries. Pure."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from sukusuku_dashboards.board import SILENT, Colour, Link, Page, Step, Word
from sukusuku_dashboards.queries import Queries
from sukusuku_dashboards.words import say
from sukusuku_server.rooms.current import FRESH_MS
from sukusuku_server.settings import AlertLevels, Facility, Language, Room, Site, Unit

OVER = 100.1
"""Percent of the limit from which on a room is over it; the limit itself is none too many."""


class Facts:
    """One facility in one language. `short`: names without their centre, for a board about one."""

    def __init__(self, facility: Facility, language: Language, *, short: bool = False) -> None:
        self.facility = facility
        self.language = language
        self.tell = say(language)
        self.queries = Queries(facility.store.influx)
        several = len(facility.site) > 1 and not short
        self._sites = {asset.id: asset.site.name[language] if several else "" for asset in facility.assets()}

    def silent_after(self, asset: Unit | Room) -> float:
        """Return after how many seconds without a reading a unit or a room counts as silent."""
        return self.facility.levels(asset).silent_after

    def counted_within(self, room: Room) -> float:
        """Return after how many seconds a corrected count is one of a gap, as on our wall."""
        return min(self.silent_after(room), FRESH_MS / 1000)

    def limits(self, asset: Unit | Room) -> tuple[float, tuple[Step, ...]]:
        """Return after how many seconds a level or the use of a room is not shown any more, and its colours."""
        levels = self.facility.levels(asset)
        if isinstance(asset, Room):
            return self.counted_within(asset), use_steps(levels)
        return levels.silent_after, fill_steps(levels)

    def fill_steps(self, units: Iterable[Unit]) -> tuple[Step, ...]:
        """Return the colours of the levels of several units; none when they differ."""
        found = {fill_steps(self.facility.levels(unit)) for unit in units}
        return found.pop() if len(found) == 1 else ()

    def names(self, assets: Iterable[Unit | Room]) -> dict[str, str]:
        """Return what units or rooms are called; with their centre, where there are several."""
        return {asset.id: f"{self._sites[asset.id]} {asset.name[self.language]}".strip() for asset in assets}

    @property
    def silence(self) -> dict[int, Word]:
        """What is shown for a series that is silent."""
        return {SILENT: Word(self.tell("no data"), Colour.OLD)}

    def pages(self, site: Site | None = None) -> Mapping[Page, Link]:
        """Links to our own pages; that of the wall is about one centre, if one is given."""
        url, tell = self.facility.web.url.rstrip("/"), self.tell
        texts = {
            Page.WALL: tell("Live wall"), Page.COLLECTION: tell("Collection page"), Page.ROOMS: tell("Rooms page")
        }  # fmt: skip
        part = {} if site is None else {Page.WALL: f"/{quote(site.id)}"}
        return {
            page: Link(text, f"{url}{page}{part.get(page, '')}?lang={self.language}") for page, text in texts.items()
        }


def fill_steps(levels: AlertLevels) -> tuple[Step, ...]:
    """Return the colours of a level: as its alert rises and clears."""
    return (Step(None, Colour.GOOD), Step(levels.fill_clear, Colour.WARN), Step(levels.fill_rise, Colour.BAD))


def use_steps(levels: AlertLevels) -> tuple[Step, ...]:
    """Return the colours of children in percent of the limit: full as the room says, and over the limit."""
    full = min(levels.room_warn, 100.0)
    return (Step(None, Colour.GOOD), Step(full, Colour.WARN), Step(OVER, Colour.BAD))
