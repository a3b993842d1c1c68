"""A report as CSV for spreadsheets: UTF-8 with a byte order mark, one table below the other. Pure."""

import csv
from io import StringIO

from sukusuku_api.reports.model import Cell, Dated, Report, Withheld
from sukusuku_server.rounds.exports.csv_table import safe


def csv_file(report: Report) -> bytes:
    """Numbers are plain, gaps are empty cells, text stays text in every spreadsheet."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")

    def line(*cells: str) -> None:
        writer.writerow([safe(cell) for cell in cells])

    for text in (report.title, report.operator, report.period, report.made, *report.notes):
        line(text)
    for section, table in report.tables:
        writer.writerow([])
        line(section.title, table.title)
        line(*(column.title for column in table.columns))
        for row in table.rows:
            writer.writerow([_cell(cell, report) for cell in row])
        for note in table.notes:
            line(note)
    words = report.words
    writer.writerow([])
    line(words.definitions)
    line(words.name, words.formula, words.unit)
    for definition in report.definitions:
        line(definition.name, definition.formula, definition.unit)
    return "\ufeff".encode() + out.getvalue().encode()


def _cell(cell: Cell, report: Report) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Withheld):
        return safe(report.words.withheld)
    if isinstance(cell, str | Dated):
        return safe(str(cell))
    return f"{cell:.2f}" if isinstance(cell, float) and not cell.is_integer() else f"{cell:.0f}"
