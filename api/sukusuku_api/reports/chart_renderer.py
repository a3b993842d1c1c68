"""The charts of a report as SVG; only `drawing_process` imports this.

Altair makes Vega-Lite specifications of them, vl-convert draws these. Both take much memory, hence the own process.
"""

import math
from dataclasses import dataclass
from typing import Any

import altair as alt
import msgspec
import vl_convert

from sukusuku_api.reports.charts import FONTS, Picture
from sukusuku_api.reports.model import Shape

_GREEN, _ORANGE, _SOFT, _GRID = "#1d7a4b", "#d97706", "#5c6b63", "#e3eae6"
_WIDTH, _HEIGHT = 700, 110
_SLANTED = 14
"""More names than this stand aslant below the axis; fewer are broken into lines."""
_WIDE, _NARROW = 10.0, 6.0
"""Pixels of a Japanese and of a Latin character."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a map of colours: from empty to full, of a gap, of what separates its cells, of its texts.

    From `turns` percent on the text is that on full cells.
    """

    empty: str
    full: str
    gap: str
    ground: str
    text: str
    text_on_full: str
    turns: int


PAPER = Palette("#f3f9f5", "#1d7a4b", "#eceff1", "#ffffff", "#17211c", "#ffffff", 80)


def chart(picture: Picture) -> Any:
    """Return the picture as a Vega-Lite chart."""
    drawn = heat(picture, PAPER, _WIDTH / 2) if picture.shape is Shape.HEAT else _bars(picture)
    return (
        drawn.configure(font=FONTS)
        .configure_view(stroke=None)
        .configure_axis(gridColor=_GRID, domainColor=_SOFT, tickColor=_SOFT, labelFontSize=10, titleFontSize=10)
    )


def svg(picture: Picture) -> str:
    """Return the picture as SVG."""
    drawn: str = vl_convert.vegalite_to_svg(chart(picture).to_json())
    return drawn


def draw(what: bytes) -> list[str]:
    """Return pictures, given as JSON, as SVGs in their order."""
    return [svg(picture) for picture in msgspec.json.decode(what, type=list[Picture])]


def _bars(picture: Picture) -> Any:
    room = _WIDTH / len(picture.names) if len(picture.names) <= _SLANTED else math.inf
    names = [in_lines(name, room) for name in picture.names]
    rows = [
        {"n": n, "name": name, "y": y, "line": line}
        for n, (name, y, line) in enumerate(zip(names, picture.y, picture.line or picture.y, strict=True))
    ]
    data = alt.InlineData(values=rows)
    slanted = len(rows) > _SLANTED
    axis = alt.Axis(
        title=None,
        labelAngle=-45 if slanted else 0,
        labelLimit=160 if slanted else 0,
        labelExpr="split(datum.label, '\\n')",
    )
    x = alt.X("name:N", sort=names, axis=axis)
    wide = min(_WIDTH * 0.6 / max(len(rows), 1), 60)
    y = alt.Y("y:Q", title=picture.y_title)
    bars = alt.Chart(data).mark_bar(color=_GREEN, size=wide).encode(x=x, y=y)
    if not picture.line:
        return bars.properties(width=_WIDTH, height=_HEIGHT)
    if picture.shared:
        limit = alt.Chart(data).mark_line(color=_ORANGE, strokeDash=[6, 3]).encode(x=x, y=alt.Y("line:Q"))
        return alt.layer(bars, limit).properties(width=_WIDTH, height=_HEIGHT)
    side = alt.Y("line:Q", title=picture.line_title, scale=alt.Scale(domainMin=0), axis=alt.Axis(titleColor=_ORANGE))
    line = (
        alt.Chart(data).mark_line(color=_ORANGE, point=alt.OverlayMarkDef(color=_ORANGE, size=16)).encode(x=x, y=side)
    )
    both = alt.layer(bars, line).resolve_scale(y="independent")
    return both.properties(width=_WIDTH, height=_HEIGHT)


def in_lines(name: str, width: float) -> str:
    """Return a name broken into lines of at most `width` pixels, at spaces where there are some."""
    lines = [""]
    for word in name.split(" "):
        if _pixels(f"{lines[-1]} {word}") > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
        while _pixels(lines[-1]) > width and len(lines[-1]) > 1:  # a word for itself, or one in Japanese
            fits = next(n for n in range(len(lines[-1]), 0, -1) if n == 1 or _pixels(lines[-1][:n]) <= width)
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    return "\n".join(lines)


def _pixels(text: str) -> float:
    return sum(_WIDE if character > "\u2fff" else _NARROW for character in text)


def heat(picture: Picture, palette: Palette, width: float) -> Any:
    """Return a map of colours over percent, `width` in pixels; gaps have a colour of their own and no number."""
    rows = [
        {"hour": name, "day": day, "value": value, "text": "" if value is None else f"{value:.0f}"}
        for name, line in zip(picture.names, picture.heat, strict=True)
        for day, value in zip(picture.columns, line, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("day:N", sort=list(picture.columns), axis=alt.Axis(title=None, orient="top", labelAngle=0)),
        y=alt.Y("hour:N", sort=list(picture.names), axis=alt.Axis(title=None)),
    )
    colour = alt.Color(
        "value:Q", scale=alt.Scale(domain=[0, 100], clamp=True, range=[palette.empty, palette.full]), legend=None
    )
    known = base.transform_filter("isValid(datum.value)")
    ink = alt.condition(f"datum.value > {palette.turns}", alt.value(palette.text_on_full), alt.value(palette.text))
    cells = known.mark_rect(stroke=palette.ground).encode(color=colour)
    gaps = base.transform_filter("!isValid(datum.value)").mark_rect(fill=palette.gap, stroke=palette.ground)
    text = known.mark_text(fontSize=10).encode(text="text:N", color=ink)
    return alt.layer(gaps, cells, text).properties(width=width, height=22 * len(picture.names))
