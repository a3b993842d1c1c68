"""A board as a page: every panel at its place, with what was answered to its query. A drawing, not Grafana.

Places, pixels, colours and sizes of letters follow Grafana's, so that it can be seen what is cut and what is too small.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from html import escape
from math import floor, log10
from statistics import fmean
from typing import Any

from sukusuku_collector.store.influx.query import Table
from tests.dashboards import asking
from tests.dashboards.asking import BORDER, COLUMNS, DAY, GAP, HOUR, SCREEN

ROW = 30
HEADER = 32
COLOURS = {
    "semi-dark-green": "#37872d",
    "semi-dark-orange": "#fa6400",
    "semi-dark-red": "#e02f44",
    "semi-dark-blue": "#3274d9",
}
PALETTE = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#96d98d", "#ca95e5", "#ffa6b0")
UNITS = {"percent": "%", "lengthkm": " km", "decmbytes": " MB"}
LETTERS = 1.5
"""Height of a line in the size of its letters."""
LEAST_FOR_ABOVE, TALLEST_TITLE, OVER = 40, 50, 8
"""The lowest bar with its title above, not at the left; the tallest line of a title; the space over lines."""
STYLE = """
body{margin:0;background:#111217;color:#ccccdc;font:14px/1.5 Inter,'Noto Sans CJK JP',sans-serif}
.p{position:absolute;background:#181b1f;border:1px solid #2b2d33;border-radius:2px;box-sizing:border-box}
.p h2{font-size:14px;font-weight:500;margin:0;padding:6px 8px;height:20px;line-height:20px;white-space:nowrap;
overflow:hidden;text-overflow:ellipsis}
.c{position:absolute;left:8px;right:8px;top:32px;bottom:8px}
.c>*{position:absolute;white-space:nowrap;overflow:hidden;box-sizing:border-box}
table{border-collapse:collapse;width:100%;font-size:14px}td,th{padding:6px;text-align:left;font-weight:400}
svg text{font:12px Inter,'Noto Sans CJK JP',sans-serif;fill:#ccccdcb0}
.t{position:absolute;left:16px;font-size:12px;color:#ccccdca0}
"""
TILE = "color:#fff;display:flex;flex-direction:column;justify-content:center;padding:0 16px;text-align:center"
JAPAN = timezone(timedelta(hours=9))

Answers = Sequence[tuple[Mapping[str, Any], Sequence[Table]]]
Size = tuple[float, float]


def page(board: Mapping[str, Any], answers: Answers, now: int, note: str) -> tuple[str, int]:
    """The page and its height in pixels. `note` stands below the panels."""
    bottom = 0.0
    parts = []
    for panel, tables in answers:
        at = panel["gridPos"]
        column = (SCREEN - 2 * BORDER + GAP) / COLUMNS
        left, top = BORDER + at["x"] * column, BORDER + at["y"] * (ROW + GAP)
        width, height = at["w"] * column - GAP, at["h"] * (ROW + GAP) - GAP
        bottom = max(bottom, top + height)
        inner = _drawn(panel, tables, (width - 18, height - HEADER - 10), asking.time_range(board, panel, now))
        parts.append(
            f'<div class="p" style="left:{left:.0f}px;top:{top:.0f}px;width:{width:.0f}px;height:{height:.0f}px">'
            f'<h2>{escape(panel["title"])}</h2><div class="c">{inner}</div></div>'
        )
    parts.append(f'<div class="t" style="top:{bottom + 6:.0f}px">{escape(note)}</div>')
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{''.join(parts)}", int(bottom) + 34


def _drawn(panel: Mapping[str, Any], tables: Sequence[Table], size: Size, span: tuple[int, int]) -> str:
    alias, names = panel["targets"][0]["alias"], asking.shown_names(panel)
    series = {}
    for table in tables:
        name = asking.series_name(alias, table.tags)
        series[names.get(name) or name] = [(row[0], row[1]) for row in table.values]
    if not series:
        return f'<b style="inset:40% 0;text-align:center">{escape(panel["fieldConfig"]["defaults"]["noValue"])}</b>'
    kinds: dict[str, Callable[..., str]] = {
        "bargauge": _bars,
        "stat": _tiles,
        "state-timeline": _states,
        "table": _heat,
        "timeseries": _lines,
    }
    return kinds[panel["type"]](panel, series, size, span)


Shown = Mapping[str, Sequence[tuple[int, float]]]


def _text(panel: Mapping[str, Any], value: float) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", []):
        if str(int(value)) in mapping["options"]:
            return str(mapping["options"][str(int(value))]["text"])
    unit = defaults["unit"]
    after = " " + unit.removeprefix("suffix:") if unit.startswith("suffix:") else UNITS.get(unit, "")
    return f"{value:.{defaults.get('decimals', 0 if value == int(value) or value >= 100 else 1)}f}{after}"


def _colour(panel: Mapping[str, Any], value: float) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", []):
        if str(int(value)) in mapping["options"]:
            return COLOURS[mapping["options"][str(int(value))]["color"]]
    found = "#73bf69"
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            found = COLOURS[step["color"]]
    return found


def _bars(panel: Mapping[str, Any], series: Shown, size: Size, _: tuple[int, int]) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    wide, high = size
    newest = {name: points[-1][1] for name, points in series.items()}
    low, top = defaults.get("min", min(newest.values())), defaults.get("max", max([*newest.values(), 1]))
    each = min((high - GAP * (len(newest) - 1)) / len(newest), panel["options"]["maxVizHeight"])
    above = panel["options"]["namePlacement"] == "top" or each > LEAST_FOR_ABOVE
    title = max(min(each * 0.45, TALLEST_TITLE), 17) if above else max(each * 0.6, 18)
    bar = each - title if above else each
    letters = min(bar * 0.7, TALLEST_TITLE) / 1.2
    beside = 0 if above else max(len(name) * _width(name) for name in newest) * title / LETTERS + 12
    room = max(len(_text(panel, value)) for value in newest.values()) * letters * 0.62 + 12
    parts = []
    for number, (name, value) in enumerate(newest.items()):
        y = number * (each + GAP)
        full = wide - room - beside
        part = max(0.0, min(1.0, (value - low) / ((top - low) or 1)))
        y_bar = y + title if above else y
        fill = f"background:linear-gradient(90deg,{_gradient(panel, low, value)})"
        place = f"left:{beside:.0f}px;top:{y_bar:.0f}px;height:{bar:.0f}px"
        above_bar = y_bar + bar / 2 - letters * 0.75
        text = escape(_text(panel, value))
        parts += [
            _box(f"left:0;top:{y:.0f}px;width:{wide:.0f}px;font-size:{title / LETTERS:.0f}px", escape(name)),
            _box(f"{place};width:{full:.0f}px;background:#22252b"),
            _box(f"{place};width:{full * part:.0f}px;{fill}"),
            _box(f"right:0;top:{above_bar:.0f}px;font-size:{letters:.0f}px", text),
        ]
    return "".join(parts)


def _box(style: str, text: str = "") -> str:
    return f'<div style="{style}">{text}</div>'


def _gradient(panel: Mapping[str, Any], low: float, value: float) -> str:
    """The colours from the lowest value to this one."""
    steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
    borders = [step["value"] for step in steps if step["value"] is not None and low < step["value"] < value]
    found = [(0.0, _colour(panel, low)), *((it - low, _colour(panel, it)) for it in borders)]
    return ",".join(
        f"{colour} {100 * at / ((value - low) or 1):.0f}%" for at, colour in [*found, (value - low, found[-1][1])]
    )


def _tiles(panel: Mapping[str, Any], series: Shown, size: Size, _: tuple[int, int]) -> str:
    wide, high = size
    each = (wide - GAP * (len(series) - 1)) / len(series)
    named = panel["options"]["textMode"] == "value_and_name"
    parts = []
    for number, (name, points) in enumerate(series.items()):
        text, colour = _text(panel, points[-1][1]), _colour(panel, points[-1][1])
        letters = min(high * (0.42 if named else 0.6), each * 0.85 / max(1, len(text) * _width(text)))
        small = min(high * 0.22, each * 0.85 / max(1, len(name) * _width(name)))
        inner = _box(f"position:static;font-size:{small:.0f}px", escape(name)) if named else ""
        inner += _box(f"position:static;font-size:{letters:.0f}px;font-weight:500;line-height:1.2", escape(text))
        place = f"left:{number * (each + GAP):.0f}px;top:0;width:{each:.0f}px;height:{high:.0f}px"
        parts.append(_box(f"{place};background:{colour};{TILE}", inner))
    return "".join(parts)


def _width(text: str) -> float:
    """Width of a letter in its height."""
    return 1.0 if any(ord(letter) > 0x2000 for letter in text) else 0.56


def _heat(panel: Mapping[str, Any], series: Shown, _: Size, __: tuple[int, int]) -> str:
    cells: dict[tuple[int, int], list[float]] = {}
    for time, value in next(iter(series.values())):
        local = datetime.fromtimestamp(time / 1_000, JAPAN)
        cells.setdefault((local.hour, local.isoweekday()), []).append(value)
    names = panel["transformations"][-1]["options"]["renameByName"]
    hour, *days = names.values()
    days = [name for number, name in enumerate(days, 1) if any(day == number for _, day in cells)]
    numbers = sorted({day for _, day in cells})
    rows = [f"<tr><th>{escape(hour)}</th>{''.join(f'<th>{escape(day)}</th>' for day in days)}</tr>"]
    for number in sorted({at for at, _ in cells}):
        line = f"<td>{number:02d}</td>"
        for day in numbers:
            if (number, day) in cells:
                mean = fmean(cells[number, day])
                line += f'<td style="background:hsl({220 - 2.2 * min(mean, 100):.0f} 55% 38%)">{mean:.1f}%</td>'
            else:
                line += "<td></td>"
        rows.append(f"<tr>{line}</tr>")
    return f'<table style="position:static">{"".join(rows)}</table>'


def _states(panel: Mapping[str, Any], series: Shown, size: Size, span: tuple[int, int]) -> str:
    wide, high = size
    label = max(len(name) * _width(name) for name in series) * 12 + 12
    each = (high - 24) / len(series)
    parts = []
    for number, (name, points) in enumerate(series.items()):
        y, tall = number * each, each * panel["options"]["rowHeight"]
        parts.append(f'<text x="0" y="{y + tall / 2 + 4:.0f}">{escape(name)}</text>')
        for index, (time, value) in enumerate(points):
            if index and points[index - 1][1] == value:
                continue
            end = next((later for later, other in points[index:] if other != value), span[1])
            x, until = (label + (wide - label) * (at - span[0]) / (span[1] - span[0]) for at in (time, end))
            text = _text(panel, value)
            parts.append(
                f'<rect x="{x:.0f}" y="{y:.0f}" width="{until - x:.0f}" height="{tall:.0f}" '
                f'fill="{_colour(panel, value)}" fill-opacity=".7"/>'
            )
            if until - x > len(text) * 14 * _width(text) + 8:
                parts.append(
                    f'<text x="{x + 6:.0f}" y="{y + tall / 2 + 5:.0f}" style="fill:#fff">{escape(text)}</text>'
                )
    return _svg(size, [*parts, *_times(span, label, wide, high)])


def _lines(panel: Mapping[str, Any], series: Shown, size: Size, span: tuple[int, int]) -> str:
    wide, high = size
    legend = 24 if panel["options"]["legend"]["showLegend"] else 0
    left, bottom = 56.0, high - 22 - legend
    defaults = panel["fieldConfig"]["defaults"]
    custom = defaults.get("custom", {})
    style = custom.get("drawStyle", "line")
    stacked = style == "bars"
    totals: dict[int, float] = {}
    for points in series.values():
        for time, value in points:
            totals[time] = totals.get(time, 0) + value if stacked else max(value, totals.get(time, value))
    low = defaults.get("min", min([0, *totals.values()]))
    top = defaults.get("max", max([*totals.values(), 1e-9]) * 1.05)

    def at(time: int, value: float) -> tuple[float, float]:
        x = left + (wide - left) * (time - span[0]) / (span[1] - span[0])
        return max(left, x), bottom - (bottom - OVER) * (min(value, top) - low) / (top - low)

    parts = []
    for value in _ticks(low, top):
        y = at(span[0], value)[1]
        parts.append(f'<path d="M{left:.0f} {y:.1f}H{wide:.0f}" stroke="#2c3038"/>')
        parts.append(f'<text x="{left - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{escape(_text(panel, value))}</text>')
    parts += _limits(panel, at, span, wide)
    below = dict.fromkeys(totals, 0.0)
    drawn = {name: [at(*point) for point in points] for name, points in series.items()}
    for number, (name, points) in enumerate(series.items()):
        colour = PALETTE[number % len(PALETTE)]
        if style == "line":
            parts += _line(panel, drawn, name, colour)
        for time, value in points if style != "line" else ():
            x, y = at(time, below[time] + value)
            if style == "points":
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
            else:
                width, base = at(time + DAY, 0)[0] - x, at(time, below[time])[1]
                below[time] += value
                parts.append(
                    f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width * 0.7):.1f}" '
                    f'height="{base - y:.1f}" fill="{colour}b0"/>'
                )
    return _svg(size, [*parts, *_times(span, left, wide, bottom + 22), *_legend(series, high if legend else None)])


def _ticks(low: float, top: float) -> list[float]:
    """At most six round values."""
    rough = (top - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(power * it for it in (1, 2, 5, 10) if power * it >= rough)
    return [low + step * number for number in range(int((top - low) / step + 1e-9) + 1)]


def _line(
    panel: Mapping[str, Any], drawn: Mapping[str, list[tuple[float, float]]], name: str, colour: str
) -> Iterator[str]:
    for override in panel["fieldConfig"]["overrides"]:
        settings = {entry["id"]: entry["value"] for entry in override["properties"]}
        if settings.get("displayName") == name and "custom.fillBelowTo" in settings:
            edge = [*drawn[name], *reversed(drawn[settings["custom.fillBelowTo"]])]
            yield f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in edge)}Z" fill="{colour}" fill-opacity=".2"/>'
    steps = panel["fieldConfig"]["defaults"].get("custom", {}).get("lineInterpolation") == "stepAfter"
    path, width = "", panel["fieldConfig"]["defaults"].get("custom", {}).get("lineWidth", 1)
    for number, (x, y) in enumerate(drawn[name]):
        path += f"M{x:.1f} {y:.1f}" if not number else f"H{x:.1f}V{y:.1f}" if steps else f"L{x:.1f} {y:.1f}"
    yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _limits(
    panel: Mapping[str, Any], at: Callable[[int, float], tuple[float, float]], span: tuple[int, int], wide: float
) -> Iterator[str]:
    defaults = panel["fieldConfig"]["defaults"]
    if defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode", "off") == "off":
        return
    for step in defaults["thresholds"]["steps"][1:]:
        x, y = at(span[0], step["value"])
        colour = COLOURS[step["color"]]
        yield f'<path d="M{x:.0f} {y:.1f}H{wide:.0f}" stroke="{colour}" stroke-dasharray="10 6" stroke-width="2"/>'


def _legend(series: Shown, bottom: float | None) -> Iterator[str]:
    x = 8.0
    for number, name in enumerate(series if bottom is not None else ()):
        colour = PALETTE[number % len(PALETTE)]
        yield f'<path d="M{x:.0f} {(bottom or 0) - 8:.0f}h14" stroke="{colour}" stroke-width="4"/>'
        yield f'<text x="{x + 20:.0f}" y="{(bottom or 0) - 4:.0f}">{escape(name)}</text>'
        x += 40 + len(name) * 12 * _width(name)


def _times(span: tuple[int, int], left: float, right: float, bottom: float) -> Iterator[str]:
    length = span[1] - span[0]
    step, form = next(
        (step, form)
        for step, form in (
            (3 * HOUR, "%H:%M"),
            (DAY, "%m/%d"),
            (7 * DAY, "%m/%d"),
            (30 * DAY, "%Y-%m"),
            (10_000 * DAY, ""),
        )
        if length / step <= 12
    )
    shift = 9 * HOUR
    for time in range(-(-(span[0] + shift) // step) * step - shift, span[1], step):
        x = left + (right - left) * (time - span[0]) / length
        text = datetime.fromtimestamp(time / 1_000, JAPAN).strftime(form)
        yield f'<text x="{x:.0f}" y="{bottom - 4:.0f}" text-anchor="middle">{text}</text>'


def _svg(size: Size, parts: Sequence[str]) -> str:
    return f'<svg width="{size[0]:.0f}" height="{size[1]:.0f}">{"".join(parts)}</svg>'
