"""What a report is made of: tables of cells with units, charts over their columns, definitions. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sukusuku_api.reports.rules import OfColumn, OfRow
from sukusuku_core.time import japan_time


class Kind(StrEnum):
    """What a column holds, and so how its cells are written."""

    TEXT = "text"
    COUNT = "count"
    """Whole numbers."""
    DECIMAL = "decimal"
    """Numbers with one decimal."""
    PERCENT = "percent"
    """Percent as a number of 0-100, with one decimal."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A count that may not be told outside."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, or a month by its first day, and how people call it."""

    day: date
    text: str
    month: bool = False

    def __str__(self) -> str:
        """Return how people call it."""
        return self.text

    @property
    def iso(self) -> str:
        """`2026-11-06`, or `2026-11` for a month."""
        return self.day.isoformat()[: 7 if self.month else 10]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in UTC ms, told in Japan's time to the minute."""

    time: int

    def __str__(self) -> str:
        """`2026-11-06 15:04`."""
        return f"{japan_time(self.time):%Y-%m-%d %H:%M}"

    @property
    def iso(self) -> str:
        """`2026-11-06T15:04`, without an offset: all times of a report are Japan's."""
        return str(self).replace(" ", "T")


WITHHELD = Withheld()
Cell = str | int | float | Dated | Moment | Withheld | None
"""None is a gap: nothing is known, which is not 0."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `unit` may be empty; `key` is its name in rules.

    `follows` is how each cell follows from its row, `total` how those of total rows follow; None: as all others.
    """

    heading: str
    unit: str = ""
    kind: Kind = Kind.TEXT
    key: str = ""
    follows: OfRow | None = None
    total: OfColumn | None = None

    @property
    def title(self) -> str:
        """Heading and unit."""
        return f"{self.heading} ({self.unit})" if self.unit else self.heading


class Shape(StrEnum):
    """How a chart is drawn."""

    BARS = "bars"
    HEAT = "heat"
    """All number columns of the table as a map of colours."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a table: `y` is the number of the column of bars, `line` of one drawn over them on its own axis.

    `shared`: the line is on the axis of the bars, because it has their unit.
    """

    shape: Shape
    title: str
    y: int = 1
    line: int | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Where a table is in files of tables: with all others of this `key`, below each other.

    `subject` is what it is about (a room, a centre): columns that come before its own there.
    """

    key: str
    title: str
    subject: tuple[tuple[Column, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first column names the rows; `total` rows at the end are sums, or differences. Notes are below.

    `crossed`: the columns after the first are one figure (the second) by something that their headings tell (the
    first). `upright`: on paper its columns are rows. `long`: too long for paper, it is in the files of tables only.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int = 0
    notes: tuple[str, ...] = ()
    chart: Chart | None = None
    sheet: Sheet | None = None
    crossed: tuple[Column, Column] | None = None
    upright: bool = False
    long: bool = False

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows without totals."""
        return self.rows[: len(self.rows) - self.total]

    @property
    def total_rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The totals."""
        return self.rows[len(self.rows) - self.total :]


@dataclass(frozen=True, slots=True)
class Section:
    """Tables that belong together, such as those of one room."""

    title: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure is, by which formula, in which unit."""

    name: str
    formula: str
    unit: str


@dataclass(frozen=True, slots=True)
class Words:
    """The fixed words of the files."""

    gap: str
    withheld: str
    definitions: str
    name: str
    formula: str
    unit: str
    page: str
    charts: str
    about: str
    nothing: str
    bars: str
    """What is said of a chart of bars to whoever does not see it: title, low, low_at, high, high_at."""
    heat: str
    """Likewise of a map of colours."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report in one language."""

    key: str
    """Name of its files without ending."""
    language: str
    title: str
    operator: str
    period: str
    made: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...]
    words: Words
    empty: bool = False
    """Nothing at all is known of its period."""

    @property
    def tables(self) -> Sequence[tuple[Section, Table]]:
        """Every table with its section."""
        return [(section, table) for section in self.sections for table in section.tables]


_FORMATS = {Kind.COUNT: ",.0f", Kind.DECIMAL: "z,.1f", Kind.PERCENT: "z,.1f"}


def shown(cell: Cell, kind: Kind, words: Words) -> str:
    """Return a cell as people read it."""
    if cell is None:
        return words.gap
    if isinstance(cell, Withheld):
        return words.withheld
    return str(cell) if isinstance(cell, str | Dated | Moment) else format(cell, _FORMATS.get(kind, ""))


def signed(cell: Cell, kind: Kind, words: Words) -> str:
    """Return a difference as people read it."""
    text = shown(cell, kind, words)
    if not isinstance(cell, int | float):
        return text
    return f"+{text}" if float(text.replace(",", "")) > 0 else text.replace("-", "\u2212")


def alternative(table: Table, words: Words) -> str:
    """Return what the chart of a table shows, for whoever does not see it; empty: it has no chart."""
    chart = table.chart
    if chart is None:
        return ""
    if chart.shape is Shape.HEAT:
        found = [
            (cell, f"{column.heading} {row[0]}")
            for row in table.body
            for column, cell in zip(table.columns[1:], row[1:], strict=True)
        ]
    else:
        found = [(row[chart.y], str(row[0])) for row in table.body]
    known = [(float(cell), name) for cell, name in found if isinstance(cell, int | float)]
    if not known:
        return chart.title
    kind = table.columns[chart.y].kind
    (low, low_at), (high, high_at) = (of(known, key=lambda item: item[0]) for of in (min, max))
    values = {"low": shown(low, kind, words), "high": shown(high, kind, words), "low_at": low_at, "high_at": high_at}
    return (words.bars if chart.shape is Shape.BARS else words.heat) % {"title": chart.title, **values}


def difference(one: Cell, other: Cell) -> Cell:
    """Return one number less another; withheld where one of them is, None where one is not known."""
    if isinstance(one, Withheld) or isinstance(other, Withheld):
        return WITHHELD
    return one - other if isinstance(one, int | float) and isinstance(other, int | float) else None
