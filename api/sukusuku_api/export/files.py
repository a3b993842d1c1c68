"""A table as a file that is written while it is read: no month is ever in memory as a whole."""

import csv
from collections.abc import Callable, Iterator
from io import StringIO

from sukusuku_api.export.tables import Cell, Kind, Pieces, Row, Table
from sukusuku_core.time import japan_time
from sukusuku_server.rounds.exports.csv_table import safe

GROUP = 20_000
"""Rows that are written at once."""


def csv_file(table: Table, pieces: Pieces) -> Iterator[bytes]:
    """Yield UTF-8 without byte order mark, as RFC 4180; times are ISO 8601 at +09:00, empty cells are empty."""
    kinds = [column.kind for column in table.columns]
    yield _lines([[column.name for column in table.columns]])
    for rows in grouped(pieces):
        yield _lines([[_text(kind, cell) for kind, cell in zip(kinds, row, strict=True)] for row in rows])


def grouped(pieces: Pieces) -> Iterator[list[Row]]:
    """Yield rows in portions of `GROUP` or a bit more, the last one smaller; none of them is empty."""
    waiting: list[Row] = []
    for piece in pieces:
        waiting += piece
        if len(waiting) >= GROUP:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _lines(rows: list[list[str]]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _text(kind: Kind, cell: Cell) -> str:
    if cell is None:
        return ""
    if kind is Kind.TIME and isinstance(cell, int):
        return japan_time(cell).isoformat(timespec="milliseconds")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return safe(cell) if isinstance(cell, str) else repr(cell)


Writer = Callable[[Table, Pieces], Iterator[bytes]]
