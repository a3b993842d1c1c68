"""The formulas of a workbook: from the rules of a table to the text of a cell, and what that text gives. Pure.

A rule becomes a formula only where it gives the value that the report tells: a figure that rests on more than what is
shown (a count that is withheld, say) stays a number.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import quote_sheetname, xl_range_abs, xl_rowcol_to_cell  # type: ignore[import-untyped]

from sukusuku_api.reports.model import Cell, Table
from sukusuku_api.reports.rules import Gathered, Less, Linked, Mean, Most, Plus, Quotient, Rule, Share, Sum

_CLOSE = 1e-9
_PATTERN = re.compile(r"^[=<>]|[*?~]")
"""A name with one of these would be read as a pattern by a condition of a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A table in a workbook: on the sheet `name`, its first row of cells at `row` (counted from 0).

    An upright one has its columns there as rows, and so their names in the first column.
    """

    name: str
    table: Table
    row: int

    def column(self, key: str) -> int:
        """Return the number of the column with a key. Raises KeyError when it is not shown in this table."""
        return {column.key: n for n, column in enumerate(self.table.columns)}[key]

    def cells(self, column: int) -> Sequence[Cell]:
        """Return the cells of a column, without totals."""
        return [row[column] for row in self.table.body]

    def above(self, column: int) -> str:
        """Return the range of a column without totals."""
        return str(xl_range_abs(self.row, column, self.row + len(self.table.body) - 1, column))

    def at(self, row: int, column: int) -> str:
        """Return the address of a cell."""
        return str(xl_rowcol_to_cell(*self.where(row, column)))

    def where(self, row: int, column: int) -> tuple[int, int]:
        """Return row and column on the sheet of a cell of the table."""
        return (self.row + column - 1, row + 1) if self.table.upright else (self.row + row, column)


def formula(place: Placed, row: int, column: int, book: Mapping[str, Placed]) -> str | None:
    """Return the formula of a cell, `=...`; None: it follows from nothing that is shown. `book` has every sheet."""
    settings, value = place.table.columns[column], place.table.rows[row][column]
    body = len(place.table.body)
    rule: Rule | None = settings.follows
    if row >= body:
        rule = settings.total or settings.follows
        if place.table.upright:
            rule = Less(row - body + 1)
    if rule is None or not isinstance(value, int | float):
        return None
    try:
        found = _WRITERS[type(rule)](rule, place, row, column, book)
    except KeyError:  # the table does not show what the rule is about
        return None
    if found is None:
        return None
    text, told = found
    return text if told is not None and math.isclose(told, value, rel_tol=_CLOSE, abs_tol=_CLOSE) else None


_Found = tuple[str, float | None] | None
"""The text, and what it gives; None: there is no such formula here."""


def _numbers(cells: Sequence[Cell]) -> list[float]:
    return [float(cell) for cell in cells if isinstance(cell, int | float)]


def _sum(_: Sum, place: Placed, __: int, column: int, ___: Mapping[str, Placed]) -> _Found:
    found = _numbers(place.cells(column))
    return (f"=SUM({place.above(column)})", math.fsum(found)) if found else None


def _most(_: Most, place: Placed, __: int, column: int, ___: Mapping[str, Placed]) -> _Found:
    found = _numbers(place.cells(column))
    return (f"=MAX({place.above(column)})", max(found)) if found else None


def _mean(rule: Mean, place: Placed, _: int, column: int, __: Mapping[str, Placed]) -> _Found:
    by = place.column(rule.by)
    pairs = [
        (float(value), float(weight))
        for value, weight in zip(place.cells(column), place.cells(by), strict=True)
        if isinstance(value, int | float) and isinstance(weight, int | float)
    ]
    weights = math.fsum(weight for _, weight in pairs)
    if not weights:
        return None
    values, shares = place.above(column), place.above(by)
    text = f"=SUMPRODUCT({values},{shares})/SUMPRODUCT(--ISNUMBER({values}),{shares})"
    return text, math.fsum(value * weight for value, weight in pairs) / weights


def _quotient(rule: Quotient, place: Placed, row: int, _: int, __: Mapping[str, Placed]) -> _Found:
    over, under = place.column(rule.over), place.column(rule.under)
    one, other = place.table.rows[row][over], place.table.rows[row][under]
    if not isinstance(one, int | float) or not isinstance(other, int | float) or not other:
        return None
    times = "" if rule.times == 1 else f"{rule.times:g}*"
    return f"={times}{place.at(row, over)}/{place.at(row, under)}", rule.times * one / other


def _share(rule: Share, place: Placed, row: int, _: int, __: Mapping[str, Placed]) -> _Found:
    column = place.column(rule.of)
    own, all_ = place.table.rows[row][column], math.fsum(_numbers(place.cells(column)))
    if not isinstance(own, int | float) or not all_:
        return None
    return f"=100*{place.at(row, column)}/SUM({place.above(column)})", 100 * own / all_


def _plus(rule: Plus, place: Placed, row: int, _: int, __: Mapping[str, Placed]) -> _Found:
    columns = [place.column(key) for key in rule.columns]
    values = _numbers([place.table.rows[row][column] for column in columns])
    return "=" + "+".join(place.at(row, column) for column in columns), math.fsum(values)


def _gathered(rule: Gathered, place: Placed, row: int, _: int, book: Mapping[str, Placed]) -> _Found:
    other, name = book.get(rule.sheet), place.table.rows[row][0]
    if other is None or not isinstance(name, str) or _PATTERN.search(name):
        return None
    column = other.column(rule.column)
    values = _numbers([cells[column] for cells in other.table.body if cells[0] == name])
    if not values:
        return None
    sheet = quote_sheetname(other.name)
    names, cells = (f"{sheet}!{other.above(n)}" for n in (0, column))
    if rule.highest:
        return f"=_xlfn.MAXIFS({cells},{names},{place.at(row, 0)})", max(values)
    return f"=SUMIFS({cells},{names},{place.at(row, 0)})", math.fsum(values)


def _linked(rule: Linked, _: Placed, row: int, __: int, book: Mapping[str, Placed]) -> _Found:
    other = book.get(rule.sheet)
    if row or other is None or not other.table.total:
        return None
    column, last = other.column(rule.column), len(other.table.rows) - 1
    value = other.table.rows[last][column]
    if not isinstance(value, int | float):
        return None
    return f"={quote_sheetname(other.name)}!{other.at(last, column)}", float(value)


def _less(rule: Less, place: Placed, _: int, column: int, __: Mapping[str, Placed]) -> _Found:
    one, other = place.table.rows[0][column], place.table.rows[rule.row][column]
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return None
    return f"={place.at(0, column)}-{place.at(rule.row, column)}", one - other


_WRITERS: Mapping[type, Callable[..., _Found]] = {
    Sum: _sum,
    Most: _most,
    Mean: _mean,
    Quotient: _quotient,
    Plus: _plus,
    Share: _share,
    Gathered: _gathered,
    Less: _less,
    Linked: _linked,
}
