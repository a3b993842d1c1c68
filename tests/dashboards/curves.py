"""Panels with a time axis: lines, points and bars, and the states of a day. A drawing, not Grafana's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from math import floor, log10
from typing import Any

from sukusuku_core.time import japan_time
from tests.dashboards.grafana_query import DAY, HOUR
from tests.dashboards.look import COLOURS, PALETTE, Shown, Size, colour_of, text_of, width_of

OVER = 8
"""Pixels over the highest value."""


def states(panel: Mapping[str, Any], series: Shown, size: Size, span: tuple[int, int]) -> str:
    """A row for each series, a box for each stretch of one state."""
    wide, high = size
    label = max(len(name) * width_of(name) for name in series) * 12 + 12
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
            text = text_of(panel, value)
            parts.append(
                f'<rect x="{x:.0f}" y="{y:.0f}" width="{until - x:.0f}" height="{tall:.0f}" '
                f'fill="{colour_of(panel, value)}" fill-opacity=".7"/>'
            )
            if until - x > len(text) * 14 * width_of(text) + 8:
                parts.append(
                    f'<text x="{x + 6:.0f}" y="{y + tall / 2 + 5:.0f}" style="fill:#fff">{escape(text)}</text>'
                )
    return _svg(size, [*parts, *_times(span, label, wide, high)])


def lines(panel: Mapping[str, Any], series: Shown, size: Size, span: tuple[int, int]) -> str:
    """Axes, limits, series and legend."""
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
        parts.append(
            f'<text x="{left - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{escape(text_of(panel, value))}</text>'
        )
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
        x += 40 + len(name) * 12 * width_of(name)


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
        text = japan_time(time).strftime(form)
        yield f'<text x="{x:.0f}" y="{bottom - 4:.0f}" text-anchor="middle">{text}</text>'


def _svg(size: Size, parts: Sequence[str]) -> str:
    return f'<svg width="{size[0]:.0f}" height="{size[1]:.0f}">{"".join(parts)}</svg>'
