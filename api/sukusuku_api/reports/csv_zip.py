"""A report as tables for programs: a zip of CSV files in UTF-8 with a byte order mark, one table and one head each.

Days are `2026-11-06`, months `2026-11`, times `2026-11-06T15:04` in Japan's time. Totals are left out: whoever adds a
column up counts nothing twice.
"""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sukusuku_api.reports.model import Cell, Dated, Moment, Report, Withheld
from sukusuku_api.reports.sheets import Stacked, stacked
from sukusuku_server.rounds.exports.csv_table import safe

_THEN = (1980, 1, 1, 0, 0, 0)
"""The time of each file, so that the same report gives the same bytes."""


def csv_zip(report: Report) -> bytes:
    """Return the zip: numbers are plain, gaps are empty cells, text stays text in every spreadsheet."""
    words = report.words
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:

        def put(name: str, heads: Iterable[str], rows: Iterable[Sequence[Cell]]) -> None:
            info = ZipInfo(f"{report.key}-{name}.csv", _THEN)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, _table(heads, rows, words.withheld))

        about = (report.title, report.operator, report.period, report.made, *report.notes)
        put("about", (words.about,), [(line,) for line in about])
        for sheet in stacked(report):
            put(sheet.key, *_tidy(sheet))
        lines = [(item.name, item.formula, item.unit) for item in report.definitions]
        put("definitions", (words.name, words.formula, words.unit), lines)
    return out.getvalue()


def _tidy(sheet: Stacked) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """Return heads and rows; a figure that is spread over columns gets a row for each of its values."""
    table, names = sheet.table, sheet.subjects + 1
    heads = [column.title for column in table.columns]
    if table.crossed is None:
        return heads, [*table.body]
    by, figure = table.crossed
    long = [
        (*row[:names], heading.heading, cell)
        for row in table.body
        for heading, cell in zip(table.columns[names:], row[names:], strict=True)
    ]
    return [*heads[:names], by.title, figure.title], long


def _table(heads: Iterable[str], rows: Iterable[Sequence[Cell]], withheld: str) -> bytes:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(head) for head in heads])
    writer.writerows([_text(cell, withheld) for cell in row] for row in rows)
    return "\ufeff".encode() + out.getvalue().encode()


def _text(cell: Cell, withheld: str) -> str:
    match cell:
        case None:
            return ""
        case Withheld():
            return safe(withheld)
        case Dated() | Moment():
            return cell.iso
        case str():
            return safe(cell)
        case float() if not cell.is_integer():
            return f"{cell:.2f}"
        case _:
            return f"{cell:.0f}"
