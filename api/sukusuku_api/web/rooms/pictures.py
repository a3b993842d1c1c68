"""The charts of a room as pictures, for a desk and for a phone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_api.reports.charts import Picture
from sukusuku_api.web.plot import Corner, Frame, Path, Plot, Rect, Text, area, box, diamond, line, rule, triangle
from sukusuku_api.web.rooms.charts import Ahead, AheadHour, Course

_LEFT, _RIGHT, _TOP, _BELOW = 30, 8, 10, 24
_LABEL = 55
"""Width of a label of the clock with its space."""
_DAY = 36
"""Least width of a day for its labels of the clock."""
_LONG_DAY = 14
"""From so many hours on a day is labelled every six hours instead of every three."""
_FAINT, _STRONG = 0.08, 0.7
"""The least opacity of a cell that is known, and from which on its number is told from it by another colour."""


@dataclass(frozen=True, slots=True)
class Size:
    """Widths and heights of the pictures."""

    name: str
    course: tuple[int, int]
    heat: int
    ahead: tuple[int, int]


SIZES = (Size("wide", (760, 240), 440, (540, 200)), Size("narrow", (330, 220), 330, (330, 190)))


def course(chart: Course, width: int, height: int) -> Plot:
    """Return today: who was in, the limit, gaps, corrections."""
    values = [value for steps in (chart.children, chart.people, chart.limit) for _, value in steps if value]
    most = max([1.0, *values, *(float(n) for _, n in (*chart.marks, *chart.counted))]) + 1
    frame = Frame(_LEFT, width - _RIGHT, _TOP, height - _BELOW, chart.first, chart.last, most)
    grid, labels = frame.grid()
    step = 60 * max(1, round((chart.last - chart.first) / 60 / (width / _LABEL)))
    clocks = range(-(-chart.first // step) * step, chart.last + 1, step)
    children = frame.corners(chart.children)
    gaps = tuple(
        Rect("gap", frame.x(start), frame.top, frame.x(end) - frame.x(start), frame.bottom - frame.top)
        for start, end in chart.gaps
    )
    return Plot(
        width,
        height,
        gaps,
        (
            *grid,
            Path("children area", area(children, frame.bottom)),
            Path("people", line(frame.corners(chart.people))),
            Path("children", line(children)),
            Path("limit-line", line(frame.corners(chart.limit))),
            *([] if chart.now is None else [Path("now-line", rule(frame.x(chart.now), frame.top, frame.bottom))]),
            *(Path("mark", triangle(frame.x(at), frame.y(n))) for at, n in chart.marks),
            *(Path("counted", diamond(frame.x(at), frame.y(n))) for at, n in chart.counted),
        ),
        (*labels, *(Text("below", frame.x(at), height - 6, f"{at // 60}:{at % 60:02}") for at in clocks)),
    )


def heat(picture: Picture, width: int) -> Plot:
    """Return the map of hours and weekdays."""
    left, head, row = 42, 20, 22
    cell = (width - left) / len(picture.columns)
    rects, texts = [], []
    for column, name in enumerate(picture.columns):
        texts.append(Text("below", left + (column + 0.5) * cell, head - 6, name))
    for n, (name, values) in enumerate(zip(picture.names, picture.heat, strict=True)):
        y = head + n * row
        texts.append(Text("at-left", left - 6, y + row / 2 + 4, name))
        for column, value in enumerate(values):
            x = left + column * cell
            if value is None:
                rects.append(Rect("empty", x + 1, y + 1, cell - 2, row - 2))
                continue
            opacity = round(min(max(value / 100, _FAINT), 1.0), 2)
            rects.append(Rect("cell", x + 1, y + 1, cell - 2, row - 2, opacity))
            kind = "number on" if opacity > _STRONG else "number"
            texts.append(Text(kind, x + cell / 2, y + row / 2 + 4, f"{value:.0f}"))
    return Plot(width, head + row * len(picture.names), tuple(rects), (), tuple(texts))


def ahead(found: Ahead, width: int, height: int) -> Plot:
    """Return the coming week: who is expected, the band, the limit."""
    hours = [hour for _, day in found.days for hour in day]
    most = max([1.0, *(value for hour in hours for value in (hour.high, float(hour.limit)) if value is not None)]) + 0.5
    frame = Frame(_LEFT, width - _RIGHT, 22, height - _BELOW, 0.0, found.width, most)
    grid, texts = frame.grid(5)
    days, band, mean, limit = [], [], [], []
    for name, day in found.days:
        left, right = frame.x(day[0].at), frame.x(day[-1].at + 1)
        days.append(Rect("day", left, frame.top, right - left, frame.bottom - frame.top))
        wide = right - left >= _DAY
        texts.append(Text("below", (left + right) / 2, 14, name if wide else name.partition(" ")[0]))
        if wide:
            every = 6 if len(day) > _LONG_DAY else 3
            clocks = (hour for hour in day if hour.hour % every == 0)
            texts += [Text("below small", frame.x(hour.at), height - 8, str(hour.hour)) for hour in clocks]
        band += [
            box(frame.x(hour.at), frame.x(hour.at + 1), frame.y(hour.high), frame.y(hour.low))
            for hour in day
            if hour.low is not None and hour.high is not None
        ]
        mean += _corners(frame, day, [hour.mean for hour in day])
        limit += _corners(frame, day, [float(hour.limit) for hour in day])
    return Plot(
        width,
        height,
        tuple(days),
        (*grid, Path("between", "".join(band)), Path("expected", line(mean)), Path("limit-line", line(limit))),
        tuple(texts),
    )


def _corners(frame: Frame, day: Sequence[AheadHour], values: Sequence[float | None]) -> list[Corner]:
    """Return the values of a day's hours as corners, the last one with its end."""
    steps = [(hour.at, value) for hour, value in zip(day, values, strict=True)]
    return frame.corners([*steps, (day[-1].at + 1, values[-1]), (day[-1].at + 1, None)])
