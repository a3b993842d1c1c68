"""The charts of a report as pictures."""

from dataclasses import dataclass

from sukusuku_api.drawing import drawer
from sukusuku_api.reports.model import Cell, Shape, Table

FONTS = "Noto Sans CJK JP, Noto Sans JP, Hiragino Sans, Yu Gothic, Meiryo, sans-serif"
RENDER_SECONDS = 120.0
_RENDERER = "sukusuku_api.reports.chart_renderer"


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with its values; None is a gap, or a value that is withheld."""

    shape: Shape
    names: tuple[str, ...]
    columns: tuple[str, ...] = ()
    heat: tuple[tuple[float | None, ...], ...] = ()
    y: tuple[float | None, ...] = ()
    y_title: str = ""
    line: tuple[float | None, ...] = ()
    line_title: str = ""
    shared: bool = False
    """The line is a limit, on the axis of the bars."""


def picture(table: Table) -> Picture | None:
    """Return the picture of a table; None: it has no chart, or nothing to show."""
    chart, rows = table.chart, table.body
    if chart is None or not rows:
        return None
    names = tuple(str(row[0]) for row in rows)
    if chart.shape is Shape.HEAT:
        columns = tuple(column.heading for column in table.columns[1:])
        return Picture(chart.shape, names, columns, tuple(tuple(map(_number, row[1:])) for row in rows))
    line = () if chart.line is None else tuple(_number(row[chart.line]) for row in rows)
    title = "" if chart.line is None else table.columns[chart.line].title
    y = tuple(_number(row[chart.y]) for row in rows)
    bars = table.columns[chart.y].title
    return Picture(chart.shape, names, y=y, y_title=bars, line=line, line_title=title, shared=chart.shared)


def render(pictures: list[Picture], seconds: float = RENDER_SECONDS) -> list[str]:
    """Return the pictures as SVG, in order. Raises DrawingError with what the renderer said."""
    return drawer.draw(_RENDERER, pictures, seconds) if pictures else []


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None
