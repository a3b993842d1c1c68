"""What a report is made of: tables of cells with units, charts over their columns, definitions. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


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


WITHHELD = Withheld()
Cell = str | int | float | Dated | Withheld | None
"""None is a gap: nothing is known, which is not 0."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `unit` may be empty."""

    heading: str
    unit: str = ""
    kind: Kind = Kind.TEXT

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
    """A chart of a table: `y` is the number of the column of bars, `line` of one drawn over them on its own axis."""

    shape: Shape
    title: str
    y: int = 1
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first column names the rows; `total` rows at the end are sums. Notes stand below."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int = 0
    notes: tuple[str, ...] = ()
    chart: Chart | None = None

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows without totals."""
        return self.rows[: len(self.rows) - self.total]


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
    return str(cell) if isinstance(cell, str | Dated) else format(cell, _FORMATS.get(kind, ""))
