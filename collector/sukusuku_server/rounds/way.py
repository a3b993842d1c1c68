"""The way of a round on a map: its places in order, and the address that leads along what is left of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sukusuku_server.model.rounds import Answer
from sukusuku_server.rounds.route_sheet import Line, Sheet
from sukusuku_server.settings import Place

MOST_WAYPOINTS = 9
"""Map applications take no more on the way to a destination."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place at which the round stops, for one unit or more: units of one centre share it."""

    place: Place
    lines: tuple[Line, ...]

    @property
    def label(self) -> str:
        """Return the numbers of its stops."""
        return "·".join(str(line.number) for line in self.lines)

    @property
    def left(self) -> bool:
        """Whether somebody must still go there: not all of its bags are answered for or changed."""
        return any(line.answer is Answer.NONE and line.emptied is None for line in self.lines)


@dataclass(frozen=True, slots=True)
class Directions:
    """An address that leads along the next `stops` places that are left, to the depot if `home`."""

    url: str
    stops: int
    home: bool


def spots(lines: Iterable[Line]) -> tuple[Spot, ...]:
    """Return the places of stops, each once, in the order of the way; stops whose place is not known are left out."""
    found: dict[Place, list[Line]] = {}
    for line in lines:
        if line.place is not None:
            found.setdefault(line.place, []).append(line)
    return tuple(Spot(place, tuple(there)) for place, there in found.items())


def directions(template: str, sheet: Sheet) -> Directions | None:
    """Return how a map application leads along the rest of a round; None: nothing is left, or no place is known.

    `template` has `{waypoints}` (with `|` between them) and `{destination}` in it.
    """
    left = [spot.place for spot in spots(sheet.stops) if spot.left]
    if not left:
        return None
    shown = left[: MOST_WAYPOINTS + 1]
    home = sheet.depot is not None and len(left) <= MOST_WAYPOINTS
    depot = sheet.depot
    way = [*shown, Place(lat=depot.lat, lon=depot.lon)] if home and depot is not None else shown
    marks = {"{waypoints}": _points(way[:-1]), "{destination}": _points(way[-1:])}
    for mark, points in marks.items():
        template = template.replace(mark, points)
    return Directions(template, len(shown), home)


def _points(places: Sequence[Place]) -> str:
    return quote("|".join(f"{place.lat:.6f},{place.lon:.6f}" for place in places))
