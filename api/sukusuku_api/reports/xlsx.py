"""A report as a workbook with native charts. Days and months are dates, figures are numbers.

Text is always written as text, so no cell becomes a formula or link.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # it has no types

from sukusuku_api.reports.model import Chart, Dated, Kind, Report, Section, Shape, Table, Withheld

FONT = "Yu Gothic"
_NUMBERS = {Kind.TEXT: "@", Kind.COUNT: "#,##0", Kind.DECIMAL: "#,##0.0", Kind.PERCENT: "0.0"}
_DAYS = {"ja": '[$-411]m"/"d" ("aaa")"', "en": '[$-409]m"/"d" ("ddd")"'}
_MONTHS = {"ja": '[$-411]ggge"年"m"月"', "en": 'yyyy"-"mm'}
"""How days and months are shown, as in the other files: 6/1 (月), 令和8年6月. A spreadsheet in any language shows the
names of this one (411: Japanese, 409: English)."""
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31
_CHART_ROWS = 17
_GREEN, _ORANGE, _SOFT, _HEAD, _LINE = "#1d7a4b", "#d97706", "#5c6b63", "#e3efe8", "#c9d3cd"


def xlsx(report: Report) -> bytes:
    """Return the workbook: a sheet for each section, then the definitions. The same report gives the same bytes."""
    out = BytesIO()
    safety = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(out, safety) as book:
        book.set_properties(
            {"title": report.title, "company": report.operator, "created": datetime(2000, 1, 1, tzinfo=UTC)}
        )
        writer = _Writer(book, report)
        for section in report.sections:
            writer.section(section)
        writer.definitions()
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, report: Report) -> None:
        self._book = book
        self._report = report
        self._names: set[str] = set()
        self._formats: dict[tuple[Any, ...], Any] = {}

    def section(self, section: Section) -> None:
        sheet = self._sheet(section.title)
        row = self._head(sheet, section.title)
        for table in section.tables:
            row = self._table(sheet, table, row)

    def definitions(self) -> None:
        words = self._report.words
        sheet = self._sheet(words.definitions)
        row = self._head(sheet, words.definitions)
        for n, text in enumerate((words.name, words.formula, words.unit)):
            sheet.write_string(row, n, text, self._format(bold=True, bg_color=_HEAD, border=1, border_color=_LINE))
        for definition in self._report.definitions:
            row += 1
            for n, text in enumerate((definition.name, definition.formula, definition.unit)):
                sheet.write_string(
                    row, n, text, self._format(text_wrap=True, valign="top", border=1, border_color=_LINE)
                )
        sheet.set_column(1, 1, 90)

    def _sheet(self, title: str) -> Any:
        base = _NOT_IN_NAMES.sub(" ", title).strip()[:_LONGEST_NAME] or "-"
        name, n = base, 2
        while name.lower() in self._names:
            name, n = f"{base[: _LONGEST_NAME - 4]} ({n})", n + 1
        self._names.add(name.lower())
        sheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 30, self._format())
        sheet.set_column(1, 30, 13, self._format())
        return sheet

    def _head(self, sheet: Any, title: str) -> int:
        report = self._report
        sheet.write_string(0, 0, f"{report.title}  {report.period}", self._format(bold=True, font_size=14))
        sheet.write_string(1, 0, f"{report.operator}  {title}", self._format(font_size=12))
        sheet.write_string(2, 0, report.made, self._format(font_color=_SOFT))
        for n, note in enumerate(report.notes):
            sheet.write_string(3 + n, 0, note, self._format(font_color=_SOFT))
        return 4 + len(report.notes)

    def _table(self, sheet: Any, table: Table, row: int) -> int:
        sheet.write_string(row, 0, table.title, self._format(bold=True, font_size=12))
        row += 1
        for n, column in enumerate(table.columns):
            look = self._format(bold=True, bg_color=_HEAD, border=1, border_color=_LINE, text_wrap=True, valign="top")
            sheet.write_string(row, n, column.title, look)
        first = row + 1
        for n, cells in enumerate(table.rows):
            self._row(sheet, table, first + n, cells, bold=n >= len(table.body))
        row = first + len(table.rows)
        for note in table.notes:
            sheet.write_string(row, 0, note, self._format(font_color=_SOFT))
            row += 1
        if table.chart is not None and table.body:
            row = self._chart(sheet, table, table.chart, first, row + 1)
        return row + 1

    def _row(self, sheet: Any, table: Table, row: int, cells: Sequence[Any], *, bold: bool) -> None:
        for n, (cell, column) in enumerate(zip(cells, table.columns, strict=True)):
            look = {"border": 1, "border_color": _LINE, "bold": bold, "num_format": _NUMBERS[column.kind]}
            if cell is None:
                sheet.write_blank(row, n, None, self._format(**look))
            elif isinstance(cell, Withheld):
                words = self._report.words.withheld
                sheet.write_string(row, n, words, self._format(**look, align="right", font_color=_SOFT))
            elif isinstance(cell, str):
                sheet.write_string(row, n, cell, self._format(**look))
            elif isinstance(cell, Dated):
                look |= {"num_format": self._shown(cell), "align": "left"}
                sheet.write_datetime(row, n, cell.day, self._format(**look))
            else:
                sheet.write_number(row, n, cell, self._format(**look))

    def _chart(self, sheet: Any, table: Table, chart: Chart, first: int, row: int) -> int:
        last = first + len(table.body) - 1
        if chart.shape is Shape.HEAT:
            scale = {"type": "2_color_scale", "min_color": "#ffffff", "max_color": "#34a870", "min_type": "num"}
            sheet.conditional_format(first, 1, last, len(table.columns) - 1, {**scale, "min_value": 0})
            return row - 1
        drawn = self._book.add_chart({"type": "column"})
        drawn.add_series(self._series(sheet, table, chart.y, first, last) | {"fill": {"color": _GREEN}, "gap": 60})
        font = {"name": FONT}
        axis = {"name_font": font, "num_font": font}
        if chart.line is not None:
            line = self._book.add_chart({"type": "line"})
            look = {"line": {"color": _ORANGE, "width": 1.75}, "marker": {"type": "circle", "size": 4}}
            line.add_series(self._series(sheet, table, chart.line, first, last) | look | {"y2_axis": True})
            line.set_y2_axis({**axis, "name": table.columns[chart.line].title, "min": 0})
            drawn.combine(line)
        drawn.set_title({"name": chart.title, "name_font": {**font, "size": 11}, "overlay": False})
        below: dict[str, Any] = {**axis, "num_font": {**font, "size": 8}}
        if isinstance(name := table.body[0][0], Dated):  # each row has its bar, whatever lies between their days
            below |= {"text_axis": True, "num_format": self._shown(name)}
        drawn.set_x_axis(below)
        drawn.set_y_axis({**axis, "name": table.columns[chart.y].title, "min": 0, "major_gridlines": {"visible": True}})
        drawn.set_legend({"position": "bottom", "font": font})
        drawn.show_blanks_as("gap")
        drawn.set_size({"width": 960, "height": 320})
        sheet.insert_chart(row, 0, drawn)
        return row + _CHART_ROWS

    def _series(self, sheet: Any, table: Table, column: int, first: int, last: int) -> dict[str, Any]:
        name = sheet.get_name()
        return {
            "name": table.columns[column].title,
            "categories": [name, first, 0, last, 0],
            "values": [name, first, column, last, column],
        }

    def _shown(self, dated: Dated) -> str:
        return (_MONTHS if dated.month else _DAYS)[self._report.language]

    def _format(self, **look: Any) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_name": FONT, "font_size": 10, **look})
        return self._formats[key]
