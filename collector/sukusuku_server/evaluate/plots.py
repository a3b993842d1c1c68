"""Pictures of a history: levels and emptyings month by month, and forecasts with what became of them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from gettext import NullTranslations
from typing import Any

import altair as alt
import vl_convert

from sukusuku_core.time import DAY_MS, HOUR_MS, japan_time
from sukusuku_server.evaluate.evaluation import Evaluation, Mark, marks
from sukusuku_server.i18n import N_
from sukusuku_server.model.collection import HORIZON_HOURS, Forecast, Method

_FONT = "Noto Sans CJK JP, Noto Sans JP, Hiragino Sans, Yu Gothic, Meiryo, sans-serif"
_LINE, _BAND, _SOFT, _GRID = "#1d7a4b", "#8fb3a0", "#5c6b63", "#e3eae6"
_COLOURS = {Mark.FOUND: "#1d7a4b", Mark.MISSED: "#e0483e", Mark.FALSE: "#f59e0b"}
_SHAPES = {Mark.FOUND: "triangle-down", Mark.MISSED: "cross", Mark.FALSE: "diamond"}
_WIDTH, _ROW, _HEIGHT = 980, 90, 320
_MOST_MONTHS = 14
_BUCKET_MS = 2 * HOUR_MS
"""Of so long a stretch the lowest and the highest level are drawn."""
_FORECAST_DAYS = 42
_MARKS = {Mark.FOUND: N_("emptying found"), Mark.MISSED: N_("emptying missed"), Mark.FALSE: N_("no emptying")}


def levels_png(found: Evaluation, name: str, texts: NullTranslations) -> bytes:
    """Return the levels of the last fourteen months with the emptyings, a row a month."""
    first = _month_starts(found)[-_MOST_MONTHS:][0]
    points = [_at(time) | {"percent": percent} for time, percent in _ends(found.levels) if time >= first]
    signs = [
        _at(item.time) | {"mark": texts.gettext(_MARKS[item.mark]), "y": 108}
        for item in marks(found)
        if item.time >= first
    ]
    kinds = list(_MARKS)
    names = [texts.gettext(_MARKS[kind]) for kind in kinds]
    x = alt.X(
        "day:Q",
        title=texts.gettext("day of the month"),
        scale=alt.Scale(domain=[1, 32], nice=False),
        axis=alt.Axis(values=list(range(1, 32))),
    )
    y = alt.Y("percent:Q", title=None, scale=alt.Scale(domain=[0, 115]), axis=alt.Axis(values=[0, 50, 100]))
    line = alt.Chart().mark_line(color=_LINE, strokeWidth=1).encode(x=x, y=y)
    drawn = (
        alt.Chart()
        .transform_filter("isValid(datum.mark)")
        .mark_point(filled=True, size=38, opacity=1)
        .encode(
            x=x,
            y=alt.Y("y:Q"),
            color=alt.Color(
                "mark:N", scale=alt.Scale(domain=names, range=[_COLOURS[kind] for kind in kinds]), title=None
            ),
            shape=alt.Shape(
                "mark:N", scale=alt.Scale(domain=names, range=[_SHAPES[kind] for kind in kinds]), title=None
            ),
        )
    )
    line = line.transform_filter("isValid(datum.percent)")
    picture = alt.layer(line, drawn, data=alt.InlineData(values=[*points, *signs]), width=_WIDTH, height=_ROW)
    row = alt.Row("month:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left"))
    title = texts.gettext("Fill level of %(name)s, percent") % {"name": name}
    return _drawn(picture.facet(row=row, spacing=4).properties(title=title))


def forecasts_png(found: Evaluation, name: str, texts: NullTranslations) -> bytes:
    """Return the forecasts of the last six weeks: range, median, and when the bag was full or would have been."""
    since = found.levels[-1][0] - _FORECAST_DAYS * DAY_MS
    rows = [
        _forecast(forecast, found)
        for forecast in found.derived.forecasts
        if forecast.method is Method.MODEL and forecast.issued >= since
    ]
    data = alt.InlineData(values=rows)
    x = alt.X("time:T", title=texts.gettext("forecast made"), axis=alt.Axis(format="%m-%d"))
    y = alt.Y("low:Q", title=texts.gettext("hours until the bag is full"))
    band = alt.Chart(data).mark_rule(color=_BAND, strokeWidth=3, opacity=0.7).encode(x=x, y=y, y2="high:Q")
    middle = alt.Chart(data).mark_tick(color=_LINE, thickness=2, width=7).encode(x=x, y="middle:Q")
    truth = alt.Chart(data).mark_point(color="#17211c", filled=True, size=18).encode(x=x, y="truth:Q")
    title = alt.Title(
        texts.gettext("Forecasts of %(name)s") % {"name": name},
        subtitle=texts.gettext("bar: 80 % range, line: median, dot: when the bag was full, or would have been"),
    )
    return _drawn(alt.layer(band, middle, truth, width=_WIDTH, height=_HEIGHT, title=title))


def _drawn(chart: Any) -> bytes:
    chart = chart.configure(font=_FONT, background="#ffffff", padding=12).configure_view(stroke=_GRID)
    chart = chart.configure_axis(gridColor=_GRID, domainColor=_SOFT, tickColor=_SOFT, labelColor=_SOFT)
    picture: bytes = vl_convert.vegalite_to_png(chart.to_json(), scale=1.5)
    return picture


def _forecast(forecast: Forecast, found: Evaluation) -> dict[str, Any]:
    full = found.truth.full_after(forecast.issued)
    truth = None if full is None else min((full - forecast.issued) / HOUR_MS, HORIZON_HOURS)
    low, middle, high = (
        HORIZON_HOURS if hours is None else hours for hours in (forecast.hours10, forecast.hours50, forecast.hours90)
    )
    return {"time": forecast.issued, "low": low, "middle": middle, "high": high, "truth": truth}


def _at(time: int) -> dict[str, Any]:
    local = japan_time(time)
    day = local.day + (local.hour * 60 + local.minute) / 1440
    return {"month": f"{local:%Y-%m}", "day": round(day, 3)}


def _month_starts(found: Evaluation) -> list[int]:
    """Return the first reading of each month."""
    first: dict[str, int] = {}
    for time, _ in found.levels:
        first.setdefault(f"{japan_time(time):%Y-%m}", time)
    return list(first.values())


def _ends(levels: Sequence[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """Yield the lowest and the highest level of each bucket, in order of time."""
    place = 0
    while place < len(levels):
        end = bisect_left(levels, (levels[place][0] // _BUCKET_MS + 1) * _BUCKET_MS, key=lambda item: item[0])
        bucket = levels[place:end]
        ends = {min(bucket, key=lambda item: item[1]), max(bucket, key=lambda item: item[1])}
        yield from sorted(ends)
        place = end
