"""The picture of the day: the way as a sketch, and how full each unit is. Drawn in a process that lives for it alone.

The renderer takes about 220 MB, which the collector should not keep. Without a picture the mail goes out all the same.
"""

import logging
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from gettext import NullTranslations

import msgspec

from sukusuku_server.rounds.route_sheet import Sheet
from sukusuku_server.rounds.way import spots
from sukusuku_server.settings import Place

RENDER_SECONDS = 30.0
_KM_PER_DEGREE = 111.2
_PROGRAM = "sukusuku_server.rounds.sketch_renderer"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Dot:
    """A place on the sketch, in km from its middle. `label` has the numbers of its stops."""

    label: str
    name: str
    x: float
    y: float
    depot: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """How full a unit is now and will be on arrival, percent; None: not known."""

    label: str
    now: float | None
    then: float | None


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is drawn. `way` has the corners of the way in order; `wide` and `high` are km from the middle to an edge."""

    dots: tuple[Dot, ...]
    way: tuple[tuple[float, float], ...]
    wide: float
    high: float
    bars: tuple[Bar, ...]
    now: str
    then: str


def sketch(sheet: Sheet, texts: NullTranslations) -> Sketch:
    """Return the drawing of a sheet. Units at one place share a dot; those whose place is not known have a bar only."""
    places = [line.place for line in sheet.stops if line.place is not None]
    depot = None if sheet.depot is None else Place(lat=sheet.depot.lat, lon=sheet.depot.lon)
    middle = _middle([*places, *([] if depot is None else [depot])])
    way = [_km(place, middle) for place in places]
    if depot is not None and way:
        way = [_km(depot, middle), *way, _km(depot, middle)]
    dots = [Dot(spot.label, spot.lines[-1].site, *_km(spot.place, middle), depot=False) for spot in spots(sheet.stops)]
    if depot is not None and sheet.depot is not None:
        dots.insert(0, Dot("", sheet.depot.name[sheet.language], *_km(depot, middle), depot=True))
    wide, high = (max((abs(spot[axis]) for spot in way), default=0.0) for axis in (0, 1))
    return Sketch(
        dots=tuple(dots),
        way=tuple(way),
        wide=max(wide, 0.3),
        high=max(high, 0.1),
        bars=tuple(Bar(f"{line.number}  {line.unit}", line.percent, line.percent_then) for line in sheet.stops),
        now=texts.gettext("Fill level now"),
        then=texts.gettext("On arrival"),
    )


def render(drawn: Sketch, seconds: float = RENDER_SECONDS) -> bytes | None:
    """Return the picture as PNG; None when it cannot be drawn, which the log tells."""
    command = [sys.executable, "-m", _PROGRAM]
    try:
        done = subprocess.run(
            command, input=msgspec.json.encode(drawn), capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("the picture of a round cannot be drawn, its mail goes without: %s", error)
        return None
    if done.returncode or not done.stdout.startswith(_SIGNATURE):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        _log.warning("the picture of a round cannot be drawn, its mail goes without: %s", said[-1] if said else "")
        return None
    return done.stdout


def _middle(places: Sequence[Place]) -> Place:
    if not places:
        return Place(lat=0.0, lon=0.0)
    lats, lons = [place.lat for place in places], [place.lon for place in places]
    return Place(lat=(min(lats) + max(lats)) / 2, lon=(min(lons) + max(lons)) / 2)


def _km(place: Place, middle: Place) -> tuple[float, float]:
    """East and north of the middle. Good enough for a ward."""
    east = (place.lon - middle.lon) * _KM_PER_DEGREE * math.cos(math.radians(middle.lat))
    return round(east, 3), round((place.lat - middle.lat) * _KM_PER_DEGREE, 3)
