"""How cells of a table follow from others: what a workbook computes again when somebody changes one of them. Pure.

Columns are named by their keys.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sum:
    """The cells above, added up."""


@dataclass(frozen=True, slots=True)
class Most:
    """The highest of the cells above."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the cells above, weighted by those of the column `by`."""

    by: str


@dataclass(frozen=True, slots=True)
class Quotient:
    """`times` x the column `over` / the column `under`, in the same row."""

    over: str
    under: str
    times: float = 1.0


@dataclass(frozen=True, slots=True)
class Share:
    """Percent of the column `of` in this row, of all its cells without totals."""

    of: str


@dataclass(frozen=True, slots=True)
class Plus:
    """The columns of the same row, added up."""

    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the rows of the sheet `sheet` that have the same subject say under `column`, added up or the highest."""

    sheet: str
    column: str
    highest: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """What the total row of the sheet `sheet` says under `column`; of the first row only."""

    sheet: str
    column: str


@dataclass(frozen=True, slots=True)
class Less:
    """The first row less the row `row` (counted from 0), in the same column."""

    row: int


OfRow = Quotient | Share | Plus | Gathered | Linked
OfColumn = Sum | Most | Mean
Rule = OfRow | OfColumn | Less
"""How a cell follows from others: what a workbook computes again when somebody changes one of them."""
