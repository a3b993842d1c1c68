"""A board as a page: every panel at its place, with what was answered to its query. A drawing, not Grafana.

Places, pixels, colours and sizes of letters follow Grafana's, so that it can be seen what is cut and what is too small.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from statistics import fmean
from typing import Any

from sukusuku_core.time import japan_time
from sukusuku_server.timeseries.influx.query import Table
from tests.dashboards import grafana_query
from tests.dashboards.curves import lines, states
from tests.dashboards.grafana_query import BORDER, COLUMNS, GAP, SCREEN
from tests.dashboards.look import Shown, Size, colour_of, text_of, width_of

ROW = 30
HEADER = 32
LETTERS = 1.5
"""Height of a line in the size of its letters."""
LEAST_FOR_ABOVE, TALLEST_TITLE = 40, 50
"""The lowest bar with its title above, not at the left; the tallest line of a title."""
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

Answers = Sequence[tuple[Mapping[str, Any], Sequence[Table]]]


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
        inner = _drawn(panel, tables, (width - 18, height - HEADER - 10), grafana_query.time_range(board, panel, now))
        parts.append(
            f'<div class="p" style="left:{left:.0f}px;top:{top:.0f}px;width:{width:.0f}px;height:{height:.0f}px">'
            f'<h2>{escape(panel["title"])}</h2><div class="c">{inner}</div></div>'
        )
    parts.append(f'<div class="t" style="top:{bottom + 6:.0f}px">{escape(note)}</div>')
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{''.join(parts)}", int(bottom) + 34


def _drawn(panel: Mapping[str, Any], tables: Sequence[Table], size: Size, span: tuple[int, int]) -> str:
    alias, names = panel["targets"][0]["alias"], grafana_query.shown_names(panel)
    series = {}
    for table in tables:
        name = grafana_query.series_name(alias, table.tags)
        series[names.get(name) or name] = [(row[0], row[1]) for row in table.values]
    if not series:
        return f'<b style="inset:40% 0;text-align:center">{escape(panel["fieldConfig"]["defaults"]["noValue"])}</b>'
    kinds: dict[str, Callable[..., str]] = {
        "bargauge": _bars,
        "stat": _tiles,
        "state-timeline": states,
        "table": _heat,
        "timeseries": lines,
    }
    return kinds[panel["type"]](panel, series, size, span)


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
    beside = 0 if above else max(len(name) * width_of(name) for name in newest) * title / LETTERS + 12
    room = max(len(text_of(panel, value)) for value in newest.values()) * letters * 0.62 + 12
    parts = []
    for number, (name, value) in enumerate(newest.items()):
        y = number * (each + GAP)
        full = wide - room - beside
        part = max(0.0, min(1.0, (value - low) / ((top - low) or 1)))
        y_bar = y + title if above else y
        fill = f"background:linear-gradient(90deg,{_gradient(panel, low, value)})"
        place = f"left:{beside:.0f}px;top:{y_bar:.0f}px;height:{bar:.0f}px"
        above_bar = y_bar + bar / 2 - letters * 0.75
        text = escape(text_of(panel, value))
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
    found = [(0.0, colour_of(panel, low)), *((it - low, colour_of(panel, it)) for it in borders)]
    return ",".join(
        f"{colour} {100 * at / ((value - low) or 1):.0f}%" for at, colour in [*found, (value - low, found[-1][1])]
    )


def _tiles(panel: Mapping[str, Any], series: Shown, size: Size, _: tuple[int, int]) -> str:
    wide, high = size
    each = (wide - GAP * (len(series) - 1)) / len(series)
    named = panel["options"]["textMode"] == "value_and_name"
    parts = []
    for number, (name, points) in enumerate(series.items()):
        text, colour = text_of(panel, points[-1][1]), colour_of(panel, points[-1][1])
        letters = min(high * (0.42 if named else 0.6), each * 0.85 / max(1, len(text) * width_of(text)))
        small = min(high * 0.22, each * 0.85 / max(1, len(name) * width_of(name)))
        inner = _box(f"position:static;font-size:{small:.0f}px", escape(name)) if named else ""
        inner += _box(f"position:static;font-size:{letters:.0f}px;font-weight:500;line-height:1.2", escape(text))
        place = f"left:{number * (each + GAP):.0f}px;top:0;width:{each:.0f}px;height:{high:.0f}px"
        parts.append(_box(f"{place};background:{colour};{TILE}", inner))
    return "".join(parts)


def _heat(panel: Mapping[str, Any], series: Shown, _: Size, __: tuple[int, int]) -> str:
    cells: dict[tuple[int, int], list[float]] = {}
    for time, value in next(iter(series.values())):
        local = japan_time(time)
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
