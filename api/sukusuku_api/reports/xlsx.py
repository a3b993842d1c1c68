"""A report as a workbook: a sheet for each table, with formulas, frozen heads, filters and native charts.

Text is always written as text, so no cell becomes a formula or link. Days, months and times are dates.
"""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # it has no types

from sukusuku_api.reports import sheets
from sukusuku_api.reports.formulas import Placed, formula
from sukusuku_api.reports.model import Cell, Chart, Column, Dated, Kind, Moment, Report, Shape, Withheld, alternative
from sukusuku_api.reports.sheets import Stacked
from sukusuku_core.time import japan_time

FONT = "Yu Gothic"
_NUMBERS = {Kind.TEXT: "@", Kind.COUNT: "#,##0", Kind.DECIMAL: "#,##0.0", Kind.PERCENT: "0.0"}
_DIFFERENCES = {kind: f"+{shown};-{shown};{shown}" for kind, shown in _NUMBERS.items()}
_DAYS = {"ja": '[$-411]m"/"d" ("aaa")"', "en": '[$-409]m"/"d" ("ddd")"'}
_MONTHS = {"ja": '[$-411]ggge"年"m"月"', "en": 'yyyy"-"mm'}
"""How days and months are shown, as in the other files: 6/1 (月), 令和8年6月. A spreadsheet in any language shows the
names of this one (411: Japanese, 409: English)."""
_MOMENT = "yyyy-mm-dd hh:mm"
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_LONGEST_NAME = 31
_HEAD = 3
"""The row of a sheet with the heads of its columns; above it are title, period and what the table is."""
_CHART_ROWS, _ON_A_PAGE, _CHART_SCALE = 17, 2, 85
_BOLD, _LINE_POINTS = 1.15, 15
"""How much wider bold characters are, and how high a line is."""
_PALETTE = {"green": "#1d7a4b", "orange": "#d97706", "soft": "#5c6b63", "head": "#e3efe8", "line": "#c9d3cd"}


def xlsx(report: Report) -> bytes:
    """Return the workbook: a sheet for each table, charts, definitions. The same report gives the same bytes."""
    out = BytesIO()
    safety = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(out, safety) as book:
        book.set_properties(
            {
                "title": f"{report.title} {report.period}",
                "company": report.operator,
                "created": datetime(2000, 1, 1, tzinfo=UTC),
            }
        )
        _Writer(book, report).write()
    return out.getvalue()


class _Writer:
    def __init__(self, book: Any, report: Report) -> None:
        self._book = book
        self._report = report
        self._names: set[str] = set()
        self._formats: dict[tuple[Any, ...], Any] = {}
        self._places: dict[str, Placed] = {}

    def write(self) -> None:
        stacked = sheets.stacked(self._report)
        made = [self._sheet(item.title) for item in stacked]
        self._places = {
            item.key: Placed(sheet.get_name(), item.table, _HEAD + 1) for item, sheet in zip(stacked, made, strict=True)
        }
        for n, (item, sheet) in enumerate(zip(stacked, made, strict=True)):
            self._table(sheet, item, self._report.notes if n == 0 else ())
        self._charts(stacked)
        self._definitions()

    def _sheet(self, title: str, *, fit: bool = True) -> Any:
        base = _NOT_IN_NAMES.sub(" ", title).strip()[:_LONGEST_NAME] or "-"
        name, n = base, 2
        while name.lower() in self._names:
            name, n = f"{base[: _LONGEST_NAME - 4]} ({n})", n + 1
        self._names.add(name.lower())
        sheet = self._book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        if fit:
            sheet.fit_to_pages(1, 0)
        left = f"{self._report.operator}  {self._report.title}".replace("&", "&&")  # a sign of a command
        sheet.set_footer(f"&L&8 {left}&R&8 {self._report.words.page} &P / &N")  # 8 points, even before a digit
        return sheet

    def _title(self, sheet: Any, title: str) -> None:
        report = self._report
        sheet.write_string(0, 0, f"{report.title}  {report.period}", self._format(bold=True, font_size=14))
        sheet.write_string(1, 0, f"{report.operator}  {report.made}", self._format(font_color=_PALETTE["soft"]))
        sheet.write_string(2, 0, title, self._format(bold=True, font_size=12, font_color=_PALETTE["green"]))

    def _table(self, sheet: Any, item: Stacked, above: Sequence[str]) -> None:
        table = item.table
        place = Placed(sheet.get_name(), table, _HEAD + 1)
        self._title(sheet, item.title)
        rows, widths = self._figures(sheet, place) if table.upright else self._rows(sheet, place, item.subjects)
        if table.crossed is not None and table.body:
            scale = {"type": "2_color_scale", "min_color": "#ffffff", "max_color": "#34a870", "min_type": "num"}
            area = (_HEAD + 1, item.subjects + 1, _HEAD + len(table.body), len(table.columns) - 1)
            sheet.conditional_format(*area, {**scale, "min_value": 0})
        last = self._notes(sheet, (*table.notes, *above), _HEAD + 2 + rows, widths)
        sheet.repeat_rows(_HEAD)
        sheet.print_area(0, 0, last, len(widths) - 1)

    def _notes(self, sheet: Any, notes: Sequence[str], row: int, widths: Sequence[float]) -> int:
        """Write notes below a table, no wider than it: what is wider is not printed. Return the last row."""
        look = self._format(font_color=_PALETTE["soft"], text_wrap=True, valign="top")
        for at, note in enumerate(notes, row):
            if len(widths) > 1:
                sheet.merge_range(at, 0, at, len(widths) - 1, "", look)
            sheet.write_string(at, 0, note, look)
            sheet.set_row(at, _LINE_POINTS * math.ceil(_characters(note) * _BOLD / sum(widths)))
        return row + len(notes)

    def _rows(self, sheet: Any, place: Placed, subjects: int) -> tuple[int, Sequence[float]]:
        """Write a table as it is, with filters; return how many rows it has, and the widths of its columns."""
        table = place.table
        widths = [
            _width(column, [row[n] for row in table.rows], first=n <= subjects)
            for n, column in enumerate(table.columns)
        ]
        self._heads(sheet, [column.title for column in table.columns], widths)
        for row, line in enumerate(table.rows):
            for n, cell in enumerate(line):
                self._cell(sheet, place, row, n, cell)
        if table.body:
            sheet.autofilter(_HEAD, 0, _HEAD + len(table.body), len(table.columns) - 1)
        sheet.freeze_panes(_HEAD + 1, subjects + 1)
        return len(table.rows), widths

    def _figures(self, sheet: Any, place: Placed) -> tuple[int, Sequence[float]]:
        """Write a table with its columns as rows; return the same of what is on the sheet."""
        table, names = place.table, [str(row[0]) for row in place.table.rows]
        widths = [34.0, *(max(14.0, _characters(name) + 2) for name in names)]
        self._heads(sheet, [self._report.words.name, *names], widths)
        look = {"border": 1, "border_color": _PALETTE["line"]}
        for n, column in enumerate(table.columns[1:], 1):
            sheet.write_string(place.row + n - 1, 0, column.title, self._format(**look))
            for row, cells in enumerate(table.rows):
                self._cell(sheet, place, row, n, cells[n])
        sheet.freeze_panes(_HEAD + 1, 1)
        return len(table.columns) - 1, widths

    def _heads(self, sheet: Any, titles: Sequence[str], widths: Sequence[float]) -> None:
        look = {"bold": True, "bg_color": _PALETTE["head"], "border": 1, "border_color": _PALETTE["line"]}
        lines = 1
        for n, (title, width) in enumerate(zip(titles, widths, strict=True)):
            sheet.write_string(_HEAD, n, title, self._format(**look, text_wrap=True, valign="top"))
            sheet.set_column(n, n, width)
            lines = max(lines, math.ceil(_characters(title) * _BOLD / width))
        sheet.set_row(_HEAD, _LINE_POINTS * lines + 3)

    def _cell(self, sheet: Any, place: Placed, row: int, column: int, cell: Cell) -> None:
        settings, at = place.table.columns[column], place.where(row, column)
        upright, total = place.table.upright, row >= len(place.table.body)
        numbers = _DIFFERENCES if upright and total else _NUMBERS
        look = {"border": 1, "border_color": _PALETTE["line"], "num_format": numbers[settings.kind]}
        look["bold"] = row == 0 if upright else total
        match cell:
            case None:
                sheet.write_blank(*at, None, self._format(**look))
            case Withheld():
                soft = self._format(**look, align="right", font_color=_PALETTE["soft"])
                sheet.write_string(*at, self._report.words.withheld, soft)
            case str():
                sheet.write_string(*at, cell, self._format(**look))
            case Dated():
                look |= {"num_format": self._shown(cell), "align": "left"}
                sheet.write_datetime(*at, cell.day, self._format(**look))
            case Moment():
                look |= {"num_format": _MOMENT, "align": "left"}
                sheet.write_datetime(*at, japan_time(cell.time).replace(tzinfo=None), self._format(**look))
            case _:
                text = formula(place, row, column, self._places)
                if text is None:
                    sheet.write_number(*at, cell, self._format(**look))
                else:
                    sheet.write_formula(*at, text, self._format(**look), cell)

    def _charts(self, stacked: Sequence[Stacked]) -> None:
        """All charts on one sheet, so many on a page that none is cut."""
        drawn = [chart for item in stacked for chart in self._of(item)]
        if not drawn:
            return
        sheet = self._sheet(self._report.words.charts, fit=False)
        sheet.set_print_scale(_CHART_SCALE)  # breaks hold only where a sheet is not made to fit
        self._title(sheet, self._report.words.charts)
        for n, (chart, told) in enumerate(drawn):
            sheet.insert_chart(_HEAD + n * _CHART_ROWS, 0, chart, {"object_position": 2, "description": told})
        breaks = range(_HEAD + _ON_A_PAGE * _CHART_ROWS, _HEAD + len(drawn) * _CHART_ROWS, _ON_A_PAGE * _CHART_ROWS)
        sheet.set_h_pagebreaks(list(breaks))
        sheet.print_area(0, 0, _HEAD + len(drawn) * _CHART_ROWS, 14)

    def _of(self, item: Stacked) -> Iterator[tuple[Any, str]]:
        """Yield the charts of a sheet, each with what it shows in words."""
        for table, first, name in item.parts:
            if table.chart is not None and table.chart.shape is Shape.BARS and table.body:
                rows = (_HEAD + 1 + first, _HEAD + first + len(table.body))
                drawn = self._chart(item, table.chart, rows, f"{name}  {table.chart.title}".strip())
                yield drawn, alternative(table, self._report.words)

    def _chart(self, item: Stacked, chart: Chart, rows: tuple[int, int], title: str) -> Any:
        columns, names = item.table.columns, item.subjects
        drawn = self._book.add_chart({"type": "column"})
        look = {"fill": {"color": _PALETTE["green"]}, "gap": 60}
        drawn.add_series(self._series(item, chart.y + names, rows) | look)
        font = {"name": FONT}
        axis = {"name_font": font, "num_font": font}
        if chart.line is not None:
            line = self._book.add_chart({"type": "line"})
            look = {"line": {"color": _PALETTE["orange"], "width": 1.75}, "marker": {"type": "circle", "size": 4}}
            line.add_series(self._series(item, chart.line + names, rows) | look | {"y2_axis": not chart.shared})
            if not chart.shared:
                line.set_y2_axis({**axis, "name": columns[chart.line + names].title, "min": 0})
            drawn.combine(line)
        drawn.set_title({"name": title, "name_font": {**font, "size": 11}, "overlay": False})
        below: dict[str, Any] = {**axis, "num_font": {**font, "size": 8}}
        name = item.table.rows[rows[0] - _HEAD - 1][names]
        if isinstance(name, Dated):  # each row has its bar, whatever lies between their days
            below |= {"text_axis": True, "num_format": self._shown(name)}
        drawn.set_x_axis(below)
        value = columns[chart.y + names].title
        drawn.set_y_axis({**axis, "name": value, "min": 0, "major_gridlines": {"visible": True}})
        drawn.set_legend({"position": "bottom", "font": font})
        drawn.show_blanks_as("gap")
        drawn.set_size({"width": 960, "height": 320})
        return drawn

    def _series(self, item: Stacked, column: int, rows: tuple[int, int]) -> dict[str, Any]:
        name, (first, last) = self._places[item.key].name, rows
        return {
            "name": item.table.columns[column].title,
            "categories": [name, first, item.subjects, last, item.subjects],
            "values": [name, first, column, last, column],
        }

    def _definitions(self) -> None:
        words = self._report.words
        sheet = self._sheet(words.definitions)
        self._title(sheet, words.definitions)
        self._heads(sheet, (words.name, words.formula, words.unit), (30.0, 90.0, 14.0))
        look = {"text_wrap": True, "valign": "top", "border": 1, "border_color": _PALETTE["line"]}
        for row, definition in enumerate(self._report.definitions, _HEAD + 1):
            for n, text in enumerate((definition.name, definition.formula, definition.unit)):
                sheet.write_string(row, n, text, self._format(**look))
        sheet.freeze_panes(_HEAD + 1, 1)
        sheet.repeat_rows(_HEAD)
        sheet.print_area(0, 0, _HEAD + len(self._report.definitions), 2)

    def _shown(self, dated: Dated) -> str:
        return (_MONTHS if dated.month else _DAYS)[self._report.language]

    def _format(self, **look: Any) -> Any:
        key = tuple(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format({"font_name": FONT, "font_size": 10, **look})
        return self._formats[key]


def _width(column: Column, cells: Sequence[Cell], *, first: bool) -> float:
    """Return a width in characters: what names a row is seen whole, a head of numbers may break into lines."""
    if column.kind is not Kind.TEXT and not first:
        return max(11.0, min(_characters(column.title) / 2 + 3, 17.0))
    longest = max((_characters(str(cell)) for cell in cells if cell is not None), default=0.0)
    return max(12.0, min(max(longest, _characters(column.heading)) + 3, 46.0))


def _characters(text: str) -> float:
    return sum(2.0 if character > "\u2fff" else 1.0 for character in text)
