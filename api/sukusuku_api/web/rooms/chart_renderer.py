"""The charts of a room as SVG; only `drawing_process` imports this.

As with reports, Altair makes Vega-Lite specifications of them and vl-convert draws these.
"""

from typing import Any

import altair as alt
import msgspec
import vl_convert

from sukusuku_api.reports.chart_renderer import Palette, heat
from sukusuku_api.reports.charts import FONTS
from sukusuku_api.web.rooms.charts import Ahead, Charts, Course, Step

_TEXT, _SOFT, _LINE, _TILE = "#f3f6fc", "#a9b7cd", "#33415c", "#172031"
_CHILDREN, _PEOPLE, _LIMIT, _MARK, _BAND = "#3ad29f", "#a9b7cd", "#ffb83d", "#c9a2ff", "#5b8def"
NIGHT = Palette("#1d3046", "#3ad29f", "#222b3a", _TILE, _TEXT, "#06281c", 68)
_WIDE, _NARROW = 760, 300
_HALF = 540
_COURSE_HEIGHT, _AHEAD_HEIGHT = 210, 150
_LONG_DAY = 14
"""From so many hours on a day is labelled every six hours instead of every three."""
_CLOCK = "format(floor(datum.value / 60), 'd') + ':' + format(datum.value % 60, '02d')"


def draw(what: bytes) -> list[str]:
    """Return the charts of a room, given as JSON, as SVGs; see `svgs`."""
    return svgs(msgspec.json.decode(what, type=Charts))


def svgs(found: Charts) -> list[str]:
    """Return the charts as SVGs in the order of `charts.NAMES`; empty: there is nothing to draw."""
    drawn = [
        None if found.course is None else _course(found.course, _NARROW if found.narrow else _WIDE),
        None if found.heat is None else heat(found.heat, NIGHT, _NARROW if found.narrow else 440),
        None if found.ahead is None else _ahead(found.ahead, _NARROW if found.narrow else _HALF, narrow=found.narrow),
    ]
    return ["" if chart is None else vl_convert.vegalite_to_svg(_styled(chart).to_json()) for chart in drawn]


def _styled(chart: Any) -> Any:
    return (
        chart.configure(font=FONTS, background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            gridColor=_LINE,
            domainColor=_LINE,
            tickColor=_LINE,
            labelColor=_SOFT,
            labelFontSize=12,
            titleColor=_SOFT,
        )
    )


def _course(course: Course, width: int) -> Any:
    hours = (course.last - course.first) / 60
    step = 60 * max(1, round(hours / (width / 55)))
    ticks = list(range(-(-course.first // step) * step, course.last + 1, step))
    most = max(
        [1.0, *(value for steps in (course.children, course.people, course.limit) for _, value in steps if value)]
    )
    x = alt.X(
        "at:Q",
        scale=alt.Scale(domain=[course.first, course.last], nice=False),
        axis=alt.Axis(title=None, values=ticks, labelExpr=_CLOCK, grid=False),
    )
    y = alt.Y(
        "n:Q",
        scale=alt.Scale(domain=[0, most + 1], nice=False),
        axis=alt.Axis(title=None, tickMinStep=1, format="d", tickCount=min(int(most) + 1, 8)),
    )
    area = _stepped(course.children).mark_area(
        interpolate="step-after", color=_CHILDREN, opacity=0.35, invalid="break-paths-filter-domains"
    )
    line = _stepped(course.children).mark_line(
        interpolate="step-after", color=_CHILDREN, strokeWidth=2.5, invalid="break-paths-filter-domains"
    )
    people = _stepped(course.people).mark_line(
        interpolate="step-after", color=_PEOPLE, strokeWidth=1.2, invalid="break-paths-filter-domains"
    )
    limit = _stepped(course.limit).mark_line(
        interpolate="step-after",
        color=_LIMIT,
        strokeWidth=2,
        strokeDash=[6, 4],
        invalid="break-paths-filter-domains",
    )
    gaps = alt.Chart(_data([{"at": start, "to": end} for start, end in course.gaps])).mark_rect(
        color=_SOFT, opacity=0.22
    )
    marks = _points(course.marks).mark_point(shape="triangle-down", filled=True, size=90, color=_MARK, opacity=1)
    counted = _points(course.counted).mark_point(
        shape="diamond", filled=True, size=110, color=_TEXT, stroke=_TILE, opacity=1
    )
    now = alt.Chart(_data([] if course.now is None else [{"at": course.now}])).mark_rule(
        color=_TEXT, strokeWidth=1, opacity=0.7
    )
    layers = alt.layer(
        gaps.encode(x=x, x2="to:Q"),
        area.encode(x=x, y=y),
        people.encode(x=x, y=y),
        line.encode(x=x, y=y),
        limit.encode(x=x, y=y),
        now.encode(x=x),
        marks.encode(x=x, y=y),
        counted.encode(x=x, y=y),
    )
    return layers.properties(width=width, height=_COURSE_HEIGHT)


def _ahead(ahead: Ahead, width: int, *, narrow: bool) -> Any:
    rows: list[dict[str, Any]] = []
    names, borders, clocks = [], [], []
    for name, hours in ahead.days:
        first, end = hours[0].at, hours[-1].at + 1
        names.append({"at": (first + end) / 2, "name": name.partition(" ")[0] if narrow else name})
        borders.append({"at": first, "to": end})
        every = 6 if len(hours) > _LONG_DAY else 3
        clocks += [{"at": hour.at, "name": str(hour.hour)} for hour in hours if hour.hour % every == 0]
        rows += [
            {"at": hour.at, "mean": hour.mean, "low": hour.low, "high": hour.high, "limit": hour.limit}
            for hour in hours
        ]
        rows.append({**rows[-1], "at": end})
        rows.append({"at": end, "mean": None, "low": None, "high": None, "limit": None})
    data = _data(rows)
    x = alt.X("at:Q", scale=alt.Scale(domain=[0, ahead.width], nice=False), axis=None)

    def y(field: str) -> Any:
        axis = alt.Axis(title=None, tickMinStep=1, format="d", tickCount=5)
        return alt.Y(f"{field}:Q", scale=alt.Scale(domainMin=0), axis=axis)

    days = alt.Chart(_data(borders)).mark_rect(color=_LINE, opacity=0.28).encode(x=x, x2="to:Q")
    band = alt.Chart(data).mark_area(
        interpolate="step-after", color=_BAND, opacity=0.45, invalid="break-paths-filter-domains"
    )
    mean = alt.Chart(data).mark_line(
        interpolate="step-after", color=_TEXT, strokeWidth=1.8, invalid="break-paths-filter-domains"
    )
    limit = alt.Chart(data).mark_line(
        interpolate="step-after",
        color=_LIMIT,
        strokeWidth=1.6,
        strokeDash=[5, 4],
        invalid="break-paths-filter-domains",
    )
    titles = alt.Chart(_data(names)).mark_text(color=_TEXT, fontSize=12, dy=-8, baseline="bottom")
    layers = [
        days,
        band.encode(x=x, y=y("low"), y2="high:Q"),
        mean.encode(x=x, y=y("mean")),
        limit.encode(x=x, y=y("limit")),
        titles.encode(x=x, y=alt.value(0), text="name:N"),
    ]
    if not narrow:
        below = alt.Chart(_data(clocks)).mark_text(color=_SOFT, fontSize=10, dy=6, baseline="top")
        layers.append(below.encode(x=x, y=alt.value(_AHEAD_HEIGHT), text="name:N"))
    return alt.layer(*layers).properties(width=width, height=_AHEAD_HEIGHT)


def _stepped(steps: tuple[Step, ...]) -> Any:
    return alt.Chart(_data([{"at": at, "n": value} for at, value in steps]))


def _points(found: tuple[tuple[float, int], ...]) -> Any:
    return alt.Chart(_data([{"at": at, "n": value} for at, value in found]))


def _data(rows: list[dict[str, Any]]) -> Any:
    return alt.InlineData(values=rows)
