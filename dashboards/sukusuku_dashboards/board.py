"""A dashboard as we mean it, without Grafana's schema. Pure data; `grafana` knows how it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sukusuku_server.settings import Language

COLUMNS = 24
"""Width of a board in Grafana's columns."""

HOURS = r"h\d"
"""Column of the hours in a panel of kind HEAT, as Grafana calls it: rows of `h`, columns of `d`."""


class Kind(StrEnum):
    """How a panel shows its series; the values are Grafana's names."""

    BARS = "bargauge"
    HEAT = "table"
    NUMBER = "stat"
    STATES = "state-timeline"
    LINES = "timeseries"


class Draw(StrEnum):
    """How a panel of kind LINES draws its series; but for STAIRS the values are Grafana's names."""

    LINE = "line"
    STAIRS = "stairs"
    POINTS = "points"
    BARS = "bars"


class Colour(StrEnum):
    """Grafana's names of colours that are told apart by the colour-blind too, together with the text beside them."""

    GOOD = "semi-dark-green"
    WARN = "semi-dark-orange"
    BAD = "semi-dark-red"
    BUSY = "semi-dark-blue"
    OLD = "#808080"
    CLEAR = "transparent"
    PLAIN = "#2f343c"
    """No verdict: what is right and what is not stands beside it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel is: columns from the left, rows (30 pixels each) from the top."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on (None: from below) the colour holds. Panels of kind LINES have a dashed line there."""

    value: float | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Word:
    """What is shown instead of a value."""

    text: str
    colour: Colour


SILENT = -1
"""What a query for rows answers for a series that is older than it may be; nothing that is shown is below 0."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The query answers a row for each of `names`: tag, value or `SILENT`, and the time of its newest reading.

    `tag` is the column of what `names` maps. At most `most` are shown, the highest values first when `highest_first`,
    else in the order of their ids; with `only_silent` those that are silent.
    """

    tag: str = "asset"
    most: int = 25
    highest_first: bool = False
    only_silent: bool = False


class Page(StrEnum):
    """Our own pages, by their paths."""

    WALL = "/wall"
    COLLECTION = "/collection"
    ROOMS = "/rooms"


@dataclass(frozen=True, slots=True)
class Link:
    """What is written there, and the address."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `names` maps a series to what it is called; `since` is its own time range, as in `45m`.

    `no_value` is what stands there when there is no series, or none as young as `since`. Between the two series of
    `band`, its lower and its upper edge, the area is filled. A panel of kind HEAT has one series and shows its mean for
    each weekday and hour of the day; `names` are then those of its columns: `HOURS` and the weekdays 1 (Monday) to 7.
    `draw` is for panels of kind LINES; STAIRS keep a value until the next one, BARS begin at the times of their values,
    and stand on each other. `decimals` None: as many as Grafana finds right. `told` explains the panel to who asks.
    `gaps` has the seconds after which a line or a state ends when nothing more comes, for each series. `title_size`
    and `value_size` are the heights of names and values in pixels; None: as Grafana finds right. `page` is the page of
    ours that it leads to; None: that of its board.
    """

    kind: Kind
    title: str
    told: str
    query: str
    place: Place
    no_value: str
    names: Mapping[str, str] = field(default_factory=dict)
    alias: str = "$tag_asset"
    unit: str = "none"
    decimals: int | None = None
    steps: tuple[Step, ...] = ()
    words: Mapping[int, Word] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    since: str | None = None
    band: tuple[str, str] | None = None
    draw: Draw = Draw.LINE
    rows: Rows | None = None
    gaps: Mapping[str, float] = field(default_factory=dict)
    title_size: int | None = None
    value_size: int | None = None
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `span` is how far back it shows, `refresh` how often it asks.

    `pages` are links to our own pages; its panels lead to `page`, where something can be done about what they show.
    `tags` tell kinds of boards apart.
    """

    uid: str
    language: Language
    title: str
    panels: tuple[Panel, ...]
    span: str = "24h"
    refresh: str = "30s"
    pages: Mapping[Page, Link] = field(default_factory=dict)
    page: Page = Page.WALL
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Playlist:
    """Boards that one screen shows in turn, by their uids, each for `seconds`."""

    uid: str
    title: str
    boards: tuple[str, ...]
    seconds: int = 20
