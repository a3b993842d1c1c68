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
    OLD = "#6e6e6e"
    CLEAR = "transparent"


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


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `names` maps a series to what it is called; `since` is its own time range, as in `45m`.

    `no_value` is what stands there when there is no series, or none as young as `since`. Between the two series of
    `band`, its lower and its upper edge, the area is filled. A panel of kind HEAT has one series and shows its mean for
    each weekday and hour of the day; `names` are then those of its columns: `HOURS` and the weekdays 1 (Monday) to 7.
    `draw` is for panels of kind LINES; STAIRS keep a value until the next one, BARS begin at the times of their values,
    and stand on each other. `decimals` None: as many as Grafana finds right.
    """

    kind: Kind
    title: str
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


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `span` is how far back it shows, `refresh` how often it asks."""

    uid: str
    language: Language
    title: str
    panels: tuple[Panel, ...]
    span: str = "24h"
    refresh: str = "30s"
