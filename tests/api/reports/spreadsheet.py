"""Computes the formulas of a workbook again, from its other cells alone: what a spreadsheet does that opens it.

It knows the few functions that reports use and nothing of how the reports are made.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import range_boundaries

_SHEET = r"(?:'((?:[^']|'')+)'|([^\W\d]\w*))!"
_REFERENCE = re.compile(rf"(?:{_SHEET})?(\$?[A-Z]+\$?\d+)(?::(\$?[A-Z]+\$?\d+))?")


@dataclass(frozen=True)
class Computed:
    """A formula: where it is, its text, and what it gives."""

    sheet: str
    address: str
    text: str
    value: object


class Spreadsheet:
    """A workbook; `told` has the values that were stored with its formulas."""

    def __init__(self, formulas: Workbook, told: Workbook) -> None:
        self._formulas = formulas
        self.told = told

    def computed(self) -> Iterator[Computed]:
        """Yield every formula with its value."""
        for sheet in self._formulas:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        yield Computed(sheet.title, cell.coordinate, str(cell.value), self._value(sheet.title, cell))

    def _value(self, sheet: str, cell: Cell | MergedCell) -> object:
        if cell.data_type != "f":
            return cell.value
        text = str(cell.value)[1:].replace("_xlfn.", "").replace("--ISNUMBER(", "ISNUMBER(")

        def reference(found: re.Match[str]) -> str:
            where = (found[1] or found[2] or sheet).replace("''", "'")
            return f"cells({where!r}, {found[3]!r}, {found[4]!r})"

        return eval(_REFERENCE.sub(reference, text), {"__builtins__": {}}, {**_FUNCTIONS, "cells": self._cells})  # noqa: S307 - our own workbook

    def _cells(self, sheet: str, first: str, last: str | None) -> object:
        left, top, right, bottom = range_boundaries(first if last is None else f"{first}:{last}")
        cells = [cell for row in self._formulas[sheet].iter_rows(top, bottom, left, right) for cell in row]
        values = [self._value(sheet, cell) for cell in cells]
        return values[0] if last is None else values


def _numbers(values: object) -> list[float]:
    return [float(value) for value in _list(values) if isinstance(value, int | float)]


def _list(values: object) -> list[object]:
    """A range of one cell is written as that cell."""
    return values if isinstance(values, list) else [values]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _chosen(values: object, names: object, name: object) -> list[float]:
    return _numbers([value for value, own in zip(_list(values), _list(names), strict=True) if own == name])


def _products(one: object, other: object) -> float:
    return math.fsum(_number(a) * _number(b) for a, b in zip(_list(one), _list(other), strict=True))


_FUNCTIONS: Mapping[str, object] = {
    "SUM": lambda values: math.fsum(_numbers(values)),
    "MAX": lambda values: max(_numbers(values)),
    "ISNUMBER": lambda values: [float(isinstance(value, int | float)) for value in _list(values)],
    "SUMPRODUCT": _products,
    "SUMIFS": lambda values, names, name: math.fsum(_chosen(values, names, name)),
    "MAXIFS": lambda values, names, name: max(_chosen(values, names, name)),
}
